"""The gas of fires over a period: what the losses of a fire are computed from. Sums chimneys, never devices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lib import sql


@dataclass(frozen=True, slots=True)
class FireGas:
    """Of a chimney over a period, in units that add up: CO2, dry gas (CO2 over its dry fraction), gas times C."""

    factory_id: int
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
            self.factory_id, self.chimney_id, self.co2_ug + other.co2_ug, self.gas + other.gas, self.gas_c + other.gas_c
        )


def fires(periods: Mapping[int, tuple[datetime, datetime]]) -> dict[int, list[FireGas]]:
    """The fires of each factory (its key) between two whole hours, by chimney; one query."""
    found: dict[int, list[FireGas]] = {pk: [] for pk in periods}
    parameters = {
        "factory_ids": list(periods),
        "starts": [starts_at for starts_at, _ends_at in periods.values()],
        "ends": [ends_at for _starts_at, ends_at in periods.values()],
    }
    for row in sql.fetch(sql.load("emissions", "fires"), parameters, FireGas):
        found[row.factory_id].append(row)
    return found
