"""The gas of fires over a period: what the losses of a fire are computed from. Sums chimneys, never devices."""

from collections.abc import Sequence
from dataclasses import dataclass

from emissions.models import EmissionDay, EmissionHour
from emissions.settling import SitePeriod
from lib import sql


@dataclass(frozen=True, slots=True)
class FireGas:
    """Of a chimney over a period, in units that add up: CO2, dry gas (CO2 over its dry fraction), gas times C."""

    place: int  # of the period, from 1
    chimney_id: int
    co2_ug: int
    gas: float
    gas_c: float

    @property
    def co2_kg(self) -> float:
        return self.co2_ug / 1e9

    @property
    def co2_dry_fraction(self) -> float:
        return self.co2_ug / self.gas

    @property
    def temperature_c(self) -> float:
        return self.gas_c / self.gas

    def __add__(self, other: "FireGas") -> "FireGas":
        return FireGas(
            self.place, self.chimney_id, self.co2_ug + other.co2_ug, self.gas + other.gas, self.gas_c + other.gas_c
        )


def fires(
    periods: Sequence[SitePeriod], rollup: type[EmissionHour] | type[EmissionDay] = EmissionHour
) -> list[list[FireGas]]:
    """The fires of each period, by chimney; one query for all. Periods go between whole hours, or for long ones between
    local midnights, by the roll-ups of days."""
    found: list[list[FireGas]] = [[] for _period in periods]
    parameters = {
        "factory_ids": [period.factory_id for period in periods],
        "starts": [period.start for period in periods],
        "ends": [period.end for period in periods],
    }
    statement = sql.load("emissions", "fires").replace("/* rollup */", rollup._meta.db_table)
    for row in sql.fetch(statement, parameters, FireGas):
        found[row.place - 1].append(row)
    return found
