-- Keeps the known keys of statuses, alerts and acks. Parameters: four arrays of one length.
-- Called by device_state.py.
INSERT INTO mqtt_ingest_devicemessage (device_id, kind, received_at, payload)
SELECT device_id, kind, received_at, payload::jsonb
FROM unnest(
    %(device_ids)s::integer[], %(kinds)s::text[], %(received_at)s::timestamptz[], %(payloads)s::text[]
) AS t (device_id, kind, received_at, payload)
