-- Hours of the devices of record of some factories, ascending. Rides the primary key of hours, one device at
-- a time. Called by emissions/totals.py. Parameters: factory_ids, start, now.
SELECT a.chimney_id, h.period_start,
       h.measured_ug::float8 / 1e9::float8 * 3600000 / nullif(h.covered_ms, 0) AS co2_kg_per_h, h.status, h.over_range_ms
FROM devices_assignment AS a
JOIN emissions_emissionhour AS h ON h.device_id = a.device_id AND h.assignment_id = a.id
WHERE a.factory_id = ANY (%(factory_ids)s::integer[]) AND a.is_of_record
  AND (a.valid_to IS NULL OR a.valid_to > %(start)s)
  AND h.period_start >= %(start)s AND h.period_start <= %(now)s
ORDER BY a.chimney_id, h.period_start
