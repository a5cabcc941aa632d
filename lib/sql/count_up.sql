-- Counts one more under a key, and returns how many there are in its period and how long the period lasts [s].
-- One statement, so that requests at the same moment are counted one after the other. A period begins with its first.
-- Parameters: key, period_s. Rides the primary key of shared_cache. Called by lib/limits.py.
INSERT INTO shared_cache AS kept (cache_key, value, expires)
VALUES (%(key)s, '1', clock_timestamp() + %(period_s)s * interval '1 second')
ON CONFLICT (cache_key) DO UPDATE SET
    value = CASE
        WHEN kept.expires + %(period_s)s * interval '1 second' <= excluded.expires THEN '1'
        ELSE (kept.value::bigint + 1)::text
    END,
    expires = CASE
        WHEN kept.expires + %(period_s)s * interval '1 second' <= excluded.expires THEN excluded.expires
        ELSE kept.expires
    END
RETURNING value::bigint, extract(epoch FROM expires - clock_timestamp())::double precision
