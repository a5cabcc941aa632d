-- Copies a batch in. From `seq` on, the columns are the fields of a reading in their order (messages.py); null is
-- how JSON writes it. Called by store.py.
COPY ingest_staging (
    position, device_id, stream, interval_s,
    seq, t_ms, co2_ppm, temperature_c, velocity_ms, flags, pressure_pa, dp_pa, cell_temperature_c, cell_pressure_pa,
    humidity_pct, o2_pct, ch4_ppm, span_s, n, seq_from
) FROM STDIN (NULL 'null')
