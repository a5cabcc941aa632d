-- Numbers missing in the streams of some devices: holes between numbers received, from 1 on, and the end of the boot
-- before, whose last number the present boot tells. Oldest first. Rides the primary key of device streams.
-- Called by gaps.py. Parameters: device_ids, streams (as stored), last_seqs (0: not known) (arrays of one length).
WITH asked AS (
    SELECT * FROM unnest(%(device_ids)s::integer[], %(streams)s::integer[], %(last_seqs)s::bigint[])
        AS a (device_id, stream, last_seq)
),
alive AS (
    SELECT device_id, stream, last_seq, received
    FROM emissions_devicestream JOIN asked USING (device_id, stream)
    WHERE NOT isempty(received)
)
SELECT device_id, stream, gap_from, gap_to - 1
FROM (
    SELECT device_id, stream, lower(island) AS gap_to,
           lag(upper(island), 1, 1::bigint) OVER (PARTITION BY device_id, stream ORDER BY lower(island)) AS gap_from
    FROM alive, unnest(received) AS island
    UNION ALL
    SELECT device_id, stream, last_seq + 1, upper(received) FROM alive WHERE last_seq >= upper(received)
) AS gaps
WHERE gap_to > gap_from
ORDER BY device_id, stream, gap_from
