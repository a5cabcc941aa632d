"""What the fire of a site tells: the share of the wood's heat that leaves by its chimneys, what a good fire would have
saved in wood and money, and what to change first. The formulas are in `science/boiler.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from functools import reduce
from operator import add

from emissions.fires import FireGas, fires
from emissions.models import EmissionDay
from emissions.settling import SitePeriod
from energy.factors import FactorBook, find_energy_type
from energy.prices import WoodPrice, wood_prices
from energy.wood import Moisture, Wood, wood_burned
from factories.choices import SourceKind
from factories.days import ONE_DAY
from factories.models import EmissionSource, Factory
from science import boiler
from science.boiler import GOOD_FIRE, ChimneyLoss, FireRemedy
from science.combustion import wet_wood_kg
from science.readings import FUEL_MOISTURE_DEFAULT_FRACTION

FIREWOOD = "firewood"
GOOD_LOSS = boiler.chimney_loss(GOOD_FIRE).total
MOST_LOSS = 0.99
_GOOD_MOISTURE = GOOD_FIRE.wood_moisture_fraction
#: Sources whose gas is no fire's.
_NO_FIRE = [SourceKind.STEAM_DRYER_EXHAUST, SourceKind.GRID, SourceKind.MINE_METHANE, SourceKind.EXPLOSIVES]


@dataclass(frozen=True, slots=True)
class FireTold:
    """Of the wood fires of a site over a period."""

    fire: boiler.Fire
    loss: ChimneyLoss
    remedy: FireRemedy  # never MOISTURE while the site has not stated it
    moisture_is_stated: bool
    co2_kg: float  # measured while it burned
    avoidable_co2_kg: float
    avoidable_kg: Decimal  # of wood as burned
    avoidable_m3: Decimal | None  # stacked; None: the weight of a stacked m3 is not known
    price: WoodPrice | None

    @property
    def avoidable_cost(self) -> Decimal | None:
        return None if self.price is None else self.price.cost(self.avoidable_co2_kg)


def wood_chimneys(factories: Sequence[Factory]) -> dict[int, set[int]]:
    """The chimneys of each site under which nothing but firewood is registered; one query.

    Where oil is burned beside wood, the share of each is not known from the gas, and the loss of neither.
    """
    return {pk: {chimney for chimney, wood in found.items() if wood} for pk, found in fire_chimneys(factories).items()}


def wood_sites(factories: Sequence[Factory]) -> set[int]:
    """The sites with chimneys of fires, all of them of firewood alone; one query."""
    return {pk for pk, found in fire_chimneys(factories).items() if found and all(found.values())}


def fire_chimneys(factories: Sequence[Factory]) -> dict[int, dict[int, bool]]:
    """The chimneys of fires of each site, and whether nothing but firewood is registered under each; one query."""
    rows = EmissionSource.objects.filter(factory__in=factories, chimney__isnull=False).exclude(kind__in=_NO_FIRE)
    fuels: dict[tuple[int, int], list[set[str]]] = {}
    for source in rows:
        assert source.chimney_id is not None
        fuels.setdefault((source.factory_id, source.chimney_id), []).append(source.listed_fuels)
    found: dict[int, dict[int, bool]] = {factory.pk: {} for factory in factories}
    for (factory_id, chimney_id), of_sources in fuels.items():
        found[factory_id][chimney_id] = all(listed == {FIREWOOD} for listed in of_sources)
    return found


def what_fires_tell(
    factories: Sequence[Factory], periods: Sequence[SitePeriod], now: datetime
) -> list[FireTold | None]:
    """Of each period, between whole hours of one of the factories; the number of queries is fixed.

    None: nothing burned or nothing was measured under a chimney of wood alone, or its gas was no wood smoke's.
    """
    chimneys = wood_chimneys(factories)
    of_wood = [
        [row for row in rows if row.chimney_id in chimneys[period.factory_id]]
        for period, rows in zip(periods, fires(periods), strict=True)
    ]
    by_pk = {factory.pk: factory for factory in factories}
    burning = {period.factory_id for period, rows in zip(periods, of_wood, strict=True) if rows}
    prices = wood_prices(burning, now) if burning else {}
    woods = firewoods([by_pk[pk] for pk in sorted(burning)], now)
    told: list[FireTold | None] = []
    for period, rows in zip(periods, of_wood, strict=True):
        pk = period.factory_id
        told.append(_told(by_pk[pk], reduce(add, rows), woods[pk], prices.get(pk)) if rows else None)
    return told


def firewoods(factories: Sequence[Factory], now: datetime) -> dict[int, Wood]:
    """The firewood of each site; a query or two for each country."""
    books: dict[str, FactorBook] = {}
    woods = {}
    for factory in factories:
        if factory.country not in books:
            books[factory.country] = FactorBook(find_energy_type(FIREWOOD), factory.country)
        factors = books[factory.country].on(now.astimezone(factory.zone).date())
        woods[factory.pk] = wood_burned(factors, Moisture(of_site=factory.wood_moisture_fraction))
    return woods


def chimney_losses(factories: Sequence[Factory], first_day: date, last_day: date) -> dict[int, float]:
    """The share [1] of the wood's heat that left by the chimneys of each site over calendar days, both included.

    Two queries. A site is absent when nothing was measured under a chimney of wood alone.
    """
    periods = [
        SitePeriod(
            factory.pk,
            datetime.combine(first_day, time(), factory.zone),
            datetime.combine(last_day, time(), factory.zone) + ONE_DAY,
        )
        for factory in factories
    ]
    chimneys = wood_chimneys(factories)
    losses = {}
    for factory, rows in zip(factories, fires(periods, EmissionDay), strict=True):
        of_wood = [row for row in rows if row.chimney_id in chimneys[factory.pk]]
        burning = _fire(factory, reduce(add, of_wood)) if of_wood else None
        if burning is not None:
            losses[factory.pk] = burning[1].total
    return losses


def _fire(factory: Factory, gas: FireGas) -> tuple[boiler.Fire, ChimneyLoss] | None:
    """The fire and its loss. None for a gas of no wood fire: false air, or a sensor that is wrong. No fire loses more
    heat than it has, or gains some."""
    moisture = factory.wood_moisture_fraction
    try:
        fire = boiler.Fire(
            co2_fraction_dry=gas.co2_dry_fraction,
            stack_temperature_c=gas.temperature_c,
            wood_moisture_fraction=FUEL_MOISTURE_DEFAULT_FRACTION if moisture is None else float(moisture),
        )
    except ValueError:
        return None
    loss = boiler.chimney_loss(fire)
    return (fire, loss) if 0.0 <= loss.total <= MOST_LOSS else None


def _told(factory: Factory, gas: FireGas, wood: Wood, price: WoodPrice | None) -> FireTold | None:
    burning = _fire(factory, gas)
    if burning is None:
        return None
    fire, loss = burning
    is_stated = factory.wood_moisture_fraction is not None
    avoidable_co2_kg = gas.co2_kg * boiler.avoidable_wood_share(loss.total, good_loss=GOOD_LOSS)
    avoidable_kg = wet_wood_kg(Decimal(avoidable_co2_kg), moisture_fraction=wood.moisture_fraction)
    return FireTold(
        fire=fire,
        loss=loss,
        remedy=boiler.change_first(fire if is_stated else replace(fire, wood_moisture_fraction=_GOOD_MOISTURE)),
        moisture_is_stated=is_stated,
        co2_kg=gas.co2_kg,
        avoidable_co2_kg=avoidable_co2_kg,
        avoidable_kg=avoidable_kg,
        avoidable_m3=avoidable_kg / wood.kg_per_stere if wood.kg_per_stere else None,
        price=price,
    )
