"""Combustion and electricity: an amount of fuel or power into kilograms of each gas.

Lives here: the method of ``docs/method.md`` 7, heating value and carbon of moist wood. Does not live here: factor
values (rows with source and dates in the ``energy`` app; a formula receives the factor), potentials (``gwp.py``).
Amounts and results are Decimal and unrounded: ``rounding.decimal_kg`` rounds the stored results. Biogenic CO2 is
outside the scopes and outside ``co2e_kg``; CH4 and N2O of wood are inside both.
"""

from dataclasses import dataclass
from decimal import Decimal

from science import constants
from science.gwp import Gas, co2e_kg

CO2_PER_CARBON = Decimal(44) / Decimal(12)  # IPCC's rounded molar masses, as in all published factors
WOOD_CARBON_FRACTION = Decimal("0.50")
DRY_WOOD_NCV_MJ_PER_KG = Decimal("18.5")
WATER_EVAPORATION_MJ_PER_KG = Decimal("2.443")  # at 25 C
WOOD_MOISTURE_MAX_FRACTION = Decimal("0.65")

_MOLAR_MASS_CO2 = Decimal(repr(constants.MOLAR_MASS_CO2_KG_PER_MOL))
_MOLAR_MASS_CH4 = Decimal(repr(constants.MOLAR_MASS_CH4_KG_PER_MOL))
#: kg CO2 from burning 1 kg CH4: 2.74331 (IPCC rounds to 2.75).
CO2_PER_CH4 = _MOLAR_MASS_CO2 / _MOLAR_MASS_CH4


@dataclass(frozen=True, slots=True)
class FuelFactor:
    """Energy and emissions of one unit of a fuel; net calorific basis, oxidation factor 1."""

    gj_per_unit: Decimal
    co2_kg_per_unit: Decimal  # fossil and biogenic, with CO2 that the fuel itself contains
    ch4_kg_per_tj: Decimal
    n2o_kg_per_tj: Decimal
    biogenic_fraction: Decimal  # 1 for wood, 0 for diesel, between for blends

    def __post_init__(self) -> None:
        for name in ("gj_per_unit", "co2_kg_per_unit", "ch4_kg_per_tj", "n2o_kg_per_tj"):
            _require_not_negative(name, getattr(self, name), "", "check the factor row")
        _require_share("biogenic_fraction", self.biogenic_fraction, Decimal(1), "1 is all wood, 0 all fossil")


@dataclass(frozen=True, slots=True)
class CombustionResult:
    """Masses of one amount of fuel, unrounded."""

    energy_gj: Decimal
    co2_kg: Decimal  # fossil
    biogenic_co2_kg: Decimal  # outside the scopes, beside the total
    ch4_kg: Decimal
    n2o_kg: Decimal
    co2e_kg: Decimal  # fossil CO2, CH4 and N2O; never biogenic CO2
    gwp_set: str


def combustion(amount: Decimal, *, factor: FuelFactor, gwp_set: str) -> CombustionResult:
    """Return the masses that an amount of fuel emits.

    Parameters:
    amount : in the factor's unit
    factor : of the fuel, valid at the time and place
    gwp_set : a ``gwp.GwpSet``

    Returns: [kg], [GJ]
    Raises: ValueError for a negative or non-finite amount, an unknown set.
    Notes: ``E = amount gj_per_unit`` [GJ]; ``CO2 = amount co2_kg_per_unit``; CH4 and N2O are E times kg/TJ. Methane of
    the biogenic part takes the biogenic potential.
    Source: IPCC 2006 V2 Ch2, equation 2.1.
    """
    _require_not_negative("amount", amount, "units of fuel", "a correction is a new version, not a negative entry")
    energy_gj = amount * factor.gj_per_unit
    all_co2_kg = amount * factor.co2_kg_per_unit
    biogenic_co2_kg = all_co2_kg * factor.biogenic_fraction
    ch4_kg = energy_gj * factor.ch4_kg_per_tj / 1000
    n2o_kg = energy_gj * factor.n2o_kg_per_tj / 1000
    biogenic_ch4_kg = ch4_kg * factor.biogenic_fraction
    counted = {
        Gas.CO2: all_co2_kg - biogenic_co2_kg,
        Gas.CH4_FOSSIL: ch4_kg - biogenic_ch4_kg,
        Gas.CH4_BIOGENIC: biogenic_ch4_kg,
        Gas.N2O: n2o_kg,
    }
    return CombustionResult(
        energy_gj=energy_gj,
        co2_kg=counted[Gas.CO2],
        biogenic_co2_kg=biogenic_co2_kg,
        ch4_kg=ch4_kg,
        n2o_kg=n2o_kg,
        co2e_kg=co2e_kg(counted, gwp_set=gwp_set),
        gwp_set=gwp_set,
    )


