"""Reads about devices: which are of record, which are online, which are silent."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from accounts.permissions import get_visible
from accounts.roles import Action
from devices.choices import HoldKind
from devices.models import Assignment, AssignmentHold, MCUDevice
from factories.models import Factory

# After five minutes without a reading the pages say "no reading since".
SILENT_AFTER = timedelta(minutes=5)


def device_of(user: Any, device_id: str, action: Action) -> MCUDevice:
    """A device with its site. Out of scope 404, without the right 403."""
    rows = MCUDevice.objects.select_related("factory__organisation")
    return get_visible(user, rows, action, device_id=device_id)


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
    return now - device.last_heartbeat <= silent_after(device)


def silent_after(device: MCUDevice) -> timedelta:
    return max(SILENT_AFTER, timedelta(seconds=3 * device.interval_s))


@dataclass(frozen=True, slots=True)
class Intervals:
    """Of one device, from when each was in force, ascending."""

    since: list[datetime]
    intervals_s: list[float]

    def at(self, moment: datetime) -> float:
        """The interval [s] in force at a moment; before the device was registered its first one."""
        return self.intervals_s[max(0, bisect_right(self.since, moment) - 1)]


def intervals_of(devices: Iterable[MCUDevice]) -> dict[int, Intervals]:
    """The intervals in force over time by device key, from the history of the registry. One query."""
    found = {device.pk: Intervals([], []) for device in devices}
    events = apps.get_model("devices", "MCUDeviceEvent").objects.filter(pgh_obj__in=found).order_by("pgh_id")
    for pk, since, interval_s in events.values_list("pgh_obj", "pgh_created_at", "interval_s"):
        one = found[pk]
        if not one.since or one.intervals_s[-1] != interval_s:
            one.since.append(since)
            one.intervals_s.append(interval_s)
    return found


def state_of(device: MCUDevice | None, now: datetime) -> DeviceState:
    if device is None:
        return DeviceState.NO_DEVICE
    if device.last_heartbeat is None:
        return DeviceState.NEVER
    return DeviceState.ONLINE if is_online(device, now) else DeviceState.SILENT


def in_force_at(now: datetime) -> QuerySet[Assignment]:
    """The assignments at a moment, also those that wait for the first reading of their device."""
    begun = Q(valid_from__lte=now) | Q(valid_from=None)
    return Assignment.objects.filter(begun).exclude(valid_to__lte=now).order_by("valid_from")


def of_record_at(factories: Iterable[Factory], now: datetime) -> QuerySet[Assignment]:
    """The assignments of record at a moment, each with its device: at most one a chimney.

    While one is in force, the next one that waits is not shown.
    """
    of_record = in_force_at(now).filter(factory__in=factories, is_of_record=True).select_related("device")
    return of_record.order_by("chimney_id", "valid_from").distinct("chimney_id")


def waiting_holds() -> QuerySet[AssignmentHold]:
    """Holds that wait for a decision; a period that somebody set aside was decided."""
    return AssignmentHold.objects.filter(resolution="").exclude(kind=HoldKind.SET_ASIDE)
