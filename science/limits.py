"""Hard limits of plausibility, and the one shape of a domain error.

Lives here: the limits of ``docs/method.md`` 1 and ``require_within``, so that every error of this package names the
value, its unit, the limit and the remedy in the same words. Does not live here: warnings and flags for unusual values
(``quality.py``).
"""

import math

CO2_MAX_SOLID_FUEL_PPM = 205_000.0  # wood, bark, coal: 19.8-20.0 % dry at zero excess air
CO2_MAX_GAS_OIL_PPM = 160_000.0
TEMPERATURE_MIN_C = -10.0
TEMPERATURE_MAX_C = 900.0
VELOCITY_MAX_MS = 40.0
PRESSURE_MIN_PA = 65_000.0
PRESSURE_MAX_PA = 108_000.0
MOISTURE_MAX_FRACTION = 0.5
DIMENSION_MAX_M = 5.0
RATE_MAX_KG_PER_S = 50.0  # no real stack reaches 1 % of it; a forgotten 1e-6 is far above it


def require_within(
    *,
    name: str,
    value: float,
    unit: str,
    low: float = -math.inf,
    high: float = math.inf,
    remedy: str = "check the number and its unit",
) -> float:
    """Return ``value`` unchanged, or raise when it is not a finite number within [low, high].

    Raises: ValueError for what is not a number, infinite, below ``low`` or above ``high``; the message gives name,
    value, unit, limit and remedy.
    """
    if low <= value <= high and math.isfinite(value):
        return value
    suffix = f" {unit}" if unit else ""
    if not math.isfinite(value):
        raise ValueError(f"{name}={value}{suffix} is not a finite number; {remedy}")
    side, limit = ("below", low) if value < low else ("above", high)
    raise ValueError(f"{name}={value:g}{suffix} is {side} the limit of {limit:g}{suffix}; {remedy}")


def require_positive(
    *, name: str, value: float, unit: str, high: float = math.inf, remedy: str = "check the number and its unit"
) -> float:
    """Return ``value`` unchanged, or raise when it is not a finite number in (0, high].

    Raises: ValueError as ``require_within``, and for zero.
    """
    if value == 0:
        suffix = f" {unit}" if unit else ""
        raise ValueError(f"{name}=0{suffix} is not above the limit of 0{suffix}; {remedy}")
    return require_within(name=name, value=value, unit=unit, low=0.0, high=high, remedy=remedy)
