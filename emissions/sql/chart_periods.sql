-- Hours, days or months of the sites' own clocks, summed over some assignments, with the mass by how it is known.
-- Of a partial hour what was measured, and what its substitute adds. Rides the primary keys of hours and substituted
-- hours (device_id, period_start). Called by emissions/chart_data.py.
-- Parameters: assignment_ids, device_ids, unit (hour, day, month), start, end_ (of the periods' beginnings),
-- last (behind the last hour of the last period).
SELECT date_trunc(%(unit)s, h.period_start AT TIME ZONE f.time_zone) AS start,
       sum(h.measured_ug)::bigint AS measured_ug,
       coalesce(sum(h.measured_ug) FILTER (WHERE h.status = 'missing'), 0)::bigint AS partial_ug,
       sum(h.added_ug)::bigint AS substituted_ug,
       count(*) FILTER (WHERE h.status = 'measured') AS measured_hours,
       count(*) FILTER (WHERE h.status = 'substituted') AS substituted_hours,
       count(*) FILTER (WHERE h.status = 'idle') AS idle_hours
FROM (
    SELECT device_id, assignment_id, period_start, status, measured_ug, 0 AS added_ug FROM emissions_emissionhour
    UNION ALL
    SELECT s.device_id, s.assignment_id, s.period_start, 'substituted', 0, s.record_ug - coalesce(e.measured_ug, 0)
    FROM emissions_substitutedhour AS s
    LEFT JOIN emissions_emissionhour AS e ON e.device_id = s.device_id AND e.period_start = s.period_start
) AS h
JOIN devices_assignment AS a ON a.id = h.assignment_id
JOIN factories_factory AS f ON f.id = a.factory_id
WHERE h.device_id = ANY (%(device_ids)s::integer[]) AND h.assignment_id = ANY (%(assignment_ids)s::integer[])
  AND h.period_start >= %(start)s AND h.period_start < %(last)s
  AND date_trunc(%(unit)s, h.period_start AT TIME ZONE f.time_zone) AT TIME ZONE f.time_zone >= %(start)s
  AND date_trunc(%(unit)s, h.period_start AT TIME ZONE f.time_zone) AT TIME ZONE f.time_zone < %(end_)s
GROUP BY 1
ORDER BY 1
