-- Takes back 0001_find_in_history.
DROP INDEX audit_context_by_user;
ALTER TABLE energy_energyentryevent ALTER COLUMN factory_id SET STATISTICS -1;
ALTER TABLE production_productionentryevent ALTER COLUMN factory_id SET STATISTICS -1;
