-- The energy [GJ] of each fuel used in each calendar month of its site, by the month in which a use begins.
-- Parameters: factories, a moment before the first and one after the last month.
-- Rides entry_by_factory_and_period. Called by stock.py.
SELECT
    e.factory_id,
    t.code,
    date_trunc('month', e.period_start AT TIME ZONE f.time_zone)::date AS month,
    SUM(e.energy_gj) AS gj
FROM energy_energyentry AS e
JOIN factories_factory AS f ON f.id = e.factory_id
JOIN energy_energytype AS t ON t.id = e.energy_type_id
WHERE
    e.factory_id = ANY(%(factories)s::int[])
    AND t.carrier = 'fuel'
    AND e.kind = 'used'
    AND e.deleted_at IS NULL
    AND e.period_start >= %(start)s
    AND e.period_start < %(end)s
GROUP BY e.factory_id, t.code, month
HAVING SUM(e.energy_gj) > 0
