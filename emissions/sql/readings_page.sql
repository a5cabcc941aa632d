-- One page of readings of several devices, merged by time. Each device is read on its own through the primary
-- key and stops after one page, so the cost does not grow with the table. Called by emissions/queries.py.
-- Parameters: device_ids, start, end_ (null: open), after_at or before_at with cursor_device, cursor_stream and
-- cursor_seq (null: from the end), limit_. /* direction */ is replaced by ASC or DESC.
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
           AND (%(after_at)s::timestamptz IS NULL OR (
                e."timestamp" >= %(after_at)s
                AND (e."timestamp", e.device_id, e.stream, e.seq)
                    > (%(after_at)s, %(cursor_device)s, %(cursor_stream)s, %(cursor_seq)s)))
           AND (%(before_at)s::timestamptz IS NULL OR (
                e."timestamp" <= %(before_at)s
                AND (e."timestamp", e.device_id, e.stream, e.seq)
                    < (%(before_at)s, %(cursor_device)s, %(cursor_stream)s, %(cursor_seq)s)))
         ORDER BY e."timestamp" /* direction */, e.stream /* direction */, e.seq /* direction */
         LIMIT %(limit_)s
     ) AS r
ORDER BY r."timestamp" /* direction */, r.device_id /* direction */, r.stream /* direction */, r.seq /* direction */
LIMIT %(limit_)s
