"""From the tables of a file to rows that can be stored: each column is decided as a whole, then each row gets its
period, amount and unit. Pure but for what the plan knows of its factory; comparing with stored entries comes later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from factories.models import Factory
from lib.decimals import plain
from lib.errors import ApiError
from logbook.notices import Notice
from logbook.periods import Period, period_of
from logbook.sheets.amounts import amounts
from logbook.sheets.layout import Sheet, SheetLine, filled, has_more_cells, listed
from logbook.sheets.moments import is_clock, with_clock
from logbook.sheets.options import SameTime, ValuesAre
from logbook.sheets.own_export import entry_id, is_own_export
from logbook.sheets.questions import Ask, SheetError, SheetQuestion
from logbook.sheets.read import Cell, Problem
from logbook.sheets.registers import RegisterReading, uses_between
from logbook.sheets.time_axis import Axis, Slot
from logbook.sheets.units import row_units, split_units

if TYPE_CHECKING:
    from logbook.sheets.importing import SheetPlan

NO_CLOCK = "none"
_FROM = {"from", "start", "starts", "begin", "begins", "beginning", "since"}
_TO = {"to", "end", "ends", "until", "till", "through"}


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was refused: its number in the file, the column, the cell's text, what to do."""

    row: int
    column: str
    value: str
    message: str
    sheet: str = ""

    def __str__(self) -> str:
        place = f"{self.sheet}: " if self.sheet else ""
        return f"{place}row {self.row}, {self.column}={self.value!r}: {self.message}"


@dataclass(frozen=True, slots=True)
class RowWarning(RowError):
    """A row that is stored, or would be, and needs a look."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that can be read. `entry_id`: the entry that a row of our own export names. `number_in_period`: from 1
    where several rows have one period."""

    number: int
    slot: Slot
    amount: Decimal
    unit: str
    sheet: str = ""
    entry_id: int | None = None
    number_in_period: int = 1

    def days(self, factory: Factory) -> tuple[date, date]:
        return Period(self.slot.start, self.slot.start, self.slot.end).days(factory)


@dataclass(slots=True)
class RowsRead:
    """received = len(rows) + repeated + len(errors). `repeated`: rows that stand twice in the file."""

    received: int
    rows: list[SheetRow] = field(default_factory=list)
    repeated: int = 0
    errors: list[RowError] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def reject(self, line: SheetLine | SheetRow, column: str, value: Cell, message: str) -> None:
        text = str("" if value is None else value)[:60]
        self.errors.append(RowError(line.number, column, text, message, line.sheet))


def read_rows(plan: SheetPlan, sheet: Sheet, ask: Ask) -> RowsRead:
    """The rows of a sheet, in the order of the file.

    Raises SheetError: a column is not there, contradicts itself, or holds no times.
    """
    value_at = sheet.column(plan.value_column, "value_column")
    slots, times_at = _times(plan, sheet, ask)
    numbers, beside = split_units(sheet.cells(value_at), plan.unit_of)
    units, units_at = row_units(
        sheet, beside, value_at, given=plan.unit, unit_from=plan.unit_from, unit_of=plan.unit_of, ask=ask
    )
    values: list[Decimal | Problem | None] = [*amounts(numbers, plan.decimal_mark, ask)]
    if plan.values_are is ValuesAre.READINGS:
        slots, values = _uses(plan, slots, values, ask)
    read = RowsRead(sum(value is not None for value in values))
    _require_times(sheet, slots, times_at[0])
    now, rounded_count, is_own = timezone.now(), 0, is_own_export(sheet)
    for line, slot, value, unit in zip(sheet.lines, slots, values, units, strict=True):
        if value is None:
            continue
        column, problem = sheet.columns[times_at[0]], _time_problem(plan, slot, value, now)
        if not problem:
            column, problem = plan.value_column, _value_problem(plan, sheet, line, value, unit)
        if problem:
            read.reject(line, column, line.cell(sheet.places(column)[0]), problem)
        elif isinstance(slot, Slot) and isinstance(value, Decimal):
            kept = value.quantize(plan.step_of(unit), rounding=ROUND_HALF_EVEN)
            rounded_count += kept != value
            known = entry_id(sheet, line) if is_own else None
            read.rows.append(SheetRow(line.number, slot, kept, unit, line.sheet, known))
    unused = [name for i, name in enumerate(sheet.columns) if i not in {value_at, units_at, *times_at} and name]
    if unused:
        read.notices.append(Notice("columns_unused", {"columns": listed(unused)}))
    if rounded_count:
        read.notices.append(Notice("rounded", {"count": rounded_count, "step": plain(plan.step_of(plan.unit))}))
    _settle_same_times(plan, read, ask)
    _say_gaps(plan, read)
    return read


