-- Each whole hour of a period at one site: how many chimneys had a device of record, how many of them have a mass of
-- record, and their sum. Hours without any device of record are absent. Rides the primary key of hours
-- (device_id, period_start). Called by emissions/site_hours.py. Parameters: factory_id, start, end_ (whole hours).
SELECT s.hour_start AS starts_at, count(a.id) AS chimneys, count(h.record_ug) AS known_chimneys,
       sum(h.record_ug)::bigint AS record_ug, coalesce(sum(h.over_range_ms), 0)::bigint AS over_range_ms
FROM generate_series(
       %(start)s::timestamptz, %(end_)s::timestamptz - interval '1 hour', interval '1 hour'
     ) AS s (hour_start)
JOIN devices_assignment AS a
  ON a.factory_id = %(factory_id)s AND a.is_of_record
 AND a.valid_from <= s.hour_start AND (a.valid_to IS NULL OR a.valid_to > s.hour_start)
LEFT JOIN emissions_emissionhour AS h
  ON h.device_id = a.device_id AND h.assignment_id = a.id AND h.period_start = s.hour_start
GROUP BY s.hour_start
ORDER BY s.hour_start
