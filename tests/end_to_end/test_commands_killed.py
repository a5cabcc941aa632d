"""Ingest dies between a command and its answer: the command is sent again, carried out once, and its answer counts."""

import json

import pytest
from django.utils import timezone

from devices.models import MCUDevice
from devices.registration import provision_device
from devices.services import ProvisionedDevice
from mqtt_ingest.choices import CommandState
from mqtt_ingest.commands import SEND_AGAIN_AFTER, Sender, give_command
from mqtt_ingest.models import DeviceCommand
from tests import make
from tests.end_to_end.ingest_process import IngestProcess
from tests.mosquitto import Mosquitto, Watcher, publish
from tests.mosquitto_fixtures import broker  # noqa: F401
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mosquitto", "mosquitto_pub", "mosquitto_sub")]


def say(device: ProvisionedDevice, kind: str, message: dict[str, object]) -> None:
    assert publish(device, json.dumps({"v": 1} | message).encode(), topic=device.topics[kind]).returncode == 0


def test_a_killed_ingest_loses_neither_command_nor_answer(broker: Mosquitto) -> None:  # noqa: F811
    factory = make.make_factory()
    device = provision_device(factory_name=factory.name, device_id="litein-1")
    broker.reload()
    row = MCUDevice.objects.get()
    with IngestProcess(broker) as ingest:
        say(device, "status", {"online": True, "stream": 7})
        wait_until(lambda: MCUDevice.objects.get().reported_online is True)
        hears = Watcher(device, device.topics["commands"], is_device=True)
        (command,) = give_command([row], "set_interval", {"interval_s": 10}, Sender(reason="Trial."))
        first = json.loads(hears.next_message())
        ingest.kill()
        DeviceCommand.objects.update(last_sent_at=timezone.now() - SEND_AGAIN_AFTER)
    with IngestProcess(broker) as ingest:
        again = json.loads(hears.next_message())
        hears.close()
        ingest.kill()
        say(device, "acks", {"id": again["id"], "ok": True})  # nobody is there: the broker keeps it
        say(device, "acks", {"id": again["id"], "ok": True})
    with IngestProcess(broker):
        wait_until(lambda: DeviceCommand.objects.get().state == CommandState.ACKNOWLEDGED)

    assert first == again
    command.refresh_from_db()
    assert (command.sent_count, MCUDevice.objects.get().interval_s) == (2, 10.0)
    assert list(command.events.order_by("pgh_id").values_list("state", flat=True)) == ["queued", "sent", "acknowledged"]
