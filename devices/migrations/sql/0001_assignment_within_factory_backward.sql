-- Takes back 0001_assignment_within_factory.sql. Frozen.
ALTER TABLE devices_assignment
    DROP CONSTRAINT assignment_device_of_factory,
    DROP CONSTRAINT assignment_chimney_of_factory;
