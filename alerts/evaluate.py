"""Whether an alarm opens, stays or closes: pure functions of a rule, of what was measured or found, and of what was.

Nothing here reads a clock or a database. `evaluation.py` fetches, asks and stores.

A limit is passed at the first value beyond it, and left at the first value that is back by the hysteresis; between the
two nothing changes. An alarm opens when the limit was passed for the duration of its rule, and closes when it was left
for as long. So noise around a limit is one alarm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from alerts.models import Alert

# An alarm whose condition comes back within this time after it closed by itself is the same one, opened again.
REOPENS_WITHIN = timedelta(hours=1)
SHORTEST_GAP_S = 180.0


class Step(StrEnum):
    NONE = "none"
    OPEN = "open"
    STAY = "stay"
    CLEAR = "clear"  # the condition is over; an alarm that somebody closed may open again
    CLOSE = "close"


class Point(NamedTuple):
    """The mean of a quantity over some time, in seconds since 1970; None: nothing valid was measured."""

    start_s: float
    end_s: float
    value: float | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """`sign`: 1 for a limit that values should stay below, -1 for one that they should stay above."""

    limit: float
    hysteresis: float
    sign: int
    duration_s: float

    def beyond(self, value: float) -> bool:
        return self.sign * (value - self.limit) > 0

    def further(self, one: float | None, other: float) -> float:
        """The one of two values that is further beyond the limit."""
        return other if one is None or self.sign * (other - one) > 0 else one

    def back(self, value: float) -> bool:
        return self.sign * (value - self.limit) <= -self.hysteresis


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a series stands at its end. `is_beyond` is None when it holds nothing beyond the limit and nothing back."""

    is_beyond: bool | None
    since_s: float  # -inf: since before the series
    until_s: float
    extreme: float | None  # the value furthest beyond the limit, of the last time beyond it

    @property
    def lasted_s(self) -> float:
        return self.until_s - self.since_s


def passage(points: Sequence[Point], threshold: Threshold, *, was_beyond: bool, interval_s: float = 5.0) -> Passage:
    """Follow a series, ascending, from what was so before it.

    After a gap of more than three minutes, or three intervals of a slow device, nothing is known of the time between: a
    passage begins again, unless an alarm was open.
    """
    state = True if was_beyond else None
    since_s = -math.inf if was_beyond else 0.0
    extreme: float | None = None
    longest_gap_s = max(SHORTEST_GAP_S, 3 * interval_s)
    known = [point for point in points if point.value is not None]
    for index, point in enumerate(known):
        value = point.value
        assert value is not None
        if index and point.start_s - known[index - 1].end_s > longest_gap_s and not was_beyond:
            state = None
        if state is not True and threshold.beyond(value):
            state, since_s, extreme = True, _begin_s(known, index), None
        elif state is not False and threshold.back(value):
            state, since_s = False, point.start_s
        if state and threshold.beyond(value):
            extreme = threshold.further(extreme, value)
    return Passage(state, since_s, known[-1].end_s if known else -math.inf, extreme)


def _begin_s(points: Sequence[Point], index: int) -> float:
    """When the value rose, from the shares of it that the mean beyond the limit and the mean before hold.

    A step at 20 s of a minute gives that minute two thirds of the step: without this an alarm would open up to a minute
    late.
    """
    end_s, share_s = points[index].end_s, 0.0
    before = points[max(0, index - 2)].value
    after = points[min(len(points) - 1, index + 1)].value
    assert before is not None
    assert after is not None
    for point in points[max(0, index - 1) : index + 1]:
        value = point.value
        assert value is not None
        share = 1.0 if after == before else (value - before) / (after - before)
        share_s += min(1.0, max(0.0, share)) * (point.end_s - point.start_s)
    return end_s - share_s if index and math.isfinite(before) else points[index].start_s


# `alert` is one that is open, or that somebody closed while its condition held on. `is_watched`: the rule is in use and
# its hours are now.
def step_of_passage(found: Passage, threshold: Threshold, alert: Alert | None, *, is_watched: bool) -> Step:
    """What a passage means for an alarm."""
    if alert is None:
        opens = is_watched and found.is_beyond and found.lasted_s >= threshold.duration_s
        return Step.OPEN if opens else Step.NONE
    if found.is_beyond is False and (not alert.is_open or found.lasted_s >= threshold.duration_s):
        return Step.CLOSE if alert.is_open else Step.CLEAR
    return Step.STAY


def step_of_fact(
    began_at: datetime, alert: Alert | None, now: datetime, *, duration: timedelta, is_watched: bool
) -> Step:
    """The same for something that is so since `began_at`. What began after somebody closed the alarm is new."""
    is_new = alert is None or (alert.closed_at is not None and began_at > alert.closed_at)
    if is_new:
        return Step.OPEN if is_watched and now - began_at >= duration else Step.NONE
    return Step.STAY


def step_of_end(alert: Alert, now: datetime, calm: timedelta) -> Step:
    """The same for something that is not so any more. `calm`: for how long, before the alarm closes."""
    is_over = not calm or (alert.cleared_at is not None and now - alert.cleared_at >= calm)
    return Step.CLOSE if alert.is_open and is_over else Step.CLEAR


def opens_again(closed_at: datetime, began_at: datetime) -> bool:
    """Whether a condition that began then is the same alarm as one that closed by itself."""
    return began_at - closed_at <= REOPENS_WITHIN


def is_between(now: Any, begins: Any, ends: Any) -> bool:
    """Whether an hour or a time of day is from one to another; from 20 to 6 is the night."""
    return bool(begins <= now < ends) if begins < ends else now >= begins or now < ends
