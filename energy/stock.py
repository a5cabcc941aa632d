"""Monthly stock balance of fuel: count at the start, deliveries and use, compared with the count at the end.

Reads only, for many factories at once; the formula is in `science/stock.py`. A balance runs from count to count, not
from midnight to midnight: nobody counts wood at 00:00.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import starmap
from typing import Any, NamedTuple

from energy.choices import Carrier, EntryKind
from energy.factors import FactorBook
from energy.models import EnergyEntry, EnergyType
from energy.quantities import in_known_unit, local_units
from energy.wood import Moisture, moisture_of_site, wood_burned
from factories.models import Factory
from lib import sql
from lib.errors import ApiError
from logbook.periods import LONGEST
from science import units
from science.stock import StockBalance, stock_balance
from science.units import Dimension

COUNT_WITHIN = timedelta(days=3)  # of the first of a month
# A fuel below this share of a month's fuel energy need not be counted, like the diesel of a genset at a wood boiler.
COUNTED_FROM_SHARE = Decimal("0.05")


class StockState(StrEnum):
    OK = "ok"  # within 5 % of what was used
    OFF = "off"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Why a balance is not known."""

    NO_OPENING_COUNT = "no_opening_count"
    NO_CLOSING_COUNT = "no_closing_count"
    NO_KILOGRAMS = "no_kilograms"  # a unit of an entry has no mass: a local unit is missing, or the fuel is a gas


@dataclass(frozen=True, slots=True)
class StockMonth:
    """One fuel of one site in one month (its first day). Without `balance` there is a `why`."""

    factory_id: int
    energy_type: str
    month: date
    state: StockState
    why: Why | None = None
    opening_kg: Decimal | None = None
    received_kg: Decimal | None = None
    used_kg: Decimal | None = None
    closing_kg: Decimal | None = None
    balance: StockBalance | None = None


def stock_confirmed_months(
    factory_ids: Collection[int], first_month: date, last_month: date
) -> dict[tuple[int, date], bool | None]:
    """Whether counts confirm the fuel log of each factory and month: False if a relevant fuel differs, None if unknown.

    A fuel is relevant from 5 % of the fuel energy used in the month. Six queries, and one for each
    kind of fuel and country.
    """
    months = list(_months(first_month, last_month))
    by_place = {
        (row.factory_id, row.energy_type, row.month): row.state
        for row in balances(factory_ids, first_month, last_month)
    }
    energy = _fuel_energy(factory_ids, months)
    verdicts: dict[tuple[int, date], bool | None] = {}
    for factory_id in factory_ids:
        for month in months:
            fuels = energy.get((factory_id, month), {})
            least = COUNTED_FROM_SHARE * sum(fuels.values(), Decimal(0))
            states = {by_place.get((factory_id, code, month)) for code, gj in fuels.items() if gj >= least}
            verdicts[factory_id, month] = _verdict(states)
    return verdicts


def _verdict(states: set[StockState | None]) -> bool | None:
    if StockState.OFF in states:
        return False
    return True if states == {StockState.OK} else None


def balances(factory_ids: Collection[int], first_month: date, last_month: date) -> list[StockMonth]:
    """The balance of each fuel that was ever counted around these months, of all these factories together."""
    months = list(_months(first_month, last_month))
    factories = {f.pk: f for f in Factory.objects.filter(pk__in=factory_ids)}
    counts = _counts(factory_ids, months)
    unknown: list[StockMonth] = []
    windows: list[_Window] = []
    for (factory_id, type_id), of_fuel in counts.items():
        factory = factories[factory_id]
        for month in months:
            opening = _nearest(of_fuel, _month_start(month, factory))
            closing = _nearest(of_fuel, _month_start(_next_month(month), factory))
            code = of_fuel[0].code
            if opening is None or closing is None:
                why = Why.NO_OPENING_COUNT if opening is None else Why.NO_CLOSING_COUNT
                unknown.append(StockMonth(factory_id, code, month, StockState.UNKNOWN, why))
            else:
                windows.append(_Window(factory, type_id, month, opening, closing))
    return sorted(unknown + _balanced(windows), key=lambda row: (row.factory_id, row.energy_type, row.month))


