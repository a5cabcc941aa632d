-- Marks the minutes to be rolled up: those of the new readings and, of means, those where their time begins.
-- Appends only, so it never waits for the roll-up. Parameters: stored_at. Called by store.py.
INSERT INTO emissions_touchedminute (device_id, period_start, created_at)
SELECT device_id, timestamptz 'epoch' + minute * interval '1 minute', %(stored_at)s
FROM (
    SELECT device_id, t_ms / 60000 AS minute FROM ingest_staging
    UNION
    SELECT device_id, (t_ms - (span_s * 1000)::bigint) / 60000 FROM ingest_staging WHERE span_s IS NOT NULL
) AS touched
ORDER BY device_id, minute
