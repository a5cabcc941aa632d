"""How much a site can use or make a day at most: as it was stated when the site was set up, else by its sector.

The use of these limits for entries is in `logbook/plausibility.py`.
"""

from dataclasses import dataclass
from decimal import Decimal

from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from factories.sectors import SECTORS

GJ_A_DAY_PER_KW = Decimal("0.0864")  # 86,400 s at 1 kW
# A stated capacity is a limit. The default of a sector is that of a large site, so only far more is impossible.
IMPOSSIBLE_TIMES_DEFAULT = 5
_BURN_NO_FUEL = [SourceKind.GRID, SourceKind.MINE_METHANE, SourceKind.EXPLOSIVES, SourceKind.STEAM_DRYER_EXHAUST]


@dataclass(frozen=True, slots=True)
class Capacity:
    """The most a day, in GJ or kg. `is_stated`: somebody stated it for the site or the source."""

    a_day: Decimal
    is_stated: bool

    @property
    def refused_above(self) -> Decimal:
        return self.a_day if self.is_stated else self.a_day * IMPOSSIBLE_TIMES_DEFAULT

    def __mul__(self, times: Decimal) -> "Capacity":
        return Capacity(self.a_day * times, self.is_stated)


def fuel_capacity(factory: Factory, source: EmissionSource | None, fuel: str) -> Capacity:
    """GJ of a fuel a day that the source can burn at full load for 24 hours. Where no source is named, that of the
    sources that list the fuel together; of all sources of the site if none does."""
    burning = list(factory.emission_sources.exclude(kind__in=_BURN_NO_FUEL)) if source is None else [source]
    sources = [one for one in burning if fuel in one.listed_fuels] or burning
    stated = [one.capacity_kw for one in sources if one.capacity_kw is not None]
    total_kw = sum(stated) if stated and len(stated) == len(sources) else None
    return _in_gj(total_kw, SECTORS[factory.sector].large_site.fuel_kw)


def electricity_capacity(factory: Factory, *, is_own: bool) -> Capacity:
    """GJ of electricity a day: from the grid through the site's connection, or `is_own`, made without fuel."""
    return _in_gj(
        None if is_own else factory.electricity_capacity_kw, SECTORS[factory.sector].large_site.electricity_kw
    )


def product_capacity(factory: Factory) -> Capacity:
    """kg a day of the first product of the sector."""
    return _capacity(factory.product_capacity_kg_per_day, SECTORS[factory.sector].large_site.product_kg_per_day)


def material_capacity(factory: Factory) -> Capacity:
    """kg a day of what is used without being burned for energy, like explosives."""
    return _capacity(None, SECTORS[factory.sector].large_site.material_kg_per_day)


def _in_gj(stated_kw: float | None, default_kw: float) -> Capacity:
    return _capacity(stated_kw, default_kw) * GJ_A_DAY_PER_KW


def _capacity(stated: float | None, default: float) -> Capacity:
    return Capacity(Decimal(str(default if stated is None else stated)), stated is not None)
