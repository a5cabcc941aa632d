-- Energy used or bought by contract in stretches of time of sites, with all that an inventory says of it: gases, factors,
-- where it was burned, how the amount is known. Rides energy_use_by_end.
-- Called by compliance/inventory/inputs.py. Parameters: factory_ids, starts, ends (one of each a stretch), carriers.
SELECT e.id, e.factory_id, e.kind, (extract(epoch FROM e.period_start) * 1000000)::bigint AS start_us,
       (extract(epoch FROM e.period_end) * 1000000)::bigint AS end_us, t.code AS energy_type, t.carrier, t.is_biogenic,
       e.source_id, coalesce(s.kind, '') AS source_kind, coalesce(e.scope, 2) AS scope, e.unit, l.unit AS local_unit,
       e.origin IN ('meter', 'device') AS is_metered, coalesce(e.factor_amount, 0) AS factor_amount,
       coalesce(f.per_unit, '') AS per_unit, e.energy_gj, e.co2_kg, coalesce(e.biogenic_co2_kg, 0) AS biogenic_co2_kg,
       e.ch4_kg, e.n2o_kg, coalesce(e.co2e_kg, 0) AS co2e_kg, e.gwp_set, coalesce(f.gas, '') AS factor_gas,
       f.organisation_id IS NOT NULL AS is_own_factor, e.factor_id, e.ch4_factor_id, e.n2o_factor_id, e.instrument,
       e.market_co2e_kg
FROM unnest(%(factory_ids)s::integer[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS w (factory_id, starts_at, ends_at)
JOIN energy_energyentry AS e ON e.factory_id = w.factory_id AND e.period_end > w.starts_at
     AND e.period_start < w.ends_at AND e.kind IN ('used', 'market') AND e.deleted_at IS NULL
JOIN energy_energytype AS t ON t.id = e.energy_type_id AND t.carrier = ANY (%(carriers)s)
LEFT JOIN energy_emissionfactor AS f ON f.id = e.factor_id
LEFT JOIN factories_emissionsource AS s ON s.id = e.source_id
LEFT JOIN energy_localunit AS l ON l.factory_id = e.factory_id AND l.energy_type_id = e.energy_type_id
     AND lower(l.name) = lower(e.unit)
ORDER BY e.factory_id, e.id
