"""Gives a device again what it keeps in RAM only, after it has restarted: its interval and its own alarm limits.

The boot that acknowledged a command stands with it; another one in the device's status is a restart.
"""

from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from mqtt_ingest.choices import CommandCause, CommandKind, CommandState
from mqtt_ingest.commands import Sender, give_command
from mqtt_ingest.models import DeviceCommand

GIVEN_A_DAY = 24  # of a kind to one device: one that restarts every minute is not told every minute
LASTING = (CommandKind.SET_INTERVAL, CommandKind.SET_LIMITS)


def give_again() -> int:
    """How many commands. Nothing while one of the kind waits: that one says what is wanted now."""
    given = [
        give_command([command.device], command.kind, command.arguments, Sender(cause=CommandCause.RESTART))
        for kind in LASTING
        for command in _forgotten(kind)
    ]
    return len(given)


def _forgotten(kind: CommandKind) -> list[DeviceCommand]:
    """The newest acknowledged command of the kind, of devices whose status is of another boot.

    Not those that this boot has refused it to, and not again what somebody has withdrawn or nobody answered in time.
    """
    commands = DeviceCommand.objects.filter(kind=kind)
    newest = commands.filter(state=CommandState.ACKNOWLEDGED).order_by("device_id", "-pk").distinct("device_id")
    others = commands.exclude(state=CommandState.ACKNOWLEDGED).order_by("device_id", "-pk").distinct("device_id")
    tried = {one.device_id: one for one in others}
    since = timezone.now() - timedelta(days=1)
    often = commands.filter(cause=CommandCause.RESTART, created_at__gt=since).values("device").order_by()
    tired = often.annotate(count=Count("pk")).filter(count__gte=GIVEN_A_DAY).values("device")
    found = []
    for command in newest.select_related("device").exclude(device__in=tired):
        stream, last = command.device.status.get("stream"), tried.get(command.device_id)
        has_restarted = command.device.revoked_at is None and stream not in (None, command.answered_stream)
        is_open = last is None or last.pk < command.pk or last.answered_stream not in (None, stream)
        if has_restarted and is_open:
            found.append(command)
    return found
