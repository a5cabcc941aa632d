"""Pressure of the atmosphere by altitude, and its effect on the reading of an NDIR sensor.

Lives here: ISA pressure, the error of an estimated altitude, the sensor pressure correction.
Does not live here: which pressure a reading uses (``stack.py``), gas density (``gas.py``).

Two errors nearly cancel in the field: assuming 101 kPa overstates density, and an uncompensated
sensor reads low by about as much. Correct both or neither.
"""

from enum import StrEnum

from science import constants, limits

LINEAR_PER_HPA = 0.0017
LINEAR_REFERENCE_HPA = 1013.0
LINEAR_MIN_PA = 95_000.0
LINEAR_MAX_PA = 105_000.0
#: Relative change of ISA pressure, and so of density and mass, per metre of altitude error.
RELATIVE_ERROR_PER_METRE = 0.00012


class PressureCompensation(StrEnum):
    """How the server corrects a CO2 reading for pressure at the sensor."""

    NONE = "none"
    LINEAR_0017 = "linear_0017"
    PROPORTIONAL = "proportional"
    ON_SENSOR = "on_sensor"


def isa_pressure_pa(altitude_m: float) -> float:
    """Return the pressure of the standard atmosphere at an altitude.

    Parameters: ``altitude_m`` above sea level [m], -500 to 9000.
    Returns: absolute pressure [Pa].

    Raises: ValueError for altitude outside the range.
    Notes: ``P = 101325 (1 - 0.0065 h / 288.15) ** 5.25588``. About 1 % low in the tropics.
    Source: ISO 2533:1975, troposphere.
    """
    limits.require_within(
        name="altitude_m",
        value=altitude_m,
        unit="m",
        low=-500.0,
        high=9000.0,
        remedy="give the site's height above sea level in metres",
    )
    ratio = 1.0 - constants.ISA_LAPSE_RATE_K_PER_M * altitude_m / constants.ISA_SEA_LEVEL_TEMPERATURE_K
    return float(constants.STANDARD_PRESSURE_PA * ratio**constants.ISA_PRESSURE_EXPONENT)


def relative_error_from_altitude(altitude_error_m: float) -> float:
    """Return the relative error of pressure (and of mass) that an altitude error causes.

    Parameters: ``altitude_error_m`` possible error of an estimated altitude [m].
    Returns: relative error [1]; 0.00012 (0.012 %) a metre.

    Raises
    ------
    ValueError
        Negative or not finite.

    Source: derivation: slope of the ISO 2533 formula between 0 and 2500 m, 0.0119-0.0125 % per metre.
    """
    limits.require_within(name="altitude_error_m", value=altitude_error_m, unit="m", low=0.0)
    return RELATIVE_ERROR_PER_METRE * altitude_error_m


def sensor_pressure_factor(
    *,
    compensation: str,
    pressure_pa: float,
    calibration_pressure_pa: float = constants.STANDARD_PRESSURE_PA,
    allow_outside_linear_range: bool = False,
) -> float:
    """Return the factor that corrects an NDIR reading for the pressure at its cell.

    Parameters:
    compensation : a ``PressureCompensation`` value
    pressure_pa : absolute pressure where the sensor sits [Pa]
    calibration_pressure_pa : pressure at the last span calibration [Pa]; the factory's is 101,325.
        A sensor calibrated on site is corrected from the site's pressure, so the correction is very small.
    allow_outside_linear_range : compute ``linear_0017`` outside 950-1050 hPa all the same

    Returns: Factor [1] on ppm as read.
    Raises: ValueError for an unknown method; a pressure outside 650-1080 hPa; ``linear_0017`` outside 950-1050 hPa,
    where it adds up to 7 % too much.
    Notes: ``none``, ``on_sensor``: 1. ``proportional``: ``P_cal / P`` (NDIR counts molecules). ``linear_0017``:
    ``1 + 0.0017 (1013 - P_hPa)``, 1013 being the manual's figure for the factory's 1013.25; for another calibration
    pressure that pressure takes its place.
    Source: C.A 1510 manual (linear); derivation from the ideal gas law (proportional).
    """
    method = PressureCompensation(compensation)
    if method in (PressureCompensation.NONE, PressureCompensation.ON_SENSOR):
        return 1.0
    for name, value in (("pressure_pa", pressure_pa), ("calibration_pressure_pa", calibration_pressure_pa)):
        limits.require_within(
            name=name,
            value=value,
            unit="Pa",
            low=limits.PRESSURE_MIN_PA,
            high=limits.PRESSURE_MAX_PA,
            remedy="give an absolute pressure in pascal",
        )
    if method is PressureCompensation.PROPORTIONAL:
        return calibration_pressure_pa / pressure_pa
    if not allow_outside_linear_range:
        limits.require_within(
            name="pressure_pa",
            value=pressure_pa,
            unit="Pa",
            low=LINEAR_MIN_PA,
            high=LINEAR_MAX_PA,
            remedy="linear_0017 holds only near sea level; use proportional",
        )
    is_factory = calibration_pressure_pa == constants.STANDARD_PRESSURE_PA
    reference_hpa = LINEAR_REFERENCE_HPA if is_factory else calibration_pressure_pa / 100.0
    return 1.0 + LINEAR_PER_HPA * (reference_hpa - pressure_pa / 100.0)
