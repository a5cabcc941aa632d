-- Moves devices' last_heartbeat, but only by 10 s and more: so a device that sends every second is not written every
-- second; after a last will at once. Locked in key order against deadlocks. Parameters: device_ids, heard_at, two arrays of one length.
-- Rides the primary key. Called by device_state.py.
WITH heard AS (
    SELECT id, heard_at FROM unnest(%(device_ids)s::integer[], %(heard_at)s::timestamptz[]) AS t (id, heard_at)
),
behind AS (
    SELECT device.id, heard.heard_at
    FROM devices_mcudevice AS device
    JOIN heard USING (id)
    WHERE device.last_heartbeat IS NULL
       OR device.last_heartbeat < heard.heard_at - interval '10 seconds'
       OR (device.last_heartbeat <= device.last_will_at AND device.last_will_at < heard.heard_at)
    ORDER BY device.id
    FOR NO KEY UPDATE OF device
)
UPDATE devices_mcudevice AS device
SET last_heartbeat = behind.heard_at
FROM behind
WHERE device.id = behind.id
