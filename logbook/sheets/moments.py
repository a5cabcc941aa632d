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
_MIDNIGHT = time()
DAY = timedelta(days=1)


@dataclass(slots=True)
class Moment:
    """A time as written: naive unless it had an offset; a date alone means its whole day."""

    wall: datetime
    is_date: bool = False
    ends_its_date: bool = False


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
    moments = [_moment(cell, order) for cell in cells]
    exchanged = [_exchanged(cell, moment) for cell, moment in zip(cells, moments, strict=True)]
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
        return f"{day} {clock}"
    wall = _moment(f"{day:%Y-%m-%d} {clock}", DateOrder.DMY)
    return wall.wall if isinstance(wall, Moment) else f"{day:%Y-%m-%d} {clock}"


# --- Order of day and month --------------------------------------------------------------------
def _parts(cell: Cell) -> tuple[int, int] | None:
    """The two numbers before a year: 3 and 4 of 03/04/2026."""
    match = _TIME.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return (int(match[1]), int(match[3])) if match and len(match[4]) == 4 and len(match[1]) < 4 else None


def _order(cells: Sequence[Cell], said: DateOrder, ask: Ask) -> DateOrder:
    """What the column shows: a first or second part above 12 is a day."""
    shown: dict[DateOrder, Cell] = {}
    open_cell: Cell = None
    for cell in cells:
        first, second = _parts(cell) or (0, 0)
        if first > 12 >= second:
            shown.setdefault(DateOrder.DMY, cell)
        elif second > 12 >= first:
            shown.setdefault(DateOrder.MDY, cell)
        elif first != second and open_cell is None:
            open_cell = cell
    if len(shown) > 1 or (said is not DateOrder.AUTO and shown and said not in shown):
        raise SheetError(
            _(
                "The dates are mixed: %(cells)s cannot all be of the order %(order)s. Nothing was stored; correct the "
                "column."
            )
            % {
                "cells": ", ".join(repr(str(cell)) for cell in shown.values()),
                "order": said.value if said is not DateOrder.AUTO else "dmy, mdy",
            },
            "date_order",
        )
    if said is not DateOrder.AUTO:
        return said
    if shown or open_cell is None:
        return next(iter(shown), DateOrder.DMY)
    words = _("The times do not show whether 03/04 is 3 April or March 4: give date_order, dmy or mdy.")
    answer: DateOrder = ask(SheetQuestion("date_order", "two_date_orders", words, (DateOrder.DMY, DateOrder.MDY)))
    return answer


# --- Days and months that a spreadsheet exchanged ----------------------------------------------
def _exchanged(cell: Cell, moment: Moment | Problem) -> Moment | Problem:
    """The moment with day and month exchanged, where the cell allows it."""
    if isinstance(moment, Problem) or moment.wall.day > 12 or not (isinstance(cell, date) or _parts(cell)):
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
    texts = [cell for cell in cells if _parts(cell)]
    is_mixed = any(isinstance(cells[i], date) for i in differing) and bool(texts)
    is_sorted_by_it = bool(texts) and len(differing) < len(cells) and _order_shown(exchanged) > _order_shown(moments)
    if not differing or not (is_mixed or is_sorted_by_it):
        return False
    cell = cells[differing[0]]
    params = {
        "one": f"{cell:%Y-%m-%d}" if isinstance(cell, date) else str(cell),
        "other": str(next((cell for i, cell in enumerate(cells) if i not in differing and cell), "")),
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


# --- RegisterReading one time --------------------------------------------------------------------------
def _moment(cell: Cell, order: DateOrder) -> Moment | Problem:
    if isinstance(cell, datetime):
        return Moment(cell.replace(microsecond=0) if cell.microsecond < 500_000 else _next_second(cell))
    if isinstance(cell, date):
        return Moment(datetime.combine(cell, _MIDNIGHT), is_date=True)
    text = str(cell if cell is not None else "").strip()
    match = _TIME.fullmatch(text)
    if match is None:
        return _of_month_name(text)
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
        wall += DAY if is_end_of_day else timedelta()
        if offset:
            wall = wall.replace(tzinfo=_offset(offset))
    except (ValueError, OverflowError):
        return _unreadable(text)
    return Moment(wall, is_date=hour is None, ends_its_date=is_end_of_day)


def _of_month_name(text: str) -> Moment | Problem:
    """`5 March 2026`, `Mar 5, 2026 14:15`, `05-Mar-26`: no question of order arises."""
    if not _HAS_MONTH_NAME.match(text):
        return _unreadable(text)
    try:
        # What the text leaves out is filled from the default: two of them show whether anything was missing.
        one, other = (
            parse_with_month_name(text, dayfirst=True, default=datetime(year, month, day))  # noqa: DTZ001  a wall clock
            for year, month, day in ((2000, 1, 1), (2004, 2, 2))
        )
    except (ParserError, OverflowError, ValueError):
        return _unreadable(text)
    return Moment(one.replace(microsecond=0), is_date=":" not in text) if one == other else _unreadable(text)


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
