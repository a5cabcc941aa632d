-- Of which time some devices may still hold readings. A device says how many wait in its outbox; they are among the
-- numbers missing in its streams, the newest most likely: holes, and the end of the stream before its last boot.
-- When a missing number was measured follows from its distance to the first and to the last number received, at the
-- device's interval; the wider answer counts, and ten minutes. Rides the primary key of device streams.
-- Called by emissions/settling.py. Parameters: device_ids, outboxes, intervals_s, streams and last_seqs (of the boot
-- before, as stored) (arrays of one length), since (older streams do not count), limit_s (no distance is longer).
WITH asked AS (
    SELECT * FROM unnest(
        %(device_ids)s::integer[], %(outboxes)s::bigint[], %(intervals_s)s::float8[], %(streams)s::integer[],
        %(last_seqs)s::bigint[]
    ) AS a (device_id, outbox, interval_s, before_stream, before_seq)
),
streams AS (
    SELECT s.device_id, s.stream, s.first_timestamp, s.last_received_at, s.received,
           lower(s.received) AS lowest, upper(s.received) AS beyond
    FROM emissions_devicestream AS s
    JOIN asked USING (device_id)
    WHERE s.last_received_at > %(since)s AND NOT isempty(s.received)
),
gaps AS (
    SELECT device_id, stream, gap_from, gap_to
    FROM (
        SELECT device_id, stream, lower(island) AS gap_to,
               lag(upper(island), 1, 1::bigint) OVER (PARTITION BY device_id, stream ORDER BY lower(island)) AS gap_from
        FROM streams, unnest(received) AS island
    ) AS between_islands
    WHERE gap_to > gap_from
    UNION ALL
    SELECT device_id, stream, beyond, before_seq + 1
    FROM streams JOIN asked USING (device_id)
    WHERE stream = before_stream AND before_seq >= beyond
),
newest_first AS (
    SELECT device_id, stream, gap_from, gap_to,
           sum(gap_to - gap_from) OVER (
               PARTITION BY device_id ORDER BY last_received_at DESC, gap_from DESC
               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
           ) - (gap_to - gap_from) AS explained
    FROM gaps JOIN streams USING (device_id, stream)
),
distances AS (
    SELECT device_id, first_timestamp, last_received_at,
           least(greatest(seconds.from_first, -%(limit_s)s), %(limit_s)s) AS from_first_s,
           least(greatest(seconds.to_last, -%(limit_s)s), %(limit_s)s) AS to_last_s
    FROM newest_first
    JOIN streams USING (device_id, stream)
    JOIN asked USING (device_id),
    LATERAL (VALUES (gap_from), (gap_to)) AS edge (seq),
    LATERAL (SELECT (edge.seq - lowest) * interval_s, (beyond - edge.seq) * interval_s) AS seconds (from_first, to_last)
    WHERE explained < outbox
),
moments AS (
    SELECT device_id, first_timestamp + make_interval(secs => from_first_s) AS at FROM distances
    UNION ALL
    SELECT device_id, last_received_at - make_interval(secs => to_last_s) FROM distances
)
SELECT device_id, min(at) - interval '10 minutes', max(at) + interval '10 minutes'
FROM moments
GROUP BY device_id
ORDER BY device_id
