"""Imports a sheet into entries of one kind. Idempotent: the same file again adds nothing.

1. `read.py` opens the file, `layout.py` finds sheet and header. 2. `rows.py` decides each column as a whole and reads
rows; what it cannot decide is asked (`questions.py`), and nothing is stored. 3. In one transaction the rows are
compared with stored entries: new, duplicate, changed or refused. 4. `bulk.py` writes the new ones, the log corrects the
changed ones.
received = stored + duplicate + rejected, always. A bad row does not stop the others.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from factories.models import Factory, validate_time_zone
from lib.background import Progress
from lib.decimals import plain
from lib.errors import ApiError
from logbook.bulk import insert_entries
from logbook.choices import Origin
from logbook.models import LoggedEntry
from logbook.notices import ASKED, Notice
from logbook.plausibility import Thing, require_possible
from logbook.services import EntryLog
from logbook.sheets.comparing import compare
from logbook.sheets.layout import Sheet, SheetLine, lay_out
from logbook.sheets.options import (
    DateOrder,
    DecimalMark,
    EndIs,
    HiddenRows,
    SameTime,
    SwappedDays,
    TimeIs,
    UnitFrom,
    ValuesAre,
)
from logbook.sheets.own_export import StoredEntry, entry_id, is_as_stored, is_own_export, other_value, require_real
from logbook.sheets.questions import Ask, Asker, SheetError, SheetQuestion, UndecidedError
from logbook.sheets.read import SheetTable
from logbook.sheets.results import ChangedRow, ImportResult
from logbook.sheets.rows import RowError, RowsRead, SheetRow, read_rows
from logbook.sheets.rows import shown as shown_row
from logbook.sheets.second_look import look_again, use_of, warn
from logbook.sheets.time_axis import Slot, calendar_day

PROGRESS_EVERY_ROWS = 1_000
SHOWN_READINGS = 6
SHOWN_ROWS = 3
LARGEST_CHANGES = 2_000
_LOCK = 0x53484554  # advisory lock class "one import of a site at a time"
ValuedRow = tuple[SheetRow, Any, tuple[Notice, ...]]


@dataclass(frozen=True, kw_only=True)
class SheetPlan(ABC):
    """The meaning of a file's columns, and the entries that its rows become. An empty `time_zone` means the site's
    own, an empty `unit` the one that the sheet names. `options.py` explains the choices."""

    factory: Factory
    value_column: str
    time_column: str = ""
    unit: str = ""
    clock_column: str = ""
    from_column: str = ""
    to_column: str = ""
    sheet: str = ""
    time_zone: str = ""
    time_is: TimeIs = TimeIs.AUTO
    date_order: DateOrder = DateOrder.AUTO
    swapped_days: SwappedDays = SwappedDays.AUTO
    end_is: EndIs = EndIs.AUTO
    decimal_mark: DecimalMark = DecimalMark.AUTO
    unit_from: UnitFrom = UnitFrom.AUTO
    hidden_rows: HiddenRows = HiddenRows.AUTO
    same_time: SameTime = SameTime.AUTO
    values_are: ValuesAre = ValuesAre.AMOUNTS
    interval_min: int | None = None
    register_digits: int | None = None
    reason: str = ""

    model: ClassVar[type[LoggedEntry]]
    log: ClassVar[EntryLog[Any, Any]]
    amount_column: ClassVar[str]
    # Errors of `valued` that refuse one row; any other error concerns all rows and ends the import.
    refused_by_row: ClassVar[frozenset[str]] = frozenset({"amount"})
    summed: ClassVar[tuple[str, ...]] = ()

    # --- What each kind defines ---------------------------------------------------------------
    @abstractmethod
    def step_of(self, unit: str) -> Decimal:
        """The finest amount that is stored."""

    @abstractmethod
    def unit_of(self, text: str) -> str | None:
        """The unit that a text names, in one spelling; None where it names none."""

    @abstractmethod
    def check(self, amount: Decimal, unit: str) -> None:
        """Raise ApiError on `amount` or `unit` for one that no entry can have."""

    @property
    def is_of_acts(self) -> bool:
        """Whether a row of a day is an act, like a fill, of which a day may have several."""
        return False

    def in_entered_unit(self, stored: Decimal, unit: str) -> Decimal:
        """A value of `amount_column` in the unit of its entry."""
        return stored

    def day_of(self, day: date) -> Slot:
        """The period of a row whose time is a date alone."""
        return calendar_day(day, self.zone)

    @abstractmethod
    def identity_filter(self) -> dict[str, Any]:
        """A filter for entries of the same kind as the rows. Raises ApiError for a wrong type, unit or source."""

    def export_values(self) -> dict[str, Any]:
        """Columns of our own export, with what they say of a row that this import is about."""
        return {"factory": self.factory.pk}

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
        self,
        user: User | None,
        tables: Sequence[SheetTable],
        *,
        dry_run: bool = False,
        progress: Progress = lambda _done, _total: None,
        stored: Callable[[ImportResult], object] = lambda _result: None,
    ) -> ImportResult:
        """Read; then compare with stored entries, compute and store, in one transaction that calls `stored` at its
        end. A dry run does everything except storing.

        Raises UndecidedError (questions), SheetError (file, columns) or ApiError 400 (type, product, unit, set,
        source): then nothing is stored.
        """
        identity = self.identity_filter()
        asker = Asker()
        # No transaction while a sheet is read: 100,000 rows with an open question took 52 s.
        result, read, own = self._read(tables, identity, asker)
        if asker.questions:
            raise self._undecided(tables, identity, asker.questions.values(), result)
        result.is_dry_run = dry_run
        with transaction.atomic(), connection.cursor() as cursor:
            # Two imports for one factory wait for each other; nothing else does.
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, self.factory.pk])
            if own != self._entries_of(own, identity):
                raise ApiError(
                    409, "entries_changed", _("Entries of this file were changed while it was read: import it again.")
                )
            plan = compare(self, read.rows, identity, own, result)
            new = self._valued(plan.new, result, progress)
            new = look_again(self, new, result)
            if self.reason:
                self._take_over(user, plan.changed, result, dry_run=dry_run)
            else:
                self._show_changes(plan.changed, result)
            if not dry_run:
                insert_entries(self.model, user, map(self._numbered_columns, new), origin=Origin.IMPORT)
            self._complete(result, len(new))
            stored(result)
        return result

    @staticmethod
    def _complete(result: ImportResult, new_count: int) -> None:
        result.stored = new_count + result.changed
        for rows in (result.errors, result.row_warnings):
            rows.sort(key=lambda row: (row.sheet, row.row))

    @cached_property
    def zone(self) -> ZoneInfo:
        if not self.time_zone:
            return self.factory.zone
        validate_time_zone(self.time_zone)
        return ZoneInfo(self.time_zone)

    def shown_time(self, row: SheetRow) -> str:
        moment = row.slot.end if self.time_is is TimeIs.END else row.slot.start
        return moment.astimezone(self.zone).isoformat()

    # --- Reading -----------------------------------------------------------------------------------
    def _read(
        self, tables: Sequence[SheetTable], identity: dict[str, Any], ask: Ask
    ) -> tuple[ImportResult, RowsRead, dict[int, StoredEntry]]:
        """The rows to compare, and the entries that rows of our own export name. Rows of it that are as stored are
        duplicates, whatever their type."""
        named = [self.value_column]
        named += [self.from_column, self.to_column] if self.from_column or self.to_column else [self.time_column]
        sheet, notices = lay_out(tables, named, wanted=self.sheet, hidden_rows=self.hidden_rows, ask=ask)
        result = ImportResult(received=len(sheet.lines), unit=self.unit, sums=dict.fromkeys(self.summed, Decimal(0)))
        result.notices += notices
        require_real(sheet)
        own = self._own_entries(sheet, identity) if is_own_export(sheet) else {}
        if is_own_export(sheet):
            sheet = Sheet(sheet.columns, self._to_read(sheet, own, result))
        read = read_rows(self, sheet, ask) if sheet.lines else RowsRead(0)
        result.duplicate += read.repeated
        result.received -= len(sheet.lines) - read.received
        result.errors += read.errors
        result.notices += read.notices
        if read.rows:
            result.period_start = min(row.slot.start for row in read.rows)
            result.period_end = max(row.slot.end for row in read.rows)
            result.unit = self.unit or read.rows[0].unit
        return result, read, own

    def _to_read(self, sheet: Sheet, own: dict[int, StoredEntry], result: ImportResult) -> list[SheetLine]:
        """The lines of our own export that are new or changed; the others are counted."""
        lines, expected = [], self.export_values()
        for line in sheet.lines:
            entry = own.get(entry_id(sheet, line) or 0)
            if entry is not None and is_as_stored(sheet, line, entry):
                result.duplicate += 1
                if entry.is_of_kind:
                    result.count(entry.amount, entry.unit)
            elif other := other_value(sheet, line, expected):
                words = _("is not what this import is about (%(expected)s); leave the row out, or import it apart")
                column, text = other
                result.errors.append(
                    RowError(line.number, column, text, words % {"expected": expected[column] or "-"}, line.sheet)
                )
            else:
                lines.append(line)
        return lines

    def _own_entries(self, sheet: Sheet, identity: dict[str, Any]) -> dict[int, StoredEntry]:
        ids = (number for line in sheet.lines if (number := entry_id(sheet, line)) is not None)
        return self._entries_of(ids, identity)

    def _entries_of(self, numbers: Iterable[int], identity: dict[str, Any]) -> dict[int, StoredEntry]:
        ids = {*numbers}
        if not ids:
            return {}
        entries = self.model._default_manager.filter(factory=self.factory, deleted_at__isnull=True)
        of_kind = set(entries.filter(**identity, pk__in=ids).values_list("pk", flat=True))
        columns = entries.filter(pk__in=ids).values_list("pk", "period_start", "period_end", self.amount_column, "unit")
        return {
            pk: StoredEntry(pk, start, end, self.in_entered_unit(amount, unit), unit, pk in of_kind)
            for pk, start, end, amount, unit in columns
        }

    def _undecided(
        self,
        tables: Sequence[SheetTable],
        identity: dict[str, Any],
        questions: Iterable[SheetQuestion],
        result: ImportResult,
    ) -> UndecidedError:
        """The questions, each with how the first rows that differ would be stored by each answer."""
        asked = []
        for question in questions:
            rows_of = {
                choice: self._as_read(tables, identity, {question.parameter: choice})
                for choice in question.choices[:SHOWN_READINGS]
            }
            asked.append((question, side_by_side(rows_of)))
        return UndecidedError(asked, result.notices)

    def _as_read(
        self, tables: Sequence[SheetTable], identity: dict[str, Any], answer: dict[str, Any]
    ) -> dict[tuple[str, int], dict[str, Any]]:
        plan = replace(self, **answer)
        try:
            _result, read, _own = plan._read(tables, identity, Asker())
        except SheetError as error:
            return {("", 0): {"row": 0, "sheet": "", "message": str(error)}}
        rows = {(row.sheet, row.number): shown_row(row, plan.zone) for row in read.rows}
        errors = {
            (error.sheet, error.row): {"row": error.row, "sheet": error.sheet, "message": error.message}
            for error in read.errors
        }
        return dict(sorted((errors | rows).items()))

    # --- Changed amounts ---------------------------------------------------------------------------
    def _show_changes(self, changes: list[ChangedRow], result: ImportResult) -> None:
        """Without a reason a changed row is refused, with both amounts."""
        for change in changes:
            words = _(
                "was imported before as %(before)s: correct entry %(entry)d if that was wrong, or give reason to take "
                "over all changed rows of this sheet"
            )
            said = change.as_shown()
            result.changes.append(said)
            result.reject(change.row, self.value_column, plain(change.row.amount), words % said)

    def _take_over(self, user: User | None, changes: list[ChangedRow], result: ImportResult, *, dry_run: bool) -> None:
        """Correct the entries of changed rows, with the reason; the history keeps what they were."""
        if len(changes) > LARGEST_CHANGES:
            words = _("%(count)d rows have changed, more than %(limit)d at once: split the sheet.")
            raise SheetError(words % {"count": len(changes), "limit": LARGEST_CHANGES}, "reason")
        for change in changes:
            row, entry = change.row, change.entry
            values: dict[str, Any] = {"amount": row.amount, "unit": row.unit}
            if (entry.start, entry.end) != (row.slot.start, row.slot.end):
                values |= {"period_start": row.slot.start, "period_end": row.slot.end}
            try:
                with transaction.atomic():
                    corrected = self.log.correct(user, entry.pk, values, self.reason)
                    if dry_run:
                        transaction.set_rollback(True)
            except ApiError as error:
                problems = [problem["message"] for of_field in error.fields.values() for problem in of_field]
                result.reject(row, self.value_column, plain(row.amount), " ".join(problems) or error.message)
                continue
            for notice in corrected.warnings:
                if notice["code"] in ASKED:
                    warn(self, row, Notice(**notice), result)
            result.changed += 1
            result.changes.append(change.as_shown())
            result.count(row.amount, row.unit)

    # --- New rows ----------------------------------------------------------------------------------
    def _valued(self, rows: list[SheetRow], result: ImportResult, progress: Progress) -> list[ValuedRow]:
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
                    (self.value_column, plain(row.amount))
                    if name == "amount"
                    else (self.time_column, self.shown_time(row))
                )
                result.reject(row, column, value, problems[0]["message"])
                continue
            result.count(row.amount, row.unit)
            for name in self.summed:
                result.sums[name] += getattr(results, name)
            result.notices += [notice for notice in notices if notice.code not in noticed]
            noticed |= {notice.code for notice in notices}
            valued_rows.append((row, results, notices))
            if i % PROGRESS_EVERY_ROWS == 0:
                progress(i, len(rows))
        return valued_rows

    def _numbered_columns(self, valued: ValuedRow) -> dict[str, Any]:
        return self.columns(*valued) | {"number_in_period": valued[0].number_in_period}


def side_by_side(rows_of: dict[Any, dict[tuple[str, int], dict[str, Any]]]) -> list[dict[str, Any]]:
    """For each choice its number of rows, and the first rows that another choice would store otherwise."""
    readings = []
    for choice, rows in rows_of.items():
        others = [other for name, other in rows_of.items() if name != choice]
        differing = [row for key, row in rows.items() if any(other.get(key) != row for other in others)]
        stored = sum("amount" in row for row in rows.values())
        readings.append({"choice": str(choice), "count": stored, "rows": differing[:SHOWN_ROWS]})
    return readings
