"""The list of devices: where each sits, its state, when it was last heard of, when its calibration ends, its holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.calibrations import valid_until
from devices.choices import HoldKind
from devices.models import MCUDevice
from devices.queries import DeviceState, state_of
from portal.words import state_word


class Shown(StrEnum):
    """The filter of the list, in its URL as `state`."""

    ALL = ""
    ONLINE = "online"
    SILENT = "silent"
    NEVER = "never"
    HOLDS = "holds"
    EXPIRED = "expired"
    REVOKED = "revoked"


FILTER_WORDS = {
    Shown.ALL: gettext_lazy("all in use"),
    Shown.ONLINE: gettext_lazy("online"),
    Shown.SILENT: gettext_lazy("silent"),
    Shown.NEVER: gettext_lazy("never reported"),
    Shown.HOLDS: gettext_lazy("with readings that wait"),
    Shown.EXPIRED: gettext_lazy("calibration expired"),
    Shown.REVOKED: gettext_lazy("revoked or retired"),
}


@dataclass(frozen=True, slots=True)
class DeviceRow:
    device_id: str
    url: str
    factory_name: str
    place: str  # its chimney; empty: on none
    state: str
    state_word: str
    last_heartbeat: datetime | None
    interval_s: float
    time_zone: str
    calibration_ends: datetime | None
    is_expired: bool
    holds: int


def device_rows(devices: QuerySet[MCUDevice], query: str, shown: Shown, now: datetime) -> list[DeviceRow]:
    """The rows that match, those that need a look first; four queries for all of them."""
    if query:
        devices = devices.filter(Q(device_id__icontains=query) | Q(factory__name__icontains=query))
    waiting = Q(assignments__holds__resolution="") & ~Q(assignments__holds__kind=HoldKind.SET_ASIDE)
    found = (
        devices.filter(revoked_at__isnull=shown is not Shown.REVOKED)
        .select_related("factory")
        .prefetch_related("assignments__chimney", "calibrations")
        .annotate(holds_waiting=Count("assignments__holds", waiting, distinct=True))
    )
    rows = [_row(device, now) for device in found]
    return sorted(filter(lambda row: _matches(row, shown), rows), key=_urgency)


def _row(device: Any, now: datetime) -> DeviceRow:
    state = state_of(device, now)
    is_revoked = device.revoked_at is not None
    ends = min(valid_until(device.calibrations.all()).values(), default=None)
    return DeviceRow(
        device_id=device.device_id,
        url=reverse("device", args=[device.device_id]),
        factory_name=device.factory.name,
        place=next((one.chimney.name for one in device.assignments.all() if one.is_in_force(now)), ""),
        state="unknown" if is_revoked else state,
        state_word=_("revoked") if is_revoked else state_word(state),
        last_heartbeat=device.last_heartbeat,
        interval_s=device.interval_s,
        time_zone=device.factory.time_zone,
        calibration_ends=ends,
        is_expired=ends is not None and ends <= now,
        holds=device.holds_waiting,
    )


def _matches(row: DeviceRow, shown: Shown) -> bool:
    if shown is Shown.HOLDS:
        return row.holds > 0
    if shown is Shown.EXPIRED:
        return row.is_expired
    return shown in (Shown.ALL, Shown.REVOKED) or row.state == shown


def _urgency(row: DeviceRow) -> Any:
    order: Sequence[str] = (DeviceState.SILENT, DeviceState.NEVER, DeviceState.ONLINE)
    place = order.index(row.state) if row.state in order else len(order)
    return (not row.holds, place, not row.is_expired, row.factory_name, row.device_id)
