"""What an amount of energy is compared with: its own entries, in GJ, and what the site can burn or draw.

The comparison is in `logbook/plausibility.py`, the capacity of a site in `factories/capacity.py`.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

from django.db.models import Q, QuerySet

from energy.choices import Carrier, EntryKind
from energy.models import EmissionFactor, EnergyEntry, EnergyType
from energy.valuation import Valued, Valuer
from factories.capacity import Capacity, electricity_capacity, fuel_capacity, material_capacity
from factories.models import EmissionSource, Factory
from lib.errors import ApiError
from logbook.choices import Origin
from logbook.plausibility import PeriodAmount, Thing, require_possible

_LONGEST_STOCK_DAYS = Decimal(366)
_KG = {"kg": Decimal(1), "t": Decimal(1000)}


def of_kind(kind: str, factory: Factory, energy_type: EnergyType) -> QuerySet[EnergyEntry]:
    """What the site used of an energy type, or bought by contract, in entries that count."""
    return EnergyEntry.objects.filter(factory=factory, energy_type=energy_type, kind=kind, deleted_at__isnull=True)


def counts_the_same(source_id: int | None) -> Q:
    """Uses that may count the same energy as one of this source: an entry without a source may be of any."""
    return Q() if source_id is None else Q(source_id=source_id) | Q(source_id=None)


def uses_of_the_same(
    factory: Factory, energy_type: EnergyType, source_id: int | None, *, is_metered: bool
) -> QuerySet[EnergyEntry]:
    """Uses that may count what a use of this source counts. Those between readings of its own meter (`is_metered`) do
    not overlap, except for a moment while a reading is inserted between two."""
    uses = of_kind(EntryKind.USED, factory, energy_type).filter(counts_the_same(source_id))
    return uses.exclude(origin=Origin.METER, source_id=source_id) if is_metered else uses


def thing_of(
    factory: Factory,
    energy_type: EnergyType,
    results: Valued | EnergyEntry,
    *,
    source: EmissionSource | None = None,
    without: int = 0,
) -> Thing:
    """What a use is compared with: in GJ, or in the unit of its factor where that has no energy. `without` is the
    entry that is compared. Electricity by contract is compared with other contracts."""
    kind = results.kind if isinstance(results, EnergyEntry) else EntryKind.USED
    others = of_kind(kind, factory, energy_type).exclude(pk=without)
    if results.energy_gj is not None:
        column, others = "energy_gj", others.filter(energy_gj__isnull=False)
        capacity: Capacity | None = _energy_capacity(factory, energy_type, source)
    else:
        per_unit = EmissionFactor.objects.values_list("per_unit", flat=True).get(pk=results.factor_id)
        column, others = "factor_amount", others.filter(factor__per_unit=per_unit)
        capacity = material_capacity(factory) * (1 / _KG[per_unit]) if per_unit in _KG else None
    return Thing(
        factory=factory, others=others, column=column, capacity=capacity, unit_sizes=lambda: _unit_sizes(others, column)
    )


def require_possible_stock(
    factory: Factory, energy_type: EnergyType, amount: Decimal, unit: str, days: tuple[date, date]
) -> None:
    """Raise ApiError 400 for a delivery or a stock above what the site can burn in a year."""
    try:
        results, _notices = Valuer(factory, energy_type).value(amount, unit, days)
    except ApiError:
        return  # a stock needs no factor, and without one nothing says how much it is
    thing = thing_of(factory, energy_type, results)
    moment = datetime.combine(days[0], time(), factory.zone)
    use = PeriodAmount(moment, moment, amount, unit, getattr(results, thing.column))
    require_possible(thing, use, days=_LONGEST_STOCK_DAYS)


def _energy_capacity(factory: Factory, energy_type: EnergyType, source: EmissionSource | None) -> Capacity:
    if energy_type.carrier in (Carrier.GRID, Carrier.OWN):
        return electricity_capacity(factory, is_own=energy_type.carrier == Carrier.OWN)
    return fuel_capacity(factory, source, energy_type.code)


def _unit_sizes(others: QuerySet[EnergyEntry], column: str) -> Mapping[str, Decimal]:
    """The units in which the site logs this energy, each with its size as valued last."""
    newest = others.filter(**{"amount__gt": 0, f"{column}__gt": 0}).order_by("unit", "-period_start").distinct("unit")
    return {unit: quantity / amount for unit, amount, quantity in newest.values_list("unit", "amount", column)}
