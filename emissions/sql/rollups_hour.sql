-- Hours of some devices, mounted in a chimney, that begin in a period: one page in the order (period_start, device,
-- assignment). Each hour that has begun has a row, measured or not. First the page is cut, then its hours are read by the
-- primary keys (device_id, period_start) of hours and substituted hours. Called by emissions/queries.py.
-- Parameters: device_ids, start, end_ (null: open), now, after_at or before_at with cursor_device and
-- cursor_assignment (null: from the end), limit_, is_backward. /* direction */ is replaced by ASC or DESC.
WITH places AS (
    SELECT a.device_id, a.id AS assignment_id, s.period_start
    FROM devices_assignment AS a
    JOIN factories_factory AS f ON f.id = a.factory_id
    CROSS JOIN LATERAL (
        -- Whole hours of the site; a page needs no more than limit_ of any assignment.
        SELECT greatest(a.valid_from, %(start)s::timestamptz, %(after_at)s::timestamptz) AS begins,
               least(a.valid_to - interval '1 second', %(end_)s::timestamptz - interval '1 microsecond', %(before_at)s::timestamptz, %(now)s) AS ends
    ) AS asked
    CROSS JOIN LATERAL (
        SELECT date_trunc('hour', begins AT TIME ZONE f.time_zone) - begins AT TIME ZONE f.time_zone AS back,
               date_trunc('hour', ends AT TIME ZONE f.time_zone) - ends AT TIME ZONE f.time_zone AS ends_back
    ) AS clock
    CROSS JOIN LATERAL (
        SELECT begins + back + CASE WHEN back < interval '0' THEN interval '1 hour' ELSE interval '0' END AS first,
               ends + ends_back AS last
    ) AS whole
    CROSS JOIN LATERAL generate_series(
        CASE WHEN %(is_backward)s THEN greatest(first, last - (%(limit_)s + 1) * interval '1 hour') ELSE first END,
        CASE WHEN %(is_backward)s THEN last ELSE least(last, first + (%(limit_)s + 1) * interval '1 hour') END,
        interval '1 hour'
    ) AS s (period_start)
    WHERE a.device_id = ANY (%(device_ids)s::integer[]) AND a.valid_from <= %(now)s
      AND (%(after_at)s::timestamptz IS NULL OR
           (s.period_start, a.device_id, a.id) > (%(after_at)s, %(cursor_device)s, %(cursor_assignment)s))
      AND (%(before_at)s::timestamptz IS NULL OR
           (s.period_start, a.device_id, a.id) < (%(before_at)s, %(cursor_device)s, %(cursor_assignment)s))
    ORDER BY s.period_start /* direction */, a.device_id /* direction */, a.id /* direction */
    LIMIT %(limit_)s
)
SELECT p.device_id, p.assignment_id, p.period_start, p.period_start + interval '1 hour' AS period_end,
       coalesce(h.measured_ug, 0) AS measured_ug, coalesce(h.record_ug, s.record_ug) AS record_ug,
       coalesce(h.covered_ms, 0) AS covered_ms, coalesce(h.over_range_ms, 0) AS over_range_ms,
       h.co2_ppm, h.temperature_c, h.velocity_ms, h.flow_rate_m3s, coalesce(h.quality, 0) AS quality,
       coalesce(s.status, h.status, 'missing') AS status, coalesce(s.method, '') AS method, coalesce(s.rule, '') AS rule,
       NULL AS measured_hours, NULL AS idle_hours, NULL AS substituted_hours, NULL AS partial_hours, NULL AS begun_hours,
       CASE WHEN s.takes_from_stack IS FALSE THEN 0 ELSE coalesce(h.record_ug, s.record_ug, 0) END AS stack_ug,
       coalesce(s.fuel_sigma_ug, 0) AS fuel_sigma_ug, coalesce(s.bias_ug, 0) AS bias_ug,
       coalesce(s.variance_kg2, 0) AS variance_kg2
FROM places AS p
LEFT JOIN emissions_emissionhour AS h
  ON h.device_id = p.device_id AND h.period_start = p.period_start AND h.assignment_id = p.assignment_id
LEFT JOIN emissions_substitutedhour AS s
  ON s.device_id = p.device_id AND s.period_start = p.period_start AND s.assignment_id = p.assignment_id
ORDER BY p.period_start /* direction */, p.device_id /* direction */, p.assignment_id /* direction */
