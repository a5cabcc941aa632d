"""Computes use, production and emissions of each factory day of a site from rows, without a database.

An entry is spread evenly over the seconds of its period; the days of one entry sum exactly to what the entry holds
(`science.rounding.decimal_part`). Whether stack or fuel counts for the CO2 of heat is decided here, a day at a time.
Reading the rows is in `inputs.py`, keeping the figures in `site_days.py`.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from compliance.choices import HeatCo2Basis
from compliance.sources import HEAT_SOURCES, Site, SiteSettings
from energy.choices import Carrier
from factories.choices import Item, Product, SourceKind
from factories.days import FactoryDay
from factories.sectors import SECTORS
from science.coal_methane import mine_methane
from science.combustion import wet_wood_kg
from science.rounding import decimal_kg, decimal_kg_from_micrograms, decimal_part
from science.units import UNITS, convert

# A day counts as logged or measured from this share of it, as an hour does (EU MRR article 44(2), `docs/method.md` 4).
ENOUGH = Decimal("0.8")
ENGINE_FUELS = frozenset({"diesel", "petrol", "biodiesel"})
ENGINE_SOURCES = frozenset(
    {SourceKind.GENSET.value, SourceKind.VEHICLE.value, SourceKind.HAUL_TRUCK.value, SourceKind.EXPLOSIVES.value}
)
NO_ENERGY = frozenset({Carrier.EXPLOSIVE.value, Carrier.REFRIGERANT.value})  # nothing is used as fuel or power
MIXED = "mixed"

_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US
_HOUR_MS = 3_600_000
_ZERO = Decimal(0)
_SUMS = (
    "heat_gj",
    "electricity_gj",
    "other_gj",
    "heat_scope1_co2e_kg",
    "other_scope1_co2e_kg",
    "scope2_co2e_kg",
    "electricity_co2e_kg",
    "market_gj",
    "market_co2e_kg",
    "biogenic_co2_kg",
)
_KNOWN_OR_NULL = (
    "green_leaf_kg",
    "firewood_kg",
    "electricity_kwh",
    "fuel_fossil_co2_kg",
    "heat_carbon_co2_kg",
    "coal_kg",
)


@dataclass(frozen=True, slots=True)
class Use:
    """An energy entry of kind `used`, with the fields that classify it."""

    entry_id: int
    factory_id: int
    start_us: int
    end_us: int
    entered_at: datetime
    energy_type: str
    carrier: str
    is_wood: bool
    source_kind: str
    scope: int
    factor_amount: Decimal
    factor_unit: str
    energy_gj: Decimal | None
    co2_kg: Decimal | None
    biogenic_co2_kg: Decimal
    co2e_kg: Decimal
    moisture_fraction: Decimal | None
    gwp_set: str
    is_published_sum: bool  # the factor is a CO2e by its publisher's potentials
    basis: str  # of the factor
    market_co2e_kg: Decimal | None  # of a contract or certificate, which has no other result than this and its energy
    chimney_id: int | None = None  # of the source it was burned in
    unit: str = ""  # as entered
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Production:
    """A production entry."""

    entry_id: int
    factory_id: int
    start_us: int
    end_us: int
    entered_at: datetime
    product: str
    amount_kg: Decimal


@dataclass(frozen=True, slots=True)
class Stack:
    """One chimney with a device of record on one factory day."""

    factory_id: int
    day_start_us: int
    chimney_id: int
    assigned_ms: int
    measured_h: int  # with the sensor within its range for 80 % of the operating time
    idle_h: int
    recorded_h: int  # with a mass of record
    record_ug: int | None  # of all of them
    is_lower_bound: bool  # a sensor was at the end of its range


class _Piece(NamedTuple):
    """The part of a day that one entry covers."""

    begin_us: int
    stop_us: int
    entered_at: datetime


@dataclass(slots=True)
class _Tally:
    """One day while it is added up."""

    day: FactoryDay
    amounts: dict[str, Decimal] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    covered: dict[str, list[_Piece]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    has_all_energy: bool = True


@dataclass(frozen=True, slots=True)
class EntryShare:
    """The part of one entry in the days of its period: amounts to spread, and what stays unknown."""

    amounts: dict[str, Decimal]
    covers: str
    unknown: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    has_energy: bool = True


def site_figures(
    site: Site,
    days: Sequence[FactoryDay],
    *,
    uses: Iterable[Use],
    made: Iterable[Production],
    stacks: dict[int, list[Stack]],
    recorded: Collection[int] = (),
) -> Iterator[tuple[FactoryDay, dict[str, Any]]]:
    """The columns of each factory day with data, but for those of `record/days.py`; other days are left out.

    `days` ascend without overlap; `stacks` go by the start of their day in microseconds, and so does `recorded`: days
    that have an hour of record.
    """
    tallies = [_Tally(day) for day in days]
    for use in uses:
        _spread(share_of_use(use), use, tallies)
    for entry in made:
        _spread(share_of_made(entry), entry, tallies)
    for tally in tallies:
        place = site.on(tally.day.day)
        heat_stacks = [s for s in stacks.get(tally.day.start_us, []) if s.chimney_id not in place.other_chimneys]
        if tally.covered or any(s.recorded_h for s in heat_stacks) or tally.day.start_us in recorded:
            yield tally.day, _columns(place, tally, heat_stacks)


def _spread(share: EntryShare, entry: Use | Production, tallies: Sequence[_Tally]) -> None:
    start_us, end_us = entry.start_us, entry.end_us
    first = max(0, bisect_right(tallies, start_us, key=lambda tally: tally.day.start_us) - 1)
    for tally in tallies[first:]:
        begin_us, stop_us = max(start_us, tally.day.start_us), min(end_us, tally.day.end_us)
        if tally.day.start_us >= end_us:
            return
        if begin_us >= stop_us:  # the days of two stretches do not touch
            continue
        tally.covered.setdefault(share.covers, []).append(_Piece(begin_us, stop_us, entry.entered_at))
        tally.unknown.update(share.unknown)
        for column, name in share.names.items():
            tally.names.setdefault(column, set()).add(name)
        tally.has_all_energy &= share.has_energy
        for name, amount in share.amounts.items():
            part = decimal_part(amount, begin=begin_us - start_us, end=stop_us - start_us, whole=end_us - start_us)
            tally.amounts[name] = tally.amounts.get(name, _ZERO) + part


# --- Entries -----------------------------------------------------------------------------------
class _Classed(Protocol):
    @property
    def carrier(self) -> str: ...
    @property
    def source_kind(self) -> str: ...
    @property
    def energy_type(self) -> str: ...


def energy_class(use: _Classed) -> str:
    """heat, electricity or other, by the source if it is known and by the fuel if not."""
    if use.carrier == Carrier.GRID:
        return "electricity"
    if use.carrier == Carrier.HEAT:
        return "heat"
    if use.carrier != Carrier.FUEL or use.source_kind in ENGINE_SOURCES:
        return "other"
    is_engine_fuel = use.energy_type in ENGINE_FUELS and use.source_kind not in HEAT_SOURCES
    return "other" if is_engine_fuel else "heat"


def share_of_use(use: Use) -> EntryShare:
    if use.market_co2e_kg is not None:
        return EntryShare({"market_gj": use.energy_gj or _ZERO, "market_co2e_kg": use.market_co2e_kg}, "market")
    kind = energy_class(use)
    amounts = {"biogenic_co2_kg": use.biogenic_co2_kg}
    unknown: list[str] = []

    def add(name: str, amount: Decimal | None) -> None:
        if amount is None:
            unknown.append(name)
        else:
            amounts[name] = amount

    energy_gj = _in("GJ", use) if use.energy_gj is None else use.energy_gj
    if energy_gj is not None:
        amounts[f"{kind}_gj"] = energy_gj
    if use.scope == 2:
        amounts["scope2_co2e_kg"] = use.co2e_kg
    elif use.scope == 1:
        amounts["heat_scope1_co2e_kg" if kind == "heat" else "other_scope1_co2e_kg"] = use.co2e_kg
    if kind == "electricity":
        add("electricity_kwh", _in("kWh", use))
        amounts["electricity_co2e_kg"] = use.co2e_kg
    if use.is_wood:
        assert use.moisture_fraction is not None  # of every use of wood
        add("firewood_kg", decimal_kg(wet_wood_kg(use.biogenic_co2_kg, moisture_fraction=use.moisture_fraction)))
    if kind == "heat" and use.carrier == Carrier.FUEL:
        add("fuel_fossil_co2_kg", use.co2_kg)
        add("heat_carbon_co2_kg", None if use.co2_kg is None else use.co2_kg + use.biogenic_co2_kg)
    has_energy = energy_gj is not None or use.carrier in NO_ENERGY
    covers = use.carrier if use.carrier in NO_ENERGY else kind
    names = {"published_gwp_set" if use.is_published_sum else "gwp_set": use.gwp_set}
    if kind == "electricity":
        names["scope2_basis"] = use.basis
    return EntryShare(amounts, covers, tuple(unknown), names, has_energy)


def _in(unit: str, use: Use) -> Decimal | None:
    """The amount in another unit of its dimension; None where the factor is per unit of another dimension."""
    known = UNITS.get(use.factor_unit)
    if known is None or known.dimension is not UNITS[unit].dimension:
        return None
    return decimal_kg(convert(use.factor_amount, from_unit=use.factor_unit, to_unit=unit))


def share_of_made(entry: Production) -> EntryShare:
    return EntryShare({f"{entry.product}_kg": entry.amount_kg}, f"production {entry.product}")


# --- Days --------------------------------------------------------------------------------------
def _columns(place: SiteSettings, tally: _Tally, stacks: Sequence[Stack]) -> dict[str, Any]:
    product = SECTORS[place.sector].products[0]
    filled_kg = _filled_co2_kg(place, tally.day, stacks)
    columns: dict[str, Any] = {name: tally.amounts.get(name, _ZERO) for name in _SUMS}
    for name in _KNOWN_OR_NULL:
        columns[name] = None if name in tally.unknown else tally.amounts.get(name)
    coal_kg = columns.pop("coal_kg")
    columns["made_kg"] = tally.amounts.get(f"{product}_kg")
    columns["methane_co2e_kg"] = _methane_co2e_kg(place, coal_kg)
    if columns["methane_co2e_kg"] is not None:
        tally.names.setdefault("gwp_set", set()).add(place.gwp_set)
    return (
        columns
        | {"has_all_energy": tally.has_all_energy}
        | {name: _only(tally.names.get(name, set())) for name in ("gwp_set", "published_gwp_set", "scope2_basis")}
        | _logged(tally, product)
        | _stack_columns(tally.day, stacks, filled_kg)
        | _of_record(columns, filled_kg)
    )


def _only(names: set[str]) -> str:
    return MIXED if len(names) > 1 else "".join(names)


def _logged(tally: _Tally, product: Product) -> dict[str, Any]:
    """Whether the day is logged, and since when: the one rule, from which the schedule and all pages read."""
    columns: dict[str, Any] = {}
    for item in Item:
        pieces = tally.covered.get(f"production {product}" if item is Item.PRODUCTION else item, [])
        columns[f"{item}_entered_at"] = entered_at = _entered_at(tally.day, pieces)
        if item is not Item.OTHER:
            columns[f"{item}_covered_s"] = _covered_s(pieces)
            columns[f"has_{item}"] = entered_at is not None
    return columns


def _entered_at(day: FactoryDay, pieces: Sequence[_Piece]) -> datetime | None:
    """The time at which enough was entered for the day to count as logged. A correction does not change it."""
    for moment in sorted({piece.entered_at for piece in pieces}):
        covered_s = _covered_s([piece for piece in pieces if piece.entered_at <= moment])
        if covered_s * _SECOND_US >= ENOUGH * (day.end_us - day.start_us):
            return moment
    return None


def _covered_s(pieces: Iterable[_Piece]) -> int:
    """Seconds in the union of the periods; overlapping entries count each second once."""
    covered_us, until_us = 0, 0
    for begin_us, end_us, _entered in sorted(pieces):
        covered_us += max(0, end_us - max(begin_us, until_us))
        until_us = max(until_us, end_us)
    return covered_us // _SECOND_US


def _methane_co2e_kg(place: SiteSettings, coal_kg: Decimal | None) -> Decimal | None:
    """None without a class or factor of the mine. Methane is the largest part, so an unknown one must not be zero."""
    if coal_kg is None or place.methane is None:
        return None
    methane = mine_methane(coal_kg / 1000, factor=place.methane, gwp_set=place.gwp_set)
    return decimal_kg(methane.co2e_t * 1000)


def _stack_columns(day: FactoryDay, stacks: Sequence[Stack], filled_kg: Decimal | None) -> dict[str, Any]:
    return {
        "chimneys": len(stacks),
        "stack_h": sum(s.assigned_ms for s in stacks) // _HOUR_MS,
        "stack_measured_h": sum(s.measured_h for s in stacks),
        "stack_idle_h": sum(s.idle_h for s in stacks),
        "is_idle": bool(stacks) and all(s.idle_h * _HOUR_US >= day.end_us - day.start_us for s in stacks),
        "stack_filled_co2_kg": filled_kg,
        "is_stack_lower_bound": any(s.is_lower_bound for s in stacks),
    }


def _filled_co2_kg(place: SiteSettings, day: FactoryDay, stacks: Sequence[Stack]) -> Decimal | None:
    """CO2 of all stacks, scaled to their operating hours; None unless each stack has 80 % of these measured.

    Also None while a heat source has no measured chimney, because its CO2 would be missing from the sum.
    """
    if not stacks or not place.heat_chimneys <= {s.chimney_id for s in stacks}:
        return None
    day_h = Decimal(day.end_us - day.start_us) / _HOUR_US
    total_kg = _ZERO
    for stack in stacks:
        operating_h = day_h - stack.idle_h
        if stack.measured_h < ENOUGH * operating_h:
            return None
        recorded_h = stack.recorded_h - stack.idle_h
        if recorded_h:
            kg = decimal_kg_from_micrograms(stack.record_ug or 0)
            total_kg += decimal_kg(kg * operating_h / recorded_h)
    return total_kg


def _of_record(columns: dict[str, Any], filled_kg: Decimal | None) -> dict[str, Any]:
    """CO2 of heat on one basis; the carbon of the fuels burned splits measured CO2 into fossil and biogenic."""
    fuel_kg, fossil_kg = columns["heat_carbon_co2_kg"], columns["fuel_fossil_co2_kg"]
    scope1_kg = columns["heat_scope1_co2e_kg"] + columns["other_scope1_co2e_kg"]
    biogenic_kg = columns["biogenic_co2_kg"]
    if filled_kg is None:
        return {
            "basis": "" if fuel_kg is None else HeatCo2Basis.FUEL.value,
            "heat_co2_kg": fuel_kg,
            "record_scope1_co2e_kg": scope1_kg,
            "record_biogenic_co2_kg": biogenic_kg,
        }
    if fuel_kg:
        measured_fossil_kg = decimal_kg(filled_kg * fossil_kg / fuel_kg)
        scope1_kg += measured_fossil_kg - fossil_kg
        biogenic_kg += (filled_kg - measured_fossil_kg) - (fuel_kg - fossil_kg)
    return {
        "basis": HeatCo2Basis.MEASURED.value,
        "heat_co2_kg": filled_kg,
        "record_scope1_co2e_kg": scope1_kg,
        "record_biogenic_co2_kg": biogenic_kg,
    }
