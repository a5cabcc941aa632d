-- The steps of one counter that a log of its readings needs: its first value, each step back (a new register), each step
-- over one of the moments `marks`, and with `with_last` its last value. /* values */ is channel_values.sql.
-- Called by emissions/channels.py. Parameters: channels, first, last, since (earlier values only say what was before),
-- marks (ascending), with_last.
SELECT was_at, was, measured_at, amount
FROM (
    SELECT lag(measured_at) OVER w AS was_at, lag(amount) OVER w AS was, measured_at, amount,
           lead(measured_at) OVER w IS NULL AS is_last
    FROM (/* values */) AS v
    WINDOW w AS (ORDER BY measured_at)
) AS steps
WHERE measured_at >= %(since)s
  AND (was_at IS NULL OR amount < was OR is_last AND %(with_last)s
       OR width_bucket(was_at, %(marks)s::timestamptz[]) < width_bucket(measured_at, %(marks)s::timestamptz[]))
ORDER BY measured_at
