"""What the answer to a command changes on our side, in the transaction that stores the answer."""

from typing import Any

from devices.models import DeviceSecret, MCUDevice
from lib.sealing import unseal
from mqtt_ingest.choices import CommandKind, CommandState
from mqtt_ingest.models import DeviceCommand


def apply(command: DeviceCommand) -> None:
    """Runs in ingest: it must not fail, and waits for no broker."""
    if command.state == CommandState.ACKNOWLEDGED and command.kind == CommandKind.SET_INTERVAL:
        _expect_interval(command)


def _expect_interval(command: DeviceCommand) -> None:
    """From now on the device measures at the new interval; the history keeps the one before. A late answer to an older
    command changes nothing."""
    newer = DeviceCommand.objects.filter(
        device=command.device_id, kind=command.kind, state=CommandState.ACKNOWLEDGED, pk__gt=command.pk
    )
    if not newer.exists():
        MCUDevice.objects.filter(pk=command.device_id).update(interval_s=command.arguments["interval_s"])


def secret_of(command: DeviceCommand) -> dict[str, Any] | None:
    """The argument that is not stored with the command; None where there is none any more."""
    if command.kind != CommandKind.SET_SECRET:
        return {}
    offered = DeviceSecret.objects.filter(device=command.device_id, is_offered=True, revoked_at=None).first()
    secret = unseal(offered.sealed) if offered else ""
    return {"secret": secret} if secret else None
