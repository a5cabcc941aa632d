-- Readings, partitioned by month of their timestamp. Frozen: never edit, write a new migration.
-- 8-byte columns first, then 4, then 2: no padding between them. The primary key serves every query
-- (a device, from a time to a time) and is the second line against a reading stored twice.
CREATE TABLE emissions_emission (
    "timestamp"        timestamptz NOT NULL,
    received_at        timestamptz NOT NULL,
    device_id          integer     NOT NULL,
    stream             integer     NOT NULL,
    seq                integer     NOT NULL,
    seq_from           integer,
    co2_ppm            real,
    temperature_c      real,
    velocity_ms        real,
    pressure_pa        real,
    dp_pa              real,
    cell_temperature_c real,
    cell_pressure_pa   real,
    humidity_pct       real,
    o2_pct             real,
    ch4_ppm            real,
    interval_s         real        NOT NULL,
    span_s             real,
    n                  smallint,
    flags              smallint    NOT NULL DEFAULT 0,
    PRIMARY KEY (device_id, "timestamp", stream, seq),
    CHECK (seq >= 0),
    CHECK (interval_s > 0),
    CHECK ((span_s IS NULL) = (n IS NULL) AND (span_s IS NULL) = (seq_from IS NULL))
) PARTITION BY RANGE ("timestamp");
