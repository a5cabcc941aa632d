-- Adds new readings to their streams; a mean stands for seq_from..seq. The rows are locked already.
-- Parameters: stored_at. Rides the primary key. Called by store.py.
UPDATE emissions_devicestream AS known
SET received = known.received + fresh.ranges,
    first_timestamp = least(known.first_timestamp, timestamptz 'epoch' + fresh.first_t_ms * interval '1 millisecond'),
    last_received_at = greatest(known.last_received_at, %(stored_at)s)
FROM (
    SELECT
        device_id,
        stream,
        min(t_ms) AS first_t_ms,
        coalesce(
            range_agg(int8range(coalesce(seq_from, seq), seq, '[]')) FILTER (WHERE seq > 0), '{}'
        ) AS ranges
    FROM ingest_staging
    GROUP BY device_id, stream
) AS fresh
WHERE known.device_id = fresh.device_id AND known.stream = fresh.stream
