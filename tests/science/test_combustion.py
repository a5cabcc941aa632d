"""Combustion: the method of docs/method.md 7 against rows of its table."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science.combustion import (
    FuelFactor,
    combustion,
    electricity_co2e_kg,
    moist_wood_ncv_mj_per_kg,
    same_wood_kg,
    wet_wood_co2_kg,
    wet_wood_kg,
    wood_moisture,
)
from tests.science.builders import as_printed


def factor(kg_per_unit, ncv, co2, ch4, n2o, biogenic):
    """From the columns of the table: kg, GJ/t, kg CO2/GJ, kg CH4/TJ, kg N2O/TJ."""
    gj_per_unit = Decimal(kg_per_unit) * Decimal(ncv) / 1000
    return FuelFactor(gj_per_unit, gj_per_unit * Decimal(co2), Decimal(ch4), Decimal(n2o), Decimal(biogenic))


def firewood(kg, moisture):
    ncv, co2_kg = moist_wood_ncv_mj_per_kg(moisture), wet_wood_co2_kg(kg, moisture_fraction=moisture)
    return FuelFactor(kg * ncv / 1000, co2_kg, Decimal(30), Decimal(4), Decimal(1))


FIREWOOD = firewood(Decimal(1), Decimal("0.30"))
DIESEL = factor("0.84", "43.0", "74.1", "3", "0.6", "0")
STERE = firewood(Decimal(450), Decimal("0.25"))
CHARCOAL = factor("1", "29.5", "112", "200", "4", "1")
LPG = factor("0.54", "47.3", "63.1", "1", "0.1", "0")
INDIAN_COAL = factor("1000", "19.6", "96.1", "10", "1.5", "0")
PETROLEUM_COKE = factor("1000", "32.5", "97.5", "3", "0.6", "0")

ROWS = [
    # name, factor, GJ, CO2, CH4, N2O, CO2e of CH4 + N2O under AR5, under AR6; per unit
    # 18.5 x 0.7 - 2.443 x 0.3 = 12.2171 MJ/kg and 0.7 x 0.50 x 44/12; CH4 30 and N2O 4 kg/TJ.
    ("firewood kg", FIREWOOD, "0.0122171", "1.28333", "3.66513e-4", "4.88684e-5", "0.0232125", "0.0232369"),
    # 450 kg at 25 %: 450 x 13.26425 MJ and 337.5 x 0.50 x 44/12.
    ("stere", STERE, "5.96891", "618.750", "0.179067", "0.0238757", "11.3409", "11.3529"),
    ("charcoal kg", CHARCOAL, "0.0295000", "3.30400", "5.90000e-3", "1.18000e-4", "0.196470", "0.191514"),
    ("diesel L", DIESEL, "0.0361200", "2.67649", "1.08360e-4", "2.16720e-5", "0.00877716", "0.00914558"),
    ("LPG L", LPG, "0.0255420", "1.61170", "2.55420e-5", "2.55420e-6", "0.00139204", "0.00145845"),
    ("Indian coal t", INDIAN_COAL, "19.6000", "1883.56", "0.196000", "0.0294000", "13.2790", "13.8670"),
    ("petroleum coke t", PETROLEUM_COKE, "32.5000", "3168.75", "0.0975000", "0.0195000", "7.89750", "8.22900"),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_method_2_1_gives_the_rows_of_table_2_2(row):
    _, fuel, energy_gj, co2_kg, ch4_kg, n2o_kg, ar5, ar6 = row
    one = Decimal(1)

    by_ar5 = combustion(one, factor=fuel, gwp_set="AR5")
    by_ar6 = combustion(one, factor=fuel, gwp_set="AR6")

    assert float(by_ar6.energy_gj) == as_printed(energy_gj)
    assert float(by_ar6.co2_kg + by_ar6.biogenic_co2_kg) == as_printed(co2_kg)
    assert float(by_ar6.ch4_kg) == as_printed(ch4_kg)
    assert float(by_ar6.n2o_kg) == as_printed(n2o_kg)
    assert float(by_ar5.co2e_kg - by_ar5.co2_kg) == as_printed(ar5)
    assert float(by_ar6.co2e_kg - by_ar6.co2_kg) == as_printed(ar6)


def test_carbon_of_wood_is_biogenic_and_outside_the_total():
    result = combustion(Decimal(1000), factor=FIREWOOD, gwp_set="AR6")

    assert result.co2_kg == 0
    assert round(result.biogenic_co2_kg, 6) == Decimal("1283.333333")
    assert result.co2e_kg == Decimal("12.2171") * Decimal("1.902")  # GJ; 30 kg/TJ x 27.0 and 4 kg/TJ x 273
    assert result.gwp_set == "AR6"


def test_a_blend_is_split_by_its_biogenic_share():
    blend = factor("1", "40", "70", "3", "0.6", "0.2")

    result = combustion(Decimal(1), factor=blend, gwp_set="AR6")

    assert result.biogenic_co2_kg == Decimal("0.56")
    assert result.co2_kg == Decimal("2.24")
    # 1.2e-4 kg CH4 at 29.8 and 27.0, 2.4e-5 kg N2O at 273
    assert result.co2e_kg == Decimal("2.24") + Decimal("0.0035088") + Decimal("0.006552")


@given(st.decimals(min_value=0, max_value=10**6, places=3), st.decimals(min_value=0, max_value=10**6, places=3))
def test_law_two_entries_give_what_their_sum_gives(one, other):
    both = combustion(one + other, factor=DIESEL, gwp_set="AR6").co2e_kg

    parts = [combustion(amount, factor=DIESEL, gwp_set="AR6").co2e_kg for amount in (one, other)]

    assert both == sum(parts)  # Decimal: exact


def test_nothing_burned_is_nothing_emitted():
    result = combustion(Decimal(0), factor=DIESEL, gwp_set="AR5")

    assert (result.co2_kg, result.co2e_kg, result.energy_gj) == (0, 0, 0)


@pytest.mark.parametrize("bad", ["-1", "NaN", "Infinity"])
def test_impossible_amounts_raise(bad):
    with pytest.raises(ValueError, match=r"amount=.* is not a finite number of at least 0"):
        combustion(Decimal(bad), factor=DIESEL, gwp_set="AR6")
    with pytest.raises(ValueError, match=r"energy_kwh=.* kWh"):
        electricity_co2e_kg(Decimal(bad), factor_kgco2e_per_kwh=Decimal("0.1"))
    with pytest.raises(ValueError, match=r"wood_kg=.* kg"):
        wet_wood_co2_kg(Decimal(bad), moisture_fraction=Decimal("0.3"))


@pytest.mark.parametrize("bad", ["-0.1", "1.1", "NaN"])
def test_impossible_shares_raise(bad):
    with pytest.raises(ValueError, match=r"biogenic_fraction=.* is outside the limit 0 to 1"):
        factor("1", "40", "70", "3", "0.6", bad)
    with pytest.raises(ValueError, match=r"moisture_fraction=.* is outside the limit 0 to 0.65"):
        moist_wood_ncv_mj_per_kg(Decimal(bad))


def test_a_negative_factor_raises():
    with pytest.raises(ValueError, match=r"co2_kg_per_unit=-0.04"):
        factor("1", "40", "-1", "3", "0.6", "0")


@pytest.mark.parametrize(("moisture", "mj_per_kg"), [("0.20", "14.3"), ("0.30", "12.2"), ("0.50", "8.0")])
def test_moist_wood_holds_less_heat(moisture, mj_per_kg):
    assert float(moist_wood_ncv_mj_per_kg(Decimal(moisture))) == as_printed(mj_per_kg)


def test_carbon_balance_of_wet_wood():
    at_30 = wet_wood_co2_kg(Decimal(1), moisture_fraction=Decimal("0.30"))
    at_45 = wet_wood_co2_kg(Decimal(1), moisture_fraction=Decimal("0.45"))

    assert float(at_30) == as_printed("1.28")
    # Against 15.6 x 112, which takes moist wood for dry.
    assert float(at_30) / 1.7472 == as_printed("0.73")
    assert float(at_45) / 1.7472 == as_printed("0.58")


@pytest.mark.parametrize(("ncv", "moisture"), [("15.6", "0.138"), ("12.2171", "0.300"), ("13.26425", "0.250")])
def test_a_heating_value_of_wood_means_a_moisture(ncv, moisture):
    assert round(wood_moisture(Decimal(ncv)), 3) == Decimal(moisture)


@pytest.mark.parametrize("ncv", ["18.6", "4.8"])
def test_a_heating_value_that_no_wood_has_raises(ncv):
    with pytest.raises(ValueError, match=r"moisture_fraction=.* is outside the limit 0 to 0.65"):
        wood_moisture(Decimal(ncv))


moistures = st.decimals(min_value=0, max_value=Decimal("0.65"), places=3)


@given(st.decimals(min_value=0, max_value=10**6, places=3), moistures, moistures)
def test_law_wood_that_dries_keeps_its_carbon(kg, one, other):
    dried_kg = same_wood_kg(kg, from_moisture=one, to_moisture=other)

    co2_kg = wet_wood_co2_kg(kg, moisture_fraction=one)

    close = pytest.approx(co2_kg, abs=Decimal("1e-15"))  # 28 digits of 1e6 kg
    assert wet_wood_co2_kg(dried_kg, moisture_fraction=other) == close
    assert round(wet_wood_kg(co2_kg, moisture_fraction=one), 9) == kg


def test_electricity_by_the_grid_factor():
    assert electricity_co2e_kg(Decimal("500"), factor_kgco2e_per_kwh=Decimal("0.0852")) == Decimal("42.6")
