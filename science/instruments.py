"""Units in which instruments report, as value * scale + offset in our unit of that quantity.

Here: one linear rule per quantity and unit. Not here: units of amounts that people log (``units.py``). A mass
concentration (mg/m3) is a mole fraction only at a stated temperature, so its unit names it; pressure is 101,325 Pa.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from science.constants import (
    GAS_CONSTANT_J_PER_MOL_K,
    MOLAR_MASS_CH4_KG_PER_MOL,
    MOLAR_MASS_CO2_KG_PER_MOL,
    STANDARD_PRESSURE_PA,
    ZERO_CELSIUS_K,
)


class Measurand(StrEnum):
    """What is measured; its first unit in the table is ours."""

    CO2 = "co2"
    CH4 = "ch4"
    SHARE = "share"
    TEMPERATURE = "temperature"
    VELOCITY = "velocity"
    PRESSURE = "pressure"
    MASS_FLOW = "mass flow"
    VOLUME_FLOW = "volume flow"
    POWER = "power"
    MASS = "mass"
    VOLUME = "volume"
    ENERGY = "energy"
    SIGNAL = "signal"
    VOLTAGE = "voltage"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Scale:
    """our value = value * factor + offset"""

    factor: float
    offset: float = 0.0


def _ppm_per_mg_m3(molar_mass_kg_per_mol: float, temperature_k: float) -> float:
    """ppm of 1 mg/m3: the volume of a mole at that temperature and 101,325 Pa, by the ideal gas law, through its mass.

    1 mg/m3 of CO2 at 25 degC: 0.024465 m3/mol * 1e-6 kg/mg / 0.0440095 kg/mol * 1e6 = 0.5559 ppm.
    """
    return GAS_CONSTANT_J_PER_MOL_K * temperature_k / STANDARD_PRESSURE_PA / molar_mass_kg_per_mol


def _mole_fractions(molar_mass_kg_per_mol: float) -> dict[str, Scale]:
    at_zero = _ppm_per_mg_m3(molar_mass_kg_per_mol, ZERO_CELSIUS_K)
    at_25 = _ppm_per_mg_m3(molar_mass_kg_per_mol, ZERO_CELSIUS_K + 25)
    return {
        "ppm": Scale(1),
        "%": Scale(1e4),
        "fraction": Scale(1e6),
        "mg/m3 at 0 °C": Scale(at_zero),
        "mg/m3 at 25 °C": Scale(at_25),
    }


def _linear(**factors: float) -> dict[str, Scale]:
    return {name: Scale(factor) for name, factor in factors.items()}


#: Exact by definition: foot 0.3048 m, pound 0.45359237 kg, psi and inches from them; mmHg 133.322387415 Pa.
TABLE = MappingProxyType(
    {
        Measurand.CO2: _mole_fractions(MOLAR_MASS_CO2_KG_PER_MOL),
        Measurand.CH4: _mole_fractions(MOLAR_MASS_CH4_KG_PER_MOL),
        Measurand.SHARE: {"%": Scale(1), "fraction": Scale(100)},
        Measurand.TEMPERATURE: {"°C": Scale(1), "°F": Scale(5 / 9, -160 / 9), "K": Scale(1, -ZERO_CELSIUS_K)},
        Measurand.VELOCITY: {
            "m/s": Scale(1),
            "km/h": Scale(1 / 3.6),
            "ft/s": Scale(0.3048),
            "ft/min": Scale(0.3048 / 60),
            "mph": Scale(0.44704),
            "kn": Scale(1.852 / 3.6),
        },
        Measurand.PRESSURE: _linear(
            Pa=1, hPa=100, mbar=100, kPa=1000, bar=1e5, mmHg=133.322387415, inHg=3386.388640341, psi=6894.757293168
        ),
        Measurand.MASS_FLOW: {"kg/h": Scale(1), "t/h": Scale(1000), "kg/s": Scale(3600), "lb/h": Scale(0.45359237)},
        Measurand.VOLUME_FLOW: {"m3/h": Scale(1), "L/h": Scale(0.001), "L/min": Scale(0.06), "m3/s": Scale(3600)},
        Measurand.POWER: _linear(kW=1, W=0.001, MW=1000),
        Measurand.MASS: _linear(kg=1, t=1000, g=0.001, lb=0.45359237),
        Measurand.VOLUME: _linear(m3=1, L=0.001),
        Measurand.ENERGY: _linear(kWh=1, Wh=0.001, MWh=1000, MJ=1 / 3.6, GJ=1000 / 3.6),
        Measurand.SIGNAL: _linear(dBm=1),
        Measurand.VOLTAGE: _linear(V=1, mV=0.001),
        Measurand.TIME: _linear(s=1, ms=0.001, min=60, h=3600),
    }
)
# How devices write a unit in their messages, where it differs from ours: Tasmota's TempUnit and SpeedUnit among them.
ALIASES = MappingProxyType({"C": "°C", "F": "°F", "degC": "°C", "degF": "°F", "kph": "km/h", "pct": "%", "m³": "m3"})


def our_unit(quantity: Measurand) -> str:
    return next(iter(TABLE[quantity]))


def in_our_unit(value: float, *, quantity: Measurand, unit: str) -> float:
    """The value in our unit of the quantity.

    Raises ValueError for a unit that this quantity has not; the message names those it has.
    """
    try:
        scale = TABLE[quantity][ALIASES.get(unit, unit)]
    except KeyError:
        raise ValueError(
            f"unit={unit!r} is not one of {quantity.value}; use one of {', '.join(TABLE[quantity])}"
        ) from None
    return value * scale.factor + scale.offset
