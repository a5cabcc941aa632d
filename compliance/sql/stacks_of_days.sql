-- For each of some factory days and each chimney with a device of record on it: for how many milliseconds it had one,
-- and its hours with a verdict; an hour over range for more than 20 % of its operating time counts as recorded, not as
-- measured. Rides the primary key of hours, one assignment and day at a time.
-- Called by compliance/inputs.py. Parameters: factory_ids, starts, ends (one of each a day).
SELECT d.factory_id, (extract(epoch FROM d.starts_at) * 1000000)::bigint AS day_start_us, a.chimney_id,
       (sum(extract(epoch FROM least(coalesce(a.valid_to, d.ends_at), d.ends_at) - greatest(a.valid_from, d.starts_at)))
        * 1000)::bigint AS assigned_ms,
       sum(h.measured_h)::integer AS measured_h, sum(h.idle_h)::integer AS idle_h,
       sum(h.recorded_h)::integer AS recorded_h, sum(h.record_ug)::bigint AS record_ug,
       coalesce(bool_or(h.is_lower_bound), false) AS is_lower_bound
FROM unnest(%(factory_ids)s::integer[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS d (factory_id, starts_at, ends_at)
JOIN devices_assignment AS a ON a.factory_id = d.factory_id AND a.is_of_record AND a.valid_from < d.ends_at
     AND (a.valid_to IS NULL OR a.valid_to > d.starts_at)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE e.status = 'measured' AND e.over_range_ms * 5 <= e.operating_ms) AS measured_h,
           count(*) FILTER (WHERE e.status = 'idle') AS idle_h,
           count(e.record_ug) AS recorded_h, sum(e.record_ug) AS record_ug,
           bool_or(e.over_range_ms > 0) AS is_lower_bound
    FROM emissions_emissionhour AS e
    WHERE e.device_id = a.device_id AND e.assignment_id = a.id
      AND e.period_start >= d.starts_at AND e.period_start < d.ends_at
) AS h
GROUP BY d.factory_id, d.starts_at, a.chimney_id
