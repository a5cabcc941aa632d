-- The newest reading of each device. Rides the primary key backwards, one row a device.
-- Called by emissions/queries.py. Parameters: device_ids.
SELECT r.device_id, (extract(epoch FROM r."timestamp") * 1000)::bigint AS t_ms,
       (extract(epoch FROM r.received_at) * 1000)::bigint AS received_ms,
       r.stream, r.seq, r.co2_ppm, r.temperature_c, r.velocity_ms, r.pressure_pa, r.cell_pressure_pa, r.interval_s,
       r.span_s, r.n, r.flags
FROM unnest(%(device_ids)s::integer[]) AS d (id),
     LATERAL (
         SELECT *
         FROM emissions_emission AS e
         WHERE e.device_id = d.id
         ORDER BY e."timestamp" DESC, e.stream DESC, e.seq DESC
         LIMIT 1
     ) AS r
ORDER BY r.device_id
