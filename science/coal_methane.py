"""Methane of coal mines: from production and factors, from ventilation, and from abandoned mines.

Lives here: the method of ``docs/method.md`` 8 with its two factor tables (IPCC by depth, India by gassiness), so that
they stand beside the equation they belong to; a mine's own factor goes before both. Does not live here: diesel,
power and explosives of the mine (``combustion.py``), potentials (``gwp.py``). Amounts and results are Decimal and
unrounded, measured flows float.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from science import constants, gas, limits
from science.combustion import CO2_PER_CH4
from science.gwp import Gas, co2e_kg

#: kg/m3 at 20 C, 1 atm: IPCC 2006 V2 Ch4 (0.67e-6 Gg/m3). At 0 C it is 7 % more.
CH4_DENSITY_KG_PER_M3 = Decimal("0.67")
FLARE_EFFICIENCY = Decimal("0.98")
FUEL_USE_EFFICIENCY = Decimal("0.995")
#: Gassy mines reach about 50; what is more is a typing error, such as litres. [A]
MOST_M3_PER_T = Decimal(200)


@dataclass(frozen=True, slots=True)
class MethaneFactor:
    """Methane per tonne of coal, 20 C and 1 atm."""

    mining_m3_per_t: Decimal
    post_mining_m3_per_t: Decimal


def _factor(mining: str, post_mining: str) -> MethaneFactor:
    return MethaneFactor(Decimal(mining), Decimal(post_mining))


class MineClass(StrEnum):
    """India's classes: Coal Mines Regulations 2017 degrees, and opencast."""

    UNDERGROUND_DEGREE_I = "underground_degree_1"
    UNDERGROUND_DEGREE_II = "underground_degree_2"
    UNDERGROUND_DEGREE_III = "underground_degree_3"
    OPENCAST = "opencast"


class MethaneUnit(StrEnum):
    """Of a mine's own factor: volume at 20 C and 1 atm, or mass, per tonne of coal."""

    M3_PER_T = "m3_per_t"
    KG_PER_T = "kg_per_t"


class Coal(StrEnum):
    """Rank of the coal of an abandoned mine."""

    ANTHRACITE = "anthracite"
    BITUMINOUS = "bituminous"
    SUB_BITUMINOUS = "sub_bituminous"


#: CIMFR, as used in India's national communications [K: to be confirmed in a primary document].
INDIA_FACTORS = MappingProxyType(
    {
        MineClass.UNDERGROUND_DEGREE_I: _factor("2.91", "0.98"),
        MineClass.UNDERGROUND_DEGREE_II: _factor("13.08", "2.15"),
        MineClass.UNDERGROUND_DEGREE_III: _factor("23.64", "3.12"),
        MineClass.OPENCAST: _factor("1.18", "0.15"),
    }
)

# IPCC 2006 V2 Ch4: low, average, high; by depth, or by overburden of surface mines.
_IPCC_UNDERGROUND = (_factor("10", "0.9"), _factor("18", "2.5"), _factor("25", "4.0"))
_IPCC_SURFACE = (_factor("0.3", "0"), _factor("1.2", "0.1"), _factor("2.0", "0.2"))

#: (a, b) of the decline curve: IPCC 2006 V2 Ch4, tier 2.
_ABANDONED = MappingProxyType(
    {Coal.ANTHRACITE: (1.72, -0.58), Coal.BITUMINOUS: (3.72, -0.42), Coal.SUB_BITUMINOUS: (0.27, -1.00)}
)


@dataclass(frozen=True, slots=True)
class MineMethane:
    """Methane of one mine and period, unrounded."""

    gross_m3: Decimal
    gross_t: Decimal
    vented_t: Decimal
    unburnt_t: Decimal
    ch4_t: Decimal  # vented and unburnt
    co2_t: Decimal  # of methane destroyed
    co2e_t: Decimal
    gwp_set: str


def own_factor(per_t: Decimal, unit: str) -> MethaneFactor:
    """Return a mine's own factor, mining and post-mining together.

    Parameters: methane per tonne of coal [m3/t at 20 C, 1 atm, or kg/t], a ``MethaneUnit``.
    Raises: ValueError for an unknown unit or a factor that is not above 0 and at most 200 m3/t.
    Notes: 1 m3 is 0.67 kg, as in ``mine_methane``; measured at another temperature, convert it first.
    """
    m3_per_t = per_t if MethaneUnit(unit) is MethaneUnit.M3_PER_T else per_t / CH4_DENSITY_KG_PER_M3
    limits.require_positive(name="methane", value=float(m3_per_t), unit="m3/t", high=float(MOST_M3_PER_T))
    return MethaneFactor(m3_per_t, Decimal(0))


def ipcc_underground_factor(depth_m: float) -> MethaneFactor:
    """Return IPCC's default by depth of an underground mine [m]: < 200 low, to 400 average, above high."""
    limits.require_within(name="depth_m", value=depth_m, unit="m", low=0.0)
    return _IPCC_UNDERGROUND[0 if depth_m < 200 else 1 if depth_m <= 400 else 2]


def ipcc_surface_factor(overburden_m: float) -> MethaneFactor:
    """Return IPCC's default by overburden of a surface mine [m]: < 25 low, to 50 average, above high."""
    limits.require_within(name="overburden_m", value=overburden_m, unit="m", low=0.0)
    return _IPCC_SURFACE[0 if overburden_m < 25 else 1 if overburden_m <= 50 else 2]