# --- Counts ------------------------------------------------------------------------------------
class _Count(NamedTuple):
    factory_id: int
    energy_type_id: int
    code: str
    counted_at: datetime
    amount: Decimal
    unit: str
    moisture_fraction: Decimal | None  # of wood, as stated with the entry; the same below


@dataclass(frozen=True, slots=True)
class _Place:
    """A fuel of a site in a month."""

    factory: Factory
    energy_type_id: int
    month: date


@dataclass(frozen=True, slots=True)
class _Window(_Place):
    """From the count nearest to the start of a month to that nearest to its end."""

    opening: _Count
    closing: _Count


def _counts(factory_ids: Collection[int], months: list[date]) -> dict[tuple[int, int], list[_Count]]:
    start, end = _around(months)
    rows = (
        EnergyEntry.objects.filter(
            factory_id__in=factory_ids,
            kind=EntryKind.STOCK_COUNT,
            deleted_at__isnull=True,
            energy_type__carrier=Carrier.FUEL,
            timestamp__gte=start,
            timestamp__lt=end,
        )
        .order_by("timestamp", "id")
        .values_list(
            *("factory_id", "energy_type_id", "energy_type__code", "timestamp", "amount", "unit", "moisture_fraction")
        )
    )
    counts: dict[tuple[int, int], list[_Count]] = {}
    for count in starmap(_Count, rows):
        counts.setdefault((count.factory_id, count.energy_type_id), []).append(count)
    return counts


def _nearest(counts: list[_Count], moment: datetime) -> _Count | None:
    near = [count for count in counts if abs(count.counted_at - moment) <= COUNT_WITHIN]
    return min(near, key=lambda count: abs(count.counted_at - moment), default=None)


# --- Balances ----------------------------------------------------------------------------------
def _balanced(windows: list[_Window]) -> list[StockMonth]:
    if not windows:
        return []
    scales = _Scales(windows)
    flows = _flows(windows)
    rows = []
    for number, window in enumerate(windows):
        opening, closing = (scales.kg(window, [count]) for count in (window.opening, window.closing))
        received, used = (
            scales.kg(window, flows.get((number, kind), [])) for kind in (EntryKind.RECEIVED, EntryKind.USED)
        )
        place = (window.factory.pk, window.opening.code, window.month)
        if opening is None or closing is None or received is None or used is None:
            rows.append(StockMonth(*place, StockState.UNKNOWN, Why.NO_KILOGRAMS))
            continue
        balance = stock_balance(opening_kg=opening, received_kg=received, used_kg=used, closing_kg=closing)
        state = StockState.OK if balance.is_within else StockState.OFF
        rows.append(StockMonth(*place, state, None, opening, received, used, closing, balance))
    return rows


class _Flow(NamedTuple):
    """The amount received or used in a window (counted from 1) in one unit, of one moisture."""

    number: int
    kind: str
    unit: str
    moisture_fraction: Decimal | None
    amount: Decimal


def _flows(windows: list[_Window]) -> dict[tuple[int, str], list[_Flow]]:
    """(index of the window, kind) -> amounts by unit and moisture."""
    parameters: dict[str, Any] = {
        "factories": [window.factory.pk for window in windows],
        "types": [window.energy_type_id for window in windows],
        "starts": [window.opening.counted_at for window in windows],
        "ends": [window.closing.counted_at for window in windows],
        "longest": LONGEST,
    }
    flows: dict[tuple[int, str], list[_Flow]] = {}
    for flow in sql.fetch(sql.load("energy", "stock_flows"), parameters, _Flow):
        flows.setdefault((flow.number - 1, flow.kind), []).append(flow)
    return flows


