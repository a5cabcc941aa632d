"""Gas: density, wet and dry, normal conditions, oxygen, water of wood smoke.

Lives here: equations for a gas in any duct. Does not live here: velocity, area, whole readings (``stack.py``).
Fractions are mole fractions 0-1; an ideal gas throughout, so mole and volume fractions are equal.
"""

from types import MappingProxyType

from science import constants, limits

# Dry wood, mass fractions, ash neglected: C 50 %, H 6 %, O 44 % [K].
WOOD_CARBON_MASS_FRACTION = 0.50
WOOD_HYDROGEN_MASS_FRACTION = 0.06
#: mol water that comes with the air per mol dry stack gas. [A] 20 C and about 60 % relative humidity
#: at sea level (9 g/kg). Dry stack gas replaces dry air: burning changes O2 into CO2 mol for mol.
AIR_HUMIDITY_MOL_PER_MOL = 0.0143
FUEL_MOISTURE_MAX_FRACTION = 0.65

_MOL_CARBON_PER_KG = WOOD_CARBON_MASS_FRACTION / constants.MOLAR_MASS_C_KG_PER_MOL
_MOL_HYDROGEN_WATER_PER_KG = WOOD_HYDROGEN_MASS_FRACTION / (2.0 * constants.MOLAR_MASS_H_KG_PER_MOL)

#: Dry CO2 at zero excess air [fraction]: F-factors Fc/Fd of EPA ECMPS 2021.
CO2_CEILING_DRY_FRACTION = MappingProxyType(
    {
        "wood_residue": 1830.0 / 9240.0,
        "wood_bark": 0.2000,
        "bituminous": 0.1840,
        "oil": 0.1545,
        "propane": 0.1366,
        "natural_gas": 0.1194,
    }
)


def gas_density_kg_per_m3(*, pressure_pa: float, temperature_k: float, molar_mass_kg_per_mol: float) -> float:
    """Return the density of an ideal gas.

    Parameters: absolute pressure [Pa], temperature [K], molar mass [kg/mol]. Returns: [kg/m3].
    Raises: ValueError when one of them is not a positive finite number.
    Notes: ``rho = P M / (R T)``.
    """
    limits.require_positive(name="pressure_pa", value=pressure_pa, unit="Pa")
    limits.require_positive(name="temperature_k", value=temperature_k, unit="K")
    limits.require_positive(name="molar_mass_kg_per_mol", value=molar_mass_kg_per_mol, unit="kg/mol")
    return pressure_pa * molar_mass_kg_per_mol / (constants.GAS_CONSTANT_J_PER_MOL_K * temperature_k)


def co2_density_kg_per_m3(*, pressure_pa: float, temperature_k: float) -> float:
    """Return the density of pure CO2 at the stack's pressure [Pa] and temperature [K]: [kg/m3].

    Raises: ValueError as ``gas_density_kg_per_m3``.
    Notes: a mole fraction multiplies the density of *pure* CO2, not that of the mixture.
    """
    return gas_density_kg_per_m3(
        pressure_pa=pressure_pa, temperature_k=temperature_k, molar_mass_kg_per_mol=constants.MOLAR_MASS_CO2_KG_PER_MOL
    )


def co2_wet_from_dry(*, co2_fraction_dry: float, moisture_fraction: float) -> float:
    """Return the CO2 fraction in the wet gas of the stack from one measured behind a dryer.

    Parameters: dry CO2 [1], water B_ws of the stack gas [1]. Returns: wet CO2 [1].
    Raises: ValueError for a fraction outside 0-1, or moisture above 0.5.
    Notes: ``x_wet = x_dry (1 - B_ws)``. Mixing the bases overstates by ``1 / (1 - B_ws)``.
    """
    limits.require_within(name="co2_fraction_dry", value=co2_fraction_dry, unit="mol/mol", low=0.0, high=1.0)
    require_moisture(moisture_fraction)
    return co2_fraction_dry * (1.0 - moisture_fraction)