def india_underground_class(*, emission_m3_per_t: float, general_body_pct: float) -> MineClass:
    """Return the degree of gassiness from the rate [m3 per tonne] and methane in the general body of air [%].

    Raises: ValueError for negative or non-finite input.
    Notes: I below 1 m3/t and at most 0.1 %; III above 10 m3/t; else II. Source: Coal Mines Regulations 2017.
    """
    limits.require_within(name="emission_m3_per_t", value=emission_m3_per_t, unit="m3/t", low=0.0)
    limits.require_within(name="general_body_pct", value=general_body_pct, unit="%", low=0.0, high=100.0)
    if emission_m3_per_t > 10.0:
        return MineClass.UNDERGROUND_DEGREE_III
    if emission_m3_per_t < 1.0 and general_body_pct <= 0.1:
        return MineClass.UNDERGROUND_DEGREE_I
    return MineClass.UNDERGROUND_DEGREE_II


def mine_methane(
    production_t: Decimal,
    *,
    factor: MethaneFactor,
    flared_m3: Decimal = Decimal(0),
    used_m3: Decimal = Decimal(0),
    gwp_set: str,
) -> MineMethane:
    """Return the methane of a mine from its production.

    Parameters:
    production_t : coal [t]
    factor : mining and post-mining methane [m3/t]
    flared_m3, used_m3 : methane recovered and flared, recovered and used as fuel [m3 at 20 C, 1 atm]
    gwp_set : a ``gwp.GwpSet``; the methane is fossil

    Returns: [t], [m3]
    Raises: ValueError for a negative or non-finite amount; more recovered than released; an unknown set.
    Notes: ``gross = production (EF_mining + EF_post)`` [m3] x 0.67 / 1000 [t]; vented is gross less recovered; flared
    at 0.98, used at 0.995: the rest of it escapes, the burned part becomes 44.0095/16.0425 CO2.
    ``CO2e = (vented + unburnt) GWP + CO2``. Source: IPCC 2006 V2 Ch4, equations 4.1.1-4.1.5.
    """
    for name, value, unit in (
        ("production_t", production_t, "t"),
        ("flared_m3", flared_m3, "m3"),
        ("used_m3", used_m3, "m3"),
    ):
        if not value.is_finite() or value < 0:
            raise ValueError(f"{name}={value} {unit} is not a finite number of at least 0 {unit}; check the entry")
    gross_m3 = production_t * (factor.mining_m3_per_t + factor.post_mining_m3_per_t)
    recovered_m3 = flared_m3 + used_m3
    if recovered_m3 > gross_m3:
        raise ValueError(
            f"flared_m3 + used_m3 = {recovered_m3} m3 is above the {gross_m3} m3 released; "
            "check the production and the factor of the mine"
        )
    tonne_per_m3 = CH4_DENSITY_KG_PER_M3 / 1000
    flared_t, used_t = flared_m3 * tonne_per_m3, used_m3 * tonne_per_m3
    vented_t = (gross_m3 - recovered_m3) * tonne_per_m3
    unburnt_t = flared_t * (1 - FLARE_EFFICIENCY) + used_t * (1 - FUEL_USE_EFFICIENCY)
    co2_t = (flared_t * FLARE_EFFICIENCY + used_t * FUEL_USE_EFFICIENCY) * CO2_PER_CH4
    ch4_t = vented_t + unburnt_t
    return MineMethane(
        gross_m3=gross_m3,
        gross_t=gross_m3 * tonne_per_m3,
        vented_t=vented_t,
        unburnt_t=unburnt_t,
        ch4_t=ch4_t,
        co2_t=co2_t,
        # Linear in the masses, so tonnes in, tonnes out.
        co2e_t=co2e_kg({Gas.CH4_FOSSIL: ch4_t, Gas.CO2: co2_t}, gwp_set=gwp_set),
        gwp_set=gwp_set,
    )


def ventilation_ch4_m3(samples: Iterable[tuple[float, float, float]]) -> float:
    """Return measured methane [m3 at the air's own T and P] of ventilation: tier 3.

    Parameters: (air flow [m3/s], CH4 fraction [1], duration [s]) of each stretch. Returns: [m3].
    Raises: ValueError for a negative or non-finite number, or a fraction above 1.
    """
    total_m3 = 0.0
    for flow_m3s, ch4_fraction, duration_s in samples:
        limits.require_within(name="flow_m3s", value=flow_m3s, unit="m3/s", low=0.0)
        limits.require_within(name="ch4_fraction", value=ch4_fraction, unit="m3/m3", low=0.0, high=1.0)
        limits.require_within(name="duration_s", value=duration_s, unit="s", low=0.0)
        total_m3 += flow_m3s * ch4_fraction * duration_s
    return total_m3


def ch4_density_kg_per_m3(*, temperature_k: float, pressure_pa: float = constants.STANDARD_PRESSURE_PA) -> float:
    """Return the density of methane [kg/m3] at a temperature [K] and pressure [Pa], for measured volumes."""
    return gas.gas_density_kg_per_m3(
        pressure_pa=pressure_pa, temperature_k=temperature_k, molar_mass_kg_per_mol=constants.MOLAR_MASS_CH4_KG_PER_MOL
    )


def abandoned_mine_share(*, coal: str, years_since_closure: float) -> float:
    """Return an abandoned mine's methane rate as a share [1] of the rate before closure.

    Parameters: a ``Coal``, years since closure [a], 0 to 200. Returns: [1].
    Raises: ValueError for an unknown coal or years outside the range.
    Notes: ``(1 + a T) ** b``. A fully flooded mine is negligible and not computed here.
    Source: IPCC 2006 V2 Ch4, tier 2 of abandoned underground mines.
    """
    limits.require_within(name="years_since_closure", value=years_since_closure, unit="a", low=0.0, high=200.0)
    a, b = _ABANDONED[Coal(coal)]
    return float((1.0 + a * years_since_closure) ** b)
