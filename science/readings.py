"""A chimney reading: the reading as sent, its setup, and the state computed from it.

Lives here: the data classes and enums that the apps fill in, and the check that a setup is possible.
Does not live here: any equation (``stack.py``), the server's own quality flags (``quality.py``).
"""

from dataclasses import dataclass
from enum import StrEnum

from science import constants, gas, limits, pressure

AREA_MAX_M2 = limits.DIMENSION_MAX_M**2
PROFILE_FACTOR_MAX = 1.2
ROUND_AXIS_PROFILE_FACTOR = 0.84  # [K] mean velocity over that on the axis of a round duct (docs/method.md 1)
FUEL_MOISTURE_DEFAULT_FRACTION = 0.30
AMBIENT_TEMPERATURE_C = 20.0  # [A] for firing and idle tests

# Device flags as sent on the wire (docs/wire-format.md).
CO2_FAULT = 1
TEMPERATURE_FAULT = 2
VELOCITY_FAULT = 4
WARM_UP = 8
OVER_RANGE = 16
PRESSURE_FAULT = 32
CALIBRATING = 64
REPLAYED = 128


class Co2Basis(StrEnum):
    """Whether the analyser sees the stack's wet gas, or gas behind a cooler."""

    WET = "wet"
    DRY = "dry"


class MoistureMethod(StrEnum):
    """The source of the water fraction of the stack gas."""

    FUEL_STOICHIOMETRIC = "fuel_stoichiometric"
    FIXED = "fixed"
    MEASURED = "measured"


#: Codes of the energy types whose smoke has the lower ceiling of CO2. Not biogas: its own CO2 passes through, so the
#: smoke of 60 % CH4 and 40 % CO2 has up to 18.1 %.
GAS_AND_OIL = frozenset(
    {"biodiesel", "diesel", "heavy_fuel_oil", "kerosene", "lpg", "natural_gas", "petrol", "used_oil"}
)


class FuelClass(StrEnum):
    """Sets the physical ceiling of CO2."""

    SOLID = "solid"
    GAS_OIL = "gas_oil"


@dataclass(frozen=True, slots=True)
class StackReading:
    """One reading as the device sent it; None is a value that the sensor did not give."""

    t_ms: int  # Unix milliseconds UTC when measured; of a mean, its end
    co2_ppm: float | None  # as the sensor reported it, before any correction of ours
    temperature_c: float | None
    velocity_ms: float | None
    pressure_pa: float | None = None  # absolute, in the stack
    cell_pressure_pa: float | None = None  # absolute, where the CO2 sensor sits
    interval_s: float = 5.0  # spacing in force
    span_s: float | None = None  # a mean over (t - span, t]; None: a point in time
    n: int = 1  # readings in the mean
    flags: int = 0  # device flags above


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetup:
    """The settings of a chimney and its device at the time of a reading.

    Raises: ValueError on construction, for an unknown method or a number outside its limits.
    """

    area_m2: float  # inner cross-section
    velocity_profile_factor: float  # area-mean velocity over velocity at the probe
    co2_basis: str  # Co2Basis
    moisture_method: str  # MoistureMethod
    moisture_fraction: float  # B_ws of methods fixed and measured; ignored by fuel_stoichiometric
    fuel_moisture_fraction: float = FUEL_MOISTURE_DEFAULT_FRACTION  # wet basis, of the wood as fired
    sensor_range_ppm: float | None  # full scale; None when unknown
    pressure_compensation: str  # pressure.PressureCompensation
    calibration_pressure_pa: float = constants.STANDARD_PRESSURE_PA
    site_pressure_pa: float  # from altitude; used when the barometer is missing or unusable
    fuel_class: str  # FuelClass
    is_combustion: bool = True  # false for a steam dryer's exhaust: no firing test, not in totals
    ambient_temperature_c: float = AMBIENT_TEMPERATURE_C
    co2_zero_error_ppm: float | None = None  # None: 2 % of the range, see quality.py

    def __post_init__(self) -> None:
        require = limits.require_within
        limits.require_positive(name="area_m2", value=self.area_m2, unit="m2", high=AREA_MAX_M2)
        limits.require_positive(
            name="velocity_profile_factor", value=self.velocity_profile_factor, unit="", high=PROFILE_FACTOR_MAX
        )
        Co2Basis(self.co2_basis)
        fuel_class, method = FuelClass(self.fuel_class), MoistureMethod(self.moisture_method)
        gas.require_moisture(self.moisture_fraction)
        gas.wood_moisture_from_dry_co2(co2_fraction_dry=0.0, fuel_moisture_fraction=self.fuel_moisture_fraction)
        if method is MoistureMethod.FUEL_STOICHIOMETRIC and fuel_class is not FuelClass.SOLID:
            raise ValueError(
                f"moisture_method={method.value!r} is the stoichiometry of wood, not of {fuel_class.value}; use fixed"
            )
        if self.sensor_range_ppm is not None:
            limits.require_positive(name="sensor_range_ppm", value=self.sensor_range_ppm, unit="ppm", high=1_000_000.0)
        if self.co2_zero_error_ppm is not None:
            require(name="co2_zero_error_ppm", value=self.co2_zero_error_ppm, unit="ppm", low=0.0)
        require(
            name="site_pressure_pa",
            value=self.site_pressure_pa,
            unit="Pa",
            low=limits.PRESSURE_MIN_PA,
            high=limits.PRESSURE_MAX_PA,
            remedy="check the site's altitude",
        )
        require(name="ambient_temperature_c", value=self.ambient_temperature_c, unit="C", low=-10.0, high=50.0)
        pressure.sensor_pressure_factor(
            compensation=self.pressure_compensation,
            pressure_pa=self.site_pressure_pa,
            calibration_pressure_pa=self.calibration_pressure_pa,
        )


@dataclass(frozen=True, slots=True)
class StackState:
    """The state of the gas in the chimney at one reading."""

    co2_fraction_wet: float  # [1] corrected for sensor pressure and basis
    pressure_pa: float  # the stack pressure used
    flow_rate_m3s: float  # actual, wet, area mean
    flow_rate_nm3s: float  # 0 C, 101,325 Pa, wet
    co2_kg_per_s: float  # gross: background is not subtracted
    # Before area, profile factor and moisture, so that a corrected geometry only multiplies old values:
    # co2_kg_per_s = co2_kg_per_s_m2 * area * profile * (1 - moisture if dry else 1).
    co2_kg_per_s_m2: float
    moisture_fraction: float  # B_ws
