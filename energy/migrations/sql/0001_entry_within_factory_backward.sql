-- Takes back 0001_entry_within_factory.sql. Frozen.
ALTER TABLE energy_energyentry DROP CONSTRAINT entry_source_of_factory;
DROP INDEX energy_source_of_factory;
