-- Removes from the batch the readings that would give a stream more than `limit` ranges, and returns their
-- positions. An island is a run of new readings; an island that touches a stored range adds none. Of the islands
-- that add one, the lowest stay while there is room. Runs after the duplicates are gone, and only when a record is large.
-- Parameters: limit. Rides the primary key. Called by crowding.py.
WITH fresh AS (
    SELECT
        device_id,
        stream,
        unnest(range_agg(int8range(coalesce(seq_from, seq), seq, '[]'))) AS island
    FROM ingest_staging
    WHERE seq > 0
    GROUP BY device_id, stream
),
known AS MATERIALIZED (
    SELECT
        device_id,
        stream,
        received,
        %(limit)s - (SELECT count(*) FROM unnest(received)) AS room
    FROM emissions_devicestream
    WHERE (device_id, stream) IN (SELECT device_id, stream FROM fresh)
),
adding AS (
    SELECT
        device_id,
        stream,
        fresh.island,
        known.room,
        row_number() OVER (PARTITION BY device_id, stream ORDER BY lower(fresh.island)) AS place
    FROM fresh
    JOIN known USING (device_id, stream)
    WHERE NOT known.received && int8range(lower(fresh.island) - 1, upper(fresh.island) + 1)
)
DELETE FROM ingest_staging AS staged
USING adding
WHERE adding.place > adding.room
  AND staged.device_id = adding.device_id
  AND staged.stream = adding.stream
  AND staged.seq > 0
  AND adding.island @> staged.seq::bigint
RETURNING staged.position
