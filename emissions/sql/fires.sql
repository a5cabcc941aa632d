-- The gas of fires in some periods of sites, by chimney: CO2, dry gas, dry gas times temperature. `place` is that of the
-- period in the arrays, from 1. Rides the primary key of hours, one device at a time; a chimney without a fire is absent.
-- Called by emissions/fires.py. Parameters: factory_ids, starts, ends (arrays of one length; whole hours or days of the
-- sites). /* rollup */ is replaced by the table of hours or days.
SELECT f.place, a.chimney_id, sum(h.fire_ug)::bigint AS co2_ug,
       sum(h.fire_ug / h.fire_co2_dry) AS gas, sum(h.fire_ug / h.fire_co2_dry * h.fire_temperature_c) AS gas_c
FROM unnest(%(factory_ids)s::integer[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
       WITH ORDINALITY AS f (id, starts_at, ends_at, place)
JOIN devices_assignment AS a
  ON a.factory_id = f.id AND a.is_of_record
 AND a.valid_from < f.ends_at AND (a.valid_to IS NULL OR a.valid_to > f.starts_at)
JOIN /* rollup */ AS h
  ON h.device_id = a.device_id AND h.assignment_id = a.id
 AND h.period_start >= f.starts_at AND h.period_start < f.ends_at
WHERE h.fire_co2_dry IS NOT NULL
GROUP BY f.place, a.chimney_id
ORDER BY f.place, a.chimney_id
