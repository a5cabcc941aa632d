"""The chimney: geometry, gas flow, CO2 mass rate, and one whole reading turned into a rate.

Lives here: area, velocity, flow, ``co2_kg_per_s``, and ``stack_state`` that the apps call.
Does not live here: the data classes themselves (``readings.py``), whether a reading can be trusted
(``quality.py``), mass over time (``integration.py``), hours (``hours.py``).

Single-quantity functions raise ValueError on impossible input. ``stack_state`` never does: a reading
that cannot be physical has no state (None), and ``quality.assess`` says why.
"""

import math
from collections.abc import Sequence

from science import constants, gas, limits, pressure
from science.readings import (
    AREA_MAX_M2,
    CO2_FAULT,
    OVER_RANGE,
    PRESSURE_FAULT,
    TEMPERATURE_FAULT,
    VELOCITY_FAULT,
    StackReading,
    StackSetup,
    StackState,
)

PITOT_COEFFICIENT_S_TYPE = 0.84
#: From this share of its full scale on a sensor is over range: what it shows is a lower bound. [A]
OVER_RANGE_SHARE = 0.98
#: With fewer points than one a quarter of the duct the mean says nothing. [A]
FEWEST_TRAVERSE_POINTS = 4


def rectangle_area_m2(*, width_m: float, height_m: float) -> float:
    """Return the inner area [m2] of a rectangular duct, width and height [m].

    Raises: ValueError for a dimension <= 0 or > 5 m.
    """
    return _dimension("width_m", width_m) * _dimension("height_m", height_m)


def circle_area_m2(diameter_m: float) -> float:
    """Return the inner area [m2] of a round duct, diameter [m]; ValueError for <= 0 or > 5 m."""
    return math.pi * _dimension("diameter_m", diameter_m) ** 2 / 4.0


def _dimension(name: str, value: float) -> float:
    return limits.require_positive(
        name=name,
        value=value,
        unit="m",
        high=limits.DIMENSION_MAX_M,
        remedy="measure the inside of the chimney in metres, lining and soot deducted",
    )


def traverse_profile_factor(velocities_ms: Sequence[float], *, probe_ms: float) -> float:
    """Return the profile factor [1] from a traverse: the mean over the duct by the velocity at the probe.

    Parameters: velocities [m/s] at the centres of parts of equal area, (n,) with n >= 4; the velocity [m/s] at the
    place of the probe meanwhile.
    Raises: ValueError for fewer points, and for a velocity that is not above 0 and at most 40 m/s.
    Notes: ``k = mean(v_i) / v_probe``; with parts of equal area the mean of the points is that of the area.
    Source: 40 CFR 60 method 1.
    """
    if len(velocities_ms) < FEWEST_TRAVERSE_POINTS:
        raise ValueError(f"{len(velocities_ms)} points are below the limit of {FEWEST_TRAVERSE_POINTS}; measure more")
    for name, value in (*(("velocity_ms", one) for one in velocities_ms), ("probe_ms", probe_ms)):
        limits.require_positive(name=name, value=value, unit="m/s", high=limits.VELOCITY_MAX_MS)
    return math.fsum(velocities_ms) / len(velocities_ms) / probe_ms


def flow_rate_m3s(*, velocity_ms: float, area_m2: float, velocity_profile_factor: float = 1.0) -> float:
    """Return the actual gas flow [m3/s] from the probe's velocity [m/s], area [m2] and profile factor.

    Raises: ValueError for a velocity outside 0-40 m/s or an area outside (0, 25] m2.
    Notes: ``Q = v A k_v``. One point is not the mean: k_v is 0.84 on the axis of a round duct.
    """
    limits.require_within(name="velocity_ms", value=velocity_ms, unit="m/s", low=0.0, high=limits.VELOCITY_MAX_MS)
    limits.require_positive(name="area_m2", value=area_m2, unit="m2", high=AREA_MAX_M2)
    return velocity_ms * area_m2 * velocity_profile_factor


