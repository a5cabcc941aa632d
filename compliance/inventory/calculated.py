"""Calculated lines: energy entries and the coal of mines, spread over the calendar months of a site. No database.

An entry is spread evenly over its period. What falls on one day never depends on the days asked for, so the parts of
a divided period sum to the last digit (`science.rounding.decimal_part`).
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from compliance.inventory.inputs import InventoryInputs, LoggedUse
from compliance.inventory.lines import BIOGENIC_CO2, PUBLISHED_CO2E, Approach, Basis, Line, Unknown
from compliance.inventory.spread import MonthSpan, scaled_part, spans_of
from energy.choices import Carrier, FactorGas
from energy.quantities import canonical
from factories.choices import Product, SourceKind
from science.coal_methane import CH4_DENSITY_KG_PER_M3, MethaneFactor
from science.gwp import Gas
from science.interval import UncertainMass
from science.rounding import decimal_part
from science.uncertainty import ActivityData, FactorOf, activity_of, activity_sigma, factor_kind, factor_sigma
from science.units import UNITS, Dimension

COAL = "coal"
_ZERO = Decimal(0)
_COLUMNS = ("factor_amount", "energy_gj", "co2_kg", "biogenic_co2_kg", "ch4_kg", "n2o_kg", "co2e_kg")


class LineGroup(NamedTuple):
    """What uses have in common that go into the same lines. Its masses stand in `_COLUMNS`."""

    span: MonthSpan
    source_id: int | None
    source_kind: str
    energy_type: str
    carrier: str
    is_biogenic: bool
    scope: int
    per_unit: str
    factor_id: int | None
    ch4_factor_id: int | None
    n2o_factor_id: int | None
    gwp_set: str  # of a sum of gases: its publisher's
    is_sum: bool
    is_refrigerant: bool  # by a published potential: its mass is kept
    has_energy: bool
    has_co2: bool
    has_other_gases: bool
    activity: ActivityData


def grouped(site: InventoryInputs, uses: Iterable[LoggedUse]) -> dict[LineGroup, list[Decimal]]:
    """The uses of a site's period by month and kind."""
    groups: dict[LineGroup, list[Decimal]] = {}
    spans = spans_of(site)
    for use in uses:
        amounts = [getattr(use, name) or _ZERO for name in _COLUMNS]
        for span in spans:
            begin_us, stop_us = max(use.start_us, span.start_us), min(use.end_us, span.end_us)
            if begin_us >= stop_us:
                continue
            parts = amounts
            if begin_us != use.start_us or stop_us != use.end_us:
                begin, stop, whole = begin_us - use.start_us, stop_us - use.start_us, use.end_us - use.start_us
                parts = [decimal_part(amount, begin=begin, end=stop, whole=whole) for amount in amounts]
            sums = groups.setdefault(_group_of(use, span), [_ZERO] * len(_COLUMNS))
            for index, part in enumerate(parts):
                sums[index] += part
    return groups


def _group_of(use: LoggedUse, span: MonthSpan) -> LineGroup:
    is_sum = use.factor_gas == FactorGas.CO2E
    return LineGroup(
        span,
        use.source_id,
        use.source_kind,
        use.energy_type,
        use.carrier,
        use.is_biogenic,
        use.scope,
        use.per_unit,
        use.factor_id,
        use.ch4_factor_id,
        use.n2o_factor_id,
        use.gwp_set if is_sum else "",
        is_sum,
        is_sum and use.carrier == Carrier.REFRIGERANT and not use.is_own_factor,
        use.energy_gj is not None,
        use.co2_kg is not None,
        use.ch4_kg is not None,
        _activity(use.unit, use.local_unit, use.is_metered),
    )


@cache
def _activity(unit: str, local_unit: str | None, is_metered: bool) -> ActivityData:
    """How an amount is known: a site's own unit of kg was weighed there."""
    dimension = _dimension(local_unit or unit)
    is_weighed_here = local_unit is not None and dimension is Dimension.MASS
    return activity_of(
        Dimension.STACKED_VOLUME if is_weighed_here else dimension,
        is_metered=is_metered,
        is_weighed_here=is_weighed_here,
    )


def _dimension(unit: str) -> Dimension:
    symbol = canonical(unit)
    return Dimension.STACKED_VOLUME if symbol is None else UNITS[symbol].dimension  # of a unit of local units: a pile


def lines_of(
    site: InventoryInputs,
    groups: dict[LineGroup, list[Decimal]],
    *,
    is_measured: Callable[[LineGroup], bool] = lambda _group: False,
) -> Iterator[Line]:
    """The lines of groups; of those whose CO2 is measured only CH4 and N2O."""
    for group, sums in groups.items():
        amount, energy_gj, *_masses = sums
        for gas, scope, mass_kg, factor_ids in _gases(group, sums, has_co2=not is_measured(group)):
            yield Line(
                factory_id=site.place.factory_id,
                month=group.span.month,
                source_id=group.source_id,
                source_kind=group.source_kind,
                stream=group.energy_type,
                scope=scope,
                approach=Approach.LOCATION if scope == 2 else "",
                gas=gas,
                basis=Basis.CALCULATED,
                method="",
                mass=uncertain(site, group, gas, mass_kg),
                amount=amount,
                unit=group.per_unit,
                energy_gj=energy_gj if group.has_energy else None,
                factor_ids=tuple(one for one in factor_ids if one is not None),
                gwp_set=group.gwp_set if gas == PUBLISHED_CO2E else "",
            )


_Ids = tuple[int | None, ...]


