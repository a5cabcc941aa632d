-- A composite foreign key: the source that an entry names belongs to the entry's factory. Frozen.
CREATE UNIQUE INDEX IF NOT EXISTS energy_source_of_factory ON factories_emissionsource (id, factory_id);
ALTER TABLE energy_energyentry
    ADD CONSTRAINT entry_source_of_factory
        FOREIGN KEY (source_id, factory_id) REFERENCES factories_emissionsource (id, factory_id);
