-- Energy used or bought by contract that reaches into stretches of time of sites, with what classes it. An entry may come twice, where it
-- reaches into two stretches. Rides energy_use_by_end. Called by compliance/inputs.py.
-- Parameters: factory_ids, starts, ends (one of each a stretch).
SELECT e.id AS entry_id, e.factory_id, (extract(epoch FROM e.period_start) * 1000000)::bigint AS start_us,
       (extract(epoch FROM e.period_end) * 1000000)::bigint AS end_us, e.created_at AS entered_at,
       t.code AS energy_type, t.carrier, t.is_wood, coalesce(s.kind, '') AS source_kind,
       coalesce(e.scope, 2) AS scope, coalesce(e.factor_amount, 0) AS factor_amount,
       coalesce(f.per_unit, '') AS factor_unit, e.energy_gj, e.co2_kg,
       coalesce(e.biogenic_co2_kg, 0) AS biogenic_co2_kg, coalesce(e.co2e_kg, 0) AS co2e_kg, e.moisture_fraction, e.gwp_set,
       coalesce(f.gwp_set <> '', false) AND t.carrier <> 'refrigerant' AS is_published_sum, coalesce(f.basis, '') AS basis,
       e.market_co2e_kg, s.chimney_id, e.unit, e.origin
FROM unnest(%(factory_ids)s::integer[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS w (factory_id, starts_at, ends_at)
JOIN energy_energyentry AS e ON e.factory_id = w.factory_id AND e.period_end > w.starts_at
     AND e.period_start < w.ends_at AND e.kind IN ('used', 'market') AND e.deleted_at IS NULL
JOIN energy_energytype AS t ON t.id = e.energy_type_id
LEFT JOIN energy_emissionfactor AS f ON f.id = e.factor_id
LEFT JOIN factories_emissionsource AS s ON s.id = e.source_id
