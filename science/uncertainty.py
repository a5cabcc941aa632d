"""Uncertainty: combines relative one-sigma parts into a combined and an expanded figure.

Lives here: quadrature, coverage factor, the default budget of a chimney, the part of an estimated altitude; what
activity data and factors of a calculated mass may be wrong by. Does not live here: how parts of a total add up
(``interval.py``), hours that were filled (``gaps.py``).

Systematic parts do not shrink with time: keep the same k = 2 figure for an hour and for a year.
"""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from science import limits, pressure
from science.units import Dimension

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
#: What an estimated altitude may be wrong by [m]: a town's height is used where a site states none. [A]
ESTIMATED_ALTITUDE_ERROR_M = 100.0


class ActivityData(StrEnum):
    """How an amount came to be known."""

    METERED = "metered"  # by a meter of the site or its supplier
    WEIGHED = "weighed"
    VOLUME = "volume"  # of a liquid: a pump, a dipstick
    STACKED = "stacked"  # counted steres, by the default weight of a stere
    STACKED_WEIGHED = "stacked and weighed"  # the same by the site's own weight of a stere
    ESTIMATED = "estimated"


class FactorOf(StrEnum):
    """What a factor is about: kinds whose factors are known equally well."""

    LIQUID_OR_GAS = "liquid or gas"  # fossil
    COAL = "coal"  # and other solid fossil fuel
    BIOMASS = "biomass"
    GRID = "grid"
    HEAT = "heat"
    MINE_METHANE = "mine methane"
    EXPLOSIVE = "explosive"
    REFRIGERANT = "refrigerant"


#: Relative one-sigma error [1] of an amount. Half of the 95 % ranges of IPCC 2006 V2 Ch2 Table 2.15 [K] where it has
#: one. A stere: 380 to 550 kg about 450 [K], as a rectangle 19 % / sqrt(3) = 11 %, with 5 % of counting [A].
ACTIVITY_SIGMA: Mapping[ActivityData, float] = MappingProxyType(
    {
        ActivityData.METERED: 0.01,
        ActivityData.WEIGHED: 0.02,
        ActivityData.VOLUME: 0.025,
        ActivityData.STACKED: 0.12,
        ActivityData.STACKED_WEIGHED: 0.06,
        ActivityData.ESTIMATED: 0.15,
    }
)
_OF_DIMENSION = MappingProxyType(
    {
        Dimension.MASS: ActivityData.WEIGHED,
        Dimension.VOLUME: ActivityData.VOLUME,
        Dimension.NORMAL_VOLUME: ActivityData.METERED,
        Dimension.STACKED_VOLUME: ActivityData.STACKED,
        Dimension.ENERGY: ActivityData.METERED,
    }
)
#: Relative one-sigma error [1] of a factor by its gas, "CO2e" of a publisher. Burning: half of the 95 % ranges of
#: IPCC 2006 V2 Ch1 Tables 1.2 and 1.4 (CO2: heating value and carbon) and Ch2 Table 2.12 (CH4 100 %; N2O "an order of
#: magnitude", taken as 200 %) [K]. Wood's carbon: moisture 0.30 +- 0.05 of 0.70, and carbon 0.50 +- 0.02 [K]. Mines:
#: a factor of 2 [K]. Others [A].
_BURNT = {"CH4": 0.50, "N2O": 1.00}
_FACTOR_SIGMA: Mapping[FactorOf, Mapping[str, float]] = MappingProxyType(
    {
        FactorOf.LIQUID_OR_GAS: {"CO2": 0.02, "CO2e": 0.03, **_BURNT},
        FactorOf.COAL: {"CO2": 0.06, "CO2e": 0.06, **_BURNT},
        FactorOf.BIOMASS: {"CO2": 0.08, "CO2e": 0.50, **_BURNT},
        FactorOf.GRID: {"CO2": 0.05, "CO2e": 0.10, **_BURNT},
        FactorOf.HEAT: {"CO2": 0.10, "CO2e": 0.10, **_BURNT},
        FactorOf.MINE_METHANE: {"CH4": 0.50, "CO2e": 0.50},
        FactorOf.EXPLOSIVE: {"CO2": 0.15, "CO2e": 0.15},
        FactorOf.REFRIGERANT: {"CO2e": 0.10},
    }
)


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


def stack_sigma(*, altitude_is_estimated: bool) -> float:
    """Return the relative one-sigma error [1] of what a chimney's sensors measure.

    Notes: With the error of a pressure that follows from the altitude, because an hour does not tell whether a
    barometer was used.
    """
    error_m = ESTIMATED_ALTITUDE_ERROR_M if altitude_is_estimated else 0.0
    return combined(stack_budget(has_barometer=False, altitude_error_m=error_m).values())


def activity_sigma(activity: ActivityData) -> float:
    """Return the relative one-sigma error [1] of an amount. Source: IPCC 2006 V2 Ch2 Table 2.15."""
    return ACTIVITY_SIGMA[activity]


def activity_of(dimension: Dimension, *, is_metered: bool = False, is_weighed_here: bool = False) -> ActivityData:
    """Return how an amount is known: by the dimension [-] of its unit if nothing better is.

    Parameters: the dimension of the unit in which it was entered; whether two readings of a meter made it, or a device;
    whether the site weighed this unit itself.
    """
    if is_metered:
        return ActivityData.METERED
    activity = _OF_DIMENSION.get(dimension, ActivityData.ESTIMATED)
    return ActivityData.STACKED_WEIGHED if activity is ActivityData.STACKED and is_weighed_here else activity


def factor_sigma(of: FactorOf, gas: str) -> float:
    """Return the relative one-sigma error [1] of a factor.

    Parameters: what it is about; its gas as factor rows name it, with biogenic CO2 as "CO2" of biomass.
    Raises: ValueError for a gas that such a factor has not.
    Source: IPCC 2006 V2 Ch1 Tables 1.2 and 1.4, Ch2 Table 2.12. The others are choices of our own.
    """
    known = _FACTOR_SIGMA[of]
    if gas not in known:
        raise ValueError(f"gas={gas!r} has no error as a factor of {of}; known are {', '.join(known)}")
    return known[gas]


def factor_kind(*, energy_type: str, carrier: str, is_biogenic: bool) -> FactorOf:
    """Return what the factor of an energy type is about, by its code and carrier."""
    if carrier != "fuel":
        return FactorOf(carrier) if carrier in set(FactorOf) else FactorOf.BIOMASS
    if is_biogenic:
        return FactorOf.BIOMASS
    is_solid = any(word in energy_type for word in ("coal", "coke", "lignite", "anthracite", "peat"))
    return FactorOf.COAL if is_solid else FactorOf.LIQUID_OR_GAS
