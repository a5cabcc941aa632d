-- Hours of one channel. A segment between two values belongs whole to the hour of the earlier one, as with readings.
-- A value of a rate or level holds until the next one, at most `hold_s`; of a counter the increase over at most
-- `gap_s` counts, and a step back (a new meter, an overflow) counts as missing. Hours without a segment have no row.
-- Parameters: channel, start, end, hold_s, gap_s, is_counter. Rides the primary key. Called by channels.py.
WITH segments AS (
    SELECT
        date_trunc('hour', measured_at, 'UTC') AS starts_at,
        amount,
        lead(amount) OVER later AS next_amount,
        extract(epoch FROM lead(measured_at) OVER later - measured_at)::double precision AS lasts_s
    FROM emissions_channelminute
    WHERE channel_id = %(channel)s
      AND minute >= %(start)s
      AND minute < %(end)s::timestamptz + interval '1 hour'
    WINDOW later AS (ORDER BY minute)
),
counted AS (
    SELECT
        starts_at,
        CASE WHEN %(is_counter)s THEN next_amount - amount ELSE amount * least(lasts_s, %(hold_s)s) / 3600 END AS amount,
        CASE WHEN %(is_counter)s THEN lasts_s ELSE least(lasts_s, %(hold_s)s) END AS covered_s
    FROM segments
    WHERE lasts_s IS NOT NULL
      AND starts_at < %(end)s
      AND (NOT %(is_counter)s OR (next_amount >= amount AND lasts_s <= %(gap_s)s))
)
SELECT starts_at, sum(amount) AS amount, sum(covered_s) AS covered_s
FROM counted
GROUP BY starts_at
ORDER BY starts_at
