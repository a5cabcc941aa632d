"""Global warming potentials by assessment report, and masses of gases into CO2e.

Lives here: the table of ``docs/method.md`` 7 as data. Does not live here: which set a report uses (a setting
of the organisation; store its name with every result).

Source: IPCC AR4 WG1 Table 2.14; IPCC AR5 WG1 Table 8.7 without climate-carbon feedback (fossil CH4 30: Table
8.A.1); IPCC AR6 WG1 Table 7.15. SF6 as transcribed there, to be confirmed. AR6's fossil 29.8 includes the CO2 that
methane becomes, so that CO2 is never added again; table 7.SM.7's 27.9 does not, and is not mixed in.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class GwpSet(StrEnum):
    """A set of potentials; over 100 years unless named otherwise."""

    AR4 = "AR4"
    AR5 = "AR5"
    AR5_FOSSIL = "AR5_FOSSIL"
    AR6 = "AR6"
    AR6_GWP20 = "AR6_GWP20"


class Gas(StrEnum):
    """A greenhouse gas; methane by the origin of its carbon."""

    CO2 = "CO2"
    CH4_FOSSIL = "CH4_fossil"
    CH4_BIOGENIC = "CH4_biogenic"
    N2O = "N2O"
    SF6 = "SF6"


def _row(co2: str, ch4_fossil: str, ch4_biogenic: str, n2o: str, sf6: str | None) -> Mapping[Gas, Decimal]:
    values = {Gas.CO2: co2, Gas.CH4_FOSSIL: ch4_fossil, Gas.CH4_BIOGENIC: ch4_biogenic, Gas.N2O: n2o}
    row = {gas: Decimal(value) for gas, value in values.items()}
    return MappingProxyType(row if sf6 is None else {**row, Gas.SF6: Decimal(sf6)})


#: kg CO2e per kg of gas.
GWP = MappingProxyType(
    {
        GwpSet.AR4: _row("1", "25", "25", "298", "22800"),
        GwpSet.AR5: _row("1", "28", "28", "265", "23500"),
        GwpSet.AR5_FOSSIL: _row("1", "30", "28", "265", "23500"),
        GwpSet.AR6: _row("1", "29.8", "27.0", "273", "24300"),
        GwpSet.AR6_GWP20: _row("1", "82.5", "79.7", "273", None),
    }
)


def gwp(gas: str, gwp_set: str) -> Decimal:
    """Return a gas's potential [kg CO2e/kg] in a set.

    Raises: ValueError for an unknown set or gas, or one that the set does not hold; never zero.
    """
    if gwp_set not in GwpSet.__members__:
        raise ValueError(f"gwp_set={gwp_set!r} is unknown; use one of {', '.join(GwpSet)}")
    row = GWP[GwpSet(gwp_set)]
    for known, value in row.items():
        if known == gas:
            return value
    raise ValueError(f"gas={gas!r} has no potential in {gwp_set}; it holds {', '.join(row)}")


def co2e_kg(masses_kg: Mapping[Gas, Decimal], *, gwp_set: str) -> Decimal:
    """Return the CO2e [kg] of masses by gas [kg] in a set; unrounded.

    Raises: ValueError for an unknown set or gas, or a mass that is negative or not finite.
    """
    total = Decimal(0)
    for gas, mass_kg in masses_kg.items():
        if not mass_kg.is_finite() or mass_kg < 0:
            raise ValueError(f"{gas}={mass_kg} kg is not a finite mass of at least 0 kg; check the entry")
        total += mass_kg * gwp(gas, gwp_set)
    return total
