-- What a site used of each energy type on some days, entries spread evenly over their periods: a row for each day, type
-- and factor unit, and one for each day and type (per_unit null) that says whether the whole day is covered.
-- Rides energy_use_by_end, once for all days. Called by energy/daily.py.
-- Parameters: factory_id, days, starts, ends (arrays of one length), first, last (the whole stretch).
WITH used AS MATERIALIZED (
    SELECT e.factor_amount, e.period_start, e.period_end, t.code, f.per_unit
    FROM energy_energyentry AS e
    JOIN energy_energytype AS t ON t.id = e.energy_type_id
    JOIN energy_emissionfactor AS f ON f.id = e.factor_id
    WHERE e.factory_id = %(factory_id)s AND e.kind = 'used' AND e.deleted_at IS NULL
      AND e.period_end > %(first)s AND e.period_start < %(last)s
)
SELECT d.day, e.code, e.per_unit,
       sum(e.factor_amount * extract(epoch FROM least(e.period_end, d.ends_at) - greatest(e.period_start, d.starts_at))
           / extract(epoch FROM e.period_end - e.period_start)) AS amount,
       range_agg(tstzrange(e.period_start, e.period_end)) @> tstzrange(d.starts_at, d.ends_at) AS is_whole_day
FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS d (day, starts_at, ends_at)
JOIN used AS e ON e.period_start < d.ends_at AND e.period_end > d.starts_at
GROUP BY GROUPING SETS ((d.day, d.starts_at, d.ends_at, e.code, e.per_unit), (d.day, d.starts_at, d.ends_at, e.code))
ORDER BY d.day, e.code, e.per_unit
