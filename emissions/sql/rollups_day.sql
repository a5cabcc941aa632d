-- Days or months of some devices, mounted in a chimney, that begin in a period: one page in the order (period_start,
-- device, assignment). Each that has begun has a row, with data or not. First the page is cut, then its days and
-- substituted hours are summed by their primary keys (device_id, period_start). Called by emissions/queries.py.
-- A mass of record stands for the whole period: null until it is over, and if an hour of it has none. begun_hours: of
-- the assignment. Parameters: unit (day, month), step (1 day, 1 month), device_ids, start, end_ (null: open), now,
-- after_at or before_at with cursor_device and cursor_assignment (null: from the end), limit_, is_backward.
-- /* direction */ is replaced by ASC or DESC.
WITH places AS (
    SELECT a.device_id, a.id AS assignment_id, a.valid_from, a.valid_to, s.local_start AT TIME ZONE f.time_zone AS period_start,
           (s.local_start + %(step)s::interval) AT TIME ZONE f.time_zone AS period_end
    FROM devices_assignment AS a
    JOIN factories_factory AS f ON f.id = a.factory_id
    CROSS JOIN LATERAL (
        SELECT date_trunc(%(unit)s, greatest(a.valid_from, %(start)s::timestamptz, %(after_at)s::timestamptz) AT TIME ZONE f.time_zone) AS first,
               date_trunc(%(unit)s, least(a.valid_to - interval '1 second', %(end_)s::timestamptz - interval '1 microsecond',
                                    %(before_at)s::timestamptz, %(now)s) AT TIME ZONE f.time_zone) AS last
    ) AS whole
    CROSS JOIN LATERAL generate_series(
        CASE WHEN %(is_backward)s THEN greatest(first, last - (%(limit_)s + 1) * %(step)s::interval) ELSE first END,
        CASE WHEN %(is_backward)s THEN last ELSE least(last, first + (%(limit_)s + 1) * %(step)s::interval) END,
        %(step)s::interval
    ) AS s (local_start)
    WHERE a.device_id = ANY (%(device_ids)s::integer[]) AND a.valid_from <= %(now)s
      AND (%(start)s::timestamptz IS NULL OR s.local_start AT TIME ZONE f.time_zone >= %(start)s)
      AND (%(after_at)s::timestamptz IS NULL OR
           (s.local_start AT TIME ZONE f.time_zone, a.device_id, a.id) > (%(after_at)s, %(cursor_device)s, %(cursor_assignment)s))
      AND (%(before_at)s::timestamptz IS NULL OR
           (s.local_start AT TIME ZONE f.time_zone, a.device_id, a.id) < (%(before_at)s, %(cursor_device)s, %(cursor_assignment)s))
    ORDER BY period_start /* direction */, a.device_id /* direction */, a.id /* direction */
    LIMIT %(limit_)s
)
SELECT p.device_id, p.assignment_id, p.period_start, p.period_end, coalesce(d.measured_ug, 0)::bigint AS measured_ug,
       CASE WHEN %(now)s >= least(p.period_end, p.valid_to)
             AND coalesce(d.measured_hours + d.idle_hours, 0) + s.hours >= b.begun_hours
            THEN (coalesce(d.record_ug, 0) + coalesce(s.record_ug, 0))::bigint END AS record_ug,
       coalesce(d.covered_ms, 0)::bigint AS covered_ms, coalesce(d.over_range_ms, 0)::bigint AS over_range_ms,
       d.co2_ppm, d.temperature_c, d.velocity_ms, d.flow_rate_m3s, coalesce(d.quality, 0) AS quality, '' AS status,
       s.method, '' AS rule, coalesce(d.measured_hours, 0) AS measured_hours, coalesce(d.idle_hours, 0) AS idle_hours,
       s.hours - s.partial AS substituted_hours, s.partial AS partial_hours, b.begun_hours,
       (coalesce(d.record_ug, 0) + coalesce(s.stack_ug, 0))::bigint AS stack_ug, coalesce(s.fuel_sigma_ug, 0)::bigint AS fuel_sigma_ug,
       coalesce(s.bias_ug, 0)::bigint AS bias_ug, coalesce(s.variance_kg2, 0) AS variance_kg2
FROM places AS p
CROSS JOIN LATERAL (
    SELECT ceil(extract(epoch FROM least(p.period_end, p.valid_to, %(now)s) - greatest(p.period_start, p.valid_from))
                / 3600)::integer AS begun_hours
) AS b
CROSS JOIN LATERAL (
    SELECT sum(e.measured_ug) AS measured_ug, sum(e.record_ug) AS record_ug, sum(e.covered_ms) AS covered_ms,
           sum(e.over_range_ms) AS over_range_ms, bit_or(e.quality) AS quality,
           sum(e.measured_hours)::integer AS measured_hours, sum(e.idle_hours)::integer AS idle_hours,
           sum(e.co2_ppm * e.weight_s) / nullif(sum(e.weight_s) FILTER (WHERE e.co2_ppm IS NOT NULL), 0) AS co2_ppm,
           sum(e.temperature_c * e.weight_s) / nullif(sum(e.weight_s) FILTER (WHERE e.temperature_c IS NOT NULL), 0)
               AS temperature_c,
           sum(e.velocity_ms * e.weight_s) / nullif(sum(e.weight_s) FILTER (WHERE e.velocity_ms IS NOT NULL), 0)
               AS velocity_ms,
           sum(e.flow_rate_m3s * e.weight_s) / nullif(sum(e.weight_s) FILTER (WHERE e.flow_rate_m3s IS NOT NULL), 0)
               AS flow_rate_m3s
    FROM emissions_emissionday AS e
    WHERE e.device_id = p.device_id AND e.assignment_id = p.assignment_id
      AND e.period_start >= p.period_start AND e.period_start < p.period_end
) AS d
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS hours, count(*) FILTER (WHERE r.status = 'partial')::integer AS partial,
           coalesce(max(r.method), '') AS method, sum(r.record_ug) AS record_ug,
           sum(r.record_ug) FILTER (WHERE r.takes_from_stack) AS stack_ug,
           sum(r.fuel_sigma_ug) AS fuel_sigma_ug, sum(r.bias_ug) AS bias_ug, sum(r.variance_kg2) AS variance_kg2
    FROM emissions_substitutedhour AS r
    WHERE r.device_id = p.device_id AND r.assignment_id = p.assignment_id
      AND r.period_start >= p.period_start AND r.period_start < p.period_end
) AS s
ORDER BY p.period_start /* direction */, p.device_id /* direction */, p.assignment_id /* direction */
