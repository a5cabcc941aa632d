"""Stack against fuel, day by day: the verdict that the shape of a site's days suggests.

Lives here: the band learned of a site, the sequential test (CUSUM) on the logarithm of its ratios, and what tells
unlogged fuel, false air and sensor drift apart. Does not live here: the masses (``compliance/balance.py``), and the
band that a site starts with (``intensity.py``). docs/method.md 9 states how often it is right.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median

from science.intensity import STACK_FUEL_BAND

# All [A], chosen on simulated sites: tests/science/balance_sites.py, training seeds.
RECENT = 28  # known days before a change, against which it is seen
LEARNED_DAYS = 90  # from which a site's band and the spread of its days are learned
FEWEST_LEARNED = 20  # known days; with fewer the band is the one that a site starts with
SHIFT = 0.1625  # log ratio: what 15 % of the fuel not logged adds
AIR_SHIFT = 0.4  # the same of flow over CO2: what 20 % less CO2 adds
AIR_FALL = 0.1  # of CO2; where it fell less, more gas for each kg made is not air
LIMIT = 5.6  # of the sums, as a log likelihood ratio of the shift against none
OVER_LIMIT = 5.0  # the most that a sum keeps above it, so that a verdict ends a few days after its cause
MOST_SIGMAS = 3.0  # a single day counts as no more, or as no more than
MOST_OF_SHIFT = 0.75  # of the shift where that is more: a sum grows only from half the shift on
LEAST_SIGMA = 0.04  # of a day's log ratio
PROCESS_SIGMA = 0.03  # by which CO2, flow and fuel for each kg made change without a fault
SMALL_DAY = 0.3  # of the usual day's CO2: less is a warm-up, and no day for a ratio
PRIOR = 2.0  # squared standard errors: a log changes from one day to the next, a sensor slowly
RAMP_MARGIN = 1.0  # by which a ramp must explain the days better than a step
MAD_TO_SIGMA = 1.4826
HISTORY_DAYS = RECENT + LEARNED_DAYS
FEWEST_DAYS = 3  # known days that a change must last
START_WIDTH = STACK_FUEL_BAND[1] - 1


class BalanceVerdict(StrEnum):
    """What the days of a site up to one day look like."""

    UNKNOWN = "unknown"  # the day has no ratio
    NOTHING = "nothing"  # nothing found
    UNLOGGED_FUEL = "unlogged_fuel"  # more in the stack; CO2 and flow as usual, less fuel logged for each kg made
    UNBURNED_FUEL = "unburned_fuel"  # less in the stack; CO2 and flow as usual, more fuel logged for each kg made
    FALSE_AIR = "false_air"  # CO2 fell: with more flow, air enters the duct; without, the sample line
    SENSOR_DRIFT = "sensor_drift"  # CO2 or flow moved away, and the ratio with it
    NO_PRODUCTION = "no_production"  # the fire burned all day and nothing was made


@dataclass(frozen=True, slots=True)
class DayPair:
    """A day of a site. None: not known, or not measured; a substitute for a measurement never enters."""

    stack_kg: float | None = None  # CO2 of the stacks
    fuel_kg: float | None = None  # CO2 of the heat fuel logged, by carbon
    made_kg: float | None = None
    co2_dry_fraction: float | None = None  # of the fires' gas
    production_is_due: bool = True  # False: what was made may still be written


@dataclass(frozen=True, slots=True)
class Changes:
    """By how much the days since a change differ from the usual: 0.1 is 10 % more. None: not known."""

    first: int  # place of the first day of the change
    ratio: float | None
    co2: float | None
    flow_per_kg: float | None  # gas for each kg made
    fuel_per_kg: float | None
    is_gradual: bool


@dataclass(frozen=True, slots=True)
class DayBalance:
    """The verdict of a day from the days up to it."""

    ratio: float | None
    low: float  # the band in which a ratio of this site is usual
    high: float
    is_learned: bool
    verdict: BalanceVerdict
    is_apart: bool = False  # stack and log differ, and not on one day only
    changes: Changes | None = None


_Logs = Sequence[float | None]  # logarithms by day


@dataclass(frozen=True, slots=True)
class _Channels:
    """What a fault changes."""

    ratio: _Logs
    co2: _Logs
    flow: _Logs  # for each kg made; the same below
    fuel: _Logs

    @property
    def air(self) -> _Logs:
        """Flow over CO2: air in the duct moves the two apart."""
        pairs = zip(self.flow, self.co2, strict=True)
        return [None if flow is None or co2 is None else flow - co2 for flow, co2 in pairs]


@dataclass(frozen=True, slots=True)
class _Change:
    """A change that lasts: its first day, the usual days before it, and the spread of a day."""

    first: int
    usual: Sequence[int] = ()
    sigma: float = LEAST_SIGMA


def judge(days: Sequence[DayPair], *, width: float = START_WIDTH, fewest_days: int = FEWEST_DAYS) -> list[DayBalance]:
    """Return the verdict of each of consecutive days, each from the days up to it alone.

    Parameters:
    days : ascending, without a hole; `HISTORY_DAYS` before the first one that matters
    width : half the band [1]; the shift that is looked for is scaled with it
    fewest_days : known days that a change must last

    Raises: ValueError for a mass that is negative or not finite.
    Notes: docs/method.md 9.
    Source: own choice [A]; CUSUM 1954, the sums as a log likelihood ratio.
    """
    small = _small_days(days)

    def logs(part: str, whole: str = "") -> _Logs:
        return [
            None if is_small else _log(getattr(day, part), getattr(day, whole) if whole else 1.0)
            for day, is_small in zip(days, small, strict=True)
        ]

    co2, stack_per_kg = logs("co2_dry_fraction"), logs("stack_kg", "made_kg")
    # Gas is CO2 over its fraction.
    flow = [None if s is None or c is None else s - c for s, c in zip(stack_per_kg, co2, strict=True)]
    channels = _Channels(logs("stack_kg", "fuel_kg"), co2, flow, logs("fuel_kg", "made_kg"))
    scale = width / START_WIDTH
    apart = _watch(channels.ratio, (1, -1), SHIFT * scale, fewest_days)
    diluted = _watch(channels.air, (1,), AIR_SHIFT * scale, fewest_days)
    judged = []
    for at, day in enumerate(days):
        value = channels.ratio[at]
        learned = _learned(channels.ratio, at)
        centre = math.exp(median(_known(channels.ratio, learned))) if learned else 1.0
        low, high = centre * (1 - width), centre * (1 + width)
        change = apart[at] or _outside(channels.ratio, at, (low, high), fewest_days, learned)
        verdict, changes = BalanceVerdict.UNKNOWN if value is None else BalanceVerdict.NOTHING, None
        if change is not None:
            verdict, changes = _cause(channels, at, change)
        elif not small[at] and _makes_nothing(day, days[max(0, at - RECENT) : at]):
            verdict = BalanceVerdict.NO_PRODUCTION
        elif (entered := diluted[at]) is not None:
            diluted_by = _changes(channels, at, entered, is_gradual=False)
            if (diluted_by.co2 or 0.0) <= -AIR_FALL:
                verdict, changes = BalanceVerdict.FALSE_AIR, diluted_by
        ratio = None if value is None else math.exp(value)
        judged.append(DayBalance(ratio, low, high, bool(learned), verdict, change is not None, changes))
    return judged


def _small_days(days: Sequence[DayPair]) -> list[bool]:
    """Whether a day's fire is too small to compare, by the usual day so far."""
    small = []
    for at, day in enumerate(days):
        for name in ("stack_kg", "fuel_kg", "made_kg", "co2_dry_fraction"):
            mass = getattr(day, name)
            if mass is not None and not (math.isfinite(mass) and mass >= 0):
                raise ValueError(f"{name}={mass} is not a finite number of at least 0; check both masses of the day")
        fires = [past.stack_kg for past in days[max(0, at - LEARNED_DAYS) : at + 1] if past.stack_kg]
        small.append(day.stack_kg is not None and (not fires or day.stack_kg < SMALL_DAY * median(fires)))
    return small


