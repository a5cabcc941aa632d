"""The time until which a total may still change by itself, for API and pages (`docs/method.md` 4).

"By itself" means without a correction by a person. There are three reasons, each with its own end.

1. `running`: the period is not over, or its last readings are still on their way.
2. `rolling_up`: readings of it are stored and wait for the worker.
3. `outstanding`: the device of record may still hold readings of it. A silent device may hold readings since its last
message; a device with a full outbox may hold readings in the gaps of its streams. Ingest accepts readings of 366
days.

Reads only. The amount of data it reads does not depend on the number of readings or waiting minutes.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection

from devices.models import Assignment, MCUDevice
from devices.queries import DeviceState, state_of
from emissions.models import STREAM_OFFSET
from emissions.partitions import OLDEST_READING
from lib import sql

ARRIVES_WITHIN = timedelta(minutes=2)  # time from a live measurement until it is in the totals
ROLLED_UP_WITHIN = timedelta(minutes=1)
# A marked minute also changes the flags of the readings behind it, and whether the time after it was idle.
REACHES_BACK, REACHES_ON = timedelta(minutes=1), timedelta(minutes=12)
MARKS_LOOKED_AT = 2_000  # if more of them wait, no total is called settled
LIVE_OUTBOX = 24  # readings in transit from a healthy device: two live messages


class SettlingReason(StrEnum):
    RUNNING = "running"
    ROLLING_UP = "rolling_up"
    OUTSTANDING = "outstanding"


@dataclass(frozen=True, slots=True)
class DevicePeriod:
    """One device's part of a period, half-open."""

    device_id: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Settling:
    """A figure that may still change: until when at the latest, and why."""

    until: datetime
    why: SettlingReason


@dataclass(frozen=True, slots=True)
class SitePeriod:
    """A period of a whole site, half-open."""

    factory_id: int
    start: datetime
    end: datetime


def latest(parts: Iterable[Settling | None]) -> Settling | None:
    """A sum is settled when its last part is settled."""
    return max((one for one in parts if one is not None), key=lambda one: one.until, default=None)


def settling(parts: Sequence[DevicePeriod], now: datetime) -> list[Settling | None]:
    """For each part, the time until which it may still change; None where it is settled. Three queries at most."""
    if not parts:
        return []
    device_ids = sorted({part.device_id for part in parts})
    waiting = _waiting(device_ids)
    held = _held(device_ids, now)
    return [
        latest((_running(part, now), waiting.reaches(part, now), _outstanding(part, held.get(part.device_id, ()), now)))
        for part in parts
    ]


def settling_of_sites(periods: Sequence[SitePeriod], now: datetime) -> list[Settling | None]:
    """The same for totals of sites, which sum the devices of record; it needs one more query."""
    if not periods:
        return []
    assignments: dict[int, list[Any]] = {}
    rows = Assignment.objects.filter(
        factory__in={period.factory_id for period in periods},
        is_of_record=True,
        valid_from__lt=max(period.end for period in periods),
    ).exclude(valid_to__lte=min(period.start for period in periods))
    for row in rows.values_list("factory_id", "device_id", "valid_from", "valid_to", named=True):
        assignments.setdefault(row.factory_id, []).append(row)
    places, parts = [], []
    for place, period in enumerate(periods):
        for row in assignments.get(period.factory_id, ()):
            start, end = max(period.start, row.valid_from), min(period.end, row.valid_to or period.end)
            if start < end:
                places.append(place)
                parts.append(DevicePeriod(row.device_id, start, end))
    by_period: list[Settling | None] = [None] * len(periods)
    for place, one in zip(places, settling(parts, now), strict=True):
        by_period[place] = latest((by_period[place], one))
    return by_period


# --- The period is not over ---------------------------------------------------------------------
def _running(part: DevicePeriod, now: datetime) -> Settling | None:
    until = part.end + ARRIVES_WITHIN
    return Settling(until, SettlingReason.RUNNING) if now < until else None


# --- Stored, and not rolled up yet --------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Waiting:
    """The marked minutes of some devices, ascending."""

    minutes: Mapping[int, list[datetime]]
    oldest_mark: datetime | None
    is_cut: bool  # more marks exist than were read

    def reaches(self, part: DevicePeriod, now: datetime) -> Settling | None:
        if self.oldest_mark is None:
            return None
        minutes = self.minutes.get(part.device_id, [])
        at = bisect_left(minutes, part.start - REACHES_ON)
        if not self.is_cut and not (at < len(minutes) and minutes[at] < part.end + REACHES_BACK):
            return None
        # A mark that has waited for an hour will probably not be done in a minute.
        return Settling(now + max(ROLLED_UP_WITHIN, now - self.oldest_mark), SettlingReason.ROLLING_UP)


def _waiting(device_ids: Sequence[int]) -> _Waiting:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("emissions", "waiting_minutes"), {"device_ids": list(device_ids), "limit_": MARKS_LOOKED_AT + 1}
        )
        rows = cursor.fetchall()
    if not rows:
        return _Waiting({}, None, is_cut=False)
    minutes: dict[int, list[datetime]] = {}
    for device_id, period_start, _count, _oldest in rows:
        if device_id is not None:
            minutes.setdefault(device_id, []).append(period_start)
    _device, _start, count, oldest = rows[0]
    return _Waiting(minutes, oldest, is_cut=count > MARKS_LOOKED_AT)


# --- Measured, and still in the device ---------------------------------------------------------
_Span = tuple[datetime, datetime]


def _outstanding(part: DevicePeriod, held: Iterable[_Span], now: datetime) -> Settling | None:
    ends = [min(part.end, end) for start, end in held if start < part.end and end > part.start]
    until = max(ends) + OLDEST_READING if ends else now
    return Settling(until, SettlingReason.OUTSTANDING) if until > now else None


def _held(device_ids: Sequence[int], now: datetime) -> dict[int, list[_Span]]:
    """For each device, the times of readings that it may still hold; none for a revoked device, whose readings are
    refused."""
    devices = list(MCUDevice.objects.filter(pk__in=device_ids, revoked_at__isnull=True))
    held: dict[int, list[_Span]] = {}
    for device in devices:
        if state_of(device, now) is DeviceState.SILENT and device.last_heartbeat is not None:
            held.setdefault(device.pk, []).append((device.last_heartbeat, now))
    behind = [device for device in devices if _outbox(device) > LIVE_OUTBOX]
    for device_id, start, end in _holes(behind, now):
        held.setdefault(device_id, []).append((start, min(end, now)))
    return held


def _outbox(device: MCUDevice) -> int:
    return _whole(device.status, "outbox")


def _whole(status: Any, name: str) -> int:
    """A number from a device's report; 0 if it is missing."""
    value = status.get(name) if isinstance(status, dict) else None
    return value if type(value) is int else 0


def _holes(behind: Sequence[MCUDevice], now: datetime) -> list[tuple[int, datetime, datetime]]:
    if not behind:
        return []
    before = [device.status.get("previous") for device in behind]
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("emissions", "held_numbers"),
            {
                "device_ids": [device.pk for device in behind],
                "outboxes": [_outbox(device) for device in behind],
                "intervals_s": [device.interval_s for device in behind],
                "streams": [_whole(previous, "stream") - STREAM_OFFSET for previous in before],
                "last_seqs": [_whole(previous, "seq") for previous in before],
                "since": now - OLDEST_READING,
                "limit_s": OLDEST_READING.total_seconds(),
            },
        )
        return cursor.fetchall()
