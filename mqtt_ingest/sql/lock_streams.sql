-- Locks the streams of this batch until the transaction ends, in the order of their key; returns the size of each
-- record of received numbers. Rides the primary key. Called by store.py.
SELECT pg_column_size(known.received)
FROM emissions_devicestream AS known
WHERE (known.device_id, known.stream) IN (SELECT device_id, stream FROM ingest_staging)
ORDER BY known.device_id, known.stream
FOR UPDATE OF known
