"""Ranking: intervals from the errors that differ between sites, groups anchored at their leader, places as ranges.

Lives here: the error of a figure relative to its neighbours', which sites share a place, the best and worst true
place. Does not live here: the figures themselves and who may be ranked (``intensity.py``).
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from science import limits
from science.intensity import FigureParts

#: Relative uncertainty of a site's activity data [1] [A]: only the part that may differ between sites. The error of a
#: factor that
#: all sites share belongs to the total of the network and not to a rank.
HEAT_U = 0.08  # wood: stacked volume, moisture and density as estimated at the gate
ELECTRICITY_U = 0.02  # a bill or a meter of class 2
OTHER_U = 0.05  # fuel of engines, by tank and receipt
#: Below this many ranked sites there are no places, only the group's median.
SMALLEST_GROUP = 5


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its bounds, all in the figure's unit."""

    value: float
    lower: float
    upper: float

    def __post_init__(self) -> None:
        for name in ("value", "lower", "upper"):
            limits.require_within(name=name, value=getattr(self, name), unit="", low=0.0)
        if not self.lower <= self.value <= self.upper:
            raise ValueError(f"value={self.value} lies outside its bounds {self.lower} to {self.upper}")


def interval(parts: FigureParts, made_kg: float) -> Interval:
    """Return a figure with the bounds for a comparison between sites.

    Parameters: ``parts`` [unit of the metric], ``made_kg`` product [kg], above 0. Returns: [unit per kg].
    Raises: ValueError for what is negative, not finite, or per nothing.

    Notes: ``u = sqrt(sum((u_i part_i)^2))``. As every u_i is below 1, both bounds grow with every part: a site whose
    figure grows can lose a place and never win one.
    """
    limits.require_within(name="made_kg", value=made_kg, unit="kg", low=0.0)
    if made_kg == 0.0:
        raise ValueError("made_kg=0.0 kg: there is no figure per kg of nothing")
    for name in ("heat", "electricity", "other"):
        limits.require_within(name=name, value=getattr(parts, name), unit="", low=0.0)
    half = math.hypot(HEAT_U * parts.heat, ELECTRICITY_U * parts.electricity, OTHER_U * parts.other)
    total = parts.total
    return Interval(total / made_kg, max(0.0, total - half) / made_kg, (total + half) / made_kg)


@dataclass(frozen=True, slots=True)
class Place:
    """A place; 1 is the smallest figure. The true place is between ``best`` and ``worst``."""

    place: int
    best: int
    worst: int
    group_size: int

    @property
    def is_shared(self) -> bool:
        return self.group_size > 1


def places(intervals: Sequence[Interval]) -> list[Place]:
    """Return the place of each figure, in the order given.

    Notes: Sorted by value; a figure joins the group of the leader while its lower bound is at most the leader's upper
    bound, otherwise it leads the next group. Anchored at the leader, because overlap from neighbour to neighbour
    chains: it puts 67 sites at 8 % into 1.1 groups. All members of a group get its first place. Best: one more than the
    figures that lie wholly below; worst: all that do not lie wholly above; both widened to hold the place. A figure
    whose value and bounds grow while all others stay keeps or loses each of the three.
    """
    order = sorted(range(len(intervals)), key=lambda i: _sort_key(intervals[i]))
    uppers = sorted(item.upper for item in intervals)
    lowers = sorted(item.lower for item in intervals)
    groups: list[list[int]] = []
    for i in order:
        if groups and intervals[i].lower <= intervals[groups[-1][0]].upper:
            groups[-1].append(i)
        else:
            groups.append([i])
    by_index: dict[int, Place] = {}
    first = 1
    for members in groups:
        for i in members:
            best = 1 + bisect_left(uppers, intervals[i].lower)
            worst = bisect_right(lowers, intervals[i].upper)
            by_index[i] = Place(first, min(best, first), max(worst, first), len(members))
        first += len(members)
    return [by_index[i] for i in range(len(intervals))]


def _sort_key(item: Interval) -> tuple[float, float, float]:
    return item.value, item.lower, item.upper
