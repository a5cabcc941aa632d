-- Takes out of the batch what was stored before and returns its positions. Runs in a statement of its own after
-- lock_streams: it must see what another worker committed while we waited for the lock.
-- A seq of 0 has no place in a stream (readings that came over HTTP without one): device and timestamp decide.
-- Rides the primary keys of device streams and readings. Called by store.py.
DELETE FROM ingest_staging AS staged
USING emissions_devicestream AS known
WHERE known.device_id = staged.device_id
  AND known.stream = staged.stream
  AND CASE
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
RETURNING staged.position
