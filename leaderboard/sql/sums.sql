-- The days of each site in each window: sums of the simple days, and the other days one by one, for the rules that are
-- in `science.intensity` and nowhere else. Simple: production and energy are known, the day is neither proved idle nor
-- recent, and each part is below its ceiling by that day's own production. Such a day counts as it is logged, whatever
-- the mean of the site. Rides the primary key of site days (factory_id, day), one range a site.
-- Called by leaderboard/sums.py, which replaces the marks by what the metrics declare: ceilings and names (arrays, per
-- kg made; NULL: none is known; of the grid the lowest in the window, so that the rules judge what lies between it and
-- the day's own), below (each part at most its ceiling), sums and parts (code, then heat, electricity and other).
-- Parameters: arrays of one length with one site in one window each: windows, factory_ids, first_days, last_days,
-- recent_days (a day is recent from this day on), heat_asked, methane_asked, max_<code>_<part>; stock_factories and
-- stock_months, the months that stock counts confirm; low and high, limits of stack to fuel; now.
SELECT s.w AS "window", s.id AS factory_id, sums.*
FROM unnest(%(windows)s::smallint[], %(factory_ids)s::integer[], %(first_days)s::date[], %(last_days)s::date[],
            %(recent_days)s::date[], %(heat_asked)s::boolean[], %(methane_asked)s::boolean[], /* ceilings */)
    AS s (w, id, first_day, last_day, recent_day, heat_asked, methane_asked, /* names */)
CROSS JOIN LATERAL (
    SELECT min(day) AS first_day, count(*) AS days, coalesce(sum(made_kg), 0) AS made_kg,
           count(*) FILTER (WHERE made_kg > 0) AS producing_days, count(*) FILTER (WHERE is_simple) AS simple_days,
           json_build_object(/* sums */) AS parts,
           count(*) FILTER (WHERE is_simple AND CASE
               WHEN is_all_measured
                    AND stack_co2_kg BETWEEN %(low)s * heat_carbon_co2_kg AND %(high)s * heat_carbon_co2_kg THEN true
               ELSE (s.id, date_trunc('month', day::timestamp)::date) IN (
                   SELECT * FROM unnest(%(stock_factories)s::integer[], %(stock_months)s::date[])
               ) END) AS confirmed_days,
           count(*) FILTER (WHERE is_simple AND is_all_measured AND stack_co2_kg > %(high)s * heat_carbon_co2_kg)
               AS stack_above_days,
           count(*) FILTER (WHERE s.methane_asked AND made_kg > 0 AND methane_co2e_kg IS NULL)
               AS methane_unknown_days,
           sum(CASE WHEN stack_h > 0 THEN stack_h ELSE 24 END) AS stack_h, sum(stack_measured_h) AS measured_h,
           sum(stack_idle_h) AS idle_h,
           sum(stack_co2_kg) FILTER (WHERE is_all_measured AND made_kg IS NOT NULL) AS stack_measured_kg,
           sum(made_kg) FILTER (WHERE is_all_measured AND made_kg IS NOT NULL) AS stack_measured_made_kg,
           json_agg(json_build_object(
               'day', day, 'length_s', extract(epoch FROM ends_at - starts_at), 'is_idle', is_idle,
               'has_production', has_production, 'made_kg', made_kg, 'heat_covered_s', heat_covered_s,
               'electricity_covered_s', electricity_covered_s, 'has_all_energy', has_all_energy,
               'parts', json_build_object(/* parts */),
               'stack_co2_kg', CASE WHEN is_all_measured THEN stack_co2_kg END, 'carbon_co2_kg', heat_carbon_co2_kg
           )) FILTER (WHERE NOT is_simple) AS odd_days,
           CASE WHEN count(*) <= s.last_day - s.first_day THEN array_agg(day) END AS known_days
    FROM (
        SELECT d.*, d.has_production AND NOT d.is_idle AND d.day < s.recent_day
               AND (d.heat_covered_s >= 86400 OR NOT s.heat_asked) AND d.electricity_covered_s >= 86400
               AND d.has_all_energy AND /* below */ AS is_simple,
               d.stack_h > 0 AND d.stack_measured_h + d.stack_idle_h = d.stack_h AND NOT d.is_stack_lower_bound
               AS is_all_measured
        FROM compliance_siteday AS d
        WHERE d.factory_id = s.id AND d.day BETWEEN s.first_day AND s.last_day AND d.ends_at <= %(now)s
        OFFSET 0  -- so that each of these is worked out once a day
    ) AS days
) AS sums
