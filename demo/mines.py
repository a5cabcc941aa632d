"""Three invented coal mines in India: their properties, and the log of their managers.

Pure: `world.py` registers them, `bookkeeping.py` writes the log. Their names are invented; their figures have
the size of real mines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from demo.cast import read_rows
from demo.chance import draw, either_side, wave
from demo.ledger import EPOCH, EnergyLine, Ledger, ProductionLine, whole_months
from energy.choices import EntryKind
from factories.choices import MineClass, Product, SourceKind

ORGANISATION_NAME = "Three mines (simulated)"
DAY_STARTS_AT = 6
EXPLOSIVE = "explosive_emulsion"
_ZONE = ZoneInfo("Asia/Kolkata")
# January to December: the monsoon floods pits and slows the underground a little; production rises at the year's end.
_SEASON = (1.12, 1.13, 1.20, 0.99, 0.98, 0.93, 0.82, 0.79, 0.83, 0.96, 1.06, 1.11)
_HOLIDAYS = ((1, 26), (8, 15), (10, 2))


@dataclass(frozen=True, slots=True)
class PlannedMine:
    """A mine's place, class and consumption. Amounts are for an average day or a tonne of coal."""

    name: str
    place: str
    state: str
    altitude_m: float
    mine_class: MineClass
    coal_t_per_day: float
    diesel_l_per_t: float
    kwh_per_t: float
    idle_kwh: float  # ventilation and pumps, whatever is mined
    explosive_kg_per_t: float
    pays_by_bill: bool
    co2e_kg_per_t: float  # scope 1 and 2 per tonne in the base year of its target

    @property
    def seed(self) -> int:
        return 500 + len(self.name) + int(self.coal_t_per_day)


MINES = read_rows(Path(__file__).parent / "data" / "mines.csv", PlannedMine)


def planned(name: str) -> PlannedMine:
    return next(mine for mine in MINES if mine.name == name)


def mine_ledger(mine: PlannedMine, *, first_day: int, last_day: int) -> Ledger:
    """All entries of a mine for the days from `first_day` to `last_day`, both included."""
    ledger = Ledger()
    for day in range(first_day, last_day + 1):
        coal_t = _coal_t(mine, day)
        start, end = _start(day), _start(day + 1)
        ledger.made.append(ProductionLine(Product.COAL, Decimal(round(coal_t * 1000)), start, end))
        ledger.lines += _of_the_day(mine, day, coal_t)
        if not mine.pays_by_bill:
            ledger.lines.append(_electricity(mine, day, 1))
    if mine.pays_by_bill:
        ledger.lines += [_electricity(mine, day, days) for day, days in whole_months(first_day, last_day)]
    return ledger


def _start(day: int) -> datetime:
    return datetime.combine(EPOCH + timedelta(days=day), time(DAY_STARTS_AT), _ZONE).astimezone(UTC)


def _coal_t(mine: PlannedMine, day: int) -> float:
    on: date = EPOCH + timedelta(days=day)
    if (on.month, on.day) in _HOLIDAYS:
        return 0.0
    share = 0.55 if on.weekday() == 6 else 1.075
    weather = 1.0 + 0.08 * wave(mine.seed, 1, day, 9.0) + 0.05 * either_side(mine.seed, 2, day)
    return mine.coal_t_per_day * share * _SEASON[on.month - 1] * weather


def _of_the_day(mine: PlannedMine, day: int, coal_t: float) -> Iterator[EnergyLine]:
    start, end = _start(day), _start(day + 1)
    # Trucks run a little on days of rest, too: water, people, overburden.
    litres = mine.diesel_l_per_t * (coal_t + 0.12 * mine.coal_t_per_day)
    amount = Decimal(round(litres * (1.0 + 0.06 * either_side(mine.seed, 3, day))))
    yield EnergyLine("diesel", EntryKind.USED, amount, "L", start, end, SourceKind.HAUL_TRUCK)
    if coal_t:
        kg = mine.explosive_kg_per_t * coal_t * (0.8 + 0.4 * draw(mine.seed, 4, day))
        tonnes = Decimal(round(kg)) / 1000
        yield EnergyLine(EXPLOSIVE, EntryKind.USED, tonnes, "t", start, end, SourceKind.EXPLOSIVES)


def _electricity(mine: PlannedMine, day: int, days: int) -> EnergyLine:
    """For a month's bill, or for one day."""
    kwh = sum(mine.idle_kwh + mine.kwh_per_t * _coal_t(mine, one) for one in range(day, day + days))
    start, end = _start(day), _start(day + days)
    return EnergyLine("electricity", EntryKind.USED, Decimal(round(kwh)), "kWh", start, end, SourceKind.GRID)
