-- What each alarm's device usually emits in as much time as its alarm lasts: the mean of its hours of record in the time
-- before, idle ones too, times the hours since that no minute covers. Null without an hour of record. Rides the primary
-- keys of hours and minutes.
-- Called by alerts/price.py. Parameters, arrays of one length: alert_ids, device_ids, begins, ends; usual_from.
SELECT a.alert_id, (h.mean_ug * greatest(0, extract(epoch FROM a.ended_at - a.began_at) - m.covered_s) / 3600)::float8 AS mass_ug
FROM unnest(%(alert_ids)s::bigint[], %(device_ids)s::int[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
     AS a (alert_id, device_id, began_at, ended_at)
CROSS JOIN LATERAL (
    SELECT avg(e.record_ug) AS mean_ug FROM emissions_emissionhour AS e
    WHERE e.device_id = a.device_id AND e.period_start >= a.began_at - %(usual_from)s
      AND e.period_start < a.began_at - interval '1 hour' AND e.status IN ('measured', 'idle')
) AS h
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.covered_ms), 0) / 1000.0 AS covered_s FROM emissions_emissionminute AS e
    WHERE e.device_id = a.device_id AND e.period_start >= a.began_at AND e.period_start < a.ended_at
) AS m
