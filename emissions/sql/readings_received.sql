-- Readings of some devices that were stored at or after a moment, for a live stream that resumes. Bounded by the
-- measuring time, so that the primary key serves. Called by emissions/live.py.
-- Parameters: device_ids, since (timestamptz), received_after (timestamptz), limit_.
SELECT r.device_id, (extract(epoch FROM r."timestamp") * 1000)::bigint AS t_ms,
       (extract(epoch FROM r.received_at) * 1000)::bigint AS received_ms,
       r.stream, r.seq, r.co2_ppm, r.temperature_c, r.velocity_ms, r.pressure_pa, r.cell_pressure_pa, r.interval_s,
       r.span_s, r.n, r.flags
FROM emissions_emission AS r
WHERE r.device_id = ANY (%(device_ids)s::integer[])
  AND r."timestamp" > %(since)s
  AND r.received_at >= %(received_after)s
ORDER BY r.received_at, r."timestamp", r.device_id, r.stream, r.seq
LIMIT %(limit_)s
