-- Readings of one device from a time to a time, with the rows before and after it that flags and segments depend
-- on. After it: as many rows as flags ask for, and in time as far as a segment can reach over readings that do not
-- count: three intervals and a span, so three minutes, or four hours where slow readings or means stand there.
-- Rides the primary key (device_id, "timestamp", stream, seq). Called by emissions/rollups.py.
-- Parameters: device_id, start, end_ (timestamptz, start inclusive, end exclusive), before, after (row counts).
WITH reach AS (
    SELECT %(end_)s::timestamptz + CASE WHEN EXISTS (
               SELECT 1 FROM emissions_emission
               WHERE device_id = %(device_id)s AND "timestamp" >= %(end_)s
                 AND "timestamp" < %(end_)s::timestamptz + interval '4 hours'
                 AND (span_s IS NOT NULL OR interval_s > 60)
           ) THEN interval '4 hours' ELSE interval '3 minutes' END AS until
)
SELECT device_id, t_ms, received_ms, stream, seq, co2_ppm, temperature_c, velocity_ms, pressure_pa,
       cell_pressure_pa, interval_s, span_s, n, flags
FROM (
    (SELECT *, (extract(epoch FROM "timestamp") * 1000)::bigint AS t_ms,
            (extract(epoch FROM received_at) * 1000)::bigint AS received_ms
     FROM emissions_emission
     WHERE device_id = %(device_id)s AND "timestamp" < %(start)s
     ORDER BY "timestamp" DESC, stream DESC, seq DESC LIMIT %(before)s)
    UNION ALL
    (SELECT *, (extract(epoch FROM "timestamp") * 1000)::bigint,
            (extract(epoch FROM received_at) * 1000)::bigint
     FROM emissions_emission
     WHERE device_id = %(device_id)s AND "timestamp" >= %(start)s AND "timestamp" < %(end_)s)
    UNION ALL
    (SELECT *, (extract(epoch FROM "timestamp") * 1000)::bigint,
            (extract(epoch FROM received_at) * 1000)::bigint
     FROM emissions_emission
     WHERE device_id = %(device_id)s AND "timestamp" >= %(end_)s
     ORDER BY "timestamp", stream, seq
     LIMIT greatest(%(after)s, (
         SELECT count(*) FROM emissions_emission, reach
         WHERE device_id = %(device_id)s AND "timestamp" >= %(end_)s AND "timestamp" < reach.until)))
) AS rows
ORDER BY "timestamp", stream, seq
