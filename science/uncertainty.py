"""Uncertainty: combines relative one-sigma parts into a combined and an expanded figure.

Lives here: quadrature, coverage factor, the default budget of a chimney, the part of an estimated altitude.
Does not live here: the interval of a whole report, which adds gaps and activity data.

Systematic parts do not shrink with time: keep the same k = 2 figure for an hour and for a year.
"""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from science import limits, pressure

COVERAGE_FACTOR = 2.0  # about 95 %

#: Relative one-sigma parts of a stack rate [1] [K: defaults to be confirmed by a site].
STACK_BUDGET: Mapping[str, float] = MappingProxyType(
    {
        "concentration": 0.05,  # 0.02-0.10
        "velocity": 0.10,  # 0.05-0.20, profile included
        "area": 0.02,
        "temperature": 0.01,
        "pressure": 0.005,
        "moisture": 0.02,
    }
)
PRESSURE_FROM_ALTITUDE = 0.015  # replaces 0.005 without a barometer


def combined(relative_parts: Iterable[float]) -> float:
    """Return independent relative one-sigma parts [1] combined in quadrature [1].

    Raises: ValueError for a part that is negative or not finite.
    """
    parts = list(relative_parts)
    for part in parts:
        limits.require_within(name="relative_part", value=part, unit="", low=0.0, remedy="give 0.05 for 5 %")
    return math.hypot(*parts)


def expanded(combined_relative: float, *, coverage_factor: float = COVERAGE_FACTOR) -> float:
    """Return the expanded uncertainty [1] of a combined one [1]; k = 2 by default."""
    limits.require_within(name="combined_relative", value=combined_relative, unit="", low=0.0)
    return coverage_factor * combined_relative


def stack_budget(*, has_barometer: bool, altitude_error_m: float = 0.0) -> dict[str, float]:
    """Return the default budget [1] of a chimney.

    Parameters: whether a barometer measures the pressure; if not, the possible error [m] of the altitude, zero when
    surveyed. Returns: relative one-sigma parts by name.

    Notes: Without a barometer pressure takes 1.5 %, and an estimated altitude adds its own part, 0.012 % per metre.
    """
    budget = dict(STACK_BUDGET)
    if not has_barometer:
        budget["pressure"] = PRESSURE_FROM_ALTITUDE
        budget["altitude"] = pressure.relative_error_from_altitude(altitude_error_m)
    return budget
