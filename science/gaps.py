"""Gaps: how far the filling of a gap is from what a complete record would have said, from the chimney's own data.

Lives here: spreading a day's fuel over its hours, the errors of the same filling in complete windows, the error of a
gap. Does not live here: which method fills (``substitution.py``), how errors add up (``interval.py``).

A window is a stretch of complete hours that is treated as if it were the gap: filled in the same way, and compared with
what was measured in it. The mean of the errors is a bias: it recurs at each gap, so it adds up linearly. What is left
is new at each gap, so its variance adds up. For one gap the two make the mean squared error.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LOOK_BACK_H = (
    720  # windows lie in the 720 hours (fuel: 30 days) before the gap, so that later data changes no old gap [A]
)
FEWEST_WINDOWS = 10  # fewer say nothing; then shorter windows are scaled up [A]
DEFAULT_SIGMA = 0.5  # relative, without any window [A]


@dataclass(frozen=True, slots=True)
class GapError:
    """The error of one filled gap: bias [kg] with its sign, and variance [kg2]."""

    bias_kg: float
    variance_kg2: float


@dataclass(frozen=True, slots=True)
class FuelDay:
    """A day over whose hours its fuel is spread.

    fuel_kg : CO2 of the carbon of the fuel [kg]
    hours_kg : mass of record of each hour [kg], None: not measured; 0 for an hour proved idle
    is_idle : whether each hour was proved idle
    """

    fuel_kg: float
    hours_kg: Sequence[float | None]
    is_idle: Sequence[bool]

    @property
    def kg_per_h(self) -> float:
        """[kg/h] In each hour that is not proved idle; 0 where all are."""
        return self.rate(sum(self.is_idle))

    def rate(self, idle_h: int) -> float:
        hours = len(self.is_idle) - idle_h
        return self.fuel_kg / hours if hours else 0.0


def fuel_errors(days: Sequence[FuelDay], start_h: int, length_h: int) -> list[float]:
    """Return the errors [kg] of spread fuel in complete windows of a length [h], at the same hours of each day.

    Parameters: days before that of the gap; the hour of the day at which the gap starts, its length within the day.
    Notes: At the same hours, because a fire has its daily round: what evenly spread fuel gives too much at night it
    gives too little by day, and over a gap of 24 hours the two biases cancel. Idleness inside a window is not known
    once it is hidden, so its idle hours get fuel like the others.
    """
    errors = []
    for day in days:
        window = day.hours_kg[start_h : start_h + length_h]
        known = [kg for kg in window if kg is not None]
        if len(known) == length_h:
            seen_idle_h = sum(day.is_idle) - sum(day.is_idle[start_h : start_h + length_h])
            errors.append(length_h * day.rate(seen_idle_h) - math.fsum(known))
    return errors


def neighbour_errors(
    hours_kg: Sequence[float | None],
    neighbours: Sequence[float | None],
    length_h: int,
    fill_kg_per_h: Callable[[float, float], float],
) -> list[float]:
    """Return the errors [kg] of a filling from the hours before and after in complete windows of a length [h].

    Parameters:
    hours_kg : mass of record of each hour [kg], None: not measured
    neighbours : what the filling takes from an hour next to a gap (any unit), None: not valid
    fill_kg_per_h : mass of each hour of the gap [kg/h] from the two neighbours
    """
    masses, unknown = [0.0], [0]
    for kg in hours_kg:
        masses.append(masses[-1] + (kg or 0.0))
        unknown.append(unknown[-1] + (kg is None))
    errors = []
    for start in range(1, len(hours_kg) - length_h):
        end = start + length_h
        before, after = neighbours[start - 1], neighbours[end]
        if unknown[end] == unknown[start] and before is not None and after is not None:
            errors.append(length_h * fill_kg_per_h(before, after) - (masses[end] - masses[start]))
    return errors


def gap_error(errors_of: Callable[[int], Sequence[float]], *, length_h: int, filled_kg: float) -> GapError:
    """Return the error of a gap.

    Parameters:
    errors_of : errors [kg] of windows of a length [h]
    length_h : of the gap [h]
    filled_kg : mass that filled the gap [kg]

    Notes: Where too few windows are as long as the gap, windows of half, a quarter ... of its length are taken, and
    their error is scaled up with the length, as if it were the same at each of them: too wide rather than too narrow.
    """
    window_h = length_h
    while window_h:
        errors = errors_of(window_h)
        if len(errors) >= FEWEST_WINDOWS:
            scale = length_h / window_h
            return GapError(statistics.fmean(errors) * scale, statistics.pvariance(errors) * scale * scale)
        window_h //= 2
    return GapError(0.0, (DEFAULT_SIGMA * filled_kg) ** 2)
