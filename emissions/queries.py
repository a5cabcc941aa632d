"""Reads of emissions: pages of raw readings, the newest of each device, series of roll-ups, totals so far.

The caller must have checked that the user may see the devices or factories it passes.
"""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emissions import derive
from emissions.derive import DerivedReading, ReadingRow, milliseconds, moment
from lib import sql
from lib.sql import Row
from science.interval import UncertainMass
from science.quality import CONTEXT
from science.rounding import decimal_kg_from_micrograms

HELD_ROWS = 20_000  # of all devices, while a list is read to its end
Key = tuple[int, int, int, int]  # t_ms, device, stream (or assignment), seq: the order of every page


class BadCursorError(ValueError):
    """The cursor does not come from this API."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows, and the direction to read from it."""

    key: Key
    is_backward: bool = False

    def encode(self) -> str:
        text = ",".join(map(str, (*self.key, int(self.is_backward))))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            t_ms, device, stream, seq, backward = (int(part) for part in raw.split(","))
            moment(t_ms)
        except (ValueError, binascii.Error, OverflowError, OSError):
            raise BadCursorError(text) from None
        if not all(-(2**31) <= part < 2**31 for part in (device, stream, seq)):
            raise BadCursorError(text)
        return cls((t_ms, device, stream, seq), bool(backward))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows ascending, and the cursors of the previous and next page."""

    rows: list[Any]
    following: Cursor | None
    preceding: Cursor | None


def _fetch(name: str, **parameters: Any) -> list[ReadingRow]:
    return sql.fetch(sql.load("emissions", name), parameters, ReadingRow)


def reading_key(row: ReadingRow) -> Key:
    return row.t_ms, row.device_id, row.stream, row.seq


def readings_page(
    device_ids: Sequence[int], start: datetime | None, end: datetime | None, cursor: Cursor | None, size: int
) -> Page:
    """One page of readings in [start, end), ascending by time; `with_meaning` derives them."""
    _t_ms, device, stream, seq = cursor.key if cursor else (None, None, None, None)
    parameters: dict[str, Any] = {"device_ids": list(device_ids), "start": start, "end_": end}
    parameters |= {"cursor_device": device, "cursor_stream": stream, "cursor_seq": seq}
    return _page("readings_page", parameters, ReadingRow, reading_key, cursor, size)


def _page(
    name: str,
    parameters: dict[str, Any],
    row_type: type[Row],
    key: Callable[[Row], Key],
    cursor: Cursor | None,
    size: int,
) -> Page:
    """The rows of a statement that follow a cursor or precede it, ascending, and the cursors around them."""
    is_backward = cursor is not None and cursor.is_backward
    at = moment(cursor.key[0]) if cursor else None
    parameters |= {
        "limit_": size + 1,
        "after_at": None if is_backward else at,
        "before_at": at if is_backward else None,
    }
    statement = sql.load("emissions", name).replace("/* direction */", "DESC" if is_backward else "ASC")
    fetched = sql.fetch(statement, parameters, row_type)
    has_more = len(fetched) > size
    rows = fetched[:size]
    if is_backward:
        rows.reverse()
    if not rows:
        return Page(rows, None, None)
    has_following = has_more or is_backward
    has_preceding = has_more if is_backward else cursor is not None
    return Page(
        rows,
        Cursor(key(rows[-1])) if has_following else None,
        Cursor(key(rows[0]), is_backward=True) if has_preceding else None,
    )


def all_rows(
    device_ids: Collection[int], page_of: Callable[[list[int], Cursor | None, int], Page], key: Callable[[Any], Key]
) -> Iterator[Any]:
    """Every row of some devices, ascending by time, with a bounded number of them in memory.

    Each device is read on its own along its primary key: a page over several devices reads as many rows of each, and
    drops all but one page of them.
    """
    size = max(100, HELD_ROWS // max(1, len(device_ids)))

    def of_device(device_id: int) -> Iterator[Any]:
        cursor = None
        while True:
            page = page_of([device_id], cursor, size)
            yield from page.rows
            if page.following is None:
                return
            cursor = page.following

    return heapq.merge(*map(of_device, device_ids), key=key)


def with_meaning(rows: Iterable[ReadingRow]) -> list[DerivedReading]:
    """Derive readings of any devices, in the order given. Reads the context in front of them once."""
    ordered = sorted(rows, key=reading_key)
    by_device: dict[int, list[ReadingRow]] = {}
    for row in ordered:
        by_device.setdefault(row.device_id, []).append(row)
    if not by_device:
        return []
    firsts = [device_rows[0] for device_rows in by_device.values()]
    context: dict[int, list[ReadingRow]] = {}
    for row in _fetch(
        "readings_before",
        device_ids=[row.device_id for row in firsts],
        ats=[moment(row.t_ms) for row in firsts],
        streams=[row.stream for row in firsts],
        seqs=[row.seq for row in firsts],
        count_=CONTEXT,
    ):
        context.setdefault(row.device_id, []).append(row)
    setups = derive.load_setups(by_device)
    by_key: dict[Key, DerivedReading] = {}
    for device_id, device_rows in by_device.items():
        before = context.get(device_id, [])
        for item in derive.derive([*before, *device_rows], setups.get(device_id, []))[len(before) :]:
            by_key[reading_key(item.row)] = item
    return [by_key[reading_key(row)] for row in ordered]


def latest_readings(device_ids: Sequence[int]) -> list[DerivedReading]:
    """The newest reading of each device that has one, by device."""
    return sorted(
        with_meaning(_fetch("readings_latest", device_ids=list(device_ids))), key=lambda item: item.row.device_id
    )


def readings_by_key(keys: Sequence[Key]) -> list[DerivedReading]:
    """Readings named by (t_ms, device, stream, seq); those not there are left out."""
    return with_meaning(
        _fetch(
            "readings_by_key",
            device_ids=[key[1] for key in keys],
            ats=[moment(key[0]) for key in keys],
            streams=[key[2] for key in keys],
            seqs=[key[3] for key in keys],
        )
    )


def readings_received(
    device_ids: Sequence[int], *, received_after: datetime, since: datetime, limit: int
) -> list[DerivedReading]:
    """Readings stored at or after a moment and measured since another, oldest arrival first."""
    items = with_meaning(
        _fetch(
            "readings_received", device_ids=list(device_ids), received_after=received_after, since=since, limit_=limit
        )
    )
    return sorted(items, key=lambda item: (item.row.received_ms, reading_key(item.row)))


# --- Roll-ups ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RollupRow:
    """A roll-up of one device and assignment, whatever its length."""

    device_id: int
    assignment_id: int
    period_start: datetime
    period_end: datetime
    measured_ug: int
    record_ug: int | None
    covered_ms: int
    over_range_ms: int
    co2_ppm: float | None
    temperature_c: float | None
    velocity_ms: float | None
    flow_rate_m3s: float | None
    quality: int
    status: str  # of an hour; else empty
    method: str  # by which hours were substituted; else empty
    rule: str  # of a substituted hour: what gave its mass
    measured_hours: int | None  # of a day or month; else None
    idle_hours: int | None
    substituted_hours: int | None
    partial_hours: int | None
    begun_hours: int | None  # that the device was mounted, the running one included
    stack_ug: int  # the part of the mass of record that has the error of the sensors
    fuel_sigma_ug: int  # the other errors: see `SubstitutedHour`
    bias_ug: int
    variance_kg2: float

    @property
    def missing_hours(self) -> int | None:
        """Hours begun that have no mass of record, among them the running one until it is measured."""
        if self.begun_hours is None:
            return None
        hours = (self.measured_hours, self.idle_hours, self.substituted_hours, self.partial_hours)
        return max(0, self.begun_hours - sum(count or 0 for count in hours))

    @property
    def availability_pct(self) -> float | None:
        """Measured hours of those not proved idle; of an hour, and without operation, None."""
        operating = (self.begun_hours or 0) - (self.idle_hours or 0)
        return 100.0 * (self.measured_hours or 0) / operating if operating > 0 else None

    def record(self, stack_sigma: float) -> UncertainMass | None:
        """The mass of record; `stack_sigma`: relative standard error of the chimney's sensors."""
        if self.record_ug is None:
            return None
        errors = {"stack": self.stack_ug * stack_sigma, "fuel": self.fuel_sigma_ug, "filling": self.bias_ug}
        systematic = {name: ug / 1e9 for name, ug in errors.items()}
        kg = decimal_kg_from_micrograms(self.record_ug)
        return UncertainMass(kg, systematic, self.variance_kg2, self.over_range_ms > 0)

    @property
    def length_ms(self) -> int:
        return milliseconds(self.period_end) - milliseconds(self.period_start)

    @property
    def coverage_pct(self) -> float:
        return min(100.0, 100.0 * self.covered_ms / self.length_ms)

    @property
    def key(self) -> Key:
        return milliseconds(self.period_start), self.device_id, self.assignment_id, 0


RESOLUTIONS = ("minute", "hour", "day", "month")
_STATEMENTS = {name: f"rollups_{'day' if name == 'month' else name}" for name in RESOLUTIONS}


def rollups_page(
    resolution: str,
    device_ids: Sequence[int],
    start: datetime | None,
    end: datetime | None,
    cursor: Cursor | None,
    size: int,
    *,
    now: datetime,
) -> Page:
    """One page of minutes, hours, days or months that begin in [start, end), ascending by time."""
    _t_ms, device, assignment, _zero = cursor.key if cursor else (None, None, None, None)
    parameters: dict[str, Any] = {"device_ids": list(device_ids), "start": start, "end_": end, "now": now}
    parameters |= {
        "cursor_device": device,
        "cursor_assignment": assignment,
        "unit": resolution,
        "step": f"1 {resolution}",
    }
    parameters["is_backward"] = cursor is not None and cursor.is_backward
    return _page(_STATEMENTS[resolution], parameters, RollupRow, lambda period: period.key, cursor, size)
