"""Reads the times of a column, as people and programs write them: order of day and month, exchanged days, times of day
in a column of their own.

Pure: no database. The whole column decides what one cell leaves open; a column that contradicts itself is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

from dateutil.parser import ParserError
from dateutil.parser import parse as parse_with_month_name
from django.utils.translation import gettext as _

from logbook.sheets.options import DateOrder, SwappedDays
from logbook.sheets.questions import Ask, SheetError, SheetQuestion
from logbook.sheets.read import Cell, Problem

_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*([AaPp][Mm])?"
_TIME = re.compile(rf"(\d{{1,4}})([/.\-])(\d{{1,2}})\2(\d{{1,4}})(?:[ T]+{_CLOCK}\s*(Z|[+-]\d{{2}}:?\d{{2}})?)?")
_OF_DAY = re.compile(_CLOCK)
_HAS_MONTH_NAME = re.compile(
    r"(?i)^[a-z]{0,9}[, ]*(\d{1,2}[\s.\-/]*)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
_OF_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{4})")
_MIDNIGHT_BEHIND = re.compile(r"[ T]+0?0:00(:00)?$")
_MIDNIGHT = time()
# The ends of the calendar, like the 9999-12-31 of programs, have no next day.
_YEARS = range(1900, 2200)
_FIRST_SHORT_YEAR = 1990
DAY = timedelta(days=1)


@dataclass(slots=True)
class Moment:
    """A time as written: naive unless it had an offset; a date alone means its whole day, a month its whole month."""

    wall: datetime
    is_date: bool = False
    ends_its_date: bool = False
    is_month: bool = False


def read_moments(
    cells: Sequence[Cell],
    *,
    date_order: DateOrder = DateOrder.AUTO,
    swapped_days: SwappedDays = SwappedDays.AUTO,
    ask: Ask,
) -> list[Moment | Problem]:
    """The time of each cell, or its problem. Asks for `date_order` and `swapped_days`.

    Raises SheetError when the cells contradict one order of day and month: then none of them can be trusted.
    """
    order = _order(cells, date_order, ask)
    moments = [_on_earth(_moment(cell, order), cell) for cell in cells]
    # In a workbook the texts are what was left as it was.
    has_dates = any(isinstance(cell, date) for cell in cells)
    exchanged = [
        _exchanged(moment) if (isinstance(cell, date) if has_dates else _parts(cell)) else moment
        for cell, moment in zip(cells, moments, strict=True)
    ]
    if _is_swapped(cells, moments, exchanged, swapped_days, ask):
        return exchanged
    return moments


def with_clock(days: Sequence[Cell], clocks: Sequence[Cell]) -> list[Cell]:
    """A column of dates and one of times of day as one column of times."""
    return [_joined(day, clock) for day, clock in zip(days, clocks, strict=True)]


def is_clock(cell: Cell) -> bool:
    return isinstance(cell, (time, timedelta)) or (isinstance(cell, str) and bool(_OF_DAY.fullmatch(cell.strip())))


def _joined(day: Cell, clock: Cell) -> Cell:
    if day in (None, "") or clock in (None, ""):
        return None
    if isinstance(clock, timedelta):  # a workbook's 24:00
        clock = f"{clock // timedelta(hours=1):02d}:{clock // timedelta(minutes=1) % 60:02d}"
    if not isinstance(day, date):
        return f"{_MIDNIGHT_BEHIND.sub('', str(day))} {clock}"
    wall = _moment(f"{day:%Y-%m-%d} {clock}", DateOrder.DMY)
    return wall.wall if isinstance(wall, Moment) else f"{day:%Y-%m-%d} {clock}"


# --- Order of day and month --------------------------------------------------------------------
def _parts(cell: Cell) -> tuple[int, int, int] | None:
    """The numbers of 03/04/2026 or 03/04/26: a date that does not begin with a year of four digits."""
    match = _TIME.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None or len(match[1]) > 2 or len(match[4]) == 3:
        return None
    return int(match[1]), int(match[3]), int(match[4])


def _orders(parts: tuple[int, int, int]) -> frozenset[DateOrder]:
    """The orders in which the numbers are a date."""
    first, second, third = parts
    fits = {
        DateOrder.DMY: first <= 31 and second <= 12,
        DateOrder.MDY: first <= 12 and second <= 31,
        DateOrder.YMD: second <= 12 and third <= 31,
    }
    return frozenset(order for order, is_fit in fits.items() if is_fit)


def _order(cells: Sequence[Cell], said: DateOrder, ask: Ask) -> DateOrder:
    """What the column shows: the orders in which each of its texts is a date."""
    shown: dict[frozenset[DateOrder], Cell] = {}
    is_open = False
    for cell in cells:
        parts = _parts(cell)
        if parts and (orders := _orders(parts)):
            shown.setdefault(orders, cell)
            is_open = is_open or parts[0] != parts[1] or DateOrder.YMD in orders
    left = [order for order in (DateOrder.DMY, DateOrder.MDY, DateOrder.YMD) if all(order in one for one in shown)]
    if not left or (said is not DateOrder.AUTO and said not in left):
        names = [repr(str(cell)) for orders, cell in shown.items() if not {DateOrder.DMY, DateOrder.MDY} <= orders]
        words = _(
            "The dates are mixed: %(cells)s cannot all be of the order %(order)s. Nothing was stored; correct the "
            "column."
        )
        order = said.value if said is not DateOrder.AUTO else "dmy, mdy"
        raise SheetError(words % {"cells": ", ".join(names), "order": order}, "date_order")
    if said is not DateOrder.AUTO:
        return said
    if len(left) == 1 or not is_open:
        return left[0]
    params = {"orders": ", ".join(left)}
    words = _("The times do not show the order of day, month and year: give date_order, one of %(orders)s.")
    answer: DateOrder = ask(SheetQuestion("date_order", "two_date_orders", words % params, tuple(left), params))
    return answer


# --- Days and months that a spreadsheet exchanged ----------------------------------------------
def _exchanged(moment: Moment | Problem) -> Moment | Problem:
    """The moment with day and month exchanged, where that is a date."""
    if isinstance(moment, Problem) or moment.wall.day > 12:
        return moment
    wall = moment.wall.replace(day=moment.wall.month, month=moment.wall.day)
    return Moment(wall, moment.is_date, moment.ends_its_date)


def _is_swapped(
    cells: Sequence[Cell],
    moments: Sequence[Moment | Problem],
    exchanged: Sequence[Moment | Problem],
    said: SwappedDays,
    ask: Ask,
) -> bool:
    """Whether a spreadsheet of the other order read the column before: what could be a date became another date, and
    the rest stayed text."""
    if said is not SwappedDays.AUTO:
        return said is SwappedDays.YES
    differing = [i for i, moment in enumerate(moments) if exchanged[i] != moment]
    # A spreadsheet left as it was what is no date in its order: a day above 12.
    texts = [cell for cell in cells if max((_parts(cell) or (0, 0))[:2]) > 12]
    is_mixed = any(isinstance(cells[i], date) for i in differing) and any(map(_parts, cells))
    is_sorted_by_it = bool(texts) and _order_shown(exchanged) > _order_shown(moments)
    if not differing or not (is_mixed or is_sorted_by_it):
        return False
    cell = cells[differing[0]]
    params = {
        "one": f"{cell:%Y-%m-%d}" if isinstance(cell, date) else str(cell),
        "other": str(next((cell for cell in (*texts, *cells) if _parts(cell)), "")),
        "count": len(differing),
    }
    words = _(
        "The dates are mixed: some are like %(one)s and some like %(other)r, as if a spreadsheet had exchanged day and "
        "month of %(count)d of them. Is that so?"
    )
    choices = (SwappedDays.YES, SwappedDays.NO)
    return bool(ask(SheetQuestion("swapped_days", "mixed_dates", words % params, choices, params)) is SwappedDays.YES)


def _order_shown(moments: Sequence[Moment | Problem]) -> int:
    """2 for evenly spaced days, 1 for days in order, 0 for others."""
    days = [moment.wall.date() for moment in moments if isinstance(moment, Moment)]
    gaps = {b - a for a, b in pairwise(days)} - {timedelta()}
    if len(gaps) <= 1:
        return 2
    return int(all(gap > timedelta() for gap in gaps) or all(gap < timedelta() for gap in gaps))


# --- Reading one time --------------------------------------------------------------------------
def _on_earth(moment: Moment | Problem, cell: Cell) -> Moment | Problem:
    return moment if isinstance(moment, Problem) or moment.wall.year in _YEARS else _unreadable(str(cell))


def _moment(cell: Cell, order: DateOrder) -> Moment | Problem:
    if isinstance(cell, datetime):
        return Moment(cell.replace(microsecond=0) if cell.microsecond < 500_000 else _next_second(cell))
    if isinstance(cell, date):
        return Moment(datetime.combine(cell, _MIDNIGHT), is_date=True)
    text = str(cell if cell is not None else "").strip()
    match = _TIME.fullmatch(text)
    if match is None:
        return _of_month(text) if _OF_MONTH.fullmatch(text) else _of_month_name(text)
    first, _separator, second, third, hour, minute, second_of_minute, half, offset = match.groups()
    parts = _parts(text)
    if parts is None:
        year, month, day = int(first), int(second), int(third)
    elif order is DateOrder.YMD:
        year, month, day = _full_year(parts[0]), parts[1], parts[2]
    else:
        year = _full_year(parts[2])
        day, month = parts[:2] if order is DateOrder.DMY else parts[1::-1]
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    is_end_of_day = hours == 24 and not int(minute) and not int(second_of_minute or 0)
    try:
        clock = time(0 if is_end_of_day else hours, int(minute or 0), int(second_of_minute or 0))
        wall = datetime.combine(date(year, month, day), clock)
        wall += DAY if is_end_of_day else timedelta()
        if offset:
            wall = wall.replace(tzinfo=_offset(offset))
    except (ValueError, OverflowError):
        return _unreadable(text)
    return Moment(wall, is_date=hour is None, ends_its_date=is_end_of_day)


def _full_year(number: int) -> int:
    """2026 for 26, 1999 for 99."""
    if number > 99:
        return number
    return number + (2000 if number < _FIRST_SHORT_YEAR % 100 else 1900)


def _of_month(text: str) -> Moment | Problem:
    """`2026-03`, `03/2026`."""
    match = _OF_MONTH.fullmatch(text)
    assert match is not None
    year, month = int(match[1] or match[4]), int(match[2] or match[3])
    return Moment(datetime(year, month, 1), is_month=True) if 1 <= month <= 12 and year else _unreadable(text)  # noqa: DTZ001


def _of_month_name(text: str) -> Moment | Problem:
    """`5 March 2026`, `Mar 5, 2026 14:15`, `05-Mar-26`: no question of order arises. `March 2026` is a month."""
    if not _HAS_MONTH_NAME.match(text):
        return _unreadable(text)
    try:
        # What the text leaves out is filled from the default: two of them show whether anything was missing.
        one, other = (
            parse_with_month_name(
                text,
                dayfirst=True,
                default=datetime(year, month, day),  # noqa: DTZ001  a wall clock
                tzinfos=_zone_named,
            )
            for year, month, day in ((2000, 1, 1), (2004, 2, 2))
        )
    except (ParserError, OverflowError, ValueError):
        return _unreadable(text)
    if one == other:
        return Moment(one.replace(microsecond=0), is_date=":" not in text and one.time() == _MIDNIGHT)
    is_month = one.day == 1 and one == other.replace(day=1)
    return Moment(one, is_month=True) if is_month else _unreadable(text)


def _zone_named(name: str | None, offset_s: int | None) -> timezone | None:
    """Refuse a zone by name: EST is a zone of America and of Australia, and dateutil would ignore it."""
    if offset_s is not None:
        return timezone(timedelta(seconds=offset_s))
    if name is not None:
        raise ValueError(name)
    return None


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
