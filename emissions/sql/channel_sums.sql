-- Channels over periods; `place` is that of the period in the arrays, from 1. A segment between two values belongs whole
-- to the period of the earlier one, as with readings. A value of a rate or level holds until the next one, at most
-- `hold_s`; of a counter the increase over at most `gap_s` counts, and a step back (a new meter) counts as missing.
-- A period without a segment has no row. /* values */ is channel_values.sql. Called by emissions/channels.py.
-- Parameters: channels, first, last, starts, ends (arrays of one length), hold_s, gap_s.
WITH segments AS (
    SELECT channel_id, kind = 'counter' AS is_counter, measured_at, amount,
           lead(amount) OVER later AS next_amount,
           extract(epoch FROM lead(measured_at) OVER later - measured_at)::double precision AS lasts_s
    FROM (/* values */) AS v
    WINDOW later AS (PARTITION BY channel_id ORDER BY measured_at)
),
counted AS (
    SELECT channel_id, measured_at,
           CASE WHEN is_counter THEN next_amount - amount ELSE amount * least(lasts_s, %(hold_s)s) / 3600 END AS amount,
           CASE WHEN is_counter THEN lasts_s ELSE least(lasts_s, %(hold_s)s) END AS covered_s
    FROM segments
    WHERE lasts_s IS NOT NULL AND (NOT is_counter OR (next_amount >= amount AND lasts_s <= %(gap_s)s))
)
SELECT c.channel_id, p.place, sum(c.amount) AS amount, sum(c.covered_s) AS covered_s
FROM counted AS c
JOIN unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) WITH ORDINALITY AS p (starts_at, ends_at, place)
  ON c.measured_at >= p.starts_at AND c.measured_at < p.ends_at
GROUP BY c.channel_id, p.place
