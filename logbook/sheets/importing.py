"""Imports a sheet into entries of one kind: one row, one period. Idempotent: the same file again adds nothing.

Reading the file is in `read.py`, its times in `time_axis.py`, its amounts in `amounts.py`, writing in `bulk.py`.
received = stored + duplicate + rejected, always. A bad row does not stop the others.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from itertools import accumulate
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from factories.models import Factory, validate_time_zone
from lib.decimals import plain
from lib.errors import ApiError
from logbook.bulk import insert_entries
from logbook.choices import Origin
from logbook.models import LoggedEntry
from logbook.notices import Notice, shown
from logbook.periods import Period, period_of
from logbook.plausibility import Thing, require_possible
from logbook.sheets.amounts import DecimalMark, amounts
from logbook.sheets.read import Cell, Problem, Sheet
from logbook.sheets.second_look import RowWarning, look_again, use_of
from logbook.sheets.time_axis import DateOrder, Slot, TimeIs, calendar_day, periods

PROGRESS_EVERY_ROWS = 1_000
SHOWN_ERRORS = 1_000
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was refused: its number in the file, the column, the cell's text, what to do."""

    row: int
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}={self.value!r}: {self.message}"


@dataclass(slots=True)
class ImportResult:
    """received = stored + duplicate + len(errors). `amount` is the sum of rows stored now or before, `sums` of rows
    stored now."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    errors: list[RowError] = field(default_factory=list)
    row_warnings: list[RowWarning] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    is_dry_run: bool = False
    amount: Decimal = Decimal(0)
    unit: str = ""
    sums: dict[str, Decimal] = field(default_factory=dict)
    period_start: datetime | None = None
    period_end: datetime | None = None

    @property
    def rejected(self) -> int:
        return len(self.errors)

    @property
    def shown_errors(self) -> list[RowError]:
        return self.errors[:SHOWN_ERRORS]

    @property
    def shown_row_warnings(self) -> list[RowWarning]:
        return self.row_warnings[:SHOWN_ERRORS]

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return shown(notice.stored() for notice in self.notices)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that can be read."""

    number: int
    slot: Slot
    amount: Decimal

    def days(self, factory: Factory) -> tuple[date, date]:
        return Period(self.slot.start, self.slot.start, self.slot.end).days(factory)


