"""How numbers are typed: whether a month of entries is unlike the twelve months before at the same site.

Lives here: exact tests of counts and amounts. Does not live here: whose entries, and what is said of them
(``compliance/typing_patterns.py``). docs/method.md 9 states how often an honest site is named.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from statistics import fmean

ALPHA = 0.01  # after the correction for the number of tests of the month
FEWEST_RECENT, FEWEST_PAST = 10, 60  # entries
END_DAYS = 3  # the last of a month
LATE_DAYS = 4  # an entry that is written so many days after its day is late
_MOST_WAYS = 50_000  # to choose the days of an exact permutation test


class TypingPattern(StrEnum):
    ROUND_FIVE = "round_five"  # multiples of 5
    ROUND_TEN = "round_ten"
    COPIED = "copied"  # the value of the day before, once more
    LATE_AT_END = "late_at_end"  # days written late, around the end of the month
    HIGH_AT_END = "high_at_end"  # the last days of the month hold more


@dataclass(frozen=True, slots=True)
class TypedDay:
    """One entry: its day, the amount as typed, and the day on which it was written."""

    day: date
    amount: Decimal
    written_on: date


@dataclass(frozen=True, slots=True)
class TypingFinding:
    """A pattern of a month. Of `HIGH_AT_END` the two are means of the last days over the other days of their month,
    else shares."""

    pattern: TypingPattern
    recent: float
    usual: float
    count: int  # entries, pairs or days of the month
    p: float  # corrected for the number of tests of the month


def findings(series: Mapping[str, Sequence[TypedDay]], month: date) -> dict[str, list[TypingFinding]]:
    """Return by series what is unlike the site's own twelve months before, at p < 0.01 for all tests of the month.

    Parameters: ``series`` : entries by what they are of, ascending by day; ``month`` : its first day
    Notes: Fisher's exact test, one-sided, of shares; an exact permutation test of the amounts of the last days. Each p
    is multiplied by the number of tests that the month allowed (Bonferroni).
    """
    tested = [(name, found) for name, days in series.items() for found in _tested(days, month)]
    named: dict[str, list[TypingFinding]] = {}
    for name, (pattern, recent, usual, count, p) in tested:
        corrected = min(1.0, p * len(tested))
        if corrected < ALPHA:
            named.setdefault(name, []).append(TypingFinding(pattern, recent, usual, count, corrected))
    return named


_Tested = tuple[TypingPattern, float, float, int, float]


def _tested(days: Sequence[TypedDay], month: date) -> list[_Tested]:
    end, begin = _next_month(month), month.replace(year=month.year - 1)
    past = [day for day in days if begin <= day.day < month and day.amount]
    recent = [day for day in days if month <= day.day < end and day.amount]
    if len(recent) < FEWEST_RECENT or len(past) < FEWEST_PAST:
        return []
    shares: list[tuple[TypingPattern, list[bool], list[bool]]] = []

    def compare(pattern: TypingPattern, is_so: Callable[[TypedDay], bool]) -> None:
        shares.append((pattern, [is_so(day) for day in recent], [is_so(day) for day in past]))

    compare(TypingPattern.ROUND_FIVE, lambda day: day.amount % 5 == 0)
    compare(TypingPattern.ROUND_TEN, lambda day: day.amount % 10 == 0)
    compare(TypingPattern.LATE_AT_END, _is_late_at_end)
    shares.append((TypingPattern.COPIED, _repeats(recent), _repeats(past)))
    found: list[_Tested] = [
        (pattern, fmean(now), fmean(before), len(now), fisher_p(sum(now), len(now), sum(before), len(before)))
        for pattern, now, before in shares
        if now and before
    ]
    ends = _end_days(recent), _end_days(past)
    if ends[0] and ends[1]:
        p = permutation_p(*ends)
        found += [] if p is None else [(TypingPattern.HIGH_AT_END, fmean(ends[0]), fmean(ends[1]), len(ends[0]), p)]
    return found


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _is_late_at_end(day: TypedDay) -> bool:
    end = _next_month(day.day)
    return (day.written_on - day.day).days >= LATE_DAYS and abs((day.written_on - end).days) <= END_DAYS


def _by_day(days: Sequence[TypedDay]) -> list[tuple[date, list[Decimal]]]:
    """The amounts of each day: one for each boiler or lorry."""
    return [(day, [one.amount for one in of_day]) for day, of_day in itertools.groupby(days, key=lambda one: one.day)]


def _repeats(days: Sequence[TypedDay]) -> list[bool]:
    """Of each two days in a row, whether they have the same values."""
    return [
        amounts == before
        for (earlier, before), (later, amounts) in itertools.pairwise(_by_day(days))
        if later - earlier == timedelta(days=1)
    ]


def _end_days(days: Sequence[TypedDay]) -> list[float]:
    """The amounts of the last days of each month over the mean of its other days."""
    ratios = []
    for month, of_month in itertools.groupby(_by_day(days), key=lambda of_day: of_day[0].replace(day=1)):
        first_end_day = _next_month(month) - timedelta(days=END_DAYS)
        sums = [(day, float(sum(amounts))) for day, amounts in of_month]
        others = [amount for day, amount in sums if day < first_end_day]
        if len(others) >= FEWEST_RECENT:
            usual = fmean(others)
            ratios += [amount / usual for day, amount in sums if day >= first_end_day]
    return ratios


def fisher_p(recent: int, of_recent: int, past: int, of_past: int) -> float:
    """Return the probability that so many or more of `recent + past` fall into the month by chance [1]; exact."""
    marked, total = recent + past, of_recent + of_past
    most = min(marked, of_recent)
    ways = sum(
        math.comb(marked, count) * math.comb(total - marked, of_recent - count)
        for count in range(recent, most + 1)
        if of_recent - count <= total - marked
    )
    return ways / math.comb(total, of_recent)


def permutation_p(recent: Sequence[float], past: Sequence[float]) -> float | None:
    """Return the share of all choices of so many values whose sum is at least that of `recent`; None: too many."""
    values = [*recent, *past]
    if math.comb(len(values), len(recent)) > _MOST_WAYS:
        return None
    least = sum(recent) - 1e-9
    sums = [sum(chosen) for chosen in itertools.combinations(values, len(recent))]
    return sum(one >= least for one in sums) / len(sums)
