"""Composite foreign keys: an assignment's device and chimney belong to its factory, and none of the three moves."""

from django.db import migrations

FORWARD = """
ALTER TABLE devices_assignment
    ADD CONSTRAINT assignment_device_of_factory
        FOREIGN KEY (device_id, factory_id) REFERENCES devices_mcudevice (id, factory_id),
    ADD CONSTRAINT assignment_chimney_of_factory
        FOREIGN KEY (chimney_id, factory_id) REFERENCES factories_chimney (id, factory_id);
"""
BACKWARD = """
ALTER TABLE devices_assignment
    DROP CONSTRAINT assignment_device_of_factory,
    DROP CONSTRAINT assignment_chimney_of_factory;
"""


class Migration(migrations.Migration):
    dependencies = [("devices", "0002_initial"), ("factories", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