def co2_dry_from_oxygen(*, oxygen_dry_pct: float, fuel: str) -> float:
    """Return the dry CO2 fraction that a measured oxygen content implies for a fuel.

    Parameters: dry oxygen [%], fuel (a key of ``CO2_CEILING_DRY_FRACTION``). Returns: [1].
    Raises: ValueError for oxygen outside 0-20.9 %, or an unknown fuel.
    Notes: ``x = x_max (20.9 - O2) / 20.9``; a check on the CO2 sensor, not a measurement.
    """
    limits.require_within(
        name="oxygen_dry_pct",
        value=oxygen_dry_pct,
        unit="%",
        low=0.0,
        high=constants.OXYGEN_IN_AIR_PCT,
        remedy="calibrate the oxygen cell in air",
    )
    if fuel not in CO2_CEILING_DRY_FRACTION:
        raise ValueError(f"fuel={fuel!r} has no CO2 ceiling; use one of {sorted(CO2_CEILING_DRY_FRACTION)}")
    air_pct = constants.OXYGEN_IN_AIR_PCT
    return CO2_CEILING_DRY_FRACTION[fuel] * (air_pct - oxygen_dry_pct) / air_pct


def wood_moisture_from_dry_co2(*, co2_fraction_dry: float, fuel_moisture_fraction: float) -> float:
    """Return the water fraction B_ws of wood smoke from its dry CO2.

    Parameters: dry CO2 [1], moisture of the wood as fired, wet basis [1]. Returns: B_ws [1].
    Raises: ValueError for CO2 outside 0-1 or fuel moisture outside 0-0.65.

    Notes: Per kg dry wood: carbon ``n_C = 0.50/M_C`` mol all to CO2, so dry gas ``D = n_C / x_dry``; water
    ``W = 0.06/(2 M_H) + M/(1-M)/M_H2O + h D`` with h = 0.0143; ``B_ws = W / (W + D)``, multiplied out so that x = 0
    needs no special case. 30 % moisture: 7.3 % at 5 % CO2, 16.3 % at 14 %.
    """
    limits.require_within(name="co2_fraction_dry", value=co2_fraction_dry, unit="mol/mol", low=0.0, high=1.0)
    fuel_water = _mol_fuel_water_per_kg(fuel_moisture_fraction) * co2_fraction_dry
    water = fuel_water + AIR_HUMIDITY_MOL_PER_MOL * _MOL_CARBON_PER_KG
    return water / (water + _MOL_CARBON_PER_KG)


def wood_moisture_from_wet_co2(*, co2_fraction_wet: float, fuel_moisture_fraction: float) -> float:
    """Return the water fraction B_ws of wood smoke from its wet CO2: the exact inverse of the dry form.

    Parameters: wet CO2 [1], moisture of the wood as fired, wet basis [1]. Returns: B_ws [1].
    Raises: ValueError for CO2 outside 0-1 or fuel moisture outside 0-0.65.
    Notes: all gas is ``n_C / x_wet``, hence ``1 - B_ws = (1 - w x_wet / n_C) / (1 + h)`` with w the
    water of the fuel. Closed form, no iteration.
    """
    limits.require_within(name="co2_fraction_wet", value=co2_fraction_wet, unit="mol/mol", low=0.0, high=1.0)
    fuel_water_share = _mol_fuel_water_per_kg(fuel_moisture_fraction) * co2_fraction_wet / _MOL_CARBON_PER_KG
    return 1.0 - max(0.0, 1.0 - fuel_water_share) / (1.0 + AIR_HUMIDITY_MOL_PER_MOL)


def _mol_fuel_water_per_kg(fuel_moisture_fraction: float) -> float:
    """Return water from hydrogen and from fuel moisture [mol per kg dry wood]."""
    if not 0.0 <= fuel_moisture_fraction <= FUEL_MOISTURE_MAX_FRACTION:
        limits.require_within(
            name="fuel_moisture_fraction",
            value=fuel_moisture_fraction,
            unit="kg/kg",
            low=0.0,
            high=FUEL_MOISTURE_MAX_FRACTION,
            remedy="give kg water per kg wet wood, 0.30 if unknown",
        )
    per_dry_kg = fuel_moisture_fraction / (1.0 - fuel_moisture_fraction)
    return _MOL_HYDROGEN_WATER_PER_KG + per_dry_kg / constants.MOLAR_MASS_H2O_KG_PER_MOL


def require_moisture(moisture_fraction: float) -> None:
    limits.require_within(
        name="moisture_fraction",
        value=moisture_fraction,
        unit="mol/mol",
        low=0.0,
        high=limits.MOISTURE_MAX_FRACTION,
        remedy="wood smoke holds 0.05 to 0.25",
    )
