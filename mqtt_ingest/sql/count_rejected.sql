-- Counts refusals in their groups, in key order against deadlocks; returns the groups.
-- Parameters: device_ids, reasons, shapes, counts, first_at, last_at (six arrays of one length). Rides the unique index
-- of groups. Called by rejected.py.
INSERT INTO mqtt_ingest_rejectedgroup AS grouped (topic_device_id, reason, shape, count, first_at, last_at)
SELECT device_id, reason, shape, amount, first_at, last_at
FROM unnest(
    %(device_ids)s::text[], %(reasons)s::text[], %(shapes)s::text[], %(counts)s::bigint[],
    %(first_at)s::timestamptz[], %(last_at)s::timestamptz[]
) AS t (device_id, reason, shape, amount, first_at, last_at)
ORDER BY device_id, reason, shape
ON CONFLICT (topic_device_id, reason, shape) DO UPDATE
SET count = grouped.count + excluded.count,
    first_at = least(grouped.first_at, excluded.first_at),
    last_at = greatest(grouped.last_at, excluded.last_at)
RETURNING id, topic_device_id, reason, shape
