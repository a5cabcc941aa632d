-- Means of the hourly means of chimneys, over the measured hours of their devices of record in a period. Rides the primary
-- key of hours. Called by compliance/schemes/chimneys.py. Parameters: chimney_ids, start, end_.
SELECT a.chimney_id, avg(h.co2_ppm) AS co2_ppm, avg(h.temperature_c) AS temperature_c, avg(h.velocity_ms) AS velocity_ms,
       avg(h.flow_rate_m3s) AS flow_rate_m3s
FROM devices_assignment AS a
JOIN emissions_emissionhour AS h ON h.device_id = a.device_id AND h.assignment_id = a.id
WHERE a.chimney_id = ANY (%(chimney_ids)s::integer[]) AND a.is_of_record AND h.status = 'measured'
  AND h.period_start >= %(start)s AND h.period_start < %(end_)s
GROUP BY a.chimney_id
