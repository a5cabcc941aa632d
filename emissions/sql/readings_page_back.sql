-- The page before a cursor, nearest first: the mirror of readings_page.sql, which names the parameters.
SELECT r.device_id, (extract(epoch FROM r."timestamp") * 1000)::bigint AS t_ms,
       (extract(epoch FROM r.received_at) * 1000)::bigint AS received_ms,
       r.stream, r.seq, r.co2_ppm, r.temperature_c, r.velocity_ms, r.pressure_pa, r.cell_pressure_pa, r.interval_s,
       r.span_s, r.n, r.flags
FROM unnest(%(device_ids)s::integer[]) AS d (id),
     LATERAL (
         SELECT *
         FROM emissions_emission AS e
         WHERE e.device_id = d.id
           AND (%(start)s::timestamptz IS NULL OR e."timestamp" >= %(start)s)
           AND (%(end_)s::timestamptz IS NULL OR e."timestamp" < %(end_)s)
           AND (%(cursor_at)s::timestamptz IS NULL OR (
                e."timestamp" <= %(cursor_at)s
                AND (e."timestamp", e.device_id, e.stream, e.seq)
                    < (%(cursor_at)s, %(cursor_device)s, %(cursor_stream)s, %(cursor_seq)s)))
         ORDER BY e."timestamp" DESC, e.stream DESC, e.seq DESC
         LIMIT %(limit_)s
     ) AS r
ORDER BY r."timestamp" DESC, r.device_id DESC, r.stream DESC, r.seq DESC
LIMIT %(limit_)s
