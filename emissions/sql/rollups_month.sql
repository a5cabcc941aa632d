-- Calendar months of the site, summed from days, one page in the order (month, device, assignment).
-- Rides the primary key of days (device_id, period_start, assignment). Called by emissions/queries.py.
-- Parameters and /* direction */ as in rollups_day.sql.
WITH days AS (
    SELECT d.*, f.time_zone, a.valid_from, a.valid_to,
           date_trunc('month', d.period_start AT TIME ZONE f.time_zone) AS local_month
    FROM emissions_emissionday AS d
    JOIN devices_assignment AS a ON a.id = d.assignment_id
    JOIN factories_factory AS f ON f.id = a.factory_id
    WHERE d.device_id = ANY (%(device_ids)s::integer[])
),
months AS (
    SELECT device_id, assignment_id, valid_from, valid_to,
           local_month AT TIME ZONE time_zone AS period_start,
           (local_month + interval '1 month') AT TIME ZONE time_zone AS period_end,
           sum(measured_ug)::bigint AS measured_ug, sum(record_ug)::bigint AS record_ug,
           sum(covered_ms)::bigint AS covered_ms, sum(over_range_ms)::bigint AS over_range_ms,
           sum(co2_ppm * weight_s) / nullif(sum(weight_s) FILTER (WHERE co2_ppm IS NOT NULL), 0) AS co2_ppm,
           sum(temperature_c * weight_s) / nullif(sum(weight_s) FILTER (WHERE temperature_c IS NOT NULL), 0)
               AS temperature_c,
           sum(velocity_ms * weight_s) / nullif(sum(weight_s) FILTER (WHERE velocity_ms IS NOT NULL), 0)
               AS velocity_ms,
           sum(flow_rate_m3s * weight_s) / nullif(sum(weight_s) FILTER (WHERE flow_rate_m3s IS NOT NULL), 0)
               AS flow_rate_m3s,
           bit_or(quality) AS quality, sum(measured_hours) AS measured_hours, sum(idle_hours) AS idle_hours,
           sum(substituted_hours) AS substituted_hours, sum(partial_hours) AS partial_hours
    FROM days
    GROUP BY device_id, assignment_id, valid_from, valid_to, time_zone, local_month
)
SELECT p.device_id, p.assignment_id, p.period_start, p.period_end, p.measured_ug,
       CASE WHEN %(now)s >= least(p.period_end, p.valid_to)
             AND p.measured_hours + p.idle_hours + p.substituted_hours >= b.begun_hours THEN p.record_ug END AS record_ug,
       p.covered_ms, p.over_range_ms, p.co2_ppm, p.temperature_c, p.velocity_ms, p.flow_rate_m3s, p.quality,
       '' AS status, p.measured_hours, p.idle_hours, p.substituted_hours, p.partial_hours, b.begun_hours
FROM months AS p
CROSS JOIN LATERAL (
    SELECT ceil(extract(epoch FROM least(p.period_end, p.valid_to, %(now)s) - greatest(p.period_start, p.valid_from))
                / 3600)::integer AS begun_hours
) AS b
WHERE (%(start)s::timestamptz IS NULL OR p.period_start >= %(start)s)
  AND (%(end_)s::timestamptz IS NULL OR p.period_start < %(end_)s)
  AND (%(after_at)s::timestamptz IS NULL OR (p.period_start >= %(after_at)s AND
       (p.period_start, p.device_id, p.assignment_id) > (%(after_at)s, %(cursor_device)s, %(cursor_assignment)s)))
  AND (%(before_at)s::timestamptz IS NULL OR (p.period_start <= %(before_at)s AND
       (p.period_start, p.device_id, p.assignment_id) < (%(before_at)s, %(cursor_device)s, %(cursor_assignment)s)))
ORDER BY p.period_start /* direction */, p.device_id /* direction */, p.assignment_id /* direction */
LIMIT %(limit_)s
