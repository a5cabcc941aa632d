-- The minutes that decide about measured kinds: of each device of record and kind whose rule is passed by any minute of
-- the time looked at, or that has an alarm of the kind. First one pass over the newest minutes of all devices finds
-- where anything is beyond a limit; only there are minutes returned.
-- Rides the primary key of minutes for each device and `alert_still_so`. Called by alerts/evaluation.py.
-- Parameters: now; kinds, quantities, signs, firing (arrays of one length, of `kinds.MEASURED`).
WITH kind AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(quantities)s::text[], %(signs)s::int[], %(firing)s::bool[])
        AS k (kind, quantity, sign, while_firing)
),
rule AS MATERIALIZED (
    SELECT DISTINCT ON (a.device_id, r.kind)
           a.device_id, d.device_id AS device, a.chimney_id, a.factory_id, r.kind, r."limit" AS limit_,
           r.is_enabled AND r."limit" IS NOT NULL AS is_enabled, k.quantity, k.sign, k.while_firing, d.interval_s,
           %(now)s - make_interval(secs => r.duration_s * 1.2 + 360) AS looked_from
    FROM devices_assignment AS a
    JOIN devices_mcudevice AS d ON d.id = a.device_id
    JOIN factories_factory AS f ON f.id = a.factory_id
    JOIN alerts_alertrule AS r
      ON r.organisation_id = f.organisation_id AND (r.factory_id IS NULL OR r.factory_id = f.id)
    JOIN kind AS k ON k.kind = r.kind
    WHERE f.archived_at IS NULL AND a.is_of_record AND a.valid_from <= %(now)s AND (a.valid_to IS NULL OR a.valid_to > %(now)s)
    ORDER BY a.device_id, r.kind, r.factory_id NULLS LAST
),
still AS (
    SELECT DISTINCT device_id, kind FROM alerts_alert
    WHERE (closed_at IS NULL OR cleared_at IS NULL) AND kind = ANY (%(kinds)s)
),
extremes AS MATERIALIZED (
    SELECT m.device_id,
           max(m.co2_ppm) AS co2_high, max(m.temperature_c) AS temperature_high, max(m.velocity_ms) AS velocity_high,
           max(m.over_range_ms) / 600.0 AS over_range_high,
           min(m.co2_ppm) FILTER (WHERE m.is_firing_like) AS co2_low,
           min(m.temperature_c) FILTER (WHERE m.is_firing_like) AS temperature_low,
           min(m.velocity_ms) FILTER (WHERE m.is_firing_like) AS velocity_low
    FROM (SELECT device_id, min(looked_from) AS looked_from FROM rule WHERE is_enabled GROUP BY device_id) AS d
    JOIN emissions_emissionminute AS m
      ON m.device_id = d.device_id AND m.period_start >= d.looked_from AND m.period_start <= %(now)s
    GROUP BY m.device_id
),
candidate AS (
    SELECT rule.*
    FROM rule LEFT JOIN extremes AS e USING (device_id) LEFT JOIN still USING (device_id, kind)
    WHERE still.kind IS NOT NULL
       OR (is_enabled AND CASE rule.quantity
            WHEN 'co2_ppm' THEN CASE sign WHEN 1 THEN e.co2_high > limit_ ELSE e.co2_low < limit_ END
            WHEN 'temperature_c'
                THEN CASE sign WHEN 1 THEN e.temperature_high > limit_ ELSE e.temperature_low < limit_ END
            WHEN 'velocity_ms' THEN CASE sign WHEN 1 THEN e.velocity_high > limit_ ELSE e.velocity_low < limit_ END
            ELSE e.over_range_high > limit_ END)
)
SELECT c.device_id, c.device, c.chimney_id, c.factory_id, c.kind, c.interval_s, s.starts, s.ends, s.means
FROM candidate AS c
CROSS JOIN LATERAL (
    SELECT array_agg(extract(epoch FROM m.period_start)::float8 ORDER BY m.period_start) AS starts,
           -- The running minute ends where its readings end, a reading that stands for an hour an hour later.
           array_agg(extract(epoch FROM m.period_start)::float8 + greatest(1.0, m.covered_ms / 1000.0)
                     ORDER BY m.period_start) AS ends,
           array_agg(CASE WHEN c.while_firing AND NOT m.is_firing_like THEN 'Infinity'::float8
                          WHEN c.quantity = 'co2_ppm' THEN m.co2_ppm
                          WHEN c.quantity = 'temperature_c' THEN m.temperature_c
                          WHEN c.quantity = 'velocity_ms' THEN m.velocity_ms
                          WHEN m.covered_ms > 0 THEN m.over_range_ms * 100.0 / greatest(m.covered_ms, m.over_range_ms)
                     END ORDER BY m.period_start) AS means
    FROM emissions_emissionminute AS m
    WHERE m.device_id = c.device_id AND m.period_start >= c.looked_from AND m.period_start <= %(now)s
) AS s
