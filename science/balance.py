"""Stack against fuel: what the shape of the last daily ratios suggests.

Lives here: the shape of a series of ratios of measured CO2 to that of the fuel log. Does not live here: the masses, and
the band (``intensity.py``).
"""

import itertools
import math
from collections.abc import Sequence
from enum import StrEnum

from science.intensity import STACK_FUEL_BAND

FEWEST_DAYS_OF_DRIFT = 6  # [A] fewer steps in one direction happen by chance
DRIFT_TAU = 0.7  # [A] Kendall's: 1 is a step in one direction each day
DRIFT_SHARE = 0.15  # [A] a sensor that moved less is within its calibration


class BalanceShape(StrEnum):
    """What the last days of a site look like."""

    UNKNOWN = "unknown"  # no day with both figures
    WITHIN = "within"  # the last day is inside the band
    DRIFT = "drift"  # moved away day by day: the sensor
    ABOVE = "above"  # at once more in the stack: fuel that was not logged
    BELOW = "below"  # at once less in the stack: false air in the sample line, or too much logged


def shape(ratios: Sequence[float | None], *, band: tuple[float, float] = STACK_FUEL_BAND) -> BalanceShape:
    """Return what daily ratios of stack to fuel [1], ascending, suggest; None is a day without one of the figures.

    Raises: ValueError for a ratio that is negative or not finite.
    Notes: outside the band on the last known day. It is a drift when the ratios moved one way over at least 6 days
    (Kendall's tau at least 0.7 in size), by at least 0.15, and no step is more than half the way: that is a jump.
    """
    known = [ratio for ratio in ratios if ratio is not None]
    for ratio in known:
        if not math.isfinite(ratio) or ratio < 0:
            raise ValueError(f"ratio={ratio} is not a finite number of at least 0; check both masses of the day")
    if not known:
        return BalanceShape.UNKNOWN
    low, high = band
    last = known[-1]
    if low <= last <= high:
        return BalanceShape.WITHIN
    if _is_drift(known):
        return BalanceShape.DRIFT
    return BalanceShape.ABOVE if last > high else BalanceShape.BELOW


def _is_drift(known: Sequence[float]) -> bool:
    if len(known) < FEWEST_DAYS_OF_DRIFT:
        return False
    pairs = list(itertools.combinations(known, 2))
    tau = sum((later > earlier) - (later < earlier) for earlier, later in pairs) / len(pairs)
    if abs(tau) < DRIFT_TAU:
        return False
    # A jump has one large step and little before and after it; a drift spreads its way over many.
    steps = sorted(abs(later - earlier) for earlier, later in itertools.pairwise(known))
    way = abs(known[-1] - known[0])
    return way >= DRIFT_SHARE and steps[-1] <= way / 2
