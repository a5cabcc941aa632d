-- Days of some devices that begin in a period, one page in the order (period_start, device, assignment).
-- Rides the primary key (device_id, period_start). Called by emissions/queries.py. begun_hours: of the assignment.
-- A mass of record stands for the whole day: null until it is over, and if an hour of it has none.
-- Parameters: device_ids, start, end_ (null: open), now, after_at or before_at with cursor_device and
-- cursor_assignment (null: from the end), limit_. /* direction */ is replaced by ASC or DESC.
SELECT p.device_id, p.assignment_id, p.period_start, e.period_end, p.measured_ug,
       CASE WHEN %(now)s >= least(e.period_end, a.valid_to)
             AND p.measured_hours + p.idle_hours + p.substituted_hours >= b.begun_hours THEN p.record_ug END AS record_ug,
       p.covered_ms, p.over_range_ms, p.co2_ppm, p.temperature_c, p.velocity_ms, p.flow_rate_m3s, p.quality,
       '' AS status, p.measured_hours, p.idle_hours, p.substituted_hours, p.partial_hours, b.begun_hours
FROM emissions_emissionday AS p
JOIN devices_assignment AS a ON a.id = p.assignment_id
JOIN factories_factory AS f ON f.id = a.factory_id
CROSS JOIN LATERAL (
    SELECT (p.period_start AT TIME ZONE f.time_zone + interval '1 day') AT TIME ZONE f.time_zone AS period_end
) AS e
CROSS JOIN LATERAL (
    SELECT ceil(extract(epoch FROM least(e.period_end, a.valid_to, %(now)s) - greatest(p.period_start, a.valid_from))
                / 3600)::integer AS begun_hours
) AS b
WHERE p.device_id = ANY (%(device_ids)s::integer[])
  AND (%(start)s::timestamptz IS NULL OR p.period_start >= %(start)s)
  AND (%(end_)s::timestamptz IS NULL OR p.period_start < %(end_)s)
  AND (%(after_at)s::timestamptz IS NULL OR (p.period_start >= %(after_at)s AND
       (p.period_start, p.device_id, p.assignment_id) > (%(after_at)s, %(cursor_device)s, %(cursor_assignment)s)))
  AND (%(before_at)s::timestamptz IS NULL OR (p.period_start <= %(before_at)s AND
       (p.period_start, p.device_id, p.assignment_id) < (%(before_at)s, %(cursor_device)s, %(cursor_assignment)s)))
ORDER BY p.period_start /* direction */, p.device_id /* direction */, p.assignment_id /* direction */
LIMIT %(limit_)s
