-- Purpose: record a read. Parameters: the fields of `reads._Note`. Index: dataread_once_an_hour. Caller: reads._write.
-- One row for each hour, person, place and kind of read; a later read of the same hour widens it.
-- `rows` of a file that is still being sent come with a second call, whose `times` is 0.
INSERT INTO audit_dataread AS known (
    user_id, token, organisation_id, factory_id, kind, path, device,
    hour, first_at, last_at, times, rows, period_start, period_end
)
SELECT
    %(user)s, %(token)s, organisation_id, %(factory)s, %(kind)s, %(path)s, %(device)s,
    date_trunc('hour', %(at)s), %(at)s, %(at)s, %(times)s, %(rows)s, %(period_start)s, %(period_end)s
FROM unnest(%(organisations)s::int[]) AS organisation_id
ON CONFLICT (user_id, hour, organisation_id, factory_id, kind, path, device, token) DO UPDATE SET
    last_at = greatest(known.last_at, excluded.last_at),
    times = known.times + excluded.times,
    rows = coalesce(known.rows + excluded.rows, known.rows, excluded.rows),
    period_start = CASE
        WHEN known.period_start IS NOT NULL AND excluded.period_start IS NOT NULL
            THEN least(known.period_start, excluded.period_start)
    END,
    period_end = CASE
        WHEN known.period_end IS NOT NULL AND excluded.period_end IS NOT NULL
            THEN greatest(known.period_end, excluded.period_end)
    END
