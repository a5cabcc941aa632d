-- Creates the new streams of this batch, in the order of their key and before any stream is locked, so that
-- two workers with the same devices wait for each other instead of deadlocking.
-- Parameters: stored_at. Rides the primary key. Called by store.py.
INSERT INTO emissions_devicestream (device_id, stream, received, first_timestamp, last_received_at)
SELECT device_id, stream, '{}', timestamptz 'epoch' + min(t_ms) * interval '1 millisecond', %(stored_at)s
FROM ingest_staging
GROUP BY device_id, stream
ORDER BY device_id, stream
ON CONFLICT DO NOTHING
