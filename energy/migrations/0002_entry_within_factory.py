"""A composite foreign key: what an entry's fuel was burned in belongs to the entry's factory."""

from django.db import migrations

FORWARD = """
CREATE UNIQUE INDEX IF NOT EXISTS energy_source_of_factory ON factories_emissionsource (id, factory_id);
ALTER TABLE energy_energyentry
    ADD CONSTRAINT entry_source_of_factory
        FOREIGN KEY (source_id, factory_id) REFERENCES factories_emissionsource (id, factory_id);
"""
BACKWARD = """
ALTER TABLE energy_energyentry DROP CONSTRAINT entry_source_of_factory;
DROP INDEX energy_source_of_factory;
"""


class Migration(migrations.Migration):
    dependencies = [("energy", "0001_initial"), ("factories", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
