"""Measured CO2 of heat sources: in which months it takes the place of the fuel's, and its lines. No database.

Heat sources that share a chimney, or whose fuel is logged together, form a pool. Each pool has one basis of CO2 in a
calendar month. CH4 and N2O stay those of the fuel. The decision and the fossil share of the
carbon are of the whole month, whatever days are asked for.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from compliance.choices import InventoryBasis
from compliance.figures import ENOUGH, energy_class
from compliance.inventory.calculated import LineGroup
from compliance.inventory.inputs import ChimneyDay, FuelRatio, InventoryInputs, LoggedUse, next_month
from compliance.inventory.lines import BIOGENIC_CO2, Basis, Line, Unknown
from compliance.inventory.spread import MonthSpan, overlap, spans_of, united
from compliance.sources import HEAT_SOURCES, SiteSource
from emissions.models import HourStatus
from energy.choices import Carrier, FactorGas
from factories.choices import SourceKind
from factories.days import ONE_DAY
from science.gwp import Gas
from science.interval import UncertainMass, total
from science.rounding import decimal_kg, decimal_part
from science.uncertainty import FactorOf, factor_sigma

STACK = "stack"
_SEEN = (HourStatus.MEASURED.value, HourStatus.IDLE.value, HourStatus.PARTIAL.value)
_ZERO = Decimal(0)


@dataclass(slots=True)
class Pool:
    """Heat sources of a site in one month, with the uses of fuel burned in them."""

    span: MonthSpan
    heat: list[SiteSource]
    source_ids: set[int | None]  # also others that share their chimneys; None: of fuel without a source
    uses: list[LoggedUse] = field(default_factory=list)

    @property
    def chimneys(self) -> set[int | None]:
        return {source.chimney_id for source in self.heat}

    def takes(self, use: LoggedUse) -> bool:
        if use.carrier != Carrier.FUEL or use.end_us <= self.span.month_start_us:
            return False
        return use.start_us < self.span.month_end_us and burned_in(use) in self.source_ids


def burned_in(use: LoggedUse | LineGroup) -> int | None:
    """The source of a use; None: fuel of heat that no source of a fire is named for. 0: without one, not of heat."""
    if use.source_id is not None and use.source_kind != SourceKind.STEAM_DRYER_EXHAUST:
        return use.source_id
    return None if energy_class(use) == "heat" else 0


def pools_of(site: InventoryInputs, span: MonthSpan) -> list[Pool]:
    """Sources that share a chimney are one pool; where fuel of heat names no source, all of the site are."""
    last_day = next_month(span.month) - ONE_DAY
    in_use = [
        source
        for source in site.place.sources
        if (source.first_day or span.month) <= last_day and (source.last_day or last_day) >= span.month
    ]
    heat = [source for source in in_use if source.kind in HEAT_SOURCES]
    stated = {source.chimney_id for source in site.place.sources}
    heat += [
        SiteSource("", chimney_id, None, None, None)  # a chimney that no source names
        for chimney_id in sorted(site.devices.keys() - stated)
    ]
    shared = Pool(span, heat, {None})
    whole = any(shared.takes(use) for use in site.uses)
    groups: dict[int | None, list[SiteSource]] = {}
    for source in heat:
        key = 0 if whole else source.chimney_id if source.chimney_id is not None else -source.source_id
        groups.setdefault(key, []).append(source)
    pools = []
    for of_group in groups.values():
        chimneys = {source.chimney_id for source in of_group} - {None}
        ids: set[int | None] = {source.source_id for source in of_group if source.source_id}
        # Also those that are out of use by now: a bill for them may reach into the month.
        ids |= {source.source_id for source in site.place.sources if source.chimney_id in chimneys}
        pool = Pool(span, of_group, ids | {None} if whole or len(groups) == 1 else ids)
        pool.uses = [use for use in site.uses if pool.takes(use)]
        pools.append(pool)
    return pools


def is_measured(site: InventoryInputs, pool: Pool) -> bool:
    """The basis of a pool's CO2 in its month: by its locks, else measured where each of its chimneys has a device of
    record on all days of use that have begun, which measured something. Calculated where the carbon of a fuel is not
    known."""
    if None in pool.chimneys or any(use.co2_kg is None for use in pool.uses):
        return False
    locked = {site.basis_of(source.source_id, pool.span.month) for source in pool.heat} - {""}
    if locked:
        return locked == {InventoryBasis.MEASURED.value}
    return all(_has_device(site, source, pool.span) for source in pool.heat)


def _has_device(site: InventoryInputs, source: SiteSource, span: MonthSpan) -> bool:
    first, end = max(span.month, source.first_day or span.month), next_month(span.month)
    end = min(end, source.day_after or end, site.today)
    start_us, end_us = site.midnight_us(first), site.midnight_us(end)
    if start_us >= end_us:  # of a month that has just begun
        start_us, end_us = site.midnight_us(first), site.midnight_us(first) + 1
    chimney_id = source.chimney_id or 0
    if overlap(united(site.devices.get(chimney_id, [])), start_us, end_us) < end_us - start_us:
        return False
    days = [day for day in site.chimney_days.get(chimney_id, ()) if span.month <= day.day < next_month(span.month)]
    return any(day.hours.get(status) for day in days for status in _SEEN)


# --- Lines -------------------------------------------------------------------------------------
@dataclass(slots=True)
class MeasuredPools:
    """What measured pools add: lines, what is not known, and which uses lose their CO2."""

    lines: list[Line] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    replaced: set[tuple[date, int | None]] = field(default_factory=set)  # month and source
    days: set[date] = field(default_factory=set)  # with a mass of record of each chimney hour

    def replaces(self, group: LineGroup) -> bool:
        return group.carrier == Carrier.FUEL and (group.span.month, burned_in(group)) in self.replaced


def measured_co2(site: InventoryInputs) -> MeasuredPools:
    found = MeasuredPools()
    for span in spans_of(site) if site.devices or site.locks else []:
        pools = pools_of(site, span)
        measured = [pool for pool in pools if is_measured(site, pool)]
        for pool in measured:
            found.replaced |= {(span.month, source_id) for source_id in pool.source_ids}
            _add_pool(site, pool, found)
        if measured and len(measured) == len(pools):
            found.days |= set.intersection(*(_days_known(site, pool) for pool in measured))
    return found


def _add_pool(site: InventoryInputs, pool: Pool, found: MeasuredPools) -> None:
    days = list(_chimney_days(site, pool))
    ratios, fossil = _ratios(site, pool), _fossil_share(site, pool)
    if missing_h := _missing_h(site, pool):
        found.unknown.append(Unknown(site.place.factory_id, pool.span.month, "hours_missing", Decimal(missing_h), "h"))
    makers = _LineMaker(site, pool)
    logged = united((use.start_us, use.end_us) for use in pool.uses)
    without_fuel_kg = _ZERO
    for day in days:
        for mass in day.masses:
            fossil_kg = decimal_kg(mass.mass.likely_kg * fossil)
            makers.add(Gas.CO2, mass.basis, mass.method, _part(mass.mass, fossil_kg))
            biogenic_kg = mass.mass.likely_kg - fossil_kg
            makers.add(BIOGENIC_CO2, mass.basis, mass.method, _part(mass.mass, biogenic_kg))
            start_us, end_us = site.midnight_us(day.day), site.midnight_us(day.day + ONE_DAY)
            bare = 1 - Decimal(overlap(logged, start_us, end_us)) / (end_us - start_us)
            if not bare or not mass.mass.likely_kg:
                continue
            if ratios is None:
                without_fuel_kg += decimal_kg(mass.mass.likely_kg * bare)
                continue
            for gas, per_co2 in ratios.per_co2.items():
                kg = decimal_kg(mass.mass.likely_kg * bare * per_co2)
                makers.add(gas, Basis.ESTIMATED, "", _estimated(_part(mass.mass, kg), gas), ratios.factor_ids)
    if without_fuel_kg:
        found.unknown.append(Unknown(site.place.factory_id, pool.span.month, "fuel", without_fuel_kg, "kg CO2"))
    found.lines += makers.lines()


def _missing_h(site: InventoryInputs, pool: Pool) -> int:
    """Chimney hours without a mass of record, of days that are over and on which a source of the chimney is in use."""
    missing_h, days_over = 0, (min(pool.span.end_day, site.today) - pool.span.first_day).days
    for chimney_id in pool.chimneys:
        recorded_h = {day.day: day.recorded_h for day in site.chimney_days.get(chimney_id or 0, ())}
        sources = [source for source in pool.heat if source.chimney_id == chimney_id]
        for day in (pool.span.first_day + number * ONE_DAY for number in range(days_over)):
            if any(source.is_in_use(day) for source in sources):
                hours = (site.midnight_us(day + ONE_DAY) - site.midnight_us(day)) // 3_600_000_000
                missing_h += hours - recorded_h.get(day, 0)
    return missing_h


def _chimney_days(site: InventoryInputs, pool: Pool) -> Iterator[ChimneyDay]:
    for chimney_id in sorted(pool.chimneys - {None}, key=lambda pk: pk or 0):
        for day in site.chimney_days.get(chimney_id or 0, ()):
            if pool.span.first_day <= day.day < pool.span.end_day:
                yield day


def _days_known(site: InventoryInputs, pool: Pool) -> set[date]:
    """The days on which 80 % of the hours of each chimney have a mass of record."""
    known = Counter(day.day for day in _chimney_days(site, pool) if day.recorded_h >= ENOUGH * 24)
    return {day for day, count in known.items() if count == len(pool.chimneys)}


def _part(mass: UncertainMass, kg: Decimal) -> UncertainMass:
    """A part of a mass with its share of the errors."""
    if not mass.likely_kg:
        return UncertainMass(kg)
    share = float(kg / mass.likely_kg)
    errors = {name: sigma * share for name, sigma in mass.systematic_kg.items()}
    return UncertainMass(kg, errors, mass.variance_kg2 * share * share, mass.is_at_least)


def _estimated(mass: UncertainMass, gas: str) -> UncertainMass:
    of_gas = FactorGas.N2O if gas == Gas.N2O else FactorGas.CH4
    error = float(mass.likely_kg) * factor_sigma(FactorOf.BIOMASS, of_gas)
    errors = {**mass.systematic_kg, f"factor {STACK} {of_gas}": error}
    return UncertainMass(mass.likely_kg, errors, mass.variance_kg2, mass.is_at_least)


class _LineMaker:
    """Adds up the lines of a pool. A pool of one source has its id; what several share has none."""

    def __init__(self, site: InventoryInputs, pool: Pool) -> None:
        self._site, self._pool = site, pool
        self._parts: dict[tuple[str, str, str, tuple[int, ...]], list[UncertainMass]] = {}

    def add(self, gas: str, basis: str, method: str, mass: UncertainMass, ids: tuple[int, ...] = ()) -> None:
        if mass.likely_kg:
            self._parts.setdefault((gas, basis, method, ids), []).append(mass)

    def lines(self) -> Iterator[Line]:
        source = self._pool.heat[0]
        for (gas, basis, method, factor_ids), masses in sorted(self._parts.items()):
            yield Line(
                factory_id=self._site.place.factory_id,
                month=self._pool.span.month,
                source_id=source.source_id or None if len(self._pool.heat) == 1 else None,
                source_kind=source.kind,
                stream=STACK,
                scope=0 if gas == BIOGENIC_CO2 else 1,
                approach="",
                gas=gas,
                basis=basis,
                method=method,
                mass=total(masses),
                amount=None,
                unit="",
                energy_gj=None,
                factor_ids=factor_ids,
                gwp_set="",
            )


# --- What the fuel decides -----------------------------------------------------------------------
def _month_sums(pool: Pool, names: Iterable[str]) -> dict[str, Decimal]:
    """Masses of the pool's fuel in its whole month."""
    sums = dict.fromkeys(names, _ZERO)
    for use in pool.uses:
        begin = max(pool.span.month_start_us, use.start_us) - use.start_us
        end = min(pool.span.month_end_us, use.end_us) - use.start_us
        for name in sums:
            sums[name] += decimal_part(
                getattr(use, name) or _ZERO, begin=begin, end=end, whole=use.end_us - use.start_us
            )
    return sums