# --- Times -------------------------------------------------------------------------------------
def _times(plan: SheetPlan, sheet: Sheet, ask: Ask) -> tuple[list[Slot | Problem], list[int]]:
    """The period of each line, and the columns that it was read from."""
    axis = Axis(
        zone=plan.zone,
        day_of=plan.day_of,
        time_is=plan.time_is,
        date_order=plan.date_order,
        swapped_days=plan.swapped_days,
        end_is=plan.end_is,
        interval=timedelta(minutes=plan.interval_min) if plan.interval_min else None,
        is_of_acts=plan.is_of_acts,
        ask=ask,
    )
    if pair := _from_and_to(plan, sheet):
        return axis.between(sheet.cells(pair[0]), sheet.cells(pair[1])), list(pair)
    time_at = sheet.column(plan.time_column, "time_column")
    cells, places = sheet.cells(time_at), [time_at]
    if clock := _clock(plan, sheet, time_at, ask):
        clock_at = sheet.column(clock, "clock_column")
        cells, places = with_clock(cells, sheet.cells(clock_at)), [time_at, clock_at]
    if plan.values_are is ValuesAre.READINGS:
        return [_moment_slot(instant) for instant in axis.instants(cells)], places
    return axis.periods(cells), places


def _moment_slot(instant: datetime | Problem) -> Slot | Problem:
    return instant if isinstance(instant, Problem) else Slot(instant, instant)


def _from_and_to(plan: SheetPlan, sheet: Sheet) -> tuple[int, int] | None:
    """The columns of from and to: as named, or the partner that the header of the time column has."""
    if plan.from_column or plan.to_column:
        return sheet.column(plan.from_column, "from_column"), sheet.column(plan.to_column, "to_column")
    if plan.values_are is ValuesAre.READINGS:
        return None
    if is_own_export(sheet):
        return sheet.columns.index("period_start"), sheet.columns.index("period_end")
    time_at = sheet.column(plan.time_column, "time_column")
    words = _words(sheet.columns[time_at])
    for own, other in ((_FROM, _TO), (_TO, _FROM)):
        partners = [at for at, name in enumerate(sheet.columns) if at != time_at and _words(name) & other]
        alike = [at for at in partners if _words(sheet.columns[at]) - other == words - own]
        if words & own and len(alike) == 1:
            return (time_at, alike[0]) if own is _FROM else (alike[0], time_at)
    return None


def _words(name: str) -> set[str]:
    return {*re.findall(r"[a-z]+", name.lower())}


def _clock(plan: SheetPlan, sheet: Sheet, time_at: int, ask: Ask) -> str:
    """The column of times of day. Asks when dates repeat and a column that nobody named holds nothing else."""
    if plan.clock_column or plan.is_of_acts:
        return plan.clock_column if plan.clock_column != NO_CLOCK else ""
    days = filled(sheet.cells(time_at))
    if len({*map(str, days)}) == len(days) or any(":" in str(day) and not str(day).endswith("00:00") for day in days):
        return ""
    for at, name in enumerate(sheet.columns):
        cells = filled(sheet.cells(at))
        if name and at != time_at and len(cells) == len(days) and all(map(is_clock, cells)):
            words = _("The dates repeat, and %(column)r holds times of day: do they belong together?")
            params = {"column": name}
            answer: str = ask(
                SheetQuestion("clock_column", "time_in_two_columns", words % params, (name, NO_CLOCK), params)
            )
            return answer if answer != NO_CLOCK else ""
    return ""


def _require_times(sheet: Sheet, slots: Sequence[Slot | Problem], time_at: int) -> None:
    """Nothing is stored from a sheet most of whose times cannot be read: the column is not what it seems."""
    problems = [slot.message for slot in slots if isinstance(slot, Problem)]
    if 2 * len(problems) > len(slots):
        words = _("%(count)d of %(total)d times in %(column)r are wrong, so nothing was stored. The first %(problem)s.")
        params = {"count": len(problems), "total": len(slots), "column": sheet.columns[time_at], "problem": problems[0]}
        raise SheetError(words % params, "time_column")


def _time_problem(plan: SheetPlan, slot: Slot | Problem, value: Decimal | Problem, now: datetime) -> str:
    if isinstance(slot, Problem):
        return slot.message
    if isinstance(value, Problem):  # a reading that is wrong has no period
        return ""
    try:
        period_of(plan.factory, timestamp=slot.start, start=slot.start, end=slot.end, now=now)
    except ApiError as error:
        (problem,) = next(iter(error.fields.values()))
        return str(problem["message"])
    return ""


