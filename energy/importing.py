"""A sheet of one meter or fuel into entries: one row, one period. Idempotent: the same file again adds nothing.

Reading files is in `sheets.py`, reading times in `time_axis.py`, writing the rows in `bulk.py`.
received = stored + duplicate + rejected, always. A bad row never refuses the others.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from energy.bulk import NewRow, insert_rows
from energy.choices import EntryKind
from energy.factors import FactorBook, find_energy_type
from energy.models import EnergyEntry, EnergyType
from energy.quantities import local_units_of
from energy.services import DEFAULT_MOISTURE_FRACTION, find_source
from energy.valuation import value_amount
from factories.models import EmissionSource, Factory, validate_time_zone
from lib.decimals import plain
from lib.errors import ApiError
from logbook.choices import Origin
from logbook.notices import Notice
from logbook.periods import AHEAD, EARLIEST_YEAR
from logbook.sheets.read import Cell, Sheet, SheetError
from logbook.sheets.time_axis import DateOrder, Problem, Slot, TimeIs, periods

_STEP = Decimal("0.000001")
_LARGEST = Decimal(10) ** 12
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
PROGRESS_EVERY_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What the columns of a file mean. An empty `time_zone` is the site's own."""

    factory: Factory
    energy_type: str
    unit: str
    time_column: str
    value_column: str
    time_zone: str = ""
    time_is: TimeIs = TimeIs.END
    factor_set: str = ""
    source_id: int | None = None
    date_order: DateOrder = DateOrder.AUTO
    interval_min: int | None = None


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was not taken: its number in the file, the column, what stood there, what to do."""

    row: int
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}={self.value!r}: {self.message}"


@dataclass(slots=True)
class ImportResult:
    """received = stored + duplicate + len(rejected). The sums are of what is stored now or was before."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: list[RowError] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    is_dry_run: bool = False
    amount: Decimal = Decimal(0)
    unit: str = ""
    co2e_kg: Decimal = Decimal(0)
    biogenic_co2_kg: Decimal = Decimal(0)
    period_start: datetime | None = None
    period_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Good:
    """A row that can be read."""

    number: int
    slot: Slot
    amount: Decimal


Known = dict[tuple[datetime, datetime], tuple[int, Decimal, str]]
Progress = Callable[[int, int], object]


