-- How much of the measured mass of each alarm's device is beyond the alarm's limit: of each minute above it, the share
-- (value - limit) / value. Rides the primary key of minutes. Called by alerts/price.py.
-- Parameters, arrays of one length: alert_ids, device_ids, begins, ends, limits, columns (co2_ppm or velocity_ms).
SELECT a.alert_id, sum(m.measured_ug * (1 - a.limit_ / v.value))::float8 AS mass_ug
FROM unnest(%(alert_ids)s::bigint[], %(device_ids)s::int[], %(begins)s::timestamptz[], %(ends)s::timestamptz[],
            %(limits)s::float8[], %(columns)s::text[]) AS a (alert_id, device_id, began_at, ended_at, limit_, quantity)
JOIN emissions_emissionminute AS m
  ON m.device_id = a.device_id AND m.period_start >= a.began_at - interval '1 minute' AND m.period_start < a.ended_at
CROSS JOIN LATERAL (SELECT CASE a.quantity WHEN 'co2_ppm' THEN m.co2_ppm ELSE m.velocity_ms END) AS v (value)
WHERE v.value > a.limit_
GROUP BY a.alert_id
