-- Minutes of some devices that begin in a period, one page in the order (period_start, device, assignment).
-- Rides the primary key (device_id, period_start). Called by emissions/queries.py.
-- Parameters: device_ids, start, end_ (null: open), after_at or before_at with cursor_device and
-- cursor_assignment (null: from the end), limit_. /* direction */ is replaced by ASC or DESC.
SELECT p.device_id, p.assignment_id, p.period_start, p.period_start + interval '1 minute' AS period_end,
       p.measured_ug, NULL::bigint AS record_ug, p.covered_ms, p.over_range_ms, p.co2_ppm, p.temperature_c, p.velocity_ms,
       p.flow_rate_m3s, p.quality, '' AS status, '' AS method, '' AS rule, NULL AS measured_hours, NULL AS idle_hours,
       NULL AS substituted_hours, NULL AS partial_hours, NULL AS begun_hours,
       0 AS stack_ug, 0 AS fuel_sigma_ug, 0 AS bias_ug, 0.0::float8 AS variance_kg2
FROM emissions_emissionminute AS p
WHERE p.device_id = ANY (%(device_ids)s::integer[])
  AND (%(start)s::timestamptz IS NULL OR p.period_start >= %(start)s)
  AND (%(end_)s::timestamptz IS NULL OR p.period_start < %(end_)s)
  AND (%(after_at)s::timestamptz IS NULL OR (p.period_start >= %(after_at)s AND
       (p.period_start, p.device_id, p.assignment_id) > (%(after_at)s, %(cursor_device)s, %(cursor_assignment)s)))
  AND (%(before_at)s::timestamptz IS NULL OR (p.period_start <= %(before_at)s AND
       (p.period_start, p.device_id, p.assignment_id) < (%(before_at)s, %(cursor_device)s, %(cursor_assignment)s)))
ORDER BY p.period_start /* direction */, p.device_id /* direction */, p.assignment_id /* direction */
LIMIT %(limit_)s
