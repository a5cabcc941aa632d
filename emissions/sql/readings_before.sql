-- The context in front of a page: for each device the rows just before a given one. Rides the primary key.
-- Called by emissions/queries.py. Parameters: device_ids, ats, streams, seqs (arrays of one length), count_.
SELECT r.device_id, (extract(epoch FROM r."timestamp") * 1000)::bigint AS t_ms,
       (extract(epoch FROM r.received_at) * 1000)::bigint AS received_ms,
       r.stream, r.seq, r.co2_ppm, r.temperature_c, r.velocity_ms, r.pressure_pa, r.cell_pressure_pa, r.interval_s,
       r.span_s, r.n, r.flags
FROM unnest(%(device_ids)s::integer[], %(ats)s::timestamptz[], %(streams)s::integer[], %(seqs)s::integer[])
         AS d (id, at, stream, seq),
     LATERAL (
         SELECT *
         FROM emissions_emission AS e
         WHERE e.device_id = d.id
           AND e."timestamp" <= d.at
           AND (e."timestamp", e.stream, e.seq) < (d.at, d.stream, d.seq)
         ORDER BY e."timestamp" DESC, e.stream DESC, e.seq DESC
         LIMIT %(count_)s
     ) AS r
ORDER BY r.device_id, r."timestamp", r.stream, r.seq
