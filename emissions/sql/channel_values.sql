-- Values of channels in their order, without glitches of counters: up to three values that fell below, or rose above,
-- what the counter shows again right after (a device that starts at 0 before it remembers its register).
-- A part of channel_sums.sql and register_steps.sql. Rides the primary key. Parameters: channels, first, last.
SELECT channel_id, kind, measured_at, amount
FROM (
    SELECT m.channel_id, c.kind, m.measured_at, m.amount,
           least(lag(m.amount) OVER w, lag(m.amount, 2) OVER w, lag(m.amount, 3) OVER w) AS lowest_before,
           greatest(lag(m.amount) OVER w, lag(m.amount, 2) OVER w, lag(m.amount, 3) OVER w) AS highest_before,
           least(lead(m.amount) OVER w, lead(m.amount, 2) OVER w, lead(m.amount, 3) OVER w) AS lowest_after,
           greatest(lead(m.amount) OVER w, lead(m.amount, 2) OVER w, lead(m.amount, 3) OVER w) AS highest_after
    FROM emissions_channelminute AS m
    JOIN emissions_sensorchannel AS c ON c.id = m.channel_id
    WHERE m.channel_id = ANY(%(channels)s) AND m.minute >= %(first)s AND m.minute < %(last)s
    WINDOW w AS (PARTITION BY m.channel_id ORDER BY m.minute)
) AS placed
WHERE kind <> 'counter'
   OR NOT coalesce(amount < highest_before AND highest_after >= highest_before, false)
  AND NOT coalesce(amount > lowest_after AND lowest_after >= lowest_before, false)