def _fossil_share(site: InventoryInputs, pool: Pool) -> Decimal:
    """Of the carbon burned in the month; without a logged fuel 0 where all listed ones are biogenic, else 1."""
    sums = _month_sums(pool, ("co2_kg", "biogenic_co2_kg"))
    whole = sums["co2_kg"] + sums["biogenic_co2_kg"]
    if whole:
        return sums["co2_kg"] / whole
    listed = [site.ratios.get(code) for source in pool.heat for code in source.fuels]
    return Decimal(0 if listed and all(ratio and ratio.is_biogenic for ratio in listed) else 1)


def _ratios(site: InventoryInputs, pool: Pool) -> FuelRatio | None:
    """CH4 and N2O per kg of CO2, for time without logged fuel: of the month's fuel, else of the first one listed."""
    ids: set[int] = set()
    kg: dict[str, Decimal] = {}
    co2_kg = _ZERO
    for is_biogenic in (False, True):
        part = Pool(pool.span, pool.heat, pool.source_ids, [use for use in pool.uses if use.is_biogenic is is_biogenic])
        sums = _month_sums(part, ("co2_kg", "biogenic_co2_kg", "ch4_kg", "n2o_kg"))
        co2_kg += sums["co2_kg"] + sums["biogenic_co2_kg"]
        kg[Gas.CH4_BIOGENIC if is_biogenic else Gas.CH4_FOSSIL] = sums["ch4_kg"]
        kg[Gas.N2O] = kg.get(Gas.N2O, _ZERO) + sums["n2o_kg"]
        ids |= {pk for use in part.uses for pk in (use.ch4_factor_id, use.n2o_factor_id) if pk is not None}
    if co2_kg and any(kg.values()):
        return FuelRatio(False, {gas: mass / co2_kg for gas, mass in kg.items() if mass}, tuple(sorted(ids)))
    listed = [site.ratios[code] for source in pool.heat for code in source.fuels if code in site.ratios]
    return listed[0] if listed else None
