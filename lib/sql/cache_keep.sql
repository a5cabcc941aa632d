-- Keeps a value until `expires`; without `replaces` only where none is kept that still holds.
-- Parameters: key, value, expires, replaces. Rides the primary key of shared_cache. Called by lib/shared_cache.py.
INSERT INTO shared_cache AS kept (cache_key, value, expires)
VALUES (%(key)s, %(value)s, %(expires)s)
ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires
WHERE %(replaces)s OR kept.expires <= clock_timestamp()