def co2_kg_per_s(*, co2_fraction_wet: float, flow_rate_m3s: float, pressure_pa: float, temperature_k: float) -> float:
    """Return the mass rate of CO2 in a stack.

    Parameters:
    co2_fraction_wet : CO2 in the wet gas [mol/mol], 0-1; a value above 1 is ppm by mistake
    flow_rate_m3s : actual wet flow [m3/s]
    pressure_pa, temperature_k : of the stack gas [Pa], [K]

    Returns: [kg/s]; 0 at zero flow or zero CO2.
    Raises: ValueError for what is not finite or negative, CO2 above 1, or a rate above 50 kg/s.
    Notes: ``m = x Q P M / (R T)``.
    Source: derivation from the ideal gas law; 40 CFR 75 appendix F and EU MRR annex VIII agree.
    """
    limits.require_within(
        name="co2_fraction_wet",
        value=co2_fraction_wet,
        unit="mol/mol",
        low=0.0,
        high=1.0,
        remedy="a mole fraction is ppm times 1e-6",
    )
    limits.require_within(name="flow_rate_m3s", value=flow_rate_m3s, unit="m3/s", low=0.0)
    density = gas.co2_density_kg_per_m3(pressure_pa=pressure_pa, temperature_k=temperature_k)
    return require_plausible_rate(co2_fraction_wet * flow_rate_m3s * density)


def require_plausible_rate(co2_kg_per_s: float) -> float:
    """Return a CO2 rate [kg/s] unchanged; ValueError when not finite, negative or above 50 kg/s.

    The formula without 1e-6 gives 305,676 "kg/s" on vector 1; this is what stops it.
    """
    return limits.require_within(
        name="co2_kg_per_s",
        value=co2_kg_per_s,
        unit="kg/s",
        low=0.0,
        high=limits.RATE_MAX_KG_PER_S,
        remedy="a ppm value is a fraction times 1e6; check ppm, area and velocity",
    )


def net_co2_fraction(*, co2_fraction: float, background_fraction: float = constants.BACKGROUND_CO2_PPM * 1e-6) -> float:
    """Return CO2 [1] less the background that came with the air, never negative.

    For diagnostics: EPA and EU totals are gross.
    """
    limits.require_within(name="co2_fraction", value=co2_fraction, unit="mol/mol", low=0.0, high=1.0)
    return max(0.0, co2_fraction - background_fraction)


def pitot_velocity_ms(
    *,
    differential_pressure_pa: float,
    gas_density_kg_per_m3: float,
    pitot_coefficient: float = PITOT_COEFFICIENT_S_TYPE,
) -> float:
    """Return gas velocity [m/s] from a pitot tube: ``C_p sqrt(2 dP / rho)``, rho at stack T and P.

    Raises: ValueError for a negative pressure difference (tube reversed) or a density <= 0.
    Source: 40 CFR 60 method 2, C_p 0.84 for the S type.
    """
    limits.require_within(
        name="differential_pressure_pa",
        value=differential_pressure_pa,
        unit="Pa",
        low=0.0,
        remedy="the tube may be reversed; swap its two hoses",
    )
    limits.require_positive(name="gas_density_kg_per_m3", value=gas_density_kg_per_m3, unit="kg/m3")
    return pitot_coefficient * math.sqrt(2.0 * differential_pressure_pa / gas_density_kg_per_m3)


def is_usable_pressure(pressure_pa: float | None, flags: int) -> bool:
    """Return whether a barometer's value [Pa] may be used: present, not faulty, 650-1080 hPa."""
    return (
        pressure_pa is not None
        and not flags & PRESSURE_FAULT
        and limits.PRESSURE_MIN_PA <= pressure_pa <= limits.PRESSURE_MAX_PA
    )


def stack_pressure_pa(reading: StackReading, setup: StackSetup) -> float:
    """Return the stack's absolute pressure [Pa]: the barometer's if usable, otherwise the site's.

    Never a constant 101 kPa. The draught of a chimney (20-100 Pa) is ignored.
    """
    value = reading.pressure_pa
    if value is not None and is_usable_pressure(value, reading.flags):
        return value
    return setup.site_pressure_pa


def corrected_co2_ppm(reading: StackReading, setup: StackSetup) -> float | None:
    """Return CO2 [ppm] corrected for the pressure at the sensor, basis unchanged; None when missing.

    The pressure is the cell's if usable, otherwise the stack's. Also None if the device's own pressure is outside the
    range of ``linear_0017``. An over-range sensor gives a lower bound: what it shows, full scale if it shows nothing or
    more, and never more than the physical ceiling.
    """
    co2_ppm, range_ppm = reading.co2_ppm, setup.sensor_range_ppm
    if co2_ppm is None and reading.flags & OVER_RANGE:
        co2_ppm = range_ppm
    if co2_ppm is None or reading.flags & CO2_FAULT:
        return None
    if range_ppm is not None and co2_ppm >= OVER_RANGE_SHARE * range_ppm:
        ceiling_ppm = co2_ceiling_ppm(setup)
        if co2_ppm <= max(range_ppm, ceiling_ppm):
            lower_bound_ppm = _for_pressure(min(co2_ppm, range_ppm), reading, setup)
            return None if lower_bound_ppm is None else min(lower_bound_ppm, ceiling_ppm)
    return _for_pressure(co2_ppm, reading, setup)


