"""Fixtures of a real broker. A conftest.py that wants them imports them by name."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.registration import provision_device
from devices.services import ProvisionedDevice
from tests.make import make_factory
from tests.mosquitto import Mosquitto


@pytest.fixture
def broker(tmp_path: Path, settings: Any, transactional_db: None) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    settings.MQTT_BROKER_URL = broker.url
    settings.MQTT_CA_FILE = str(broker.certificates.ca_file)
    with broker:
        yield broker


@pytest.fixture
def provision(broker: Mosquitto) -> Callable[[str], ProvisionedDevice]:
    """Registers a device by its id, and lets it into the broker."""
    factory = make_factory(name="Litein Tea Factory")

    def provision(device_id: str) -> ProvisionedDevice:
        device = provision_device(factory_name=factory.name, device_id=device_id)
        broker.reload()
        return device

    return provision


@pytest.fixture
def mosquitto(tmp_path: Path, settings: Any) -> Iterator[Mosquitto]:
    """One with the plugin, on the published files."""
    broker = Mosquitto(tmp_path, access="dynsec")
    settings.MQTT_BROKER_URL, settings.MQTT_ADMIN_URL = broker.url, broker.admin_url
    settings.MQTT_CA_FILE, settings.MQTT_ACCESS = str(broker.certificates.ca_file), "DYNSEC"
    with broker:
        yield broker
