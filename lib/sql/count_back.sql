-- Takes one count of a key back: what was counted did not have to be.
-- Parameters: key. Rides the primary key of shared_cache. Called by lib/limits.py.
UPDATE shared_cache SET value = greatest(value::bigint - 1, 0)::text WHERE cache_key = %(key)s
