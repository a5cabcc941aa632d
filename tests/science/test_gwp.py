"""GWP: the table, its two methanes, and no default for what it does not hold."""

from decimal import Decimal

import pytest

from science.gwp import GWP, Gas, GwpSet, co2e_kg, gwp


@pytest.mark.parametrize(
    ("gwp_set", "values"),
    [
        ("AR4", ["1", "25", "25", "298", "22800"]),
        ("AR5", ["1", "28", "28", "265", "23500"]),
        ("AR5_FOSSIL", ["1", "30", "28", "265", "23500"]),
        ("AR6", ["1", "29.8", "27.0", "273", "24300"]),
        ("AR6_GWP20", ["1", "82.5", "79.7", "273"]),
    ],
)
def test_table_of_domain_4(gwp_set, values):
    assert [gwp(gas, gwp_set) for gas in GWP[GwpSet(gwp_set)]] == [Decimal(value) for value in values]


def test_every_set_is_in_the_table():
    assert set(GWP) == set(GwpSet)


@pytest.mark.parametrize(
    ("gas", "gwp_set", "message"),
    [
        ("CO2", "AR3", "gwp_set='AR3' is unknown; use one of AR4"),
        ("CH4", "AR6", "gas='CH4' has no potential in AR6; it holds CO2, CH4_fossil"),
        ("SF6", "AR6_GWP20", "gas='SF6' has no potential in AR6_GWP20"),
    ],
)
def test_unknown_gas_or_set_is_an_error_never_zero(gas, gwp_set, message):
    with pytest.raises(ValueError, match=message):
        gwp(gas, gwp_set)


def test_co2e_adds_gases_and_refuses_impossible_masses():
    masses = {Gas.CO2: Decimal(10), Gas.CH4_FOSSIL: Decimal(1), Gas.CH4_BIOGENIC: Decimal(1)}

    assert co2e_kg(masses, gwp_set="AR6") == Decimal("66.8")
    assert co2e_kg({}, gwp_set="AR6") == 0
    for bad in ("-1", "NaN", "Infinity"):
        with pytest.raises(ValueError, match=r"N2O=.* kg is not a finite mass"):
            co2e_kg({Gas.N2O: Decimal(bad)}, gwp_set="AR6")
