"""Builders for the science tests, and the one tolerance for figures printed in a source."""

import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from science.hours import MinuteFacts
from science.integration import RateSample, Segment, segments
from science.readings import StackReading, StackSetup

STEP_MS = 5_000
MINUTE_MS = 60_000


def as_printed(text: str) -> Any:
    """Return an approximation that equals any number which rounds to ``text`` in its last digit.

    A source prints six significant digits, so its true value lies within half a unit of the last one;
    a relative tolerance would be too tight for 1.00000 or too loose for 9.99999.
    """
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    half_unit = 0.5 * 10.0**exponent
    # The 1e-6 share lets a value that sits on the half itself pass in binary.
    return pytest.approx(float(number), rel=0, abs=half_unit * (1 + 1e-6))


def make_setup(**changes: Any) -> StackSetup:
    """Return a round chimney of vector 3: wet, no correction, no moisture needed."""
    values: dict[str, Any] = {
        "area_m2": 0.6361725123519331,  # circle, 0.9 m
        "velocity_profile_factor": 1.0,
        "co2_basis": "wet",
        "moisture_method": "fixed",
        "moisture_fraction": 0.13,
        "sensor_range_ppm": 200_000.0,
        "pressure_compensation": "none",
        "site_pressure_pa": 79_495.5,
        "fuel_class": "solid",
    }
    return StackSetup(**{**values, **changes})


def make_reading(**changes: Any) -> StackReading:
    """Return a reading of vector 3: a good fire."""
    values: dict[str, Any] = {"t_ms": 0, "co2_ppm": 96_000.0, "temperature_c": 210.0, "velocity_ms": 4.1}
    return StackReading(**{**values, **changes})


def make_series(
    count: int, change: Callable[[int], dict[str, Any]] | None = None, *, step_ms: int = STEP_MS, **fixed: Any
) -> list[StackReading]:
    """Return ``count`` readings of a lively fire, ``change(i)`` saying what differs at i."""
    series = []
    for i in range(count):
        # A small saw-tooth, so that nothing looks stuck.
        values: dict[str, Any] = {"t_ms": i * step_ms, "co2_ppm": 96_000.0 + (i % 7) * 10.0, **fixed}
        values.update(change(i) if change else {})
        series.append(make_reading(**values))
    return series


def make_samples(points: list[tuple[float, float]], *, interval_s: float = 5.0) -> list[RateSample]:
    """Return point samples from (seconds, kg/s)."""
    return [RateSample(round(t * 1000), rate, interval_s) for t, rate in points]


class Integral(NamedTuple):
    kg: float
    covered_s: float
    missing_s: float


def integrate(samples: list[RateSample]) -> Integral:
    """Return mass [kg], covered and missing time [s] from the first sample's start to the last one's end."""
    parts = segments(samples)
    if not samples:
        return Integral(0.0, 0.0, 0.0)
    covered_s = sum(part.duration_ms for part in parts) / 1000.0
    total_s = (samples[-1].t_ms - samples[0].t_ms) / 1000.0 + (samples[0].span_s or 0.0)
    return Integral(math.fsum(part.kg for part in parts), covered_s, total_s - covered_s)


def minutes_from_segments(parts: Iterable[Segment]) -> list[MinuteFacts]:
    """Return the minutes of some segments, ascending; each segment belongs whole to its start's minute."""
    by_minute: dict[int, list[Segment]] = {}
    for part in parts:
        by_minute.setdefault(part.start_ms // MINUTE_MS * MINUTE_MS, []).append(part)
    return [
        MinuteFacts(
            period_start_ms=start_ms,
            kg=math.fsum(part.kg for part in own),
            covered_s=sum(part.duration_ms for part in own) / 1000.0,
            is_idle_like=all(part.is_idle_like for part in own),
            is_firing_like=any(part.is_firing_like for part in own),
        )
        for start_ms, own in sorted(by_minute.items())
    ]