def _for_pressure(co2_ppm: float, reading: StackReading, setup: StackSetup) -> float | None:
    compensation = setup.pressure_compensation
    if compensation == "none" or compensation == "on_sensor":
        return co2_ppm
    cell_pa = reading.cell_pressure_pa
    if cell_pa is None or not is_usable_pressure(cell_pa, reading.flags):
        cell_pa = stack_pressure_pa(reading, setup)
    if compensation == "proportional":  # inlined, because this runs for every reading
        return co2_ppm * (setup.calibration_pressure_pa / cell_pa)
    if not pressure.LINEAR_MIN_PA <= cell_pa <= pressure.LINEAR_MAX_PA:
        return None
    return co2_ppm * pressure.sensor_pressure_factor(
        compensation=compensation, pressure_pa=cell_pa, calibration_pressure_pa=setup.calibration_pressure_pa
    )


def co2_ceiling_ppm(setup: StackSetup) -> float:
    """Return the hard upper limit of CO2 [ppm] for the fuel class."""
    return limits.CO2_MAX_SOLID_FUEL_PPM if setup.fuel_class == "solid" else limits.CO2_MAX_GAS_OIL_PPM


def _moisture_fraction(co2_fraction: float, setup: StackSetup) -> float:
    """Return B_ws from CO2 on the setup's own basis."""
    if setup.moisture_method != "fuel_stoichiometric":
        return setup.moisture_fraction
    fuel_moisture = setup.fuel_moisture_fraction
    if setup.co2_basis == "dry":
        return gas.wood_moisture_from_dry_co2(co2_fraction_dry=co2_fraction, fuel_moisture_fraction=fuel_moisture)
    return gas.wood_moisture_from_wet_co2(co2_fraction_wet=co2_fraction, fuel_moisture_fraction=fuel_moisture)


def stack_state(reading: StackReading, setup: StackSetup) -> StackState | None:
    """Return the state of the stack at one reading, or None when it has none.

    None when CO2, temperature or velocity is missing, flagged faulty, not a number or outside the
    hard limits, or the rate exceeds 50 kg/s. An over-range reading has a state: a lower bound.
    It never raises for any input of a device: ``quality.assess`` blocks every reading without a state.

    Notes: ``m = x v rho_CO2 A k_v (1 - B_ws if dry)``, in this order of multiplication.
    """
    flags = reading.flags
    temperature_c, velocity_ms = reading.temperature_c, reading.velocity_ms
    co2_ppm = corrected_co2_ppm(reading, setup)
    if co2_ppm is None or temperature_c is None or velocity_ms is None:
        return None
    if flags & (TEMPERATURE_FAULT | VELOCITY_FAULT):
        return None
    # Comparisons with NaN are false, so a NaN returns here as well.
    if not (
        0.0 <= co2_ppm <= co2_ceiling_ppm(setup)
        and limits.TEMPERATURE_MIN_C <= temperature_c <= limits.TEMPERATURE_MAX_C
        and 0.0 <= velocity_ms <= limits.VELOCITY_MAX_MS
    ):
        return None
    pressure_pa = stack_pressure_pa(reading, setup)
    temperature_k = temperature_c + constants.ZERO_CELSIUS_K
    co2_fraction = co2_ppm * 1e-6
    moisture_fraction = _moisture_fraction(co2_fraction, setup)
    dry_factor = 1.0 - moisture_fraction if setup.co2_basis == "dry" else 1.0
    density = constants.CO2_DENSITY_FACTOR_KG_K_PER_J * pressure_pa / temperature_k
    flux = co2_fraction * velocity_ms * density
    rate = flux * setup.area_m2 * setup.velocity_profile_factor * dry_factor
    if rate > limits.RATE_MAX_KG_PER_S:
        return None
    flow = velocity_ms * setup.area_m2 * setup.velocity_profile_factor
    normal = (pressure_pa / constants.STANDARD_PRESSURE_PA) * (constants.ZERO_CELSIUS_K / temperature_k)
    return StackState(
        co2_fraction_wet=co2_fraction * dry_factor,
        pressure_pa=pressure_pa,
        flow_rate_m3s=flow,
        flow_rate_nm3s=flow * normal,
        co2_kg_per_s=rate,
        co2_kg_per_s_m2=flux,
        moisture_fraction=moisture_fraction,
    )