def _makes_nothing(day: DayPair, before: Sequence[DayPair]) -> bool:
    """Whether a fire burned for nothing. Where production is mostly not written, its absence says nothing."""
    is_usually_written = 2 * sum(past.made_kg is not None for past in before) > len(before)
    is_absent = day.made_kg is None and day.production_is_due and is_usually_written
    return bool(day.stack_kg) and (day.made_kg == 0 or is_absent)


def _log(part: float | None, whole: float | None) -> float | None:
    return math.log(part / whole) if part and whole else None


def _known(logs: _Logs, places: Iterable[int]) -> list[float]:
    return [value for place in places if (value := logs[place]) is not None]


def _learned(ratios: _Logs, at: int) -> Sequence[int]:
    """The days from which the band of a day is learned; empty: too few, or their middle is no usual one."""
    end = max(0, at + 1 - RECENT)
    places = range(max(0, end - LEARNED_DAYS), end)
    known = _known(ratios, places)
    low, high = STACK_FUEL_BAND
    return places if len(known) >= FEWEST_LEARNED and low <= math.exp(median(known)) <= high else ()


# --- Whether something changed -----------------------------------------------------------------
def _watch(logs: _Logs, signs: Sequence[int], shift: float, fewest_days: int) -> list[_Change | None]:
    """For each day the change that lasts, found by a one-sided sum for each sign; None: there is none.

    Days of a change, and those of one that may have begun, never become usual days.
    """
    usual: list[int] = []  # at most LEARNED_DAYS
    waiting: list[int] = []
    totals = dict.fromkeys(signs, 0.0)
    begun: dict[int, list[int]] = {sign: [] for sign in signs}
    change: _Change | None = None
    changes = []
    for at, value in enumerate(logs):
        if value is None:
            changes.append(change)
            continue
        change = None
        if len(usual) >= FEWEST_LEARNED:
            recent = usual[-RECENT:]
            centre = median(_known(logs, recent))
            sigma = max(LEAST_SIGMA, MAD_TO_SIGMA * median(abs(known - centre) for known in _known(logs, usual)))
            for sign in signs:
                most = max(MOST_SIGMAS, MOST_OF_SHIFT * shift / sigma)
                sigmas = min(sign * (value - centre) / sigma, most)
                totals[sign] = min(totals[sign] + shift / sigma * (sigmas - shift / sigma / 2), LIMIT + OVER_LIMIT)
                begun[sign] = [*begun[sign], at] if totals[sign] > 0 else []
                totals[sign] = max(0.0, totals[sign])
                if totals[sign] >= LIMIT and len(begun[sign]) >= fewest_days:
                    change = _Change(begun[sign][0], recent, sigma)
        waiting = [*waiting, at] if change is None else []
        doubted = min((days[0] for days in begun.values() if days), default=at + 1)
        usual = [*usual, *(place for place in waiting if place < doubted)][-LEARNED_DAYS:]
        waiting = [place for place in waiting if place >= doubted]
        changes.append(change)
    return changes


