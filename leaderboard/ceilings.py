"""The factors by which a missing day counts: the default firewood factor, and the grid's in force on the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from energy.factors import FactorBook, find_energy_type, main_factor
from energy.valuation import value_amount
from factories.models import Factory
from factories.sectors import SECTORS
from science.intensity import ELECTRICITY_CEILING_KWH_PER_KG, WOOD_CEILING_KG_PER_KG

# For a mine no ceiling is known: nothing of it is held, and one with gaps gets no figure.
NO_CEILING = Decimal(10) ** 15
_VALUED_KG = Decimal(10) ** 6  # a thousand tonnes, so that the six decimals of a record cost no digit


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The most that a kg made may have taken."""

    heat_co2e_kg: Decimal
    heat_gj: Decimal
    heat_co2_kg: Decimal
    electricity_kwh: Decimal


_NONE = Ceilings(NO_CEILING, NO_CEILING, NO_CEILING, NO_CEILING)


@dataclass(frozen=True, slots=True)
class GridFactor:
    """Holds from a day to before another."""

    country: str
    from_day: date
    to_day: date
    kg_per_kwh: Decimal


class CeilingBook:
    """Ceilings of sites on the last day of a time, read once a country."""

    def __init__(self, last_day: date) -> None:
        self._last_day = last_day
        self._books: dict[str, FactorBook] = {}
        self._found: dict[tuple[str, str], Ceilings] = {}

    def of(self, factory: Factory) -> Ceilings:
        if not SECTORS[factory.sector].has_places:
            return _NONE
        gwp_set = factory.organisation.gwp_set
        key = (factory.country, gwp_set)
        if key not in self._found:
            self._found[key] = self._valued(factory.country, gwp_set)
        return self._found[key]

    def _valued(self, country: str, gwp_set: str) -> Ceilings:
        if country not in self._books:
            self._books[country] = FactorBook(find_energy_type("firewood"), country)
        valued, _notices = value_amount(
            _VALUED_KG,
            "kg",
            book=self._books[country],
            local={},
            first_day=self._last_day,
            last_day=self._last_day,
            gwp_set=gwp_set,
        )
        per_kg = Decimal(str(WOOD_CEILING_KG_PER_KG)) / _VALUED_KG
        return Ceilings(
            valued.co2e_kg * per_kg,
            (valued.energy_gj or Decimal(0)) * per_kg,
            valued.biogenic_co2_kg * per_kg,
            Decimal(str(ELECTRICITY_CEILING_KWH_PER_KG)),
        )


def grid_factors(countries: set[str], first_day: date, last_day: date) -> list[GridFactor]:
    """The grid's default factors over these days, by place; looked up month by month, as factors begin with one."""
    if not countries:
        return []
    electricity = find_energy_type("electricity")
    found: list[GridFactor] = []
    for country in sorted(countries):
        book = FactorBook(electricity, country)
        month = first_day.replace(day=1)
        while month <= last_day:
            following = (month + timedelta(days=31)).replace(day=1)
            kg_per_kwh = main_factor(book.on(month).by_unit["kWh"]).value
            if found and (found[-1].country, found[-1].kg_per_kwh) == (country, kg_per_kwh):
                month_before = found.pop()
                found.append(GridFactor(country, month_before.from_day, following, kg_per_kwh))
            else:
                found.append(GridFactor(country, month, following, kg_per_kwh))
            month = following
    return found