def import_sheet(
    user: User | None,
    plan: ImportPlan,
    sheet: Sheet,
    *,
    dry_run: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> ImportResult:
    """Read, compare with what is there, value, store: one transaction. A dry run does all of it but store.

    Raises SheetError (file, columns) or ApiError 400 (type, unit, set, source): then nothing is stored.
    """
    energy_type = find_energy_type(plan.energy_type)
    source = find_source(plan.factory, plan.source_id)
    result = ImportResult(received=len(sheet.rows), is_dry_run=dry_run, unit=plan.unit)
    good = _readable(plan, sheet, result)
    with transaction.atomic():
        # Two imports for one factory wait for each other; entries by hand do not.
        Factory.objects.select_for_update(no_key=True).get(pk=plan.factory.pk)
        new = _new_rows(plan, energy_type, source, good, result)
        rows = _valued(plan, energy_type, new, result, progress)
        if rows and not dry_run:
            insert_rows(user, plan.factory, energy_type, source, rows=rows, unit=plan.unit, factor_set=plan.factor_set)
    result.stored = len(rows)
    result.rejected.sort(key=lambda error: error.row)
    return result


# --- Reading the rows --------------------------------------------------------------------------
def _readable(plan: ImportPlan, sheet: Sheet, result: ImportResult) -> list[_Good]:
    time_at = sheet.column(plan.time_column, "time_column")
    value_at = sheet.column(plan.value_column, "value_column")
    times = [_cell(cells, time_at) for _number, cells in sheet.rows]
    slots = periods(
        times,
        zone=_zone(plan),
        time_is=plan.time_is,
        date_order=plan.date_order,
        interval=timedelta(minutes=plan.interval_min) if plan.interval_min else None,
    )
    latest = timezone.now() + AHEAD
    good, rounded_count = [], 0
    for (number, cells), raw_time, slot in zip(sheet.rows, times, slots, strict=True):
        if isinstance(slot, Problem):
            result.rejected.append(RowError(number, plan.time_column, _shown(raw_time), slot.message))
        elif slot.start > latest or slot.start.year < EARLIEST_YEAR:
            words = _("lies in the future or before %d; check day and month") % EARLIEST_YEAR
            result.rejected.append(RowError(number, plan.time_column, _shown(raw_time), words))
        else:
            raw = _cell(cells, value_at)
            amount = _amount(raw, sheet.has_decimal_comma)
            if any(cell not in (None, "") for cell in cells[len(sheet.columns) :]):
                amount = _("stands in a row of more cells than the header has; is a comma in it a decimal comma?")
            if isinstance(amount, str):
                result.rejected.append(RowError(number, plan.value_column, _shown(raw), amount))
                continue
            kept = amount.quantize(_STEP, rounding=ROUND_HALF_EVEN)
            rounded_count += kept != amount
            good.append(_Good(number, slot, kept))
    _say_what_was_seen(plan, sheet, good, rounded_count, {time_at, value_at}, result)
    return good


def _say_what_was_seen(
    plan: ImportPlan, sheet: Sheet, good: list[_Good], rounded_count: int, used: set[int], result: ImportResult
) -> None:
    unused = [name for i, name in enumerate(sheet.columns) if i not in used and name]
    if unused:
        result.notices.append(Notice("columns_unused", {"columns": ", ".join(unused)}))
    if rounded_count:
        result.notices.append(Notice("rounded", {"count": rounded_count}))
    ordered = sorted({(row.slot.start, row.slot.end) for row in good})
    if not ordered:
        return
    result.period_start, result.period_end = ordered[0][0], max(end for _start, end in ordered)
    holes = [a[1] for a, b in pairwise(ordered) if a[1] < b[0]]
    if holes:
        first = holes[0].astimezone(_zone(plan)).isoformat()
        result.notices.append(Notice("gaps", {"count": len(holes), "first": first}))


def _zone(plan: ImportPlan) -> ZoneInfo:
    if not plan.time_zone:
        return plan.factory.zone
    validate_time_zone(plan.time_zone)
    return ZoneInfo(plan.time_zone)


def _cell(cells: list[Cell], at: int) -> Cell:
    return cells[at] if at < len(cells) else None


def _shown(raw: Cell) -> str:
    return str("" if raw is None else raw)[:60]


def _amount(raw: Cell, has_decimal_comma: bool) -> Decimal | str:
    """The number of a cell, or what is wrong with it."""
    text = (repr(raw) if isinstance(raw, float) else str("" if raw is None else raw)).strip()
    if not text:
        return _("there is no value; fill it in, or delete the row: what is missing is not zero")
    if has_decimal_comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if isinstance(raw, bool) or not _NUMBER.fullmatch(text):
        return _("is no number; write it without thousands separators and without a unit, like 1234.5")
    try:
        found = Decimal(text)
    except InvalidOperation:
        return _("is no number; write it without thousands separators and without a unit, like 1234.5")
    if not 0 <= found < _LARGEST:
        return _("is outside 0 to 1e12; what was sent out is logged apart, never as less than 0")
    return found


# --- Comparing with what is there ---------------------------------------------------------------
def _new_rows(
    plan: ImportPlan, energy_type: EnergyType, source: EmissionSource | None, good: list[_Good], result: ImportResult
) -> list[_Good]:
    """Rows of periods that are not imported yet. A period that is there with another value is an error of its row."""
    known = _known(plan, energy_type, source, good)
    of_file: dict[tuple[datetime, datetime], _Good] = {}
    new = []
    for row in good:
        key = (row.slot.start, row.slot.end)
        first = of_file.setdefault(key, row)
        if first is not row:
            words = _("is the same time as row %d of this file; one of them is too many") % first.number
            result.rejected.append(RowError(row.number, plan.time_column, _local(plan, row), words))
        elif key not in known:
            new.append(row)
        elif known[key][1:] == (row.amount, plan.unit):
            result.duplicate += 1
            result.amount += row.amount
        else:
            entry, amount, unit = known[key]
            words = _("was imported before as %(amount)s %(unit)s: correct entry %(entry)d if that was wrong") % {
                "amount": plain(amount),
                "unit": unit,
                "entry": entry,
            }
            result.rejected.append(RowError(row.number, plan.value_column, plain(row.amount), words))
    return new


def _local(plan: ImportPlan, row: _Good) -> str:
    moment = row.slot.end if plan.time_is is TimeIs.END else row.slot.start
    return moment.astimezone(_zone(plan)).isoformat()


def _known(plan: ImportPlan, energy_type: EnergyType, source: EmissionSource | None, good: list[_Good]) -> Known:
    if not good:
        return {}
    rows: QuerySet[EnergyEntry] = EnergyEntry.objects.filter(
        factory=plan.factory,
        energy_type=energy_type,
        source=source,
        origin=Origin.IMPORT,
        kind=EntryKind.USED,
        deleted_at__isnull=True,
        period_start__gte=min(row.slot.start for row in good),
        period_start__lte=max(row.slot.start for row in good),
    )
    columns = rows.values_list("period_start", "period_end", "pk", "amount", "unit").iterator(chunk_size=10_000)
    return {(start, end): (pk, amount, unit) for start, end, pk, amount, unit in columns if start and end}


# --- Valuing -----------------------------------------------------------------------------------
def _valued(
    plan: ImportPlan, energy_type: EnergyType, rows: list[_Good], result: ImportResult, progress: Progress
) -> list[NewRow]:
    """Each row by the factors of its own first day. A day without a factor is an error of its rows, as is a period."""
    organisation = plan.factory.organisation
    book = FactorBook(energy_type, plan.factory.country, plan.factor_set, organisation=organisation)
    local = local_units_of(plan.factory, energy_type)
    gwp_set, zone = organisation.gwp_set, plan.factory.zone
    moisture = DEFAULT_MOISTURE_FRACTION if energy_type.is_wood else None
    said: set[str] = set()
    found: list[NewRow] = []
    for i, row in enumerate(rows):
        first_day = row.slot.start.astimezone(zone).date()
        last_day = (row.slot.end - timedelta(microseconds=1)).astimezone(zone).date()
        try:
            valued, notices = value_amount(
                row.amount, plan.unit, book=book, local=local, first_day=first_day, last_day=last_day, gwp_set=gwp_set
            )
        except ApiError as error:
            name, problems = next(iter(error.fields.items()))
            if name != "energy_type" and name != "factor_set" and name != "amount":
                raise  # the unit: no row of the file can be valued
            result.rejected.append(RowError(row.number, plan.time_column, _local(plan, row), problems[0]["message"]))
            continue
        result.amount += row.amount
        result.co2e_kg += valued.co2e_kg
        result.biogenic_co2_kg += valued.biogenic_co2_kg
        result.notices += [notice for notice in notices if notice.code not in said]
        said |= {notice.code for notice in notices}
        stored_notices = [notice.stored() for notice in notices]
        found.append(NewRow(row.amount, row.slot.start, row.slot.end, valued, moisture, stored_notices))
        if (i + 1) % PROGRESS_EVERY_ROWS == 0:
            progress(i + 1, len(rows))
    return found


__all__ = ["ImportPlan", "ImportResult", "RowError", "SheetError", "import_sheet"]
