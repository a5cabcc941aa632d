"""The inventory as data: lines by source, stream and gas, from which every total is summed. Without a database.

`build.py` makes it from what is stored. Gas masses are kept, so that any set of potentials can be applied later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from science.interval import ZERO, UncertainMass, total

BIOGENIC_CO2 = "CO2_biogenic"  # outside the scopes
PUBLISHED_CO2E = "CO2e"  # a factor that its publisher gives as CO2e only: no other potentials can be applied


@dataclass(frozen=True, slots=True)
class Line:
    """One gas of one stream of one source in one calendar month of the site."""

    factory_id: int
    month: date  # its first day
    source_id: int | None  # EmissionSource; None: the site's, without a source
    source_kind: str
    stream: str  # code of the energy type, or of what a mine emits
    scope: int  # 1, 2; 0: outside the scopes (biogenic CO2)
    approach: str  # of scope 2: location or market; else empty
    gas: str  # science.gwp.Gas, BIOGENIC_CO2 or PUBLISHED_CO2E
    basis: str  # measured, substituted, calculated
    method: str  # of a substituted line: the organisation's method; else empty
    mass: UncertainMass  # of the gas
    amount: Decimal | None  # activity data, in the unit of the factor
    unit: str
    energy_gj: Decimal | None
    factor_ids: tuple[int, ...]  # EmissionFactor rows
    gwp_set: str  # of PUBLISHED_CO2E: its publisher's


@dataclass(frozen=True, slots=True)
class Hours:
    """Chimney hours of the period by status."""

    measured: int
    partial: int
    substituted: int
    idle: int
    missing: int  # without a mass of record

    @property
    def all(self) -> int:
        return self.measured + self.partial + self.substituted + self.idle + self.missing


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of a site's period is behind its figures."""

    factory_id: int
    days: int  # of the period that are over
    heat_days: int  # logged for 80 % of the day; the same below
    electricity_days: int
    production_days: int
    hours: Hours


@dataclass(frozen=True, slots=True)
class Inventory:
    """The emissions of some sites in a period of whole calendar days of each site."""

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

    def co2e(self, choose: Callable[[Line], bool], *, gwp_set: str = "") -> UncertainMass:
        """kg CO2e of the chosen lines in a set, by default the inventory's."""
        raise NotImplementedError

    def mass(self, choose: Callable[[Line], bool]) -> UncertainMass:
        """kg of the chosen lines, which are of one gas."""
        return total(line.mass for line in self.lines if choose(line))

    @property
    def scope1(self) -> UncertainMass:
        return self.co2e(lambda line: line.scope == 1)

    @property
    def scope2_location(self) -> UncertainMass:
        return self.co2e(lambda line: line.scope == 2 and line.approach == "location")

    @property
    def biogenic(self) -> UncertainMass:
        """kg CO2 outside the scopes."""
        return self.mass(lambda line: line.gas == BIOGENIC_CO2)


EMPTY: Sequence[UncertainMass] = (ZERO,)
