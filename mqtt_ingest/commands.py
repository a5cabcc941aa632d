"""Commands to devices: given, sent by ingest while their device is on line, answered, or ended without an answer.

Commands are not retained at the broker, so one that was sent to a sleeping device is lost: it is sent again. A device
answers a repeated id again and does not carry it out twice. What an answer changes here is in `command_effects.py`.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from devices.models import MCUDevice
from lib.errors import ApiError
from mqtt_ingest.arguments import check_arguments
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.command_effects import apply, secret_of
from mqtt_ingest.models import WAITING_STATES, DeviceCommand
from mqtt_ingest.receive import Receiver
from mqtt_ingest.topics import Kind, format_topic

POLL_S = 2.0
SEND_AGAIN_AFTER = timedelta(minutes=1)
# At one time: a new authority makes each device connect again, and not all shall do so at once.
SENDINGS_COUNT = 20
# What belongs to the moment in which somebody stands there must not happen days later, when the device wakes up.
KEPT_FOR = {
    CommandKind.ZERO: timedelta(minutes=10),
    CommandKind.REBOOT: timedelta(hours=1),
    CommandKind.RESEND: timedelta(days=1),
    CommandKind.SET_SECRET: timedelta(days=7),
    CommandKind.UPDATE_FIRMWARE: timedelta(days=7),
    CommandKind.SET_INTERVAL: timedelta(days=30),
    CommandKind.SET_LIMITS: timedelta(days=30),
    CommandKind.SET_CA: timedelta(days=366),
}


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


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wants a command, and why."""

    user: Any = None
    reason: str = ""
    cause: CommandCause = CommandCause.PERSON


BY_SHELL = Sender()


def waiting() -> QuerySet[DeviceCommand]:
    return DeviceCommand.objects.filter(state__in=WAITING_STATES)


def message(kind: str, arguments: dict[str, Any], command_id: str) -> bytes:
    return msgspec.json.encode({"v": 1, "id": command_id, "kind": kind, **arguments})


@transaction.atomic
def give_command(
    devices: Iterable[MCUDevice], kind: str, arguments: dict[str, Any], sender: Sender = BY_SHELL
) -> list[DeviceCommand]:
    """One command for each device; an older one of this kind that is not answered is withdrawn.

    Limits of an older one that the new one does not name stay in it. Raises ApiError: 400 by field, 409
    `device_revoked`.
    """
    kind, now = CommandKind(kind), timezone.now()
    arguments = check_arguments(kind, arguments)
    # Locked: two at once would both find no older one.
    found = MCUDevice.objects.select_for_update(no_key=True).filter(pk__in=[one.pk for one in devices]).order_by("pk")
    devices = list(found)
    for device in devices:
        if device.revoked_at is not None:
            words = _("%(device)s is revoked: it takes no commands any more.") % {"device": device}
            raise ApiError(409, "device_revoked", words, params={"device": device.device_id})
    older: dict[int, dict[str, Any]] = {}
    if kind == CommandKind.SET_LIMITS:
        older = dict(waiting().filter(kind=kind, device__in=devices).values_list("device_id", "arguments"))
    withdraw(kind, devices)
    return DeviceCommand.objects.bulk_create(
        DeviceCommand(
            device=device,
            command_id=str(uuid.uuid4()),
            kind=kind,
            arguments=older.get(device.pk, {}) | arguments,
            cause=sender.cause,
            reason=sender.reason.strip()[:300],
            given_by=sender.user,
            expires_at=now + KEPT_FOR[kind],
        )
        for device in devices
    )


def withdraw(kind: str, devices: Iterable[MCUDevice]) -> int:
    """Send commands of this kind no more; a device that has received one may still carry it out. How many."""
    return _end(waiting().filter(kind=kind, device__in=devices), CommandState.WITHDRAWN)


def withdraw_all(commands: QuerySet[DeviceCommand]) -> int:
    """The same for these commands, as far as they wait."""
    return _end(commands.filter(state__in=WAITING_STATES), CommandState.WITHDRAWN)


def withdraw_one(command: DeviceCommand) -> DeviceCommand:
    """Raises ApiError 409 `command_ended` for one that waits no more."""
    if not withdraw_all(DeviceCommand.objects.filter(pk=command.pk)):
        raise ApiError(409, "command_ended", _("This command waits no more: it cannot be withdrawn."))
    command.refresh_from_db()
    return command


def _end(commands: QuerySet[DeviceCommand], state: CommandState) -> int:
    return commands.update(state=state, ended_at=timezone.now())


def end_commands() -> int:
    """End those whose time is over, and those of revoked devices; how many."""
    revoked = waiting().filter(device__revoked_at__isnull=False)
    expired = waiting().filter(expires_at__lte=timezone.now())
    return _end(revoked, CommandState.WITHDRAWN) + _end(expired, CommandState.EXPIRED)


@transaction.atomic
def take_due(now: datetime) -> list[tuple[str, bytes]]:
    """Topic and payload of the commands to send now, noted as sent: to devices on line, a minute after the last."""
    due = list(
        waiting()
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("device")
        .filter(Q(last_sent_at=None) | Q(last_sent_at__lte=now - SEND_AGAIN_AFTER))
        .filter(device__reported_online=True, device__revoked_at=None, device__profile=None, expires_at__gt=now)
        .order_by(F("last_sent_at").asc(nulls_first=True), "pk")[:SENDINGS_COUNT]
    )
    if not due:
        return []
    secrets = {one.pk: secret_of(one) for one in due}
    commands = DeviceCommand.objects.filter(pk__in=[pk for pk, secret in secrets.items() if secret is not None])
    commands.update(state=CommandState.SENT, last_sent_at=now, sent_count=F("sent_count") + 1)
    _end(waiting().filter(pk__in=[pk for pk, secret in secrets.items() if secret is None]), CommandState.WITHDRAWN)
    return [
        (format_topic(one.device.device_id, Kind.COMMANDS), message(one.kind, one.arguments | secret, one.command_id))
        for one in due
        if (secret := secrets[one.pk]) is not None
    ]


def note_answer(device_pk: int, ack: dict[str, Any], received_at: datetime) -> None:
    """The first answer of the device counts, also after the command has expired or was withdrawn."""
    open_states = [*WAITING_STATES, CommandState.EXPIRED, CommandState.WITHDRAWN]
    command = (
        DeviceCommand.objects.select_for_update(of=("self",))
        .select_related("device")
        .filter(device_id=device_pk, command_id=ack["id"], state__in=open_states)
        .first()
    )
    if command is None:
        return
    command.state = CommandState.ACKNOWLEDGED if ack["ok"] else CommandState.FAILED
    command.ended_at, command.error = received_at, ack.get("error") or ""
    command.answered_stream = command.device.status.get("stream")
    command.save(update_fields=["state", "ended_at", "error", "answered_stream"])
    apply(command)
