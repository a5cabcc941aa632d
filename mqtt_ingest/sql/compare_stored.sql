-- Compares staged readings with what is stored under their identity; returns the positions of those that differ, and
-- whether a reading of that identity is stored at that time (then the values differ, otherwise the time).
-- Values are compared as stored, in 4 bytes. The flag `replayed` (128) and interval_s may differ: a device sets them
-- when it sends. A reading or mean that a stored mean stands for was never stored itself: it is a duplicate while its
-- time is in that of the mean. Values of a mean are compared with those of a mean only. LIMIT keeps each lookup on the primary key, and bounds what
-- a hostile device can make us read. Parameters: positions. Rides the primary key of readings, one lookup a position.
-- Called by conflicts.py.
SELECT staged.position, stored.is_same IS NOT NULL AS is_at_that_time
FROM ingest_staging AS staged
LEFT JOIN LATERAL (
    SELECT
        (e.span_s IS NULL) <> (staged.span_s IS NULL)
        OR (
            e.co2_ppm, e.temperature_c, e.velocity_ms, e.pressure_pa, e.dp_pa, e.cell_temperature_c,
            e.cell_pressure_pa, e.humidity_pct, e.o2_pct, e.ch4_ppm, e.span_s, e.n, e.seq_from, e.flags | 128
        ) IS NOT DISTINCT FROM (
            staged.co2_ppm, staged.temperature_c, staged.velocity_ms, staged.pressure_pa, staged.dp_pa,
            staged.cell_temperature_c, staged.cell_pressure_pa, staged.humidity_pct, staged.o2_pct, staged.ch4_ppm,
            staged.span_s, staged.n, staged.seq_from, staged.flags | 128
        ) AS is_same
    FROM emissions_emission AS e
    WHERE e.device_id = staged.device_id
      AND e.timestamp = timestamptz 'epoch' + staged.t_ms * interval '1 millisecond'
      AND e.stream = staged.stream
      AND e.seq = staged.seq
    LIMIT 1
) AS stored ON true
WHERE staged.position = ANY (%(positions)s::integer[])
  AND CASE
      WHEN stored.is_same IS NOT NULL THEN NOT stored.is_same
      ELSE NOT EXISTS (
          SELECT 1
          FROM (
              SELECT e.stream, e.seq, e.seq_from, e.span_s, e.timestamp
              FROM emissions_emission AS e
              WHERE e.device_id = staged.device_id
                AND e.timestamp >= timestamptz 'epoch' + staged.t_ms * interval '1 millisecond'
                AND e.timestamp <= timestamptz 'epoch' + staged.t_ms * interval '1 millisecond' + interval '1 hour'
              ORDER BY e.timestamp, e.stream, e.seq
              LIMIT 100
          ) AS later
          WHERE later.stream = staged.stream
            AND staged.seq BETWEEN later.seq_from AND later.seq
            AND later.timestamp - make_interval(secs => later.span_s)
                <= timestamptz 'epoch' + staged.t_ms * interval '1 millisecond'
      )
  END