@dataclass(frozen=True, kw_only=True)
class SheetImport(ABC):
    """The meaning of a file's columns, and the entries that its rows become. An empty `time_zone` means the site's
    own."""

    factory: Factory
    unit: str
    time_column: str
    value_column: str
    time_zone: str = ""
    time_is: TimeIs = TimeIs.END
    date_order: DateOrder = DateOrder.AUTO
    decimal_mark: DecimalMark = DecimalMark.AUTO
    interval_min: int | None = None

    model: ClassVar[type[LoggedEntry]]
    amount_column: ClassVar[str]
    # Errors of `valued` that refuse one row; any other error concerns all rows and ends the import.
    refused_by_row: ClassVar[frozenset[str]] = frozenset({"amount"})
    summed: ClassVar[tuple[str, ...]] = ()

    # --- What each kind defines ---------------------------------------------------------------
    @property
    @abstractmethod
    def step(self) -> Decimal:
        """The finest amount that is stored."""

    @abstractmethod
    def check(self, amount: Decimal) -> None:
        """Raise ApiError on `amount` for one that no entry can have."""

    def in_entered_unit(self, stored: Decimal, unit: str) -> Decimal:
        """A value of `amount_column` in the unit of its entry."""
        return stored

    def day_of(self, day: date) -> Slot:
        """The period of a row whose time is a date alone."""
        return calendar_day(day, self.zone)

    @abstractmethod
    def identity_filter(self) -> dict[str, Any]:
        """A filter for entries of the same kind as the rows. Raises ApiError for a wrong type, unit or source."""

    def overlap_filter(self) -> Q:
        """Entries that would count a second time what a row of the same time counts."""
        return Q(**self.identity_filter())

    @abstractmethod
    def valued(self, row: SheetRow) -> tuple[Any, tuple[Notice, ...]]:
        """The computed columns of a row, with the attributes named in `summed`. Raises ApiError."""

    @abstractmethod
    def thing_of(self, results: Any) -> Thing:
        """What the amount of a row is compared with; `results` are those of `valued`."""

    @abstractmethod
    def columns(self, row: SheetRow, results: Any, notices: tuple[Notice, ...]) -> dict[str, Any]:
        """The entry in the form that `insert_entries` takes."""

    # --- The import --------------------------------------------------------------------------------
    def run(
        self, user: User | None, sheet: Sheet, *, dry_run: bool = False, progress: Progress = lambda _done, _total: None
    ) -> ImportResult:
        """Read, compare with stored entries, compute and store, in one transaction. A dry run does everything except
        storing.

        Raises SheetError (file, columns) or ApiError 400 (type, product, unit, set, source): then nothing is stored.
        """
        identity = self.identity_filter()
        result = ImportResult(
            received=len(sheet.rows), is_dry_run=dry_run, unit=self.unit, sums=dict.fromkeys(self.summed, Decimal(0))
        )
        readable = self._readable(sheet, result)
        with transaction.atomic():
            # Two imports for one factory wait for each other; manual entries do not wait.
            Factory.objects.select_for_update(no_key=True).get(pk=self.factory.pk)
            new = self._valued(self._new(readable, identity, result), result, progress)
            new = look_again(self, new, result)
            if not dry_run:
                insert_entries(self.model, user, (self.columns(*row) for row in new), origin=Origin.IMPORT)
        result.stored = len(new)
        for rows in (result.errors, result.row_warnings):
            rows.sort(key=lambda row: row.row)
        return result

    @cached_property
    def zone(self) -> ZoneInfo:
        if not self.time_zone:
            return self.factory.zone
        validate_time_zone(self.time_zone)
        return ZoneInfo(self.time_zone)

    def _readable(self, sheet: Sheet, result: ImportResult) -> list[SheetRow]:
        time_at = sheet.column(self.time_column, "time_column")
        value_at = sheet.column(self.value_column, "value_column")
        times, values = ([_cell(cells, at) for _number, cells in sheet.rows] for at in (time_at, value_at))
        slots = periods(
            times,
            zone=self.zone,
            day_of=self.day_of,
            time_is=self.time_is,
            date_order=self.date_order,
            interval=timedelta(minutes=self.interval_min) if self.interval_min else None,
        )
        now = timezone.now()
        rows, rounded_count = [], 0
        for i, amount in enumerate(amounts(values, self.decimal_mark)):
            number, slot = sheet.rows[i][0], slots[i]
            if isinstance(slot, Problem):
                self._reject(result, number, self.time_column, times[i], slot.message)
            elif problem := self._time_problem(slot, now):
                self._reject(result, number, self.time_column, times[i], problem)
            elif problem := self._problem(sheet, i, amount):
                self._reject(result, number, self.value_column, values[i], problem)
            elif isinstance(amount, Decimal):
                kept = amount.quantize(self.step, rounding=ROUND_HALF_EVEN)
                rounded_count += kept != amount
                rows.append(SheetRow(number, slot, kept))
        self._say_what_was_seen(sheet, rows, rounded_count, {time_at, value_at}, result)
        return rows

    def _time_problem(self, slot: Slot, now: datetime) -> str:
        try:
            period_of(self.factory, timestamp=slot.start, start=slot.start, end=slot.end, now=now)
        except ApiError as error:
            (problem,) = next(iter(error.fields.values()))
            return str(problem["message"])
        return ""

    def _problem(self, sheet: Sheet, i: int, amount: Decimal | Problem) -> str:
        if any(cell not in (None, "") for cell in sheet.rows[i][1][len(sheet.columns) :]):
            return _("is in a row with more cells than the header; is a comma in it a decimal comma?")
        if isinstance(amount, Problem):
            return amount.message
        try:
            self.check(amount)
        except ApiError as error:
            return str(error.fields["amount"][0]["message"])
        return ""

    def _say_what_was_seen(
        self, sheet: Sheet, rows: list[SheetRow], rounded_count: int, used: set[int], result: ImportResult
    ) -> None:
        unused = [name for i, name in enumerate(sheet.columns) if i not in used and name]
        if unused:
            result.notices.append(Notice("columns_unused", {"columns": ", ".join(unused)}))
        if rounded_count:
            result.notices.append(Notice("rounded", {"count": rounded_count, "step": plain(self.step)}))
        ordered = sorted({(row.slot.start, row.slot.end) for row in rows})
        if not ordered:
            return
        result.period_start, result.period_end = ordered[0][0], max(end for _start, end in ordered)
        ends = accumulate((end for _start, end in ordered), max)  # of this row and all before it
        joints = list(zip(ends, (start for start, _end in ordered[1:]), strict=False))
        for code, moments in (
            ("gaps", [end for end, start in joints if end < start]),
            ("overlaps_in_file", [start for end, start in joints if start < end]),
        ):
            if moments:
                first = moments[0].astimezone(self.zone).isoformat()
                result.notices.append(Notice(code, {"count": len(moments), "first": first}))

    def _new(self, rows: list[SheetRow], identity: dict[str, Any], result: ImportResult) -> list[SheetRow]:
        """Rows of periods that are not imported yet. A stored period with another value is an error."""
        known, of_file = self._known(rows, identity), dict[tuple[datetime, datetime], SheetRow]()
        new = []
        for row in rows:
            key = (row.slot.start, row.slot.end)
            first, stored = of_file.setdefault(key, row), known.get(key)
            if first is not row:
                words = _("has the same time as row %d of this file; remove one of them") % first.number
                self._reject(result, row.number, self.time_column, self._local(row), words)
            elif stored is None:
                new.append(row)
            elif stored[1:] == (row.amount, self.unit):
                result.duplicate += 1
                result.amount += row.amount
            else:
                params = {"entry": stored[0], "amount": plain(stored[1]), "unit": stored[2]}
                words = _("was imported before as %(amount)s %(unit)s: correct entry %(entry)d if that was wrong")
                self._reject(result, row.number, self.value_column, plain(row.amount), words % params)
        return new

    def _known(
        self, rows: list[SheetRow], identity: dict[str, Any]
    ) -> dict[tuple[datetime, datetime], tuple[int, Decimal, str]]:
        """Period -> id, amount and unit of what was imported before; columns, since rows take twice the time."""
        if not rows:
            return {}
        entries = self.model._default_manager.filter(
            **identity,
            factory=self.factory,
            origin=Origin.IMPORT,
            deleted_at__isnull=True,
            period_start__gte=min(row.slot.start for row in rows),
            period_start__lte=max(row.slot.start for row in rows),
        )
        columns = entries.values_list("period_start", "period_end", "pk", self.amount_column, "unit")
        return {
            (start, end): (pk, self.in_entered_unit(amount, unit), unit)
            for start, end, pk, amount, unit in columns.iterator(chunk_size=10_000)
        }

    def _valued(
        self, rows: list[SheetRow], result: ImportResult, progress: Progress
    ) -> list[tuple[SheetRow, Any, tuple[Notice, ...]]]:
        noticed: set[str] = set()
        valued_rows = []
        for i, row in enumerate(rows, start=1):
            try:
                results, notices = self.valued(row)
                require_possible(self.thing_of(results), use_of(self, row, results))
            except ApiError as error:
                name, problems = next(iter(error.fields.items()))
                if name not in self.refused_by_row:
                    raise
                column, value = (
                    (self.value_column, plain(row.amount)) if name == "amount" else (self.time_column, self._local(row))
                )
                self._reject(result, row.number, column, value, problems[0]["message"])
                continue
            result.amount += row.amount
            for name in self.summed:
                result.sums[name] += getattr(results, name)
            result.notices += [notice for notice in notices if notice.code not in noticed]
            noticed |= {notice.code for notice in notices}
            valued_rows.append((row, results, notices))
            if i % PROGRESS_EVERY_ROWS == 0:
                progress(i, len(rows))
        return valued_rows

    def _local(self, row: SheetRow) -> str:
        moment = row.slot.end if self.time_is is TimeIs.END else row.slot.start
        return moment.astimezone(self.zone).isoformat()

    @staticmethod
    def _reject(result: ImportResult, number: int, column: str, value: Cell, message: str) -> None:
        result.errors.append(RowError(number, column, str("" if value is None else value)[:60], message))


def _cell(cells: list[Cell], at: int) -> Cell:
    return cells[at] if at < len(cells) else None
