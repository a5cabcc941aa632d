"""A wood fire: how much of the wood's heat leaves by the chimney, why, and what a good fire would lose.

Lives here: the losses of the flue gas from CO2 (or O2), temperatures and moisture of the wood; excess air; the
interval; wood that a good fire would have saved; kg of steam per kg of wood. Does not live here: kg of CO2
(``stack.py``), heating values of factors (``combustion.py``).

Shares are of the *gross* calorific value of the dry wood, so that water in the wood is a loss that drying removes; the
net basis of EN 12952-15 is beside it. Not measured and not in the loss: unburnt gas and ash, radiation of the boiler.
Air that leaks in between the furnace and the probe dilutes CO2 and cools the gas: the loss stays nearly the same, while
the excess air is that of the probe.
"""

import itertools
import math
from dataclasses import dataclass, replace
from enum import StrEnum

from science import constants, gas, limits, uncertainty
from science.combustion import DRY_WOOD_NCV_MJ_PER_KG, WATER_EVAPORATION_MJ_PER_KG
from science.readings import AMBIENT_TEMPERATURE_C, FUEL_MOISTURE_DEFAULT_FRACTION

WOOD_OXYGEN_MASS_FRACTION = 1.0 - gas.WOOD_CARBON_MASS_FRACTION - gas.WOOD_HYDROGEN_MASS_FRACTION  # ash neglected
MOLAR_MASS_O2_KG_PER_MOL = 0.0319988

_AIR_OXYGEN = constants.OXYGEN_IN_AIR_PCT / 100.0
_CARBON_MOL = gas.WOOD_CARBON_MASS_FRACTION / constants.MOLAR_MASS_C_KG_PER_MOL  # per kg dry wood, as all below
_HYDROGEN_WATER_MOL = gas.WOOD_HYDROGEN_MASS_FRACTION / (2.0 * constants.MOLAR_MASS_H_KG_PER_MOL)
_OXYGEN_NEEDED_MOL = _CARBON_MOL + _HYDROGEN_WATER_MOL / 2.0 - WOOD_OXYGEN_MASS_FRACTION / MOLAR_MASS_O2_KG_PER_MOL
_AIR_NEEDED_MOL = _OXYGEN_NEEDED_MOL / _AIR_OXYGEN
_LEAST_DRY_GAS_MOL = _CARBON_MOL + _AIR_NEEDED_MOL - _OXYGEN_NEEDED_MOL
#: Dry CO2 without excess air, by this composition: 0.2048. F-factors of EPA give 0.1981 to 0.2000.
CO2_CEILING_DRY_FRACTION = _CARBON_MOL / _LEAST_DRY_GAS_MOL

_LATENT_MJ_PER_KG = float(WATER_EVAPORATION_MJ_PER_KG)
_NCV_DRY_MJ_PER_KG = float(DRY_WOOD_NCV_MJ_PER_KG)
#: Gross calorific value of dry wood [MJ/kg]: 19.81, the net one and the heat in the water that its hydrogen becomes.
GCV_DRY_MJ_PER_KG = _NCV_DRY_MJ_PER_KG + _LATENT_MJ_PER_KG * _HYDROGEN_WATER_MOL * constants.MOLAR_MASS_H2O_KG_PER_MOL

# c_p / R = a + b T + d / T^2 of an ideal gas, 298 K to 2,000 K.
_HEAT_CAPACITY = {
    "N2": (3.280, 0.593e-3, 0.040e5),
    "O2": (3.639, 0.506e-3, -0.227e5),
    "CO2": (5.457, 1.045e-3, -1.157e5),
    "H2O": (3.470, 1.450e-3, 0.121e5),
}

# One-sigma parts beside those of CO2 (relative) and temperature (relative, in kelvin) of `uncertainty.STACK_BUDGET`.
AMBIENT_SIGMA_K = 5.0  # [A] a site without a thermometer
WOOD_MOISTURE_SIGMA_FRACTION = 0.05  # [A] a stack of wood is never of one moisture

LEAST_CO2_DRY_FRACTION = 0.01  # [A] below it nothing burns that could be judged
CLOSE_TO_GOOD_SHARE = 0.02  # [A] a fire this close to the good one needs no change

