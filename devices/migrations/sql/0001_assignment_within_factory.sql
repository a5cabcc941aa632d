-- Composite foreign keys: the device and chimney of an assignment belong to its factory, and none of the three moves. Frozen.
ALTER TABLE devices_assignment
    ADD CONSTRAINT assignment_device_of_factory
        FOREIGN KEY (device_id, factory_id) REFERENCES devices_mcudevice (id, factory_id),
    ADD CONSTRAINT assignment_chimney_of_factory
        FOREIGN KEY (chimney_id, factory_id) REFERENCES factories_chimney (id, factory_id);
