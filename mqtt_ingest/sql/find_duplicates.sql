-- Returns the positions of readings whose identity is stored already. Runs in a statement of its own after
-- lock_streams: it must see readings that another worker committed while we waited for the lock.
-- A seq of 0 has no place in a stream (readings that came over HTTP without one): device and timestamp decide.
-- Adding '{}' unpacks a large record once per stream; read from its row, it would be unpacked once per reading.
-- Rides the primary keys of device streams and readings. Called by store.py.
WITH known AS MATERIALIZED (
    SELECT device_id, stream, received + '{}'::int8multirange AS received
    FROM emissions_devicestream
    WHERE (device_id, stream) IN (SELECT device_id, stream FROM ingest_staging)
)
SELECT staged.position
FROM ingest_staging AS staged
JOIN known USING (device_id, stream)
WHERE CASE
    WHEN staged.seq > 0 THEN known.received @> staged.seq::bigint
    ELSE EXISTS (
        SELECT 1
        FROM emissions_emission AS stored
        WHERE stored.device_id = staged.device_id
          AND stored.timestamp = timestamptz 'epoch' + staged.t_ms * interval '1 millisecond'
          AND stored.stream = staged.stream
          AND stored.seq = 0
    )
END
