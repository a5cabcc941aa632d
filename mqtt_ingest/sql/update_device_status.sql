-- Stores the last status of a device; null leaves a column unchanged. A retained last will of a device that is known to
-- have sent one is the same again: it keeps its time, which readings may have passed since.
-- Parameters: device_id, firmware, status, reported_online, received_at, is_retained. Rides the primary key. Called by
-- device_state.py.
UPDATE devices_mcudevice
SET firmware = coalesce(%(firmware)s, firmware),
    status = coalesce(%(status)s::jsonb, status),
    reported_online = coalesce(%(reported_online)s, reported_online),
    last_will_at = CASE
        WHEN %(reported_online)s THEN last_will_at
        WHEN %(reported_online)s IS NULL THEN last_will_at
        WHEN %(is_retained)s AND reported_online IS FALSE THEN last_will_at
        ELSE %(received_at)s
    END
WHERE id = %(device_id)s
