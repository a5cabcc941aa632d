-- Readings of one device from a time to a time, with the rows just before and just after that flags and
-- segments depend on. Rides the primary key (device_id, "timestamp", stream, seq) three times.
-- Called by emissions/rollups.py.
-- Parameters: device_id, start, end_ (timestamptz, start inclusive, end exclusive), before, after (row counts).
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
     ORDER BY "timestamp", stream, seq LIMIT %(after)s)
) AS rows
ORDER BY "timestamp", stream, seq
