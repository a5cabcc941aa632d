"""Commands to devices: given, sent by ingest while their device is on line, answered, or ended without an answer.

Commands are not retained at the broker, so one that was sent to a sleeping device is lost: it is sent again. A device
answers a repeated id again and does not carry it out twice. Passwords and tokens are added when a command is sent: they
are not among its stored arguments.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _

from devices.models import DeviceSecret, MCUDevice
from lib.errors import ApiError
from lib.sealing import unseal
from mqtt_ingest.arguments import check_arguments
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.images import address_with_token
from mqtt_ingest.liveness import SETTLED_AFTER, settled_at
from mqtt_ingest.models import WAITING_STATES, DeviceCommand, DeviceUpdate
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
COMMANDS_FOR, COMMANDS_PER_DEVICE_COUNT = timedelta(days=366), 1_000  # as `jobs.py` keeps messages


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

    Limits are given with those that the device has or waits for, unless the new ones name them: it forgets all of them
    at a restart. Raises ApiError: 400 by field, 409 `device_revoked`.
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
        wanted = DeviceCommand.objects.filter(kind=kind, state__in=[*WAITING_STATES, CommandState.ACKNOWLEDGED])
        newest = wanted.filter(device__in=devices).order_by("device_id", "-pk").distinct("device_id")
        older = dict(newest.values_list("device_id", "arguments"))
    withdraw(kind, devices)
    return DeviceCommand.objects.bulk_create(
        DeviceCommand(
            device=device,
            command_id=str(uuid.uuid4()),
            kind=kind,
            arguments=check_arguments(kind, older[device.pk] | arguments) if device.pk in older else arguments,
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
    """End those whose time is over, and those of revoked devices; how many.

    An outage of ours takes no time of a command, unless it belongs to its moment.
    """
    now = timezone.now()
    if settled_at() is None:
        lasting = waiting().exclude(kind__in=(CommandKind.ZERO, CommandKind.REBOOT))
        lasting.filter(expires_at__lt=now + SETTLED_AFTER).update(expires_at=now + SETTLED_AFTER)
    revoked = waiting().filter(device__revoked_at__isnull=False)
    return _end(revoked, CommandState.WITHDRAWN) + _end(waiting().filter(expires_at__lte=now), CommandState.EXPIRED)


def drop_old_commands() -> int:
    """Delete commands that ended more than 366 days ago, and of a device all beyond its newest 1,000; how many.

    The newest of each kind, cause and outcome stays: it says what the device was told last. So does what a roll-out
    still needs. What people were answerable for is in the history.
    """
    same = [F("device"), F("kind"), F("cause"), F("state")]
    ranked = DeviceCommand.objects.order_by().annotate(
        place=Window(RowNumber(), partition_by=F("device"), order_by=F("pk").desc()),
        place_of_its_sort=Window(RowNumber(), partition_by=same, order_by=F("pk").desc()),
    )
    is_old = Q(place__gt=COMMANDS_PER_DEVICE_COUNT) | Q(ended_at__lt=timezone.now() - COMMANDS_FOR)
    old = ranked.filter(is_old, place_of_its_sort__gt=1).values("pk")
    of_roll_outs = DeviceUpdate.objects.filter(command=OuterRef("pk"), roll_out__ended_at=None)
    commands = DeviceCommand.objects.filter(~Exists(of_roll_outs), pk__in=old, ended_at__isnull=False)
    return commands.delete()[1].get(DeviceCommand._meta.label, 0)


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
    sent, ended, messages = [], [], []
    for one in due:
        unstored = _unstored(one)
        if unstored is None:
            ended.append(one.pk)
            continue
        sent.append(one.pk)
        payload = message(one.kind, one.arguments | unstored, one.command_id)
        messages.append((format_topic(one.device.device_id, Kind.COMMANDS), payload))
    DeviceCommand.objects.filter(pk__in=sent).update(
        state=CommandState.SENT, last_sent_at=now, sent_count=F("sent_count") + 1
    )
    _end(waiting().filter(pk__in=ended), CommandState.WITHDRAWN)
    return messages


def _unstored(command: DeviceCommand) -> dict[str, Any] | None:
    """The argument with a password or token, which is added when it is sent; None where there is none any more."""
    if command.kind == CommandKind.UPDATE_FIRMWARE:
        return {"url": address_with_token(command)}
    if command.kind != CommandKind.SET_SECRET:
        return {}
    offered = DeviceSecret.objects.filter(device=command.device_id, is_offered=True, revoked_at=None).first()
    secret = unseal(offered.sealed) if offered else ""
    return {"secret": secret} if secret else None


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
    if command.state == CommandState.ACKNOWLEDGED and command.kind == CommandKind.SET_INTERVAL:
        # Expected from now on; the history keeps the one before. A late answer to an older command changes nothing.
        same = DeviceCommand.objects.filter(device=device_pk, kind=command.kind, state=command.state)
        if not same.filter(pk__gt=command.pk).exists():
            MCUDevice.objects.filter(pk=device_pk).update(interval_s=command.arguments["interval_s"])
