-- What was received and used of a fuel between two stock counts, by unit and stated moisture as entered: one
-- row a window, kind, unit and moisture. A use counts by the share of its period that lies in the window, a delivery by its moment.
-- Parameters: arrays of one length (factories, types, starts, ends), the longest period of an entry.
-- Rides entry_by_factory_and_period (uses) and entry_by_factory_and_time (deliveries). Called by stock.py.
WITH windows AS (
    SELECT *
    FROM unnest(%(factories)s::int[], %(types)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        WITH ORDINALITY AS w (factory_id, energy_type_id, starts_at, ends_at, number)
)
SELECT
    w.number, e.kind, e.unit, CASE WHEN NOT e.moisture_is_default THEN e.moisture_fraction END AS moisture_fraction,
    SUM(
        e.amount
        * EXTRACT(EPOCH FROM LEAST(e.period_end, w.ends_at) - GREATEST(e.period_start, w.starts_at))
        / EXTRACT(EPOCH FROM e.period_end - e.period_start)
    ) AS amount
FROM windows AS w
JOIN energy_energyentry AS e
    ON e.factory_id = w.factory_id
    AND e.energy_type_id = w.energy_type_id
    AND e.kind = 'used'
    AND e.deleted_at IS NULL
    AND e.period_start < w.ends_at
    AND e.period_start > w.starts_at - %(longest)s::interval
    AND e.period_end > w.starts_at
GROUP BY w.number, e.kind, e.unit, 4
UNION ALL
SELECT w.number, e.kind, e.unit, CASE WHEN NOT e.moisture_is_default THEN e.moisture_fraction END, SUM(e.amount)
FROM windows AS w
JOIN energy_energyentry AS e
    ON e.factory_id = w.factory_id
    AND e.energy_type_id = w.energy_type_id
    AND e.kind = 'received'
    AND e.deleted_at IS NULL
    AND e.timestamp >= w.starts_at
    AND e.timestamp < w.ends_at
GROUP BY w.number, e.kind, e.unit, 4
