"""Production and fuel of a simulated tea factory: leaf by season and weekday, made tea, wood, and firing times.

This is the only load function: the chimney of the live fleet (`simulator.py`), the hourly means of the history
(`hour_means.py`) and the managers' log (`ledger.py`) all follow from it, so stack, wood and tea agree.
Pure: no clock, no database. The scale follows the KTDA benchmarks in `docs/sources.md`: about 4.2 million kg of
made tea a year and 2 kg of wood per kg.
"""

from dataclasses import dataclass, field
from functools import cache

from demo.chance import draw, either_side, spread, wave

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
# Nairobi has kept UTC+3 without daylight saving since 1960.
LOCAL_OFFSET_S = 3 * HOUR_S
FACTORY_DAY_STARTS_S = 6 * HOUR_S

# January to December, mean 1: flushes after the long rains and the short rains, a cold dry July.
_SEASON = (1.08, 0.92, 0.95, 1.11, 1.15, 1.03, 0.83, 0.79, 0.88, 1.06, 1.12, 1.08)
# Monday to Sunday, mean 1: nobody plucks on Sunday, but the leaf of Saturday is processed then.
_WEEKDAY = (1.08, 1.05, 1.03, 1.02, 1.02, 0.98, 0.82)
_DAYS_A_MONTH = 30.44
# A busy day burns longer and hotter: length^0.6 x rate^0.4 is the load.
LENGTH_SHARE = 0.6
LONGEST_SHIFT_S = 22.5 * HOUR_S
HISTORY_DAYS = 396  # thirteen months
CO2_KG_PER_KG_WOOD = (1 - 0.30) * 0.50 * 44 / 12  # by carbon, at 30 % moisture (`docs/method.md` 7)


@dataclass(frozen=True, slots=True)
class Shift:
    """One firing of the boiler, in seconds of the site's clock since 1970, with the tea made and wood burned."""

    start_s: float
    end_s: float
    rate: float  # draught and fire relative to an average day
    tea_kg: float
    wood_kg: float

    def share_between(self, start_s: float, end_s: float) -> float:
        """The part of the firing within a stretch of time."""
        overlap_s = min(self.end_s, end_s) - max(self.start_s, start_s)
        return max(0.0, overlap_s) / (self.end_s - self.start_s)


@dataclass(frozen=True, slots=True)
class Works:
    """One factory's size and habits. `seed` draws the values that are not given."""

    seed: int
    tea_kg_per_day: float  # of an average day
    wood_kg_per_kg: float
    kwh_per_kg: float
    shift_start_s: float  # after local midnight
    shift_s: float  # of an average day
    rests_on_sundays: bool = False
    improves_until_day: int | None = None  # uses a quarter less per kg at the end of the 13 months before it
    _shifts: dict[int, Shift | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def wood_kg_per_day(self) -> float:
        return self.tea_kg_per_day * self.wood_kg_per_kg

    @property
    def co2_kg_per_s(self) -> float:
        """The CO2 of all chimneys of the factory during an average day's shift."""
        return self.wood_kg_per_day * CO2_KG_PER_KG_WOOD / self.shift_s

    def shift(self, day: int) -> Shift | None:
        """The shift lit on a local day (days since 1970); None when the factory rests."""
        if day not in self._shifts:
            self._shifts[day] = self._make_shift(day)
        return self._shifts[day]

    def _make_shift(self, day: int) -> Shift | None:
        leaf = self._leaf_share(day)
        if leaf <= 0.0:
            return None
        saving = self._wood_share(day)
        load = leaf * saving
        length_s = min(LONGEST_SHIFT_S, self.shift_s * load**LENGTH_SHARE)
        rate = load * self.shift_s / length_s
        start_s = day * DAY_S + self.shift_start_s + 450.0 * either_side(self.seed, 15, day)
        tea_kg = self.tea_kg_per_day * leaf
        return Shift(start_s, start_s + length_s, rate, tea_kg, tea_kg * self.wood_kg_per_kg * saving)

    def _leaf_share(self, day: int) -> float:
        weekday = (day + 3) % 7  # 1970 began on a Thursday
        share = _WEEKDAY[weekday]
        if self.rests_on_sundays:
            share = 0.0 if weekday == 6 else share * 7.0 / (7.0 - _WEEKDAY[6])
        weather = 1.0 + 0.09 * wave(self.seed, 31, day, 6.0) + 0.04 * either_side(self.seed, 32, day)
        return share * season(day) * weather

    def _wood_share(self, day: int) -> float:
        return self.progress_share(day) * (1.0 + 0.015 * wave(self.seed, 33, day, 20.0))

    def progress_share(self, day: int) -> float:
        """The factory's fuel use per kg of tea on a day, relative to its average of the 13 months; 1 unless it
        improves."""
        if self.improves_until_day is None:
            return 1.0
        progress = 1.0 - (self.improves_until_day - day) / HISTORY_DAYS
        return 1.15 - 0.3 * min(1.0, max(0.0, progress))

    def between(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Tea made and wood burned in a stretch of the site's time [kg]."""
        tea_kg = wood_kg = 0.0
        for day in range(int(start_s // DAY_S) - 2, int(end_s // DAY_S) + 1):
            shift = self.shift(day)
            share = shift.share_between(start_s, end_s) if shift else 0.0
            if shift and share:
                tea_kg += share * shift.tea_kg
                wood_kg += share * shift.wood_kg
        return tea_kg, wood_kg


@cache
def season(day: int) -> float:
    """The leaf growth at that time of the year, mean 1."""
    at = (day % 365.25) / _DAYS_A_MONTH - 0.5  # the figures stand for the middles of months
    month = int(at // 1)
    into = at - month
    return _SEASON[month % 12] * (1.0 - into) + _SEASON[(month + 1) % 12] * into


def drawn_works(
    seed: int,
    *,
    wood_kg_per_kg: float | None = None,
    kwh_per_kg: float | None = None,
    improves_until_day: int | None = None,
) -> Works:
    """The works of a factory by its number: sizes and intensities spread evenly over the usual range."""
    # Most burn about 2 kg per kg of tea, a few burn 50 % more.
    wood = 1.55 + 1.30 * spread(seed, 0.30) ** 1.4 if wood_kg_per_kg is None else wood_kg_per_kg
    return Works(
        seed=seed,
        tea_kg_per_day=4.2e6 / 365.0 * (0.68 + 0.64 * draw(seed, 40)),
        wood_kg_per_kg=wood,
        kwh_per_kg=0.38 + 0.30 * draw(seed, 41) if kwh_per_kg is None else kwh_per_kg,
        # 10:00 to 23:00 by the golden ratio: at any hour only a few factories of a fleet are idle.
        shift_start_s=(10.0 + 13.0 * spread(seed)) * HOUR_S,
        shift_s=(15.8 + 1.4 * draw(seed, 42)) * HOUR_S,
        rests_on_sundays=seed % 11 == 4,
        improves_until_day=improves_until_day,
    )
