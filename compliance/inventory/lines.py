"""The inventory as data: lines by source, stream and gas, from which every total is summed. Without a database.

`build.py` makes it from what is stored. Gas masses are kept, so that any set of potentials can be applied later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, localcontext
from enum import StrEnum

from science.gwp import gwp
from science.interval import UncertainMass, total

BIOGENIC_CO2 = "CO2_biogenic"  # outside the scopes
PUBLISHED_CO2E = "CO2e"  # a factor that its publisher gives as CO2e only: no other potentials can be applied
PRECISION = 60  # digits: no product or sum of masses is rounded
SETS = ("AR4", "AR5", "AR6")  # that stand side by side


class Basis(StrEnum):
    """Where a mass comes from."""

    MEASURED = "measured"
    SUBSTITUTED = "substituted"  # an hour of a measured source that was filled
    CALCULATED = "calculated"
    ESTIMATED = "estimated"  # CH4 and N2O of unlogged fuel, from its measured CO2


class Approach(StrEnum):
    """Of scope 2. The two totals stand beside each other and are never added."""

    LOCATION = "location"
    MARKET = "market"


@dataclass(frozen=True, slots=True)
class Line:
    """One gas of one stream of one source in one calendar month of the site."""

    factory_id: int
    month: date  # its first day
    source_id: int | None  # EmissionSource; None: the site's, without a source, or of a chimney that sources share
    source_kind: str
    stream: str  # code of the energy type; "stack", "coal", or "contract" and "certificate" of the market
    scope: int  # 1, 2; 0: outside the scopes (biogenic CO2)
    approach: str  # of scope 2, an `Approach`; else empty
    gas: str  # science.gwp.Gas, BIOGENIC_CO2, PUBLISHED_CO2E, or the code of a refrigerant
    basis: str  # a `Basis`
    method: str  # of a substituted line: the organisation's method; else empty
    mass: UncertainMass  # of the gas
    amount: Decimal | None  # activity data in `unit`; the same on the line of each gas
    unit: str
    energy_gj: Decimal | None
    factor_ids: tuple[int, ...]  # EmissionFactor rows
    gwp_set: str  # of PUBLISHED_CO2E: its publisher's


def of_scopes(line: Line) -> bool:
    """Scope 1, and scope 2 by location."""
    return line.scope == 1 or line.approach == Approach.LOCATION


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that emits and has no mass in the lines: never counted as zero in silence."""

    factory_id: int
    month: date
    # methane_factor: coal without a class or factor; hours_missing: of a measured chimney, without a mass of record;
    # fuel: measured CO2 whose CH4 and N2O are not known, because no fuel is logged or listed
    what: str
    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class FactorUsed:
    """A factor row behind the lines."""

    id: int
    energy_type: str
    gas: str
    value: Decimal
    unit: str
    set_name: str
    country: str
    valid_from: date
    valid_to: date | None
    version: int
    gwp_set: str  # of a sum of gases: its publisher's
    source: str
    publication: str


@dataclass(frozen=True, slots=True)
class Hours:
    """Chimney hours of the period by status."""

    measured: int = 0
    partial: int = 0
    substituted: int = 0
    idle: int = 0
    missing: int = 0  # without a mass of record

    @property
    def filled(self) -> int:
        return self.partial + self.substituted

    @property
    def all(self) -> int:
        return self.measured + self.filled + self.idle + self.missing


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of a site's period is behind its figures. A day counts when 80 % of it are logged."""

    factory_id: int
    days: int  # of the period that are over
    heat_days: int
    electricity_days: int
    production_days: int
    scope1_days: int  # on which what decides scope 1 is known: fuel of heat or its measured CO2; of a mine its coal
    hours: Hours


@dataclass(frozen=True, slots=True)
class Inventory:
    """The emissions of some sites in a period of whole calendar days of each site. Days to come are left out."""

    factory_ids: tuple[int, ...]
    first_day: date
    end_day: date  # exclusive
    gwp_set: str
    as_known_on: datetime | None  # None: as known now
    method_version: str
    lines: tuple[Line, ...]
    completeness: tuple[Completeness, ...]
    made_kg: dict[int, Decimal | None]  # production by site; None: nothing logged
    inputs_sha256: str  # of all rows that went in
    unknown: tuple[Unknown, ...] = ()
    factors: tuple[FactorUsed, ...] = ()
    removals: tuple[Line, ...] = ()  # apart, never netted
    potentials: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)  # of refrigerants, by set and gas

    def co2e(self, choose: Callable[[Line], bool], *, gwp_set: str = "") -> UncertainMass:
        """kg CO2e of the chosen lines in a set, by default the inventory's; biogenic CO2 is never in it. Unrounded.

        A sum that its publisher made keeps its publisher's set.
        """
        with localcontext(prec=PRECISION):
            chosen = [line for line in self.lines if line.gas != BIOGENIC_CO2 and choose(line)]
            return total(line.mass.times(self.potential(line.gas, gwp_set or self.gwp_set)) for line in chosen)

    def potential(self, gas: str, gwp_set: str) -> Decimal:
        """kg CO2e a kg. Raises ValueError for a gas that the set does not hold."""
        if gas == PUBLISHED_CO2E:
            return Decimal(1)
        known = self.potentials.get((gwp_set, gas))
        return gwp(gas, gwp_set) if known is None else known

    def mass(self, choose: Callable[[Line], bool]) -> UncertainMass:
        """kg of the chosen lines, which are of one gas."""
        with localcontext(prec=PRECISION):
            return total(line.mass for line in self.lines if choose(line))

    @property
    def scope1(self) -> UncertainMass:
        return self.co2e(lambda line: line.scope == 1)

    @property
    def scope2_location(self) -> UncertainMass:
        return self.co2e(lambda line: line.approach == Approach.LOCATION)

    @property
    def scope2_market(self) -> UncertainMass:
        """Equal to the location-based total without a contract or certificate."""
        return self.co2e(lambda line: line.approach == Approach.MARKET)

    @property
    def biogenic(self) -> UncertainMass:
        """kg CO2 outside the scopes."""
        return self.mass(lambda line: line.gas == BIOGENIC_CO2)

    def coverage(self, scope: int) -> Decimal | None:
        """Share of the days that are over on which what decides a scope is known; None before the first is over."""
        days = sum(site.days for site in self.completeness)
        known = sum(site.scope1_days if scope == 1 else site.electricity_days for site in self.completeness)
        return Decimal(known) / days if days else None
