-- Readings named by a notification. Rides the primary key.
-- Called by emissions/live.py. Parameters: device_ids, ats, streams, seqs (arrays of one length).
SELECT r.device_id, (extract(epoch FROM r."timestamp") * 1000)::bigint AS t_ms,
       (extract(epoch FROM r.received_at) * 1000)::bigint AS received_ms,
       r.stream, r.seq, r.co2_ppm, r.temperature_c, r.velocity_ms, r.pressure_pa, r.cell_pressure_pa, r.interval_s,
       r.span_s, r.n, r.flags
FROM unnest(%(device_ids)s::integer[], %(ats)s::timestamptz[], %(streams)s::integer[], %(seqs)s::integer[])
         AS k (device_id, at, stream, seq)
JOIN emissions_emission AS r
  ON r.device_id = k.device_id AND r."timestamp" = k.at AND r.stream = k.stream AND r.seq = k.seq
ORDER BY r."timestamp", r.device_id, r.stream, r.seq
