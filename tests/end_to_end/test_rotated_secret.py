"""A rotated secret, end to end: ingest gives it to a device that is `mosquitto_sub` and `mosquitto_pub`.

The device comes back with it, and only then the old one ends. With the plugin, and with files.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devices.broker import broker_state
from devices.choices import BrokerState
from devices.models import DeviceSecret, MCUDevice
from devices.registration import provision_device
from devices.services import ProvisionedDevice
from mqtt_ingest.asking import ask_device
from mqtt_ingest.choices import CommandState
from mqtt_ingest.commands import Sender
from mqtt_ingest.models import DeviceCommand
from mqtt_ingest.new_secrets import settle_secrets
from tests import make
from tests.end_to_end.ingest_process import IngestProcess
from tests.mosquitto import Mosquitto, Watcher, publish
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub", "mosquitto_sub")]

ONLINE = {"v": 1, "online": True, "stream": 7, "outbox": 0}


@pytest.fixture(params=["dynsec", "files"])
def mosquitto(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path, access=request.param)
    settings.MQTT_BROKER_URL, settings.MQTT_ADMIN_URL = broker.url, broker.admin_url
    settings.MQTT_CA_FILE, settings.MQTT_ACCESS = str(broker.certificates.ca_file), request.param.upper()
    settings.SECRET_KEY = "of-the-tests"  # as in ingest, which unseals the password
    with broker:
        yield broker


def say(device: ProvisionedDevice, kind: str, message: dict[str, Any]) -> None:
    assert publish(device, json.dumps(message).encode(), topic=device.topics[kind]).returncode == 0


def row_of(device: ProvisionedDevice) -> MCUDevice:
    return MCUDevice.objects.get(device_id=device.device_id)


def lets_in(device: ProvisionedDevice) -> bool:
    return publish(device, b"{}").returncode == 0


def test_old_and_new_password_overlap_until_the_device_has_come_back(mosquitto: Mosquitto) -> None:
    factory = make.make_factory()
    old = provision_device(factory_name=factory.name, device_id="litein-1")
    if not mosquitto.is_dynamic:
        mosquitto.reload()
    with IngestProcess(mosquitto):
        say(old, "status", ONLINE)
        wait_until(lambda: row_of(old).reported_online is True)
        hears = Watcher(old, old.topics["commands"], is_device=True)
        command = ask_device(row_of(old), "set_secret", {}, Sender(reason="A colleague has left."))

        heard = json.loads(hears.next_message())
        hears.close()
        new = replace(old, password=heard["secret"])
        assert lets_in(old)
        assert not lets_in(new)
        assert broker_state(row_of(old)) == BrokerState.ROTATING

        say(old, "acks", {"v": 1, "id": heard["id"], "ok": True})
        wait_until(lambda: state_of(command) == CommandState.ACKNOWLEDGED)
        settle_secrets()
        if not mosquitto.is_dynamic:
            mosquitto.reload()
            say(new, "status", {"v": 1, "online": False})  # the last will of the connection with the old one
            wait_until(lambda: row_of(old).reported_online is False)
        assert not lets_in(old)
        assert lets_in(new)
        settle_secrets()
        assert DeviceSecret.objects.filter(revoked_at=None).count() == 2  # it has said nothing yet

        say(new, "status", ONLINE)
        wait_until(lambda: row_of(old).reported_online is True)
        settle_secrets()

    (left,) = DeviceSecret.objects.filter(revoked_at=None)
    assert (left.is_offered, left.sealed) == (False, "")
    assert broker_state(row_of(old)) == BrokerState.IN_FORCE
    stored = [*DeviceSecret.objects.values_list(), *DeviceCommand.objects.values_list()]
    assert heard["secret"] not in str(stored)


def state_of(command: DeviceCommand) -> str:
    command.refresh_from_db()
    return command.state