def _gases(group: LineGroup, sums: list[Decimal], *, has_co2: bool) -> Iterator[tuple[str, int, Decimal, _Ids]]:
    amount, _energy_gj, co2_kg, biogenic_co2_kg, ch4_kg, n2o_kg, co2e_kg = sums
    if group.is_refrigerant:
        yield group.energy_type, group.scope, amount, (group.factor_id,)
    elif group.is_sum:
        yield PUBLISHED_CO2E, group.scope, co2e_kg, (group.factor_id,)
    elif has_co2 and group.has_co2 and not group.is_biogenic:
        yield Gas.CO2, group.scope, co2_kg, (group.factor_id,)
    if group.has_other_gases:
        ch4 = Gas.CH4_BIOGENIC if group.is_biogenic else Gas.CH4_FOSSIL
        yield ch4, group.scope, ch4_kg, (group.factor_id, group.ch4_factor_id)
        yield Gas.N2O, group.scope, n2o_kg, (group.factor_id, group.n2o_factor_id)
    if has_co2 and group.is_biogenic:
        yield BIOGENIC_CO2, 0, biogenic_co2_kg, (group.factor_id,)


_FACTOR_GAS = {
    BIOGENIC_CO2: FactorGas.CO2,
    Gas.CO2: FactorGas.CO2,
    Gas.CH4_FOSSIL: FactorGas.CH4,
    Gas.CH4_BIOGENIC: FactorGas.CH4,
    Gas.N2O: FactorGas.N2O,
}


def uncertain(site: InventoryInputs, group: LineGroup, gas: str, mass_kg: Decimal) -> UncertainMass:
    """With the error of the amount, which is that of its source, and of the factor, which all sites share."""
    if not mass_kg:
        return UncertainMass(mass_kg)
    kind = factor_kind(energy_type=group.energy_type, carrier=group.carrier, is_biogenic=group.is_biogenic)
    of_gas = FactorGas.CO2E if kind is FactorOf.REFRIGERANT else _FACTOR_GAS.get(gas, FactorGas.CO2E)
    kg = float(mass_kg)
    amount = f"amount {site.place.factory_id} {group.source_id or ''} {group.energy_type}"
    return UncertainMass(
        mass_kg,
        {
            amount: kg * activity_sigma(group.activity),
            f"factor {group.energy_type} {of_gas}": kg * factor_sigma(kind, of_gas),
        },
    )


# --- Mines -------------------------------------------------------------------------------------
def mine_lines(site: InventoryInputs) -> tuple[list[Line], list[Unknown]]:
    """Methane of coal by the mine's own factor or that of its class on each day; without one it is not known."""
    kg: dict[tuple[MonthSpan, int | None], Decimal] = {}
    coal_kg: dict[tuple[MonthSpan, int | None], Decimal] = {}
    missing_kg: dict[MonthSpan, Decimal] = {}
    for span in spans_of(site):
        for start_us, end_us, factor, source_id in _methane_stretches(site, span):
            for entry in site.made:
                if entry.product != Product.COAL or entry.end_us <= start_us or entry.start_us >= end_us:
                    continue
                made_kg = scaled_part(entry.amount_kg, Decimal(1), entry, start_us, end_us)
                if factor is None:
                    missing_kg[span] = missing_kg.get(span, _ZERO) + made_kg
                    continue
                m3_per_t = factor.mining_m3_per_t + factor.post_mining_m3_per_t
                per_kg = m3_per_t * CH4_DENSITY_KG_PER_M3 / 1000
                part = scaled_part(entry.amount_kg, per_kg, entry, start_us, end_us)
                kg[span, source_id] = kg.get((span, source_id), _ZERO) + part
                coal_kg[span, source_id] = coal_kg.get((span, source_id), _ZERO) + made_kg
    lines = [_methane_line(site, *key, mass, coal_kg[key]) for key, mass in kg.items()]
    unknown = [
        Unknown(site.place.factory_id, span.month, "methane_factor", amount, "kg")
        for span, amount in missing_kg.items()
    ]
    return lines, unknown


def _methane_stretches(
    site: InventoryInputs, span: MonthSpan
) -> Iterator[tuple[int, int, MethaneFactor | None, int | None]]:
    """The parts of a span between which no mine source begins or ends."""
    mines = [source for source in site.place.sources if source.kind == SourceKind.MINE_METHANE]
    edges = {span.first_day, span.end_day}
    for source in mines:
        edges |= {day for day in (source.first_day, source.day_after) if day and span.first_day < day < span.end_day}
    for first, end in pairwise(sorted(edges)):
        ids = [source.source_id for source in mines if source.is_in_use(first)]
        yield site.midnight_us(first), site.midnight_us(end), site.place.on(first).methane, ids[0] if ids else None


def _methane_line(
    site: InventoryInputs, span: MonthSpan, source_id: int | None, mass_kg: Decimal, coal_kg: Decimal
) -> Line:
    kg = float(mass_kg)
    sigmas = {
        f"amount {site.place.factory_id} {COAL}": kg * activity_sigma(ActivityData.WEIGHED),
        f"factor {COAL} CH4": kg * factor_sigma(FactorOf.MINE_METHANE, FactorGas.CH4),
    }
    return Line(
        factory_id=site.place.factory_id,
        month=span.month,
        source_id=source_id,
        source_kind=SourceKind.MINE_METHANE,
        stream=COAL,
        scope=1,
        approach="",
        gas=Gas.CH4_FOSSIL,
        basis=Basis.CALCULATED,
        method="",
        mass=UncertainMass(mass_kg, sigmas),
        amount=coal_kg,
        unit="kg",
        energy_gj=None,
        factor_ids=(),
        gwp_set="",
    )
