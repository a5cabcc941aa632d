-- Takes back 0001_touch_sites.sql. Frozen.
DROP INDEX energy_use_by_end;
DROP FUNCTION compliance_touch_periods() CASCADE;
DROP FUNCTION compliance_touch_hours() CASCADE;
DROP FUNCTION compliance_touch_settings() CASCADE;
DROP FUNCTION compliance_touch_assignments() CASCADE;
DROP FUNCTION compliance_touch_history(integer[]);
