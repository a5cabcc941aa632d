-- Stores new readings, in the order of the primary key. Parameters: stored_at. Called by store.py, which adds
-- ON CONFLICT DO NOTHING after a key was found to exist: with it a reading costs 50 % more.
INSERT INTO emissions_emission (
    device_id, timestamp, stream, seq, received_at, seq_from, co2_ppm, temperature_c, velocity_ms, pressure_pa, dp_pa,
    cell_temperature_c, cell_pressure_pa, humidity_pct, o2_pct, ch4_ppm, interval_s, span_s, n, flags
)
SELECT
    device_id, timestamptz 'epoch' + t_ms * interval '1 millisecond', stream, seq, %(stored_at)s, seq_from, co2_ppm,
    temperature_c, velocity_ms, pressure_pa, dp_pa, cell_temperature_c, cell_pressure_pa, humidity_pct, o2_pct,
    ch4_ppm, interval_s, span_s, n, flags
FROM ingest_staging
ORDER BY device_id, t_ms, stream, seq
