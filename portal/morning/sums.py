"""The sums behind the morning's figures: the factory days of some weeks, added up for each factory. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from compliance import queries
from factories.models import Factory
from factories.sectors import SECTORS
from science.interval import UncertainMass


@dataclass(frozen=True, slots=True)
class MorningSums:
    """One factory over the period. None means unknown, never zero."""

    factory_id: int
    energy_days: int  # factory days with heat and electricity logged; of a mine electricity
    made_kg: Decimal | None
    scope_1_2_kg: Decimal | None
    methane_kg: Decimal | None
    biogenic_kg: Decimal | None  # of record: from the stacks on measured days, from the fuel on others
    good_h: int  # chimney hours measured or proved idle
    stack_h: int  # chimney hours with a device of record
    gwp_set: str = ""  # "mixed" when entries differ; the same below
    published_gwp_set: str = ""
    scope2_basis: str = ""
    is_lower_bound: bool = False  # a CO2 sensor was at the end of its range
    scope_1_2: UncertainMass | None = None
    biogenic: UncertainMass | None = None
    pair_kg: Decimal | None = None  # scope 1 and 2 of the days on which production is logged too
    pair_made_kg: Decimal | None = None  # production of the same days

    @property
    def operating_pct(self) -> float | None:
        return 100 * self.good_h / self.stack_h if self.stack_h else None


def sums_by_factory(factories: Sequence[Factory], first: date, last: date, now: datetime) -> dict[int, MorningSums]:
    """Each factory's factory days from `first` to `last`, both included. Two queries for all of them."""
    sums = queries.sums([factory.pk for factory in factories], first, last, now=now)
    worked = queries.operating_times(factories, sums, first, last, now=now)
    return {factory.pk: _site_sums(factory, sums.get(factory.pk), worked[factory.pk]) for factory in factories}


def _site_sums(factory: Factory, sums: queries.Sums | None, worked: queries.OperatingTime) -> MorningSums:
    if sums is None:  # a device that never reported: every hour counts against the operating time
        return MorningSums(factory.pk, 0, None, None, None, None, 0, worked.hours)
    burns_for_heat = SECTORS[factory.sector].burns_for_heat
    return MorningSums(
        factory_id=factory.pk,
        energy_days=sums.energy_days if burns_for_heat else sums.electricity_days,
        made_kg=sums.made_kg,
        scope_1_2_kg=sums.co2e_kg if sums.electricity_days or sums.heat_days or sums.other_gj else None,
        methane_kg=sums.methane_co2e_kg,
        biogenic_kg=sums.biogenic_co2_kg if sums.measured_days or sums.fuel_days else None,
        good_h=worked.worked_h,
        stack_h=worked.hours,
        gwp_set=sums.gwp_set,
        published_gwp_set=sums.published_gwp_set,
        scope2_basis=sums.scope2_basis,
        is_lower_bound=sums.lower_bound_days > 0,
        scope_1_2=sums.uncertain("co2e"),
        biogenic=sums.uncertain("biogenic"),
        pair_kg=sums.co2e_pair_kg,
        pair_made_kg=sums.co2e_made_kg,
    )
