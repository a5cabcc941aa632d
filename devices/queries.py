"""Reads about devices: which are of record, which are online, which are silent."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet

from devices.models import Assignment, MCUDevice
from factories.models import Factory

# After five minutes without a reading the pages say "no reading since".
SILENT_AFTER = timedelta(minutes=5)


class DeviceState(StrEnum):
    ONLINE = "online"
    SILENT = "silent"
    NEVER = "never"  # registered, no message yet
    NO_DEVICE = "no_device"


def is_online(device: MCUDevice, now: datetime) -> bool:
    """A message came in the last five minutes, and no last will since."""
    if device.last_heartbeat is None or device.revoked_at is not None:
        return False
    # The broker keeps a last will, and sends that of an old connection when a new one has begun long ago.
    is_over = device.last_will_at is None or device.last_will_at >= device.last_heartbeat
    if device.reported_online is False and is_over:
        return False
    silent_after = max(SILENT_AFTER, timedelta(seconds=3 * device.interval_s))
    return now - device.last_heartbeat <= silent_after


def state_of(device: MCUDevice | None, now: datetime) -> DeviceState:
    if device is None:
        return DeviceState.NO_DEVICE
    if device.last_heartbeat is None:
        return DeviceState.NEVER
    return DeviceState.ONLINE if is_online(device, now) else DeviceState.SILENT


def of_record_at(factories: Iterable[Factory], now: datetime) -> QuerySet[Assignment]:
    """The assignments of record at a moment, at most one a chimney, each with its device."""
    begun = Assignment.objects.filter(factory__in=factories, is_of_record=True, valid_from__lte=now)
    return begun.exclude(valid_to__lte=now).select_related("device")
