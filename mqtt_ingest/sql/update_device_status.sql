-- Stores the last status of a device; null leaves a column unchanged.
-- Parameters: device_id, firmware, status, reported_online. Rides the primary key. Called by device_state.py.
UPDATE devices_mcudevice
SET firmware = coalesce(%(firmware)s, firmware),
    status = coalesce(%(status)s::jsonb, status),
    reported_online = coalesce(%(reported_online)s, reported_online)
WHERE id = %(device_id)s
