-- The table of the cache that all processes share, so that `migrate` alone makes a working installation. Frozen.
-- The columns are those that `manage.py createcachetable` makes; it then finds the table and leaves it alone.
-- Not worth the log: after a crash the limits start afresh.
CREATE UNLOGGED TABLE shared_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value     text         NOT NULL,
    expires   timestamptz  NOT NULL
);
CREATE INDEX shared_cache_expires ON shared_cache (expires);
