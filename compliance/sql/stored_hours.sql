-- Hours of the devices of record of one site that begin in a stretch of time. Rides the primary key of hours
-- (device_id, period_start), an assignment at a time. Called by compliance/record/hours.py.
-- Parameters: factory_id, start, end_.
SELECT h.assignment_id, h.period_start, h.status, h.measured_ug, h.record_ug, h.covered_ms, h.operating_ms,
       h.over_range_ms, h.co2_ppm, h.flow_rate_m3s
FROM devices_assignment AS a
JOIN emissions_emissionhour AS h ON h.device_id = a.device_id AND h.assignment_id = a.id
 AND h.period_start >= greatest(a.valid_from, %(start)s) AND h.period_start < least(a.valid_to, %(end_)s)
WHERE a.factory_id = %(factory_id)s AND a.is_of_record AND a.valid_from < %(end_)s
  AND (a.valid_to IS NULL OR a.valid_to > %(start)s)