#: Enthalpy of saturated steam [kJ/kg] at an absolute pressure [bar].
_STEAM_KJ_PER_KG = (
    (1.0, 2674.9),
    (2.0, 2706.2),
    (3.0, 2724.9),
    (4.0, 2738.1),
    (5.0, 2748.1),
    (6.0, 2756.1),
    (8.0, 2768.3),
    (10.0, 2777.1),
    (12.0, 2783.8),
    (15.0, 2791.0),
    (20.0, 2798.3),
    (30.0, 2803.2),
)
_WATER_KJ_PER_KG_K = 4.19
STEAM_PRESSURES_PA = (1e5, 3e6)  # absolute, of that table
FEED_WATER_TEMPERATURES_C = (0.0, 180.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """What the chimney and the log say of a fire.

    Raises: ValueError on construction for a number outside its limits.
    """

    co2_fraction_dry: float  # [mol/mol]
    stack_temperature_c: float
    wood_moisture_fraction: float = FUEL_MOISTURE_DEFAULT_FRACTION  # kg water per kg wet wood
    ambient_temperature_c: float = AMBIENT_TEMPERATURE_C

    def __post_init__(self) -> None:
        for name, unit, low, high, remedy in _LIMITS:
            limits.require_within(name=name, value=getattr(self, name), unit=unit, low=low, high=high, remedy=remedy)


_USUAL_REMEDY = "check the number and its unit"
_LIMITS = (
    (
        *("co2_fraction_dry", "mol/mol", LEAST_CO2_DRY_FRACTION, CO2_CEILING_DRY_FRACTION),
        "a mole fraction is ppm times 1e-6; wood burns at 0.04 to 0.16",
    ),
    ("stack_temperature_c", "C", limits.TEMPERATURE_MIN_C, limits.TEMPERATURE_MAX_C, _USUAL_REMEDY),
    ("ambient_temperature_c", "C", -10.0, 50.0, _USUAL_REMEDY),
    (
        *("wood_moisture_fraction", "kg/kg", 0.0, gas.FUEL_MOISTURE_MAX_FRACTION),
        "give kg water per kg wet wood, 0.30 if unknown",
    ),
)

#: [A] What a hand-fired boiler with dry wood and a watched damper reaches; it loses 18 %.
GOOD_FIRE = Fire(co2_fraction_dry=0.13, stack_temperature_c=170.0, wood_moisture_fraction=0.20)


@dataclass(frozen=True, slots=True)
class ChimneyLoss:
    """Shares [1] of the gross heat of the dry wood that leave by the chimney, and how sure the total is."""

    dry_gas: float  # the heat of the dry gas: too much air, or too hot
    vapour: float  # the heat of the water vapour above ambient
    water_of_wood: float  # evaporating the moisture of the wood
    water_of_hydrogen: float  # in the vapour that its hydrogen becomes; no fire avoids it
    low: float  # of the total, about 95 %
    high: float
    excess_air: float  # air above what the wood needs [1]: 0.6 is 60 %

    @property
    def total(self) -> float:
        return self.dry_gas + self.vapour + self.water_of_wood + self.water_of_hydrogen

    @property
    def efficiency(self) -> float:
        """The share of the gross heat that stays in the boiler, before unburnt and radiation."""
        return 1.0 - self.total


class FireRemedy(StrEnum):
    """The one thing to change first."""

    DAMPER = "damper"  # too much air
    MOISTURE = "moisture"  # the wood is wet
    LOAD = "load"  # the gas leaves too hot: load, soot or scale
    NONE = "none"


def excess_air(co2_fraction_dry: float) -> float:
    """Return the air [1] above what the wood needs, from dry CO2 [mol/mol]: 0.6 is 60 % more.

    Raises: ValueError for CO2 outside 0.01 to the ceiling.
    Notes: dry gas per kg dry wood ``D = n_C / x``; ``e = (D - D_0) / air_0``.
    """
    fire = Fire(co2_fraction_dry=co2_fraction_dry, stack_temperature_c=0.0)
    return (_CARBON_MOL / fire.co2_fraction_dry - _LEAST_DRY_GAS_MOL) / _AIR_NEEDED_MOL


def co2_dry_from_oxygen(oxygen_dry_pct: float) -> float:
    """Return the dry CO2 [mol/mol] of wood smoke with a dry oxygen content [%].

    Raises: ValueError for oxygen outside 0-20.9 %.
    Notes: ``x = x_0 (20.9 - O2) / 20.9``, exact: dry gas is ``D_0 + e air_0``, of which ``0.209 e air_0`` is oxygen.
    """
    limits.require_within(
        name="oxygen_dry_pct",
        value=oxygen_dry_pct,
        unit="%",
        low=0.0,
        high=constants.OXYGEN_IN_AIR_PCT,
        remedy="calibrate the oxygen cell in air",
    )
    air_pct = constants.OXYGEN_IN_AIR_PCT
    return CO2_CEILING_DRY_FRACTION * (air_pct - oxygen_dry_pct) / air_pct


def chimney_loss(fire: Fire) -> ChimneyLoss:
    """Return what leaves by the chimney, by the indirect method.

    Notes: Per kg dry wood: dry gas ``D = n_C / x``, of it CO2 ``n_C``, the oxygen of the excess air, the rest nitrogen;
    water ``W`` of hydrogen, of moisture and of the air. Heat above ambient by ideal gas heat capacities; latent heat
    2.443 MJ/kg. Divided by the gross calorific value 19.81 MJ/kg. The interval combines 5 % of CO2, 1 % of the absolute
    temperature, 5 K of ambient and 5 points of moisture in quadrature, k = 2.
    Source: EN 12952-15 (indirect method, flue gas losses); Smith Van Ness (heat capacities).
    """
    parts = _shares(fire)
    low, high = _interval(fire, sum(parts))
    return ChimneyLoss(*parts, low=low, high=high, excess_air=excess_air(fire.co2_fraction_dry))


def net_efficiency(loss: ChimneyLoss, wood_moisture_fraction: float) -> float:
    """Return the efficiency [1] on the net calorific value, as boiler makers state it: latent heat is no loss there.

    Raises: ValueError for moisture outside 0-0.65.
    """
    fire = replace(GOOD_FIRE, wood_moisture_fraction=wood_moisture_fraction)
    net_share = 1.0 - _water_shares(fire)[0] - _water_shares(fire)[1]
    return 1.0 - (loss.dry_gas + loss.vapour) / net_share


def avoidable_wood_share(loss: float, *, good_loss: float) -> float:
    """Return the share [1] of the wood burned that a fire with ``good_loss`` would not have needed; never negative.

    Notes: the same heat for the process: ``1 - (1 - L) / (1 - L_good)``: 0.159 at 31 % against 18 %.
    Raises: ValueError for a loss outside 0 to 0.99.
    """
    for name, value in (("loss", loss), ("good_loss", good_loss)):
        limits.require_within(name=name, value=value, unit="", low=0.0, high=0.99)
    return max(0.0, 1.0 - (1.0 - loss) / (1.0 - good_loss))


def change_first(fire: Fire) -> FireRemedy:
    """Return what to change first: the one whose correction to the good fire's value saves most.

    A value that is better than the good fire's saves nothing. NONE when no correction saves 2 points.
    """
    total = sum(_shares(fire))
    better = {
        FireRemedy.DAMPER: replace(fire, co2_fraction_dry=max(fire.co2_fraction_dry, GOOD_FIRE.co2_fraction_dry)),
        FireRemedy.MOISTURE: replace(
            fire, wood_moisture_fraction=min(fire.wood_moisture_fraction, GOOD_FIRE.wood_moisture_fraction)
        ),
        FireRemedy.LOAD: replace(
            fire, stack_temperature_c=min(fire.stack_temperature_c, GOOD_FIRE.stack_temperature_c)
        ),
    }
    saved = {change: total - sum(_shares(other)) for change, other in better.items()}
    best = max(saved, key=lambda change: saved[change])
    return best if saved[best] >= CLOSE_TO_GOOD_SHARE else FireRemedy.NONE


def steam_heat_mj(*, steam_kg: float, steam_pressure_pa: float, feed_water_c: float) -> float:
    """Return the heat [MJ] that saturated steam [kg] took up, from its absolute pressure [Pa] and the feed water [C].

    Raises: ValueError for a negative mass, a pressure outside 1-30 bar, water outside 0-180 C.
    Notes: enthalpy of saturated steam, linear in the logarithm of pressure between the rows of the table, less 4.19 kJ
    per kg and kelvin of the water. Source: IAPWS-IF97.
    """
    limits.require_within(name="steam_kg", value=steam_kg, unit="kg", low=0.0)
    bar = limits.require_within(
        name="steam_pressure_pa",
        value=steam_pressure_pa,
        unit="Pa",
        low=STEAM_PRESSURES_PA[0],
        high=STEAM_PRESSURES_PA[1],
        remedy="give the absolute pressure: the gauge's plus that of the air",
    )
    low_c, high_c = FEED_WATER_TEMPERATURES_C
    limits.require_within(name="feed_water_c", value=feed_water_c, unit="C", low=low_c, high=high_c)
    return steam_kg * (_steam_kj_per_kg(bar / 1e5) - _WATER_KJ_PER_KG_K * feed_water_c) / 1000.0


def direct_efficiency(*, steam_mj: float, wood_kg: float, wood_moisture_fraction: float) -> float:
    """Return the efficiency [1] on the gross calorific value by the direct method: heat in steam over heat of wood.

    Raises: ValueError for wood that is not above 0 kg, negative heat, moisture outside 0-0.65.
    Source: EN 12952-15 (direct method).
    """
    limits.require_within(name="steam_mj", value=steam_mj, unit="MJ", low=0.0)
    limits.require_positive(name="wood_kg", value=wood_kg, unit="kg")
    fire = replace(GOOD_FIRE, wood_moisture_fraction=wood_moisture_fraction)
    return steam_mj / (wood_kg * (1.0 - fire.wood_moisture_fraction) * GCV_DRY_MJ_PER_KG)


# --- inside ---------------------------------------------------------------------------------------
def _shares(fire: Fire) -> tuple[float, float, float, float]:
    dry_gas_mol = _CARBON_MOL / fire.co2_fraction_dry
    oxygen_mol = max(0.0, dry_gas_mol - _LEAST_DRY_GAS_MOL) * _AIR_OXYGEN
    nitrogen_mol = dry_gas_mol - _CARBON_MOL - oxygen_mol
    moisture_mol = _moisture_kg(fire) / constants.MOLAR_MASS_H2O_KG_PER_MOL
    vapour_mol = _HYDROGEN_WATER_MOL + moisture_mol + gas.AIR_HUMIDITY_MOL_PER_MOL * dry_gas_mol
    heat = {name: _heat_j_per_mol(name, fire) for name in _HEAT_CAPACITY}
    dry_j = _CARBON_MOL * heat["CO2"] + oxygen_mol * heat["O2"] + nitrogen_mol * heat["N2"]
    gross_j = GCV_DRY_MJ_PER_KG * 1e6
    return (dry_j / gross_j, vapour_mol * heat["H2O"] / gross_j, *_water_shares(fire))


def _water_shares(fire: Fire) -> tuple[float, float]:
    of_hydrogen_kg = _HYDROGEN_WATER_MOL * constants.MOLAR_MASS_H2O_KG_PER_MOL
    return (
        _LATENT_MJ_PER_KG * _moisture_kg(fire) / GCV_DRY_MJ_PER_KG,
        _LATENT_MJ_PER_KG * of_hydrogen_kg / GCV_DRY_MJ_PER_KG,
    )


def _moisture_kg(fire: Fire) -> float:
    """Water of the wood [kg per kg dry wood]."""
    return fire.wood_moisture_fraction / (1.0 - fire.wood_moisture_fraction)


def _heat_j_per_mol(name: str, fire: Fire) -> float:
    """The heat [J/mol] of a gas above ambient; negative when it is colder."""
    a, b, d = _HEAT_CAPACITY[name]
    hot_k = fire.stack_temperature_c + constants.ZERO_CELSIUS_K
    cold_k = fire.ambient_temperature_c + constants.ZERO_CELSIUS_K
    integral = a * (hot_k - cold_k) + b / 2.0 * (hot_k**2 - cold_k**2) - d * (1.0 / hot_k - 1.0 / cold_k)
    return constants.GAS_CONSTANT_J_PER_MOL_K * integral


def _interval(fire: Fire, total: float) -> tuple[float, float]:
    """About 95 %: each input moved by one sigma, away from its limit, the effects in quadrature."""
    budget = uncertainty.STACK_BUDGET
    kelvin = fire.stack_temperature_c + constants.ZERO_CELSIUS_K
    moved = (
        replace(
            fire, co2_fraction_dry=max(LEAST_CO2_DRY_FRACTION, fire.co2_fraction_dry * (1 - budget["concentration"]))
        ),
        replace(fire, stack_temperature_c=_inward(fire.stack_temperature_c, kelvin * budget["temperature"], 400.0)),
        replace(fire, ambient_temperature_c=_inward(fire.ambient_temperature_c, AMBIENT_SIGMA_K, 20.0)),
        replace(fire, wood_moisture_fraction=_inward(fire.wood_moisture_fraction, WOOD_MOISTURE_SIGMA_FRACTION, 0.3)),
    )
    sigma = math.hypot(*(sum(_shares(other)) - total for other in moved))
    half = uncertainty.COVERAGE_FACTOR * sigma
    return max(0.0, total - half), min(1.0, total + half)


def _inward(value: float, by: float, middle: float) -> float:
    return value + by if value < middle else value - by


def _steam_kj_per_kg(bar: float) -> float:
    for (low_bar, low_kj), (high_bar, high_kj) in itertools.pairwise(_STEAM_KJ_PER_KG):
        if bar <= high_bar:
            share = math.log(bar / low_bar) / math.log(high_bar / low_bar)
            return low_kj + share * (high_kj - low_kj)
    return _STEAM_KJ_PER_KG[-1][1]
