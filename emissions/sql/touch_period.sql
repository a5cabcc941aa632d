-- Marks every minute of a device that has readings in a period, to be rolled up again. Rides the primary key
-- of readings. Called by emissions/rollups.py. Parameters: device_id, start, end_ (null: open).
INSERT INTO emissions_touchedminute (device_id, period_start, created_at)
SELECT DISTINCT device_id, date_trunc('minute', moment), now()
FROM emissions_emission,
     LATERAL (VALUES ("timestamp"), ("timestamp" - make_interval(secs => coalesce(span_s, 0)))) AS v (moment)
WHERE device_id = %(device_id)s
  AND "timestamp" >= %(start)s
  AND (%(end_)s::timestamptz IS NULL OR "timestamp" < %(end_)s)
