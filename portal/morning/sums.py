"""The sums behind the morning's figures: the factory days of some weeks, added up for each factory. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from compliance import queries
from compliance.models import SiteDay
from factories.models import Factory
from factories.sectors import SECTORS


@dataclass(frozen=True, slots=True)
class MorningSums:
    """One factory over the period. None means unknown, never zero."""

    factory_id: int
    energy_days: int  # factory days with heat and electricity logged; of a mine electricity
    made_kg: Decimal | None
    scope_1_2_kg: Decimal | None
    methane_kg: Decimal | None
    stack_biogenic_kg: Decimal | None
    good_h: int  # chimney hours measured or proved idle
    stack_h: int  # chimney hours with a device of record
    gwp_set: str = ""  # "mixed" when entries differ; the same below
    published_gwp_set: str = ""
    scope2_basis: str = ""
    pair_kg: Decimal | None = None  # scope 1 and 2 of the days on which production is logged too
    pair_made_kg: Decimal | None = None  # production of the same days

    @property
    def operating_pct(self) -> float | None:
        return 100 * self.good_h / self.stack_h if self.stack_h else None


def sums_by_factory(factories: Sequence[Factory], first: date, last: date, now: datetime) -> dict[int, MorningSums]:
    """Each factory's factory days from `first` to `last`, both included. Three queries for all of them."""
    ids = [factory.pk for factory in factories]
    fuels = _fuels(ids, first, last)
    sums = queries.sums(ids, first, last, now=now)
    worked = queries.operating_times(factories, sums, first, last, now=now)
    nobody = (None, None)
    return {
        factory.pk: _site_sums(factory, sums.get(factory.pk), worked[factory.pk], fuels.get(factory.pk, nobody))
        for factory in factories
    }


def _site_sums(
    factory: Factory,
    sums: queries.Sums | None,
    worked: queries.OperatingTime,
    fuels: tuple[Decimal | None, Decimal | None],
) -> MorningSums:
    if sums is None:  # a device that never reported: every hour counts against the operating time
        return MorningSums(factory.pk, 0, None, None, None, None, 0, worked.hours)
    burns_for_heat = SECTORS[factory.sector].burns_for_heat
    return MorningSums(
        factory_id=factory.pk,
        energy_days=sums.energy_days if burns_for_heat else sums.electricity_days,
        made_kg=sums.made_kg,
        scope_1_2_kg=sums.co2e_kg if sums.electricity_days or sums.heat_days or sums.other_gj else None,
        methane_kg=sums.methane_co2e_kg,
        stack_biogenic_kg=_biogenic_part(sums.stack_co2_kg, *fuels),
        good_h=worked.worked_h,
        stack_h=worked.hours,
        gwp_set=sums.gwp_set,
        published_gwp_set=sums.published_gwp_set,
        scope2_basis=sums.scope2_basis,
        pair_kg=sums.co2e_pair_kg,
        pair_made_kg=sums.co2e_made_kg,
    )


def _fuels(ids: Sequence[int], first: date, last: date) -> dict[int, tuple[Decimal | None, Decimal | None]]:
    """CO2 of the carbon in each factory's logged heat fuels, and its fossil part."""
    rows = SiteDay.objects.filter(factory__in=ids, day__range=(first, last)).values("factory_id")
    return {
        row["factory_id"]: (row["fuel"], row["fossil"])
        for row in rows.annotate(fuel=Sum("heat_carbon_co2_kg"), fossil=Sum("fuel_fossil_co2_kg"))
    }


def _biogenic_part(stack_kg: Decimal | None, fuel_kg: Decimal | None, fossil_kg: Decimal | None) -> Decimal | None:
    """Measured CO2 times the biogenic share of the carbon burned on the same days; None without a logged fuel."""
    if stack_kg is None or not fuel_kg:
        return None
    return stack_kg * (fuel_kg - (fossil_kg or Decimal(0))) / fuel_kg
