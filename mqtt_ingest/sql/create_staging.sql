-- The table that a batch is copied into, one a connection; PostgreSQL empties it at commit.
-- Called by store.py at the start of each transaction: behind a connection pool a connection may be a new one.
CREATE TEMP TABLE IF NOT EXISTS ingest_staging (
    position integer NOT NULL,
    device_id integer NOT NULL,
    t_ms bigint NOT NULL,
    stream integer NOT NULL,
    seq integer NOT NULL,
    seq_from integer,
    co2_ppm real,
    temperature_c real,
    velocity_ms real,
    pressure_pa real,
    dp_pa real,
    cell_temperature_c real,
    cell_pressure_pa real,
    humidity_pct real,
    o2_pct real,
    ch4_ppm real,
    interval_s real NOT NULL,
    span_s real,
    n smallint,
    flags smallint NOT NULL
) ON COMMIT DELETE ROWS
