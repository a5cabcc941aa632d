"""Integration: rates into mass over time, with gaps left out and means counted once.

Lives here: the segments between readings; their sum is the mass. Does not live here: minutes,
hours and days (sums of segments; ``hours.py`` judges an hour), rounding (``rounding.py``).

A sum or mean of kg/s values is not a mass. Mass is rate times covered time; a gap is missing, not zero.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Two readings further apart than this many intervals of the later one have a gap between them.
MAX_GAP_INTERVALS = 3.0


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


@dataclass(frozen=True, slots=True)
class Segment:
    """Mass of a stretch of time; it belongs whole to the minute of its start."""

    start_ms: int
    duration_ms: int
    kg: float
    is_idle_like: bool = False  # both end readings were
    is_firing_like: bool = False  # either end reading was


def segments(samples: Sequence[RateSample], *, cut_ms: Callable[[int], int] | None = None) -> list[Segment]:
    """Return the segments of a series of valid rates.

    Parameters:
    samples : valid only, sorted by time
    cut_ms : gives the first local hour boundary [ms] after a time [ms]; means are split there.
        None leaves means whole.

    Returns: In order of time, never overlapping, none of zero length.
    Raises: ValueError for samples not sorted; a rate that is negative or not finite; a negative span; a cut that is not
    after the time given.
    Notes: Between samples i and j, with ``s_j = t_j - span_j``: trapezoid ``(r_i + r_j)/2 (s_j - t_i)`` if
    ``0 < s_j - t_i <= 3 interval_j``, else missing. A trapezoid is never split. A mean adds ``r_j span_j`` over (s_j,
    t_j], starting no earlier than t_i: no time is covered twice. Two samples of one time have nothing between them.
    """
    result: list[Segment] = []
    previous: RateSample | None = None
    for sample in samples:
        start_ms = _checked_start_ms(sample, previous)
        if previous is not None:
            gap_ms = start_ms - previous.t_ms
            if 0 < gap_ms <= MAX_GAP_INTERVALS * sample.interval_s * 1000.0:
                kg = (previous.kg_per_s + sample.kg_per_s) * 0.5 * (gap_ms / 1000.0)
                is_idle = previous.is_idle_like and sample.is_idle_like
                is_firing = previous.is_firing_like or sample.is_firing_like
                result.append(Segment(previous.t_ms, gap_ms, kg, is_idle, is_firing))
            start_ms = max(start_ms, previous.t_ms)
        if start_ms < sample.t_ms:
            _append_mean(result, sample, start_ms, cut_ms)
        previous = sample
    return result


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


def _append_mean(result: list[Segment], sample: RateSample, start_ms: int, cut_ms: Callable[[int], int] | None) -> None:
    """Append the mean's own time, split where hours end."""
    while start_ms < sample.t_ms:
        end_ms = sample.t_ms
        if cut_ms is not None:
            cut = cut_ms(start_ms)
            if cut <= start_ms:
                raise ValueError(f"cut_ms({start_ms} ms) gave {cut} ms; a cut lies after the time given")
            end_ms = min(end_ms, cut)
        duration_ms = end_ms - start_ms
        kg = sample.kg_per_s * (duration_ms / 1000.0)
        result.append(Segment(start_ms, duration_ms, kg, sample.is_idle_like, sample.is_firing_like))
        start_ms = end_ms