# --- Values ------------------------------------------------------------------------------------
def _uses(
    plan: SheetPlan, slots: Sequence[Slot | Problem], values: Sequence[Decimal | Problem | None], ask: Ask
) -> tuple[list[Slot | Problem], list[Decimal | Problem | None]]:
    """Readings of a register as what was used since the reading before; None where counting starts."""
    readings = [
        RegisterReading(at, slot.start, value)
        for at, (slot, value) in enumerate(zip(slots, values, strict=True))
        if isinstance(slot, Slot) and isinstance(value, Decimal)
    ]
    uses = uses_between(readings, plan.register_digits, ask)
    new_slots, new_values = [*slots], [*values]
    for at, use in uses.items():
        if isinstance(use, tuple):
            new_slots[at], new_values[at] = use
        else:
            new_values[at] = use
    return new_slots, new_values


def _value_problem(plan: SheetPlan, sheet: Sheet, line: SheetLine, value: Decimal | Problem | None, unit: str) -> str:
    if has_more_cells(sheet, line):
        return _("is in a row with more cells than the header; is a comma in it a decimal comma?")
    if isinstance(value, Problem):
        return value.message
    assert value is not None
    try:
        plan.check(value, unit)
    except ApiError as error:
        name, problems = next(iter(error.fields.items()))
        if name == "unit" and unit == plan.unit:
            raise
        return str(problems[0]["message"])
    return ""


# --- Rows of one period, gaps ------------------------------------------------------------------
def _settle_same_times(plan: SheetPlan, read: RowsRead, ask: Ask) -> None:
    """Several rows of one period: fills of one day, or one row that stands twice."""
    groups: dict[Slot, list[SheetRow]] = {}
    for row in read.rows:
        groups.setdefault(row.slot, []).append(row)
    several = [rows for rows in groups.values() if len(rows) > 1 and not all(row.entry_id for row in rows)]
    if not several:
        return
    same_time = plan.same_time
    params = {"count": sum(map(len, several)), "first": several[0][0].number, "second": several[0][1].number}
    if same_time is SameTime.AUTO and plan.is_of_acts and all(_is_a_day(rows[0].slot) for rows in several):
        same_time = SameTime.SEPARATE
    if same_time is SameTime.AUTO:
        words = _(
            "%(count)d rows share their time with another row (first: rows %(first)d and %(second)d): is each an "
            "amount of its own, or is one row there twice?"
        )
        choices = (SameTime.SEPARATE, SameTime.ONCE)
        same_time = ask(SheetQuestion("same_time", "same_time", words % params, choices, params))
    if same_time is SameTime.SEPARATE:
        read.notices.append(Notice("rows_of_one_time", params))
        return
    again = {id(row) for rows in several for row in rows[1:]}
    read.rows = [row for row in read.rows if id(row) not in again]
    for rows in several:
        for row in rows[1:]:
            if (row.amount, row.unit) == (rows[0].amount, rows[0].unit):
                read.repeated += 1
            else:
                words = _("has the same time as row %d of this file; remove one of them") % rows[0].number
                read.reject(row, plan.time_column, plan.shown_time(row), words)


def _is_a_day(slot: Slot) -> bool:
    return timedelta(hours=23) <= slot.end - slot.start <= timedelta(hours=25)


def _say_gaps(plan: SheetPlan, read: RowsRead) -> None:
    ordered = sorted({(row.slot.start, row.slot.end) for row in read.rows})
    ends = accumulate((end for _start, end in ordered), max)  # of this row and all before it
    joints = list(zip(ends, (start for start, _end in ordered[1:]), strict=False))
    found = [("overlaps_in_file", [start for end, start in joints if start < end])]
    if not plan.is_of_acts:  # days between fills are no gaps
        found.append(("gaps", [end for end, start in joints if end < start]))
    for code, moments in found:
        if moments:
            first = moments[0].astimezone(plan.zone).isoformat()
            read.notices.append(Notice(code, {"count": len(moments), "first": first}))


def shown(row: SheetRow, zone: Any = UTC) -> dict[str, Any]:
    """A row as it would be stored, for a question's readings."""
    return {
        "row": row.number,
        "sheet": row.sheet,
        "period_start": row.slot.start.astimezone(zone).isoformat(),
        "period_end": row.slot.end.astimezone(zone).isoformat(),
        "amount": plain(row.amount),
        "unit": row.unit,
    }
