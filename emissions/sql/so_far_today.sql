-- What each chimney with a device of record emitted since its factory's day began. Rides the foreign key
-- index of assignments and, for each device, the primary key of hours.
-- Called by emissions/totals.py. Parameters: factory_ids, starts (arrays of one length), now.
SELECT a.chimney_id, a.factory_id, coalesce(sum(h.measured_ug), 0)::bigint AS measured_ug,
       coalesce(sum(h.covered_ms), 0)::bigint AS covered_ms,
       round(extract(epoch FROM %(now)s - f.day_start) * 1000)::bigint AS elapsed_ms,
       coalesce(sum(h.over_range_ms), 0)::bigint AS over_range_ms
FROM unnest(%(factory_ids)s::integer[], %(starts)s::timestamptz[]) AS f (id, day_start)
JOIN devices_assignment AS a
  ON a.factory_id = f.id AND a.is_of_record
 AND a.valid_from <= %(now)s AND (a.valid_to IS NULL OR a.valid_to > f.day_start)
LEFT JOIN emissions_emissionhour AS h
  ON h.device_id = a.device_id AND h.assignment_id = a.id
 AND h.period_start >= f.day_start AND h.period_start <= %(now)s
GROUP BY a.chimney_id, a.factory_id, f.day_start
ORDER BY a.chimney_id
