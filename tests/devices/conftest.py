"""A Mosquitto with the plugin, on the published files, and devices for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.services import provision_device
from tests import make
from tests.devices.dynsec_broker import Provision
from tests.mosquitto import Mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path, settings: Any) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path, access="dynsec")
    settings.MQTT_BROKER_URL, settings.MQTT_ADMIN_URL = broker.url, broker.admin_url
    settings.MQTT_CA_FILE, settings.MQTT_ACCESS = str(broker.certificates.ca_file), "DYNSEC"
    with broker:
        yield broker


@pytest.fixture
def provision(mosquitto: Mosquitto) -> Provision:
    factory = make.make_factory(name="Litein Tea Factory")
    return lambda device_id: provision_device(factory_name=factory.name, device_id=device_id)
