"""The Month page: a grid of factory days and logged items, gaps to tap, sums, and the entries of one day. Reads
only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance import queries, site_days
from compliance.explain import identity
from compliance.queries import Sums
from energy.choices import EntryKind
from energy.daily import DayAmounts, amounts_by_day
from energy.models import EnergyEntry, EnergyType
from factories.days import FactoryDay, day_label, factory_day, month_days
from factories.models import Factory
from factories.sectors import SECTORS
from lib.decimals import plain
from logbook.periods import LONGEST
from logbook.queries import overlapping
from portal.amounts import amount_label, entry_url, unit_label
from portal.carbon_words import co2e_notes
from portal.log_form.rows import ROWS, rows_of
from portal.missing import MissingRow, first_logged_at, missing_days
from portal.words import lower_bound_notes
from production.models import ProductionEntry
from science.interval import UncertainMass

EARLIEST_YEAR = 1990


@dataclass(frozen=True, slots=True)
class MonthColumn:
    key: str
    label: str
    unit: str
    unit_label: str

    @property
    def row_name(self) -> str:
        """The row of the log form that fills a missing day of this column."""
        return "explosives" if self.key == "explosive_anfo" else self.key


@dataclass(frozen=True, slots=True)
class DayCell:
    """`text` is empty without an entry. `hole_url` leads to the log form, for users who may log a missing entry."""

    amount: Decimal | None
    text: str
    is_partly: bool
    is_hole: bool
    hole_url: str
    is_awaited: bool = False
    identity: str = ""  # of a product; what was typed of a fuel is behind its day


@dataclass(frozen=True, slots=True)
class DayRow:
    day: date
    label: str
    weekday: str
    url: str
    is_open: bool
    is_ahead: bool
    cells: tuple[DayCell, ...]


@dataclass(frozen=True, slots=True)
class EntryRow:
    name: str
    amount: str
    kind: str
    period: str
    url: str


@dataclass(frozen=True, slots=True)
class MonthPage:
    organisation_name: str
    factory: Factory
    title: str
    month: str
    columns: tuple[MonthColumn, ...]
    rows: tuple[DayRow, ...]
    totals: tuple[str, ...]
    total_identities: tuple[str, ...]  # of those of products; empty of fuels
    holes: int
    awaited_sentence: str  # empty when no bill is awaited
    co2e_t: Decimal | None
    co2e: UncertainMass | None  # the same with its errors
    biogenic_t: Decimal | None
    biogenic: UncertainMass | None
    market_t: Decimal | None  # scope 2 by contracts and certificates; None without any
    notes: tuple[str, ...]  # on its CO2e, and on what the chimney measured
    energy_days: int
    co2e_identity: str
    biogenic_identity: str
    market_identity: str
    energy_identity: str
    days_so_far: int
    previous_url: str
    next_url: str
    open_day: str  # its label
    entries: tuple[EntryRow, ...]

    @property
    def sums(self) -> Iterator[tuple[str, str]]:
        return zip(self.totals, self.total_identities, strict=True)


def parse_month(text: str) -> date | None:
    """The first day of `2026-11`; None for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return first if first.year >= EARLIEST_YEAR and len(text) == 7 else None


def _notes(total: Sums) -> tuple[str, ...]:
    on_co2e = co2e_notes({total.gwp_set}, {total.published_gwp_set}, {total.scope2_basis})
    return (*on_co2e, *lower_bound_notes(total.lower_bound_days > 0))


