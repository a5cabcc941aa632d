-- Each site's days of each window: sums of the simple days, and the others one by one, for the rules that are in
-- `science.intensity` and nowhere else. Simple: production and energy known, no proof of idleness, not recent, and each
-- part below its ceiling by that day's own production; then a day counts as it is logged, whatever the site's mean.
-- Rides the primary key of site days (factory_id, day), one range a site. Called by leaderboard/sums.py.
-- Parameters: arrays of one length, a site in a window each: windows, factory_ids, first_days, last_days, recent_days
-- (from it on a day is recent), heat_asked, and the ceilings per kg made heat_co2e_kg, heat_gj, heat_co2_kg, grid_kg,
-- power_gj (of the grid the lowest in the window: what lies between it and the day's own is judged by the rules);
-- arrays of the months that stock counts confirm stock_factories, stock_months; low and high, stack to fuel; now.
SELECT s.w, s.id, sums.*
FROM unnest(%(windows)s::smallint[], %(factory_ids)s::integer[], %(first_days)s::date[], %(last_days)s::date[],
            %(recent_days)s::date[], %(heat_asked)s::boolean[], %(heat_co2e_kg)s::numeric[], %(heat_gj)s::numeric[],
            %(heat_co2_kg)s::numeric[], %(grid_kg)s::numeric[], %(power_gj)s::numeric[])
    AS s (w, id, first_day, last_day, recent_day, heat_asked, max_co2e, max_gj, max_co2, max_grid, max_power)
CROSS JOIN LATERAL (
    SELECT min(day), count(*), coalesce(sum(made_kg), 0), count(*) FILTER (WHERE made_kg > 0),
           count(*) FILTER (WHERE is_simple), sum(heat_scope1_co2e_kg) FILTER (WHERE is_simple),
           sum(scope2_co2e_kg) FILTER (WHERE is_simple), sum(heat_gj) FILTER (WHERE is_simple),
           sum(electricity_gj) FILTER (WHERE is_simple), sum(biogenic_co2_kg) FILTER (WHERE is_simple),
           sum(other_scope1_co2e_kg), sum(methane_co2e_kg), sum(other_gj),
           count(*) FILTER (WHERE is_simple AND CASE
               WHEN is_all_measured
                    AND stack_co2_kg BETWEEN %(low)s * heat_carbon_co2_kg AND %(high)s * heat_carbon_co2_kg THEN true
               ELSE (s.id, date_trunc('month', day::timestamp)::date) IN (
                   SELECT * FROM unnest(%(stock_factories)s::integer[], %(stock_months)s::date[])
               ) END),
           count(*) FILTER (WHERE is_simple AND is_all_measured AND stack_co2_kg > %(high)s * heat_carbon_co2_kg),
           count(*) FILTER (WHERE made_kg > 0 AND methane_co2e_kg IS NULL),
           sum(CASE WHEN stack_h > 0 THEN stack_h ELSE 24 END), sum(stack_measured_h), sum(stack_idle_h),
           sum(stack_co2_kg) FILTER (WHERE is_all_measured AND made_kg IS NOT NULL),
           sum(made_kg) FILTER (WHERE is_all_measured AND made_kg IS NOT NULL),
           json_agg(json_build_array(
               day, extract(epoch FROM ends_at - starts_at), is_idle, has_production, made_kg, heat_covered_s,
               electricity_covered_s, has_all_energy, heat_scope1_co2e_kg, scope2_co2e_kg, heat_gj, electricity_gj,
               biogenic_co2_kg, other_scope1_co2e_kg + coalesce(methane_co2e_kg, 0), other_gj,
               CASE WHEN is_all_measured THEN stack_co2_kg END, heat_carbon_co2_kg
           )) FILTER (WHERE NOT is_simple),
           CASE WHEN count(*) <= s.last_day - s.first_day THEN array_agg(day) END
    FROM (
        SELECT d.*, d.has_production AND NOT d.is_idle AND d.day < s.recent_day
               AND (d.heat_covered_s >= 86400 OR NOT s.heat_asked) AND d.electricity_covered_s >= 86400
               AND d.has_all_energy AND d.heat_gj <= s.max_gj * d.made_kg
               AND d.electricity_gj <= s.max_power * d.made_kg
               AND d.heat_scope1_co2e_kg <= s.max_co2e * d.made_kg AND d.biogenic_co2_kg <= s.max_co2 * d.made_kg
               AND d.scope2_co2e_kg <= s.max_grid * d.made_kg AS is_simple,
               d.stack_h > 0 AND d.stack_measured_h + d.stack_idle_h = d.stack_h AS is_all_measured
        FROM compliance_siteday AS d
        WHERE d.factory_id = s.id AND d.day BETWEEN s.first_day AND s.last_day AND d.ends_at <= %(now)s
        OFFSET 0  -- so that each of these is worked out once a day
    ) AS days
) AS sums
