"""Gives a device again what it keeps in RAM only, after it has restarted: its interval and its own alarm limits.

The boot that acknowledged a command stands with it; another one in the device's status is a restart.
"""

from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from devices.models import MCUDevice
from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.commands import Sender, give_command
from mqtt_ingest.models import DeviceCommand

GIVEN_A_DAY = 24  # of a kind to one device: one that restarts every minute is not told every minute
LASTING = (CommandKind.SET_INTERVAL, CommandKind.SET_LIMITS)


def give_again() -> int:
    """How many commands. Nothing while one of the kind waits: that one says what is wanted now."""
    count = 0
    for kind in LASTING:
        for device in _forgetful(kind):
            arguments = _wanted(device, kind)
            count += len(give_command([device], kind, arguments, Sender(cause=CommandCause.RESTART)))
    return count


def _forgetful(kind: CommandKind) -> list[MCUDevice]:
    """Whose newest acknowledged command of the kind is of another boot than that of their status.

    Not those that this boot has refused it to, and not again what somebody has withdrawn or nobody answered in time.
    """
    newest = _acknowledged(kind).order_by("device_id", "-pk").distinct("device_id").select_related("device")
    later = DeviceCommand.objects.filter(kind=kind).exclude(state=CommandState.ACKNOWLEDGED).order_by("pk")
    tried = {one.device_id: one for one in later}  # the newest of each
    since = timezone.now() - timedelta(days=1)
    often = DeviceCommand.objects.filter(kind=kind, cause=CommandCause.RESTART, created_at__gt=since).values("device")
    tired = often.annotate(count=Count("pk")).filter(count__gte=GIVEN_A_DAY).order_by()
    found = []
    for command in newest.exclude(device__in=tired.values("device")):
        stream, last = command.device.status.get("stream"), tried.get(command.device_id)
        has_restarted = command.device.revoked_at is None and stream not in (None, command.answered_stream)
        is_open = last is None or last.pk < command.pk or last.answered_stream not in (None, stream)
        if has_restarted and is_open:
            found.append(command.device)
    return found


def _wanted(device: MCUDevice, kind: CommandKind) -> dict[str, Any]:
    """All limits ever set, each as set last; of intervals the last."""
    arguments: dict[str, Any] = {}
    for of_one in (
        _acknowledged(kind).filter(device=device).order_by("ended_at", "pk").values_list("arguments", flat=True)
    ):
        arguments |= of_one
    return arguments


def _acknowledged(kind: CommandKind) -> QuerySet[DeviceCommand]:
    return DeviceCommand.objects.filter(kind=kind, state=CommandState.ACKNOWLEDGED)