def month_page(factory: Factory, first: date, now: datetime, *, may_write: bool, open_day: str = "") -> MonthPage:
    """One month; the number of queries does not grow with its entries."""
    site_days.refresh([factory.pk])
    days = month_days(factory, first)
    last = days[-1].day
    series = queries.series([factory.pk], first, last, by="day", now=now)
    sums = {row.bucket: row for row in series if row.bucket is not None}
    amounts = amounts_by_day(factory, [(day.day, day.starts_at, day.ends_at) for day in days])
    columns = _columns(factory, amounts)
    missing = _missing(factory, days, sums, now)
    holes = {row.name: {cell.day: cell.url for cell in row.cells} for row in missing}
    awaited = {row.name: row.awaited for row in missing}
    inputs = _GridInputs(sums, amounts, holes, awaited, may_write, open_day, now)
    rows = tuple(_day_row(factory, day, columns, inputs) for day in days)
    opened = next((row for row in rows if row.is_open), None)
    total = queries.sums([factory.pk], first, last, now=now).get(factory.pk)
    return MonthPage(
        organisation_name=factory.organisation.name,
        factory=factory,
        title=dateformat.format(first, "F Y"),
        month=f"{first:%Y-%m}",
        columns=columns,
        rows=rows,
        totals=tuple(_total(rows, place) for place in range(len(columns))),
        total_identities=tuple(_identity(factory, column, first, last) for column in columns),
        holes=sum(len(of_row) for of_row in holes.values()),
        awaited_sentence=_awaited_sentence(missing),
        co2e_t=_tonnes(total.co2e_kg) if total else None,
        co2e=total.uncertain("co2e") if total else None,
        biogenic_t=_tonnes(total.biogenic_co2_kg) if total else None,
        biogenic=total.uncertain("biogenic") if total else None,
        market_t=_tonnes(total.scope2_market_co2e_kg) if total else None,
        notes=_notes(total) if total else (),
        energy_days=total.energy_days if total else 0,
        co2e_identity=identity.site(factory.pk, first, last, "co2e_kg"),
        biogenic_identity=identity.site(factory.pk, first, last, "biogenic_co2_kg"),
        market_identity=identity.site(factory.pk, first, last, "scope2_market_co2e_kg"),
        energy_identity=identity.site(factory.pk, first, last, "energy_days") if total else "",
        days_so_far=sum(day.ends_at <= now for day in days),
        previous_url=_month_url(factory, first - timedelta(days=1)),
        next_url=_month_url(factory, last + timedelta(days=1)) if days[-1].ends_at <= now else "",
        open_day=opened.label if opened else "",
        entries=_entries(factory, opened.day) if opened else (),
    )


def _identity(factory: Factory, column: MonthColumn, first: date, last: date) -> str:
    """Of what was made; empty for a fuel."""
    name = product_column(factory, column.key)
    return identity.site(factory.pk, first, last, name) if name else ""


def product_column(factory: Factory, key: str) -> str:
    products = SECTORS[factory.sector].products
    return "" if key not in products else "made_kg" if key == products[0] else f"{key}_kg"


def _tonnes(kg: Decimal | None) -> Decimal | None:
    return None if kg is None else kg / 1000


def _month_url(factory: Factory, day: date) -> str:
    return reverse("month", args=[factory.pk, f"{day:%Y-%m}"])


