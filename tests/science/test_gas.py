"""Gas: reference densities, wet and dry, oxygen, water of wood smoke."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import gas
from tests.science.builders import as_printed

fractions = st.floats(min_value=0.0, max_value=0.2)
fuel_moistures = st.floats(min_value=0.0, max_value=0.6)


@pytest.mark.parametrize(
    ("celsius", "pa", "kg_per_m3"),
    [
        (0, 101_325, "1.96349"),
        (15, 101_325, "1.86127"),
        (20, 101_325, "1.82953"),
        (25, 101_325, "1.79885"),
        (200, 101_325, "1.13352"),
        (200, 85_000, "0.950894"),
        (200, 82_000, "0.917334"),
        (200, 80_000, "0.894960"),
    ],
)
def test_reference_densities_of_domain_1_2(celsius, pa, kg_per_m3):
    density = gas.co2_density_kg_per_m3(pressure_pa=pa, temperature_k=celsius + 273.15)

    assert density == as_printed(kg_per_m3)


@pytest.mark.parametrize(("co2_dry", "water_pct"), [(0.05, "7.3"), (0.14, "16.3")])
def test_wood_smoke_of_30_percent_moisture_holds_the_water_of_domain_1_2(co2_dry, water_pct):
    water = gas.wood_moisture_from_dry_co2(co2_fraction_dry=co2_dry, fuel_moisture_fraction=0.30)

    assert 100 * water == as_printed(water_pct)


@given(fractions, fuel_moistures)
def test_moisture_from_wet_co2_inverts_moisture_from_dry(co2_dry, fuel_moisture):
    moisture = gas.wood_moisture_from_dry_co2(co2_fraction_dry=co2_dry, fuel_moisture_fraction=fuel_moisture)
    wet = gas.co2_wet_from_dry(co2_fraction_dry=co2_dry, moisture_fraction=moisture)

    from_wet = gas.wood_moisture_from_wet_co2(co2_fraction_wet=wet, fuel_moisture_fraction=fuel_moisture)

    assert from_wet == pytest.approx(moisture, rel=1e-12)  # closed form: rounding only


@given(fractions, fractions, fuel_moistures)
def test_more_co2_means_more_water(one, other, fuel_moisture):
    low, high = sorted((one, other))

    drier = gas.wood_moisture_from_dry_co2(co2_fraction_dry=low, fuel_moisture_fraction=fuel_moisture)
    wetter = gas.wood_moisture_from_dry_co2(co2_fraction_dry=high, fuel_moisture_fraction=fuel_moisture)

    assert drier <= wetter + 1e-15  # equal inputs may differ by one rounding


def test_mixing_wet_and_dry_at_13_percent_water_overstates_by_14_9_percent():
    wet = gas.co2_wet_from_dry(co2_fraction_dry=0.10, moisture_fraction=0.13)

    assert 100 * (0.10 / wet - 1) == as_printed("14.9")


def test_ceiling_and_oxygen():
    assert 100 * gas.CO2_CEILING_DRY_FRACTION["wood_residue"] == as_printed("19.81")
    assert gas.co2_dry_from_oxygen(oxygen_dry_pct=0.0, fuel="wood_residue") == 1830 / 9240
    assert gas.co2_dry_from_oxygen(oxygen_dry_pct=20.9, fuel="wood_residue") == 0.0


def test_unknown_fuel_is_an_error_not_zero():
    with pytest.raises(ValueError, match=r"fuel='hydrogen' has no CO2 ceiling"):
        gas.co2_dry_from_oxygen(oxygen_dry_pct=5.0, fuel="hydrogen")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.01, 0.51])
def test_impossible_moisture_raises_with_its_limit(bad):
    with pytest.raises(ValueError, match=r"moisture_fraction=.* mol/mol .*wood smoke holds 0.05 to 0.25"):
        gas.co2_wet_from_dry(co2_fraction_dry=0.1, moisture_fraction=bad)


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 0.7, 1.0])
def test_impossible_fuel_moisture_raises(bad):
    with pytest.raises(ValueError, match=r"fuel_moisture_fraction"):
        gas.wood_moisture_from_dry_co2(co2_fraction_dry=0.1, fuel_moisture_fraction=bad)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0, -1.0])
def test_density_needs_a_positive_temperature_and_pressure(bad):
    with pytest.raises(ValueError, match=r"temperature_k"):
        gas.co2_density_kg_per_m3(pressure_pa=80_000.0, temperature_k=bad)
    with pytest.raises(ValueError, match=r"pressure_pa"):
        gas.co2_density_kg_per_m3(pressure_pa=bad, temperature_k=400.0)