def electricity_co2e_kg(energy_kwh: Decimal, *, factor_kgco2e_per_kwh: Decimal) -> Decimal:
    """Return the CO2e [kg] of delivered electricity [kWh] by a grid factor [kg CO2e/kWh].

    Raises: ValueError for a negative or non-finite number.
    Notes: kWh of *fuel* are net calorific energy and another energy type.
    """
    _require_not_negative("energy_kwh", energy_kwh, "kWh", "log export as its own type")
    _require_not_negative("factor_kgco2e_per_kwh", factor_kgco2e_per_kwh, "kg/kWh", "check the factor row")
    return energy_kwh * factor_kgco2e_per_kwh


def moist_wood_ncv_mj_per_kg(moisture_fraction: Decimal) -> Decimal:
    """Return the net calorific value [MJ per kg as received] of wood of a moisture (wet basis) [1].

    Raises: ValueError for moisture outside 0-0.65.
    Notes: ``18.5 (1 - M) - 2.443 M``: 14.3 at 20 %, 12.2 at 30 %, 8.0 at 50 %.
    """
    _require_wood_moisture(moisture_fraction)
    return DRY_WOOD_NCV_MJ_PER_KG * (1 - moisture_fraction) - WATER_EVAPORATION_MJ_PER_KG * moisture_fraction


def wood_moisture(ncv_mj_per_kg: Decimal) -> Decimal:
    """Return the moisture [1] that a net calorific value of wood [MJ per kg as received] means; unrounded.

    Raises: ValueError for a value that no wood of a moisture of 0-0.65 has.
    Notes: the inverse of ``moist_wood_ncv_mj_per_kg``: 15.6 MJ/kg, the default of IPCC 2006, means 13.8 %.
    """
    moisture = (DRY_WOOD_NCV_MJ_PER_KG - ncv_mj_per_kg) / (DRY_WOOD_NCV_MJ_PER_KG + WATER_EVAPORATION_MJ_PER_KG)
    _require_wood_moisture(moisture)
    return moisture


def wet_wood_co2_kg(wood_kg: Decimal, *, moisture_fraction: Decimal) -> Decimal:
    """Return the CO2 [kg] that the carbon of wet wood [kg] becomes; moisture on wet basis [1].

    Raises: ValueError for a negative mass or moisture outside 0-0.65.
    Notes: ``m (1 - M) 0.50 44/12``. It is the biogenic CO2 of record and the fuel's side of the balance with the stack,
    never NCV x EF: 15.6 x 112 takes wood for 13.8 % moist, so an honest stack over 30 % moist wood would show 0.73.
    """
    _require_not_negative("wood_kg", wood_kg, "kg", "check the entry")
    _require_wood_moisture(moisture_fraction)
    return wood_kg * (1 - moisture_fraction) * WOOD_CARBON_FRACTION * CO2_PER_CARBON


def wet_wood_kg(co2_kg: Decimal, *, moisture_fraction: Decimal) -> Decimal:
    """Return the wet wood [kg] whose carbon becomes a mass of CO2 [kg]: the inverse of ``wet_wood_co2_kg``."""
    return co2_kg / wet_wood_co2_kg(Decimal(1), moisture_fraction=moisture_fraction)


def same_wood_kg(wood_kg: Decimal, *, from_moisture: Decimal, to_moisture: Decimal) -> Decimal:
    """Return the mass [kg] of the same wood at another moisture, wet basis [1]: the dry mass stays.

    Raises: ValueError for moisture outside 0-0.65.
    """
    for moisture in (from_moisture, to_moisture):
        _require_wood_moisture(moisture)
    return wood_kg * (1 - from_moisture) / (1 - to_moisture)


def _require_wood_moisture(moisture_fraction: Decimal) -> None:
    remedy = "give kg water per kg wet wood, 0.30 if unknown"
    _require_share("moisture_fraction", moisture_fraction, WOOD_MOISTURE_MAX_FRACTION, remedy)


def _require_share(name: str, value: Decimal, high: Decimal, remedy: str) -> None:
    # A comparison with a Decimal NaN raises its own exception, so check for it first.
    if not value.is_finite() or not 0 <= value <= high:
        raise ValueError(f"{name}={value} is outside the limit 0 to {high}; {remedy}")


def _require_not_negative(name: str, value: Decimal, unit: str, remedy: str) -> None:
    if not value.is_finite() or value < 0:
        suffix = f" {unit}" if unit else ""
        raise ValueError(f"{name}={value}{suffix} is not a finite number of at least 0{suffix}; {remedy}")