def csv_rows(page: MonthPage) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of the grid as a file: full amounts, and an empty field where nothing was logged."""
    names = [f"{column.key}_{column.unit}" for column in page.columns]
    rows = [
        {"day": row.day.isoformat()}
        | {name: "" if cell.amount is None else plain(cell.amount) for name, cell in zip(names, row.cells, strict=True)}
        for row in page.rows
    ]
    return ["day", *names], rows


# --- Grid --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _GridInputs:
    sums: Mapping[date, Sums]
    amounts: Mapping[tuple[date, str], DayAmounts]
    holes: Mapping[str, Mapping[date, str]]
    awaited: Mapping[str, frozenset[date]]
    may_write: bool
    open_day: str
    now: datetime


def _columns(factory: Factory, amounts: Mapping[tuple[date, str], DayAmounts]) -> tuple[MonthColumn, ...]:
    """A column for each energy type and unit that was logged, the usual ones first; then the products."""
    logged = {(code, unit) for (_day, code), of_day in amounts.items() for unit in of_day.by_unit}
    rows = (ROWS[name] for name in SECTORS[factory.sector].month_rows)
    standard = ((row.energy_type, row.units[0]) for row in rows)
    usual = [(c, u) for c, u in standard if (c, u) in logged or c not in {code for code, _unit in logged}]
    pairs = [*usual, *sorted(logged - set(usual))]
    names = dict(EnergyType.objects.filter(code__in={code for code, _unit in pairs}).values_list("code", "name"))
    columns = [MonthColumn(code, _(names.get(code, code)), unit, unit_label(unit)) for code, unit in pairs]
    return (
        *columns,
        *(MonthColumn(row.product, str(row.label), "kg", "kg") for row in rows_of(factory) if row.product),
    )


def _missing(
    factory: Factory, days: Sequence[FactoryDay], sums: Mapping[date, Sums], now: datetime
) -> tuple[MissingRow, ...]:
    """The past days without an entry, and those whose bill is awaited."""
    first = first_logged_at(factory)
    over = [day for day in days if day.ends_at <= now]
    return () if first is None or not over else missing_days(factory, over, sums, now, first).rows


def _awaited_sentence(missing: Sequence[MissingRow]) -> str:
    row = next((row for row in missing if row.awaited), None)
    if row is None:
        return ""
    days = ngettext("%(count)d day waits for a bill.", "%(count)d days wait for a bill.", len(row.awaited))
    return f"{row.label}: {days % {'count': len(row.awaited)}} {row.note}"


def _day_row(factory: Factory, day: FactoryDay, columns: Sequence[MonthColumn], inputs: _GridInputs) -> DayRow:
    cells = []
    taken: set[str] = set()
    for column in columns:
        amount, is_whole = _amount(factory, day, column, inputs)
        # If one type has two columns (wood in stere and in kg), only the first shows the missing day.
        is_first = column.row_name not in taken
        taken.add(column.row_name)
        hole_url = inputs.holes.get(column.row_name, {}).get(day.day, "") if amount is None and is_first else ""
        is_awaited = amount is None and is_first and day.day in inputs.awaited.get(column.row_name, ())
        text = "" if amount is None else shown(amount)
        cells.append(
            DayCell(
                amount,
                text,
                not is_whole,
                bool(hole_url),
                hole_url if inputs.may_write else "",
                is_awaited,
                _identity(factory, column, day.day, day.day),
            )
        )
    return DayRow(
        day=day.day,
        label=day.label,
        weekday=dateformat.format(day.day, "D"),
        url=f"?{urlencode({'day': day.day.isoformat()})}#entries",
        is_open=day.day.isoformat() == inputs.open_day,
        is_ahead=day.starts_at > inputs.now,
        cells=tuple(cells),
    )


def _amount(factory: Factory, day: FactoryDay, column: MonthColumn, inputs: _GridInputs) -> tuple[Decimal | None, bool]:
    if day.starts_at > inputs.now:
        return None, True  # a bill may cover future days; the grid does not show them yet
    if name := product_column(factory, column.key):
        row = inputs.sums.get(day.day)
        return (None if row is None else getattr(row, name)), True
    of_day = inputs.amounts.get((day.day, column.key))
    if of_day is None:
        return None, True
    return of_day.by_unit.get(column.unit), of_day.is_whole_day


def shown(amount: Decimal) -> str:
    is_whole = abs(amount) >= 100 or amount == amount.to_integral_value()
    return f"{amount:,.0f}" if is_whole else f"{amount:,.1f}"


def _total(rows: Sequence[DayRow], place: int) -> str:
    known = [amount for row in rows if (amount := row.cells[place].amount) is not None]
    return shown(sum(known, Decimal(0))) if known else ""


# --- Entries of one day ------------------------------------------------------------------------
def _entries(factory: Factory, day: date) -> tuple[EntryRow, ...]:
    of_day = factory_day(factory, day)
    energy = EnergyEntry.objects.filter(
        factory=factory, deleted_at__isnull=True, timestamp__gt=of_day.starts_at - LONGEST
    ).select_related("energy_type", "factory")
    used = energy.filter(kind=EntryKind.USED).order_by("period_start", "pk")
    used = overlapping(used, of_day.starts_at, of_day.ends_at)
    counted = energy.exclude(kind=EntryKind.USED).filter(timestamp__gte=of_day.starts_at, timestamp__lte=of_day.ends_at)
    of_factory = ProductionEntry.objects.filter(factory=factory).select_related("factory")
    made = overlapping(of_factory, of_day.starts_at, of_day.ends_at).order_by("product", "pk")
    rows = [
        _entry_row(entry, _(entry.energy_type.name), entry.get_kind_display()) for entry in [*used[:200], *counted[:50]]
    ]
    return (*rows, *(_entry_row(entry, entry.get_product_display(), "") for entry in made[:50]))


def _entry_row(entry: EnergyEntry | ProductionEntry, name: str, kind: str) -> EntryRow:
    zone = entry.factory.zone
    period = ""
    if entry.period_start and entry.period_end:
        first = entry.period_start.astimezone(zone)
        last = entry.period_end.astimezone(zone) - timedelta(days=1)
        period = day_label(first.date())
        if last.date() > first.date():
            period = _("%(first)s to %(last)s") % {"first": period, "last": day_label(last.date())}
    return EntryRow(name, amount_label(entry), kind, period, entry_url(entry))
