-- The first so many minutes that wait to be rolled up, of them those of some devices, ascending; with each row how many
-- were looked at and when the oldest was marked. When others wait and none of these, one row without a device.
-- Reads no more than limit_ rows of a queue that is short. Called by emissions/settling.py.
-- Parameters: device_ids, limit_.
WITH waiting AS MATERIALIZED (
    SELECT device_id, period_start, created_at FROM emissions_touchedminute LIMIT %(limit_)s
),
all_of_them AS (
    SELECT count(*) AS looked_at, min(created_at) AS oldest FROM waiting
)
SELECT w.device_id, w.period_start, a.looked_at, a.oldest
FROM all_of_them AS a
LEFT JOIN waiting AS w ON w.device_id = ANY (%(device_ids)s::integer[])
WHERE a.looked_at > 0
ORDER BY w.device_id, w.period_start