class _Scales:
    """Kilograms per counted unit: local units and densities of all windows, read once."""

    def __init__(self, windows: Sequence[_Place]) -> None:
        type_ids = {window.energy_type_id for window in windows}
        self._types = {row.pk: row for row in EnergyType.objects.filter(pk__in=type_ids)}
        self._local = local_units(factory_id__in={window.factory.pk for window in windows}, energy_type_id__in=type_ids)
        self._book = cache(FactorBook)

    def kg(self, window: _Place, amounts: Iterable["_Count | _Flow"]) -> Decimal | None:
        """The sum of amounts; None when one of them has no mass."""
        total = Decimal(0)
        for one in amounts:
            kg = self._one(window, one.unit, one.moisture_fraction)
            if kg is None:
                return None
            total += one.amount * kg
        return total

    def _one(self, window: _Place, unit: str, stated: Decimal | None) -> Decimal | None:
        energy_type = self._types[window.energy_type_id]
        local = self._local.get((window.factory.pk, energy_type.pk), {})
        try:
            known = in_known_unit(Decimal(1), unit, energy_type=energy_type, local=local)
            factors = self._book(energy_type, window.factory.country).on(window.month)
        except ApiError:
            return None
        measures, kg_per_stere = factors.measures, None
        if energy_type.is_wood:
            wood = wood_burned(factors, Moisture(of_site=moisture_of_site(window.factory, energy_type)))
            if known.moisture_fraction is None and units.unit(known.unit).dimension is Dimension.MASS:
                known = replace(known, moisture_fraction=stated)
            known, measures, kg_per_stere = wood.as_burned(known), wood.measures, wood.kg_per_stere
        dimension = units.unit(known.unit).dimension
        if dimension is Dimension.MASS:
            return units.convert(known.amount, from_unit=known.unit, to_unit="kg")
        if dimension is Dimension.STACKED_VOLUME:
            return known.amount * kg_per_stere if kg_per_stere else None
        for symbol, measure in measures.items():
            if units.unit(symbol).dimension is dimension and measure.kg_per_unit:
                one = units.convert(known.amount, from_unit=known.unit, to_unit=symbol)
                return one * measure.kg_per_unit
        return None


def entries_kg(factory: Factory, entries: Sequence[EnergyEntry]) -> list[Decimal | None]:
    """Kilograms of entries of a site, wood at the moisture of the site; None without a known mass."""
    places = [_Place(factory, entry.energy_type_id, entry.timestamp.date().replace(day=1)) for entry in entries]
    scales = _Scales(places)
    known = []
    for place, entry in zip(places, entries, strict=True):
        stated = None if entry.moisture_is_default else entry.moisture_fraction
        known.append(scales.kg(place, [_Flow(0, entry.kind, entry.unit, stated, entry.amount)]))
    return known


# --- Months ------------------------------------------------------------------------------------
class _FuelMonth(NamedTuple):
    factory_id: int
    code: str
    month: date
    gj: Decimal


def _fuel_energy(factory_ids: Collection[int], months: list[date]) -> dict[tuple[int, date], dict[str, Decimal]]:
    """(factory, month) -> code of a fuel -> GJ used."""
    start, end = _around(months)
    parameters = {"factories": list(factory_ids), "start": start, "end": end}
    energy: dict[tuple[int, date], dict[str, Decimal]] = {}
    for row in sql.fetch(sql.load("energy", "fuels_by_month"), parameters, _FuelMonth):
        energy.setdefault((row.factory_id, row.month), {})[row.code] = row.gj
    return energy


def _months(first: date, last: date) -> Iterator[date]:
    month, last = first.replace(day=1), last.replace(day=1)
    while month <= last:
        yield month
        month = _next_month(month)


def _next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def _month_start(month: date, factory: Factory) -> datetime:
    return datetime.combine(month, time(), tzinfo=factory.zone)


def _around(months: list[date]) -> tuple[datetime, datetime]:
    """Wide enough for counts near the first and the last month in any time zone."""
    if not months:
        return datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)
    margin = COUNT_WITHIN + timedelta(days=1)
    first, after = months[0], _next_month(months[-1])
    return (datetime.combine(first, time(), tzinfo=UTC) - margin, datetime.combine(after, time(), tzinfo=UTC) + margin)
