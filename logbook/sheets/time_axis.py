"""Converts the times of a sheet, as people write them, into periods: order of day and month, midnight, zone, clock
changes, spacing.

Pure: no database. Three problems have a rule here. 1. `03/04/2026`: the whole column decides the order, or somebody
must say it. 2. `00:00` with the date of the day that it ends: the neighbours in the file decide. 3. An hour that a
clock change repeats or skips: the order in the file separates the first from the second; a time that did not exist is
an error.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from logbook.sheets.read import Cell, Problem, SheetError

_TIME = re.compile(
    r"(\d{1,4})([/.\-])(\d{1,2})\2(\d{1,4})"
    r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
_DAY = timedelta(days=1)
_LONGEST_INTERVAL = timedelta(days=1)


class TimeIs(StrEnum):
    END = "end"
    START = "start"


class DateOrder(StrEnum):
    AUTO = "auto"
    DMY = "dmy"
    MDY = "mdy"


@dataclass(frozen=True, slots=True)
class Slot:
    """The half-open period of one row, aware."""

    start: datetime
    end: datetime


@dataclass(slots=True)
class _Moment:
    """A time as written: naive unless it had an offset; a date alone means its whole day."""

    wall: datetime
    is_date: bool = False
    ends_its_date: bool = False


def periods(
    cells: Sequence[Cell],
    *,
    zone: ZoneInfo,
    day_of: Callable[[date], Slot],
    time_is: TimeIs,
    date_order: DateOrder = DateOrder.AUTO,
    interval: timedelta | None = None,
) -> list[Slot | Problem]:
    """The period of each cell, or its problem, in the order of the file.

    `day_of` gives the period of a date without a time.

    Raises SheetError when the column does not show the order of day and month, or the length of a period.
    """
    if interval is None and all(isinstance(cell, datetime) and cell.time() == time() for cell in cells if cell):
        # A workbook has no date without a time: where all are midnight, they are dates.
        cells = [cell.date() if isinstance(cell, datetime) else cell for cell in cells]
    order = _order(cells) if date_order is DateOrder.AUTO else date_order
    moments = [_moment(cell, order) for cell in cells]
    if time_is is TimeIs.END:
        _settle_midnights(moments)
    instants = _instants(moments, zone)
    dates_only = all(isinstance(m, Problem) or m.is_date for m in moments)
    if interval is None:
        interval = _spacing([i for i in instants if isinstance(i, datetime)], dates_only)
    slots: list[Slot | Problem] = []
    for moment, instant in zip(moments, instants, strict=True):
        if isinstance(instant, Problem) or isinstance(moment, Problem):
            slots.append(instant if isinstance(instant, Problem) else Problem(""))
        elif moment.is_date:
            slots.append(day_of(moment.wall.date()))
        elif time_is is TimeIs.END:
            slots.append(Slot(instant - interval, instant))
        else:
            slots.append(Slot(instant, instant + interval))
    return slots


def calendar_day(day: date, zone: ZoneInfo) -> Slot:
    start, end = (datetime.combine(midnight, time(), zone).astimezone(UTC) for midnight in (day, day + _DAY))
    return Slot(start, end)


# --- Reading one time --------------------------------------------------------------------------
def _order(cells: Sequence[Cell]) -> DateOrder:
    """What the column shows: a first or second part above 12 is a day."""
    day_first = month_first = undecided = 0
    for cell in cells:
        match = _TIME.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if match is None or len(match[1]) == 4:
            continue
        first, second = int(match[1]), int(match[3])
        day_first += first > 12 >= second
        month_first += second > 12 >= first
        undecided += first <= 12 and second <= 12 and first != second
    if day_first != month_first:
        return DateOrder.DMY if day_first > month_first else DateOrder.MDY
    if undecided or day_first:
        raise SheetError(
            _("The times do not show whether 03/04 is 3 April or March 4: give date_order, dmy or mdy."), "date_order"
        )
    return DateOrder.DMY


def _moment(cell: Cell, order: DateOrder) -> _Moment | Problem:
    if isinstance(cell, datetime):
        return _Moment(cell.replace(microsecond=0) if cell.microsecond < 500_000 else _next_second(cell))
    if isinstance(cell, date):
        return _Moment(datetime.combine(cell, time()), is_date=True)
    text = str(cell if cell is not None else "").strip()
    match = _TIME.fullmatch(text)
    if match is None:
        return _unreadable(text)
    first, _separator, second, third, hour, minute, second_of_minute, half, offset = match.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    elif len(third) == 4:
        year = int(third)
        day, month = (int(first), int(second)) if order is DateOrder.DMY else (int(second), int(first))
    else:
        return _unreadable(text)
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    is_end_of_day = hours == 24 and not int(minute) and not int(second_of_minute or 0)
    try:
        clock = time(0 if is_end_of_day else hours, int(minute or 0), int(second_of_minute or 0))
        wall = datetime.combine(date(year, month, day), clock)
        wall += _DAY if is_end_of_day else timedelta()
        if offset:
            wall = wall.replace(tzinfo=_offset(offset))
    except (ValueError, OverflowError):
        return _unreadable(text)
    return _Moment(wall, is_date=hour is None)


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-size if text[0] == "-" else size)


def _next_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0) + timedelta(seconds=1)


def _unreadable(text: str) -> Problem:
    if not text:
        return Problem(_("the time is missing; fill it in, or delete the row"))
    return Problem(_("cannot be read as a time; write it like 2026-11-22 06:15 or 22/11/2026 06:15"))


# --- Midnight, zone, spacing -------------------------------------------------------------------
def _settle_midnights(moments: list[_Moment | Problem]) -> None:
    """Move a 00:00 at the end of its date to the next day, if that brings it nearer to its neighbour in the file."""
    for i, moment in enumerate(moments):
        if isinstance(moment, Problem) or moment.is_date or moment.wall.time() != time():
            continue
        neighbour = _neighbour(moments, i)
        if neighbour is None or (neighbour.tzinfo is None) != (moment.wall.tzinfo is None):
            continue
        moment.ends_its_date = abs(moment.wall + _DAY - neighbour) < abs(moment.wall - neighbour)
    for moment in moments:
        if isinstance(moment, _Moment) and moment.ends_its_date:
            moment.wall += _DAY


def _neighbour(moments: list[_Moment | Problem], i: int) -> datetime | None:
    """The nearest time in the file, as printed, that is not midnight; the time before comes first."""
    for j in (*range(i - 1, max(i - 4, -1), -1), *range(i + 1, min(i + 4, len(moments)))):
        other = moments[j]
        if isinstance(other, _Moment) and not other.is_date and other.wall.time() != time():
            return other.wall
    return None


def _instants(moments: list[_Moment | Problem], zone: ZoneInfo) -> list[datetime | Problem]:
    instants: list[datetime | Problem] = []
    before: datetime | None = None
    for moment in moments:
        if isinstance(moment, Problem):
            instants.append(moment)
            continue
        instant = _instant(moment.wall, zone, before)
        if isinstance(instant, datetime):
            before = instant
        instants.append(instant)
    return instants


def _instant(wall: datetime, zone: ZoneInfo, before: datetime | None) -> datetime | Problem:
    try:
        if wall.tzinfo is not None:
            return wall.astimezone(UTC)
        first = wall.replace(tzinfo=zone).astimezone(UTC)
        if first.astimezone(zone).replace(tzinfo=None) != wall:
            return Problem(
                _("did not exist in %(zone)s: the clock was set forward then; check the zone") % {"zone": zone.key}
            )
        second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError:
        return Problem(_("cannot be read as a time; write it like 2026-11-22 06:15 or 22/11/2026 06:15"))
    # The hour that the clock repeats: the file has the first pass before the second.
    return second if second != first and before is not None and before >= first else first


def _spacing(instants: list[datetime], dates_only: bool) -> timedelta:
    """How long each row's period is: the spacing that most rows have."""
    ordered = sorted(set(instants))
    gaps = Counter(b - a for a, b in pairwise(ordered))
    usual = min(gaps, key=lambda gap: (-gaps[gap], gap)) if gaps else None
    if dates_only and (usual is None or usual <= timedelta(hours=25)):
        return _DAY
    if usual is None or usual > _LONGEST_INTERVAL:
        raise SheetError(
            _("The rows do not show how long a period is (at most a day): give interval_min, its length in minutes."),
            "interval_min",
        )
    return usual
