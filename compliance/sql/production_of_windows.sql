-- Production that reaches into stretches of time of sites. An entry may come twice, where it reaches into two.
-- Rides production_by_factory_and_time. Called by compliance/inputs.py. Parameters: factory_ids, starts, ends.
SELECT p.id AS entry_id, p.factory_id, (extract(epoch FROM p.period_start) * 1000000)::bigint AS start_us,
       (extract(epoch FROM p.period_end) * 1000000)::bigint AS end_us, p.created_at AS entered_at,
       p.product, p.amount_kg
FROM unnest(%(factory_ids)s::integer[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS w (factory_id, starts_at, ends_at)
JOIN production_productionentry AS p ON p.factory_id = w.factory_id AND p.period_end > w.starts_at
     AND p.period_start < w.ends_at AND p.deleted_at IS NULL
