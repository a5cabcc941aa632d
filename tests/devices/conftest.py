"""A Mosquitto with the plugin, on the published files, and devices for it."""

import pytest

from devices.registration import provision_device
from tests import make
from tests.devices.dynsec_broker import Provision
from tests.mosquitto import Mosquitto
from tests.mosquitto_fixtures import mosquitto

__all__ = ["mosquitto"]


@pytest.fixture
def provision(mosquitto: Mosquitto) -> Provision:
    factory = make.make_factory(name="Litein Tea Factory")
    return lambda device_id: provision_device(factory_name=factory.name, device_id=device_id)
