"""The cast of the simulated world: which factories, which devices in their chimneys, which of them misbehave.

Facts only, made from `factories/data/ktda_factories.csv` without a database: `world.py` registers the cast,
`simulate` plays it. What a chimney's gas does over time is in `simulator.py`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from devices.choices import Co2Basis, PressureCompensation

FACTORIES_FILE = Path(__file__).resolve().parent.parent / "factories" / "data" / "ktda_factories.csv"
SUFFIX = " Tea Factory"

# The first device of every fleet, however small: its factory's manager has a demo account.
MANAGED_FACTORY = "Litein Tea Factory"
WITHOUT_DEVICE = "Chelal Tea Factory"
WITH_TWO_CHIMNEYS = "Kangaita Tea Factory"

# Steps of the golden ratio spread diameters evenly, so that no two neighbours in the list look alike.
_GOLDEN = 0.6180339887498949
SMALLEST_DIAMETER_M, LARGEST_DIAMETER_M = 0.80, 1.10


class Part(StrEnum):
    """What a device does in the demo."""

    HEALTHY = "healthy"
    SILENT = "silent"  # worked until 03:10 local time, not heard of since
    NEVER_REPORTED = "never_reported"  # registered, not switched on yet
    SENSOR_FAULT = "sensor_fault"  # its CO2 sensor fails now and then
    OVER_RANGE = "over_range"  # an MH-Z19, made for rooms: pinned at 5,000 ppm while the boiler burns


_PARTS = {
    "kapkatet-01": Part.SILENT,
    "toror-01": Part.NEVER_REPORTED,
    "nyansiongo-01": Part.SENSOR_FAULT,
    "gachege-01": Part.OVER_RANGE,
}


@dataclass(frozen=True, slots=True)
class PlannedFactory:
    name: str
    place: str
    county: str
    altitude_m: float
    altitude_is_estimated: bool
    latitude: float
    longitude: float

    @property
    def slug(self) -> str:
        return self.name.removesuffix(SUFFIX).casefold().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class PlannedDevice:
    """One device of record on one round chimney. `index` seeds everything that is drawn for it."""

    index: int
    device_id: str
    factory_name: str
    altitude_m: float
    chimney_name: str
    diameter_m: float
    part: Part
    sensor: str = "sprintir-20"
    range_ppm: float = 200_000.0
    co2_basis: Co2Basis = Co2Basis.DRY
    compensation: PressureCompensation = PressureCompensation.ON_SENSOR

    @property
    def publishes(self) -> bool:
        return self.part not in (Part.SILENT, Part.NEVER_REPORTED)


@cache
def factories() -> tuple[PlannedFactory, ...]:
    """The 67 factories, in the order of the file."""
    with FACTORIES_FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            PlannedFactory(
                name=row["name"],
                place=row["place"],
                county=row["county"],
                altitude_m=float(row["altitude_m"]),
                altitude_is_estimated=row["altitude_is_estimated"] == "true",
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
            )
            for row in csv.DictReader(file)
        )


@cache
def devices() -> tuple[PlannedDevice, ...]:
    """All devices of the cast. A smaller fleet is the first of them."""
    return tuple(_device(index, *place) for index, place in enumerate(_chimneys()))


def fleet(size: int) -> tuple[PlannedDevice, ...]:
    return devices()[: max(0, size)]


def _chimneys() -> Iterator[tuple[PlannedFactory, int]]:
    """Every chimney that has a device: its factory, and its number there."""
    managed_first = sorted(factories(), key=lambda factory: factory.name != MANAGED_FACTORY)
    for factory in managed_first:
        if factory.name != WITHOUT_DEVICE:
            yield factory, 1
        if factory.name == WITH_TWO_CHIMNEYS:
            yield factory, 2


def _device(index: int, factory: PlannedFactory, number: int) -> PlannedDevice:
    device_id = f"{factory.slug}-{number:02d}"
    part = _PARTS.get(device_id, Part.HEALTHY)
    is_room_sensor = part is Part.OVER_RANGE
    share = (0.5 + index * _GOLDEN) % 1.0
    diameter_m = SMALLEST_DIAMETER_M + share * (LARGEST_DIAMETER_M - SMALLEST_DIAMETER_M)
    return PlannedDevice(
        index=index,
        device_id=device_id,
        factory_name=factory.name,
        altitude_m=factory.altitude_m,
        chimney_name=f"Chimney {number}",
        diameter_m=round(diameter_m / 0.05) * 5 / 100,
        part=part,
        sensor="mh-z19" if is_room_sensor else "sprintir-20",
        range_ppm=5_000.0 if is_room_sensor else 200_000.0,
        compensation=PressureCompensation.NONE if is_room_sensor else PressureCompensation.ON_SENSOR,
    )