def _outside(
    ratios: _Logs, at: int, band: tuple[float, float], fewest_days: int, learned: Sequence[int]
) -> _Change | None:
    """The change of the last known days, when all of them are above the band, or all below it."""
    run: list[int] = []
    side = 0
    for place in range(at, max(-1, at - RECENT), -1):
        value = ratios[place]
        if value is None:
            continue
        outside = (math.exp(value) > band[1]) - (math.exp(value) < band[0])
        if not outside or side not in (0, outside):
            break
        side = outside
        run.append(place)
    return _Change(run[-1], learned) if len(run) >= max(1, fewest_days) else None


# --- What changed it ---------------------------------------------------------------------------
def _moved(logs: _Logs, at: int, change: _Change) -> float | None:
    """Mean of the days since the change, less that of the usual days."""
    since, before = _known(logs, range(change.first, at + 1)), _known(logs, change.usual)
    return fmean(since) - fmean(before) if since and before else None


def _changes(channels: _Channels, at: int, change: _Change, *, is_gradual: bool) -> Changes:
    ratio = _moved(channels.ratio, at, change)
    if not change.usual:  # against the middle of the band that a site starts with
        ratio = fmean(_known(channels.ratio, range(change.first, at + 1)))
    others = (_moved(logs, at, change) for logs in (channels.co2, channels.flow, channels.fuel))
    co2, flow, fuel = (None if moved is None else math.expm1(moved) for moved in others)
    return Changes(change.first, None if ratio is None else math.expm1(ratio), co2, flow, fuel, is_gradual)


def _cause(channels: _Channels, at: int, change: _Change) -> tuple[BalanceVerdict, Changes]:
    """What explains a ratio that moved: the fuel log, CO2 or flow. The nearest, in squared standard errors, of
    one of them having moved as far as the ratio, and the others not."""
    changes = _changes(channels, at, change, is_gradual=_is_gradual(channels.ratio, at, change))
    moved = math.log1p(changes.ratio or 0.0)
    far = {"fuel": PRIOR if changes.is_gradual else -PRIOR, "co2": 0.0, "flow": 0.0}
    for name, logs, sign in (("co2", channels.co2, 1), ("flow", channels.flow, 1), ("fuel", channels.fuel, -1)):
        seen, before = _moved(logs, at, change), _known(logs, change.usual)
        if seen is None:
            continue
        centre, count = median(before), len(_known(logs, range(change.first, at + 1)))
        sigma = MAD_TO_SIGMA * median(abs(value - centre) for value in before)
        for cause in far:
            expected = sign * moved if cause == name else 0.0
            far[cause] += (seen - expected) ** 2 / (sigma**2 / count + PROCESS_SIGMA**2)
    cause = min(far, key=lambda name: far[name])
    if cause == "fuel":
        return (BalanceVerdict.UNLOGGED_FUEL if moved > 0 else BalanceVerdict.UNBURNED_FUEL), changes
    is_air = cause == "co2" and moved < 0 and not changes.is_gradual
    return (BalanceVerdict.FALSE_AIR if is_air else BalanceVerdict.SENSOR_DRIFT), changes


def _is_gradual(ratios: _Logs, at: int, change: _Change) -> bool:
    """Whether a ramp that starts on one of the last days explains them better than a step does."""
    centre = fmean(_known(ratios, change.usual)) if change.usual else 0.0
    step = ramp = 0.0
    for onset in range(max(0, at + 1 - RECENT), at + 1):
        later = [
            (place - onset + 1, (value - centre) / change.sigma)
            for place, value in enumerate(ratios[onset : at + 1], onset)
            if value is not None
        ]
        if later:
            step = max(step, sum(value for _days, value in later) ** 2 / len(later))
            ramp = max(ramp, sum(d * value for d, value in later) ** 2 / sum(d * d for d, _value in later))
    return ramp > step + RAMP_MARGIN
