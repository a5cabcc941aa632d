"""Commands to devices: kept in the database until answered, and sent by ingest while their device is on line.

Commands are not retained at the broker, so one that was sent to a sleeping device is lost: it is sent again. A device
answers a repeated id again and does not carry it out twice.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from devices.models import MCUDevice
from mqtt_ingest.models import DeviceCommand
from mqtt_ingest.receive import Receiver
from mqtt_ingest.topics import Kind, format_topic

POLL_S = 2.0
SEND_AGAIN_AFTER = timedelta(minutes=1)
# At one time: a new authority makes each device connect again, and not all shall do so at once.
SENDINGS_COUNT = 20


class CommandSender:
    """Sends what is due, at most every 2 s. Several workers share the work: each command is sent by one."""

    def __init__(self, receiver: Receiver, clock: Callable[[], float] = time.monotonic) -> None:
        self._receiver, self._clock = receiver, clock
        self._due_s = clock() + POLL_S

    def send_due(self) -> None:
        if self._clock() < self._due_s or not self._receiver.is_connected:
            return
        self._due_s = self._clock() + POLL_S
        for topic, payload in take_due(timezone.now()):
            self._receiver.publish(topic, payload)


def waiting() -> QuerySet[DeviceCommand]:
    return DeviceCommand.objects.filter(answered_at=None, withdrawn_at=None)


def message(kind: str, arguments: dict[str, Any], command_id: str) -> bytes:
    return msgspec.json.encode({"v": 1, "id": command_id, "kind": kind, **arguments})


@transaction.atomic
def give_command(devices: Iterable[MCUDevice], kind: str, arguments: dict[str, Any]) -> int:
    """One command for each device; an older one of this kind that is not answered is withdrawn. How many."""
    devices = list(devices)
    withdraw(kind, devices)
    commands = [
        DeviceCommand(device=device, command_id=str(uuid.uuid4()), kind=kind, arguments=arguments) for device in devices
    ]
    return len(DeviceCommand.objects.bulk_create(commands))


def withdraw(kind: str, devices: Iterable[MCUDevice]) -> int:
    """Send commands of this kind no more; a device that has received one may still carry it out. How many."""
    return waiting().filter(kind=kind, device__in=devices).update(withdrawn_at=timezone.now())


@transaction.atomic
def take_due(now: datetime) -> list[tuple[str, bytes]]:
    """Topic and payload of the commands to send now, noted as sent: to devices on line, a minute after the last."""
    due = list(
        waiting()
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("device")
        .filter(Q(last_sent_at=None) | Q(last_sent_at__lte=now - SEND_AGAIN_AFTER))
        .filter(device__reported_online=True, device__revoked_at=None)
        .order_by(F("last_sent_at").asc(nulls_first=True), "pk")[:SENDINGS_COUNT]
    )
    if due:
        sent = DeviceCommand.objects.filter(pk__in=[one.pk for one in due])
        sent.update(last_sent_at=now, sent_count=F("sent_count") + 1)
    return [
        (format_topic(one.device.device_id, Kind.COMMANDS), message(one.kind, one.arguments, one.command_id))
        for one in due
    ]


def note_answer(device_pk: int, ack: dict[str, Any], received_at: datetime) -> None:
    """The first answer of the device counts."""
    DeviceCommand.objects.filter(device_id=device_pk, command_id=ack["id"], answered_at=None).update(
        answered_at=received_at, is_carried_out=ack["ok"], error=ack.get("error") or ""
    )
