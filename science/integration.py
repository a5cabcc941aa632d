"""Integration: rates into mass over time, with gaps left out and means counted once.

Lives here: the segments between readings; their sum is the mass. Does not live here: minutes,
hours and days (sums of segments; ``hours.py`` judges an hour), rounding (``rounding.py``).

A sum or mean of kg/s values is not a mass. Mass is rate times covered time; a gap is missing, not zero.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

#: Two readings further apart than this many intervals of the later one have a gap between them.
MAX_GAP_INTERVALS = 3.0
#: A segment up to this long belongs whole to the minute of its start; a longer one is cut where hours end.
WHOLE_SEGMENT_MS = 60_000


@dataclass(frozen=True, slots=True)
class RateSample:
    """The rate of one valid reading. The caller leaves invalid readings out."""

    t_ms: int  # Unix milliseconds; of a mean, its end
    kg_per_s: float
    interval_s: float  # spacing in force
    span_s: float | None = None  # a mean over (t - span, t]
    n: int = 1  # readings in the mean
    is_idle_like: bool = False
    is_firing_like: bool = False
    is_over_range: bool = False  # the rate is a lower bound


@dataclass(frozen=True, slots=True)
class Segment:
    """Mass of a stretch of time; it belongs whole to the minute of its start."""

    start_ms: int
    duration_ms: int
    kg: float
    is_idle_like: bool = False  # both end readings were
    is_firing_like: bool = False  # either end reading was
    is_over_range: bool = False  # either end reading was: the mass is a lower bound


def segments(samples: Sequence[RateSample], *, cut_ms: Callable[[int], int] | None = None) -> list[Segment]:
    """Return the segments of a series of valid rates.

    Parameters:
    samples : valid only, sorted by time
    cut_ms : gives the first local hour boundary [ms] after a time [ms]; means, and trapezoids longer than a minute,
        are split there. None leaves all whole.

    Returns: In order of time, never overlapping, none of zero length.
    Raises: ValueError for samples not sorted; a rate that is negative or not finite; a negative span; a cut that is not
    after the time given.
    Notes: Between samples i and j, with ``s_j = t_j - span_j``: trapezoid ``(r_i + r_j)/2 (s_j - t_i)`` if
    ``0 < s_j - t_i <= 3 interval_j``, else missing. A trapezoid that is split follows the line between its two rates,
    so readings an hour or more apart give each hour its own share. A mean adds ``r_j span_j`` over (s_j, t_j], starting
    no earlier than t_i: no time is covered twice. Two samples of one time have nothing between them.
    """
    result: list[Segment] = []
    previous: RateSample | None = None
    for sample in samples:
        start_ms = _checked_start_ms(sample, previous)
        if previous is not None:
            gap_ms = start_ms - previous.t_ms
            if 0 < gap_ms <= MAX_GAP_INTERVALS * sample.interval_s * 1000.0:
                is_idle = previous.is_idle_like and sample.is_idle_like
                is_firing = previous.is_firing_like or sample.is_firing_like
                is_over = previous.is_over_range or sample.is_over_range
                if cut_ms is None or gap_ms <= WHOLE_SEGMENT_MS:
                    kg = (previous.kg_per_s + sample.kg_per_s) * 0.5 * (gap_ms / 1000.0)
                    result.append(Segment(previous.t_ms, gap_ms, kg, is_idle, is_firing, is_over))
                else:
                    result += [
                        Segment(begin_ms, length_ms, kg, is_idle, is_firing, is_over)
                        for begin_ms, length_ms, kg in _cut_trapezoid(previous, sample, start_ms, cut_ms)
                    ]
            start_ms = max(start_ms, previous.t_ms)
        if start_ms < sample.t_ms:
            result += _of_mean(sample, start_ms, cut_ms)
        previous = sample
    return result


def _cut_trapezoid(
    earlier: RateSample, later: RateSample, end_ms: int, cut_ms: Callable[[int], int]
) -> Iterator[tuple[int, int, float]]:
    """Start [ms], length [ms] and mass [kg] of each piece, along the line between the two rates."""
    start_kg_per_s = earlier.kg_per_s
    for start_ms, stop_ms in _pieces(earlier.t_ms, end_ms, cut_ms):
        share = (stop_ms - earlier.t_ms) / (end_ms - earlier.t_ms)
        stop_kg_per_s = earlier.kg_per_s * (1.0 - share) + later.kg_per_s * share
        yield start_ms, stop_ms - start_ms, (start_kg_per_s + stop_kg_per_s) * 0.5 * ((stop_ms - start_ms) / 1000.0)
        start_kg_per_s = stop_kg_per_s


def _of_mean(sample: RateSample, start_ms: int, cut_ms: Callable[[int], int] | None) -> Iterator[Segment]:
    """The mean's own time."""
    for begin_ms, stop_ms in _pieces(start_ms, sample.t_ms, cut_ms):
        kg = sample.kg_per_s * ((stop_ms - begin_ms) / 1000.0)
        yield Segment(
            begin_ms, stop_ms - begin_ms, kg, sample.is_idle_like, sample.is_firing_like, sample.is_over_range
        )


def _pieces(start_ms: int, end_ms: int, cut_ms: Callable[[int], int] | None) -> Iterator[tuple[int, int]]:
    """[start, end), split where hours end."""
    while start_ms < end_ms:
        stop_ms = end_ms
        if cut_ms is not None:
            cut = cut_ms(start_ms)
            if cut <= start_ms:
                raise ValueError(f"cut_ms({start_ms} ms) gave {cut} ms; a cut lies after the time given")
            stop_ms = min(end_ms, cut)
        yield start_ms, stop_ms
        start_ms = stop_ms


def _checked_start_ms(sample: RateSample, previous: RateSample | None) -> int:
    """Return when the sample's own time begins [ms], or raise on what cannot be integrated."""
    if not (math.isfinite(sample.kg_per_s) and sample.kg_per_s >= 0.0):
        raise ValueError(
            f"kg_per_s={sample.kg_per_s} kg/s is not a finite rate of at least 0 kg/s; leave invalid readings out"
        )
    if previous is not None and sample.t_ms < previous.t_ms:
        raise ValueError(f"t_ms={sample.t_ms} ms comes after {previous.t_ms} ms; sort the samples by time")
    span_s = sample.span_s
    if not span_s:
        return sample.t_ms
    if not (math.isfinite(span_s) and span_s > 0.0):
        raise ValueError(f"span_s={span_s} s is not a duration of at least 0 s; a point reading has no span")
    return sample.t_ms - round(span_s * 1000.0)
