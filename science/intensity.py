"""Intensity: emissions or energy per kilogram made, by rules that never reward missing data.

Lives here: which days count, what a missing or an excessive day counts as, when a figure may be ranked, what
the gaps of a site cost it, and its change against a window before. ``leaderboard/sql/sums.sql`` adds up the days that
need no decision; ``add_days`` adds the others, and a test holds the two equal. Does not live here: places
(``ranking.py``), factors.

The rule: take two logs of one site, of which one lacks entries, production, stack hours or stock counts of the other.
The log with fewer data never gets the smaller figure, and is never the only one of the two that is ranked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from science import limits

#: Upper ends of the plausible bands of a tea factory (KTDA benchmarks, ``docs/sources.md``) [D/K]: what a missing day
#: counts as, and the most that a logged day counts in the rank. If the two differed, leaving data out could pay.
WOOD_CEILING_KG_PER_KG = 4.0
ELECTRICITY_CEILING_KWH_PER_KG = 1.0
#: A site is ranked from these shares of its days [A].
KNOWN_SHARE = 0.80
CONFIRMED_SHARE = 0.50
#: CO2 in the stack to CO2 of the fuel logged, by carbon; within these limits the stack confirms the log [A].
STACK_FUEL_BAND = (0.75, 1.25)
#: Production of the newest complete days may not be logged yet; if it is missing, it counts as zero.
RECENT_DAYS = 2


@dataclass(frozen=True, slots=True)
class DayFacts:
    """One complete day of a site, in the unit of one metric (kg CO2e, MJ, kg CO2).

    ``heat_known`` and ``electricity_known`` are the shares of the day [1] that entries cover; ``heat`` and
    ``electricity`` what those entries hold. Ceilings are per kg made, by the factors in force on the day;
    None: no ceiling is known, so nothing is held and a gap cannot be filled.
    """

    made_kg: float | None
    heat: float = 0.0
    heat_known: float = 0.0
    electricity: float = 0.0
    electricity_known: float = 0.0
    other: float = 0.0
    heat_ceiling_per_kg: float | None = 0.0
    electricity_ceiling_per_kg: float | None = 0.0
    is_idle: bool = False  # every chimney hour proved idle
    is_recent: bool = False
    stack_fuel_ratio: float | None = None  # None unless every chimney hour and the whole fuel are known
    is_stock_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class FigureParts:
    """The parts of a figure, in the unit of its metric."""

    heat: float = 0.0
    electricity: float = 0.0
    other: float = 0.0

    @property
    def total(self) -> float:
        return self.heat + self.electricity + self.other


@dataclass(frozen=True, slots=True)
class DaySums:
    """A site's days, added up."""

    made_kg: float
    production_missing_days: int  # operating days that are not recent
    known_days: float
    asked_days: float
    confirmed_days: int
    judged_days: int
    parts: FigureParts  # as counted in the rank
    filled: FigureParts  # how much of that stands for what is missing
    gap_days: int
    gap_made_kg: float
    gap_parts: FigureParts  # as counted on the days with gaps
    held_days: int  # days logged above the ceiling
    unfilled_days: int  # with a gap for which no ceiling is known: the parts lack it


NO_DAYS = DaySums(0.0, 0, 0.0, 0.0, 0, 0, FigureParts(), FigureParts(), 0, 0.0, FigureParts(), 0, 0)


