-- Who changed something: requests of a person.
CREATE INDEX audit_context_by_user ON pghistory_context ((metadata -> 'user'));
-- Sites that log nothing have no events. With counts of a hundred sites only, the planner takes them for average ones
-- and reads three years of other sites to find their newest rows: 1.9 s against 5 ms.
ALTER TABLE energy_energyentryevent ALTER COLUMN factory_id SET STATISTICS 1000;
ALTER TABLE production_productionentryevent ALTER COLUMN factory_id SET STATISTICS 1000;
