"""The cast of the simulated world: which factories, which devices in their chimneys, which of them have faults.

Facts only, made from `demo/data/ktda_factories.csv` without a database: `world.py` registers the cast, `simulate`
runs it. A chimney's gas over time is in `simulator.py`, the managers' log in `ledger.py`, the mines are in `mines.py`.
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from demo import works
from demo.chance import spread
from demo.works import Works
from devices.choices import Co2Basis, PressureCompensation

FACTORIES_FILE = Path(__file__).resolve().parent / "data" / "ktda_factories.csv"
Row = TypeVar("Row")
SUFFIX = " Tea Factory"

# The first device of every fleet, because its factory's manager has a demo account.
MANAGED_FACTORY = "Litein Tea Factory"
WITHOUT_DEVICE = "Chelal Tea Factory"
WITH_TWO_CHIMNEYS = "Kangaita Tea Factory"

# On an average day the gas passes the probe at about this speed; diameters follow from the fuel of a factory.
SLOWEST_MS, FASTEST_MS = 3.6, 4.6
# CO2 rate of 1 m/s through 1 m2 of chimney, with the gas of an average fire here [kg CO2/s].
CO2_KG_PER_S_M2_PER_MS = 0.0700


class Behaviour(StrEnum):
    """The behaviour of a device in the demo."""

    HEALTHY = "healthy"
    SILENT = "silent"  # worked until 03:10 local time, silent since then
    NEVER_REPORTED = "never_reported"  # registered, not switched on yet
    SENSOR_FAULT = "sensor_fault"  # its CO2 sensor fails now and then
    OVER_RANGE = "over_range"  # an MH-Z19, made for rooms: pinned at 5,000 ppm while the boiler burns
    DRIFT = "drift"  # its CO2 sensor reads lower from week to week


_BEHAVIOURS = {
    "kapkatet-01": Behaviour.SILENT,
    "toror-01": Behaviour.NEVER_REPORTED,
    "nyansiongo-01": Behaviour.SENSOR_FAULT,
    "gachege-01": Behaviour.OVER_RANGE,
    "motigo-01": Behaviour.DRIFT,
}


class Story(StrEnum):
    """The story of a factory's log. `docs/demo.md` says where to see it."""

    STAR = "star"  # burns the least, and less from month to month
    UNLOGGED_WOOD = "unlogged_wood"  # has not logged more than a quarter of its wood for five weeks
    NO_PRODUCTION = "no_production"  # has not logged its tea for twelve days
    RARELY_LOGS = "rarely_logs"  # logs energy on two days of three: not placed
    METER_REPLACED = "meter_replaced"  # a new electricity meter, and a note that says so
    FORGOT_YESTERDAY = "forgot_yesterday"  # has logged everything except the day that has just ended
    WOOD_TO_LOG = "wood_to_log"  # has logged everything except the firewood of that day: the first task of the demo


_STORIES = {
    MANAGED_FACTORY: Story.WOOD_TO_LOG,
    "Kapset Tea Factory": Story.STAR,
    "Rorok Tea Factory": Story.UNLOGGED_WOOD,
    "Tebesonik Tea Factory": Story.NO_PRODUCTION,
    "Kobel Tea Factory": Story.RARELY_LOGS,
    "Ragati Tea Factory": Story.METER_REPLACED,
    "Nduti Tea Factory": Story.FORGOT_YESTERDAY,
    "Chinga Tea Factory": Story.FORGOT_YESTERDAY,
    "Itumbe Tea Factory": Story.FORGOT_YESTERDAY,
    "Kinoro Tea Factory": Story.FORGOT_YESTERDAY,
}
# Wood and electricity per kg of made tea, for sites whose story has a place in the ranking.
_INTENSITIES = {MANAGED_FACTORY: (1.92, 0.47), "Kapset Tea Factory": (1.50, 0.37), "Rorok Tea Factory": (2.45, 0.52)}


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
    """One device of record on one round chimney. `index` seeds all its random values."""

    index: int
    device_id: str
    factory_name: str
    altitude_m: float
    chimney_name: str
    diameter_m: float
    behaviour: Behaviour
    sensor: str = "sprintir-20"
    range_ppm: float = 200_000.0
    co2_basis: Co2Basis = Co2Basis.DRY
    compensation: PressureCompensation = PressureCompensation.ON_SENSOR

    @property
    def publishes(self) -> bool:
        return self.behaviour not in (Behaviour.SILENT, Behaviour.NEVER_REPORTED)


def read_rows(path: Path, row_type: type[Row]) -> tuple[Row, ...]:
    """The rows of a CSV file, its columns by name; columns without a field are left out."""
    with path.open(encoding="utf-8", newline="") as file:
        return msgspec.convert(list(csv.DictReader(file)), tuple[row_type, ...], strict=False)  # type: ignore[valid-type]


@cache
def factories() -> tuple[PlannedFactory, ...]:
    """The 67 factories, in the order of the file."""
    return read_rows(FACTORIES_FILE, PlannedFactory)


def story_of(factory_name: str) -> Story | None:
    return _STORIES.get(factory_name)


@cache
def works_of(factory_name: str, anchor_day: int | None = None) -> Works:
    """Production and fuel of a factory. `anchor_day`: the day of the first start, up to which the star improves."""
    number = next(i for i, factory in enumerate(factories()) if factory.name == factory_name)
    wood, kwh = _INTENSITIES.get(factory_name, (None, None))
    is_star = story_of(factory_name) is Story.STAR
    return works.drawn_works(
        number, wood_kg_per_kg=wood, kwh_per_kg=kwh, improves_until_day=anchor_day if is_star else None
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
    behaviour = _BEHAVIOURS.get(device_id, Behaviour.HEALTHY)
    is_room_sensor = behaviour is Behaviour.OVER_RANGE
    return PlannedDevice(
        index=index,
        device_id=device_id,
        factory_name=factory.name,
        altitude_m=factory.altitude_m,
        chimney_name=f"Chimney {number}",
        diameter_m=_diameter_m(index, factory),
        behaviour=behaviour,
        sensor="mh-z19" if is_room_sensor else "sprintir-20",
        range_ppm=5_000.0 if is_room_sensor else 200_000.0,
        compensation=PressureCompensation.NONE if is_room_sensor else PressureCompensation.ON_SENSOR,
    )


def chimney_count(factory_name: str) -> int:
    return 2 if factory_name == WITH_TWO_CHIMNEYS else 1


def _diameter_m(index: int, factory: PlannedFactory) -> float:
    """Wide enough for the gas of its boiler, in steps of 5 cm."""
    rate_kg_per_s = works_of(factory.name).co2_kg_per_s / chimney_count(factory.name)
    speed_ms = SLOWEST_MS + (FASTEST_MS - SLOWEST_MS) * spread(index, 0.5)
    area_m2 = rate_kg_per_s / (CO2_KG_PER_S_M2_PER_MS * speed_ms)
    return round(math.sqrt(4.0 * area_m2 / math.pi) / 0.05) * 5 / 100