def add_days(sums: DaySums, days: Sequence[DayFacts], *, mean_kg: float) -> DaySums:
    """Return the sums with further days: missing ones filled, excessive ones held at the ceiling.

    Parameters: ``sums`` of the other days (``NO_DAYS``: of none), ``mean_kg`` made on the site's producing days [kg].

    Notes: *Idle*: no entries are required, and no logged heat or electricity counts; otherwise deleting entries would
    pay.
    Production counts on every day. *Ceiling* of a day: that per kg times the greater of the day's made and the site's
    mean; of a recent day, which may still lack its production, times the mean. *Counted*:
    ``min(logged + (1 - known) * ceiling, ceiling)``.

    Known days are asked days times the smaller of the two shares known; an idle day is asked as far as it is
    known, so that neither hiding its stack nor its entries can raise the share. Confirmed days likewise.
    Source: own choice [A] (``docs/method.md`` 11); KTDA benchmarks for the ceilings.
    """
    rows = [_count(day, mean_kg) for day in days]
    gaps = [row for row in rows if row.is_gap]
    unmade = [day for day in days if day.made_kg is None and not day.is_idle and not day.is_recent]
    return DaySums(
        made_kg=math.fsum([sums.made_kg, *(row.made_kg for row in rows)]),
        production_missing_days=sums.production_missing_days + len(unmade),
        known_days=math.fsum([sums.known_days, *(_known(day) for day in days)]),
        asked_days=math.fsum([sums.asked_days, *(_known(day) if day.is_idle else 1.0 for day in days)]),
        confirmed_days=sums.confirmed_days + sum(_is_confirmed(day) for day in days),
        judged_days=sums.judged_days + sum(not day.is_idle or day.is_stock_confirmed for day in days),
        parts=_sum_parts([sums.parts, *(row.counted for row in rows)]),
        filled=_sum_parts([sums.filled, *(row.filled for row in rows)]),
        gap_days=sums.gap_days + len(gaps),
        gap_made_kg=math.fsum([sums.gap_made_kg, *(row.made_kg for row in gaps)]),
        gap_parts=_sum_parts([sums.gap_parts, *(row.counted for row in gaps)]),
        held_days=sums.held_days + sum(row.is_held for row in rows),
        unfilled_days=sums.unfilled_days + sum(row.is_unfilled for row in rows),
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    made_kg: float
    counted: FigureParts
    filled: FigureParts
    is_gap: bool = False
    is_held: bool = False
    is_unfilled: bool = False


def _count(day: DayFacts, mean_kg: float) -> _Counted:
    made_kg = day.made_kg or 0.0
    if day.is_idle:
        return _Counted(made_kg, FigureParts(other=day.other), FigureParts())
    basis_kg = mean_kg if day.is_recent else max(made_kg, mean_kg)
    heat = _held(day.heat, day.heat_known, day.heat_ceiling_per_kg, basis_kg)
    electricity = _held(day.electricity, day.electricity_known, day.electricity_ceiling_per_kg, basis_kg)
    return _Counted(
        made_kg,
        FigureParts(heat.counted, electricity.counted, day.other),
        FigureParts(heat.filled, electricity.filled),
        is_gap=_known(day) < 1.0 or day.made_kg is None,
        is_held=heat.is_held or electricity.is_held,
        is_unfilled=heat.is_unfilled or electricity.is_unfilled,
    )


@dataclass(frozen=True, slots=True)
class _CountedPart:
    counted: float
    filled: float = 0.0  # how much of it stands for what is missing
    is_held: bool = False
    is_unfilled: bool = False


def _held(logged: float, known: float, ceiling_per_kg: float | None, basis_kg: float) -> _CountedPart:
    if ceiling_per_kg is None:
        return _CountedPart(logged, is_unfilled=known < 1.0)
    ceiling = ceiling_per_kg * basis_kg
    counted = min(logged + (1.0 - known) * ceiling, ceiling)
    return _CountedPart(counted, counted - min(logged, ceiling), is_held=logged > ceiling)


def _known(day: DayFacts) -> float:
    return min(day.heat_known, day.electricity_known)


def _is_confirmed(day: DayFacts) -> bool:
    """Confirmed by the stock of its month, or by its own stack. Each day alone: the sum of a month could hide a bad
    day."""
    low, high = STACK_FUEL_BAND
    by_stack = day.stack_fuel_ratio is not None and low <= day.stack_fuel_ratio <= high
    return day.is_stock_confirmed or (by_stack and not day.is_idle)


def _sum_parts(all_parts: Sequence[FigureParts]) -> FigureParts:
    return FigureParts(
        math.fsum(part.heat for part in all_parts),
        math.fsum(part.electricity for part in all_parts),
        math.fsum(part.other for part in all_parts),
    )


def intensity(amount: float, made_kg: float) -> float | None:
    """Return an amount per kg made; None when nothing was made: there is no figure, and it is not zero.

    Parameters: ``amount`` [kg CO2e, MJ or kg CO2], ``made_kg`` product [kg]. Returns: [the same per kg].
    Raises: ValueError for what is negative or not finite.
    """
    limits.require_within(name="amount", value=amount, unit="", low=0.0)
    limits.require_within(name="made_kg", value=made_kg, unit="kg", low=0.0)
    return amount / made_kg if made_kg > 0.0 else None


def figure(sums: DaySums) -> float | None:
    """Return the figure per kg made; None when nothing was made or a gap cannot be filled."""
    return None if sums.unfilled_days else intensity(sums.parts.total, sums.made_kg)


def gap_cost(sums: DaySums) -> float | None:
    """Return by how much [1] the days with gaps raise the figure: with them filled, against without those days.

    None when there is no figure on one of the sides.
    """
    with_gaps = figure(sums)
    made_kg = max(0.0, sums.made_kg - sums.gap_made_kg)
    without = intensity(max(0.0, sums.parts.total - sums.gap_parts.total), made_kg)
    if with_gaps is None or not without:
        return None
    return with_gaps / without - 1.0


def is_known(sums: DaySums) -> bool:
    """Whether energy is known on enough of the days that ask for it: on all of them where no gap can be filled."""
    return not sums.unfilled_days and sums.known_days >= KNOWN_SHARE * sums.asked_days


class Shortfall(StrEnum):
    """The reasons why a site is not ranked."""

    PRODUCTION_MISSING = "production_missing"
    NOTHING_MADE = "nothing_made"
    ENERGY_MISSING = "energy_missing"
    FUEL_UNCONFIRMED = "fuel_unconfirmed"  # neither stock counts nor stacks confirm the log on enough days


def shortfalls(sums: DaySums) -> set[Shortfall]:
    """Return all reasons why a site is not ranked; empty for a ranked site."""
    is_confirmed = sums.judged_days > 0 and sums.confirmed_days >= CONFIRMED_SHARE * sums.judged_days
    is_short = {
        Shortfall.PRODUCTION_MISSING: sums.production_missing_days > 0,
        Shortfall.NOTHING_MADE: sums.made_kg <= 0.0,
        Shortfall.ENERGY_MISSING: not is_known(sums),
        Shortfall.FUEL_UNCONFIRMED: not is_confirmed,
    }
    return {shortfall for shortfall, is_true in is_short.items() if is_true}


@dataclass(frozen=True, slots=True)
class Change:
    """The relative change of a figure from an earlier window [1]; negative is better."""

    relative: float  # with the grid's factor of the window before
    grid_effect: float  # the additional effect of the grid's change


def change(
    now: DaySums, before: DaySums, *, grid_now: float | None = None, grid_before: float | None = None
) -> Change | None:
    """Return the change of a site's figure with the grid factor held constant, and the grid's own effect.

    Parameters:
    now, before : sums of two windows of equal length
    grid_now, grid_before : mean kg CO2e per kWh of the electricity counted in each; None where it does not matter

    Returns: None when one of the two windows is not complete enough to compare.
    Notes: The window before is taken without its fill, the present one with it: a gap on either side makes the
    improvement look smaller, never larger.
    """
    if min(now.made_kg, before.made_kg) <= 0.0 or not (is_known(now) and is_known(before)):
        return None
    if now.production_missing_days or before.production_missing_days:
        return None
    old = (before.parts.total - before.filled.total) / before.made_kg
    if old <= 0.0:
        return None
    electricity = now.parts.electricity
    if grid_now and grid_before:
        electricity = now.parts.electricity / grid_now * grid_before
    held = (now.parts.heat + electricity + now.parts.other) / now.made_kg
    new = now.parts.total / now.made_kg
    return Change(relative=held / old - 1.0, grid_effect=(new - held) / old)
