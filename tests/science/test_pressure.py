"""Pressure: altitude and the NDIR correction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import pressure
from tests.science.builders import as_printed


@pytest.mark.parametrize(
    ("altitude_m", "overstated_pct"),
    [(1000, "12.74"), (1500, "19.83"), (2000, "27.46"), (2200, "30.67"), (2500, "35.67")],
)
def test_assuming_101_kpa_overstates_by_the_table_of_domain_1_4(altitude_m, overstated_pct):
    error_pct = 100 * (101_325 / pressure.isa_pressure_pa(altitude_m) - 1)

    assert error_pct == as_printed(overstated_pct)


def test_sea_level_is_the_standard_atmosphere():
    assert pressure.isa_pressure_pa(0.0) == 101_325.0


@given(st.floats(min_value=1000.0, max_value=2500.0), st.floats(min_value=1.0, max_value=100.0))
def test_an_altitude_error_costs_0_012_percent_a_metre(altitude_m, error_m):
    low, high = pressure.isa_pressure_pa(altitude_m), pressure.isa_pressure_pa(altitude_m - error_m)

    # 0.0118 to 0.0126 % per metre over the range of tea country, so 6 % of the stated slope.
    assert high / low - 1 == pytest.approx(pressure.relative_error_from_altitude(error_m), rel=0.06)


def test_a_sensor_calibrated_on_site_is_not_corrected_again():
    for method in ("proportional", "linear_0017"):
        factor = pressure.sensor_pressure_factor(
            compensation=method, pressure_pa=79_500.0, calibration_pressure_pa=79_500.0, allow_outside_linear_range=True
        )
        assert factor == 1.0


@pytest.mark.parametrize("method", ["none", "on_sensor"])
def test_no_correction_of_ours(method):
    assert pressure.sensor_pressure_factor(compensation=method, pressure_pa=79_500.0) == 1.0


def test_linear_outside_its_range_raises_unless_asked():
    with pytest.raises(ValueError, match=r"pressure_pa=80000 Pa is below the limit of 95000 Pa; .*proportional"):
        pressure.sensor_pressure_factor(compensation="linear_0017", pressure_pa=80_000.0)
    inside = pressure.sensor_pressure_factor(compensation="linear_0017", pressure_pa=100_000.0)
    assert inside == pytest.approx(1 + 0.0017 * 13, rel=1e-15)  # one rounding


def test_unknown_method_raises():
    with pytest.raises(ValueError, match=r"linear_0015"):
        pressure.sensor_pressure_factor(compensation="linear_0015", pressure_pa=80_000.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -501.0, 9001.0])
def test_impossible_altitude_raises(bad):
    with pytest.raises(ValueError, match=r"altitude_m=.* m .*height above sea level"):
        pressure.isa_pressure_pa(bad)


@pytest.mark.parametrize("bad", [float("nan"), 101.325, 795.0, 120_000.0])
def test_a_pressure_in_the_wrong_unit_raises(bad):
    with pytest.raises(ValueError, match=r"pressure_pa=.* Pa .*absolute pressure in pascal"):
        pressure.sensor_pressure_factor(compensation="proportional", pressure_pa=bad)
