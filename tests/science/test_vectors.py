"""The twenty test vectors that docs/method.md refers to, each by its number.

Figures are compared as printed: six significant digits, half a unit of the last one.
"""

import math

import pytest

from science import gas, hours, pressure, stack, substitution, uncertainty, units
from science.integration import RateSample, segments
from science.quality import Quality, assess, is_valid
from tests.science.builders import (
    as_printed,
    integrate,
    make_reading,
    make_samples,
    make_series,
    make_setup,
    minutes_from_segments,
)


def rate_kg_per_s(*, ppm: float, v: float, area: float, celsius: float, pa: float) -> float:
    return stack.co2_kg_per_s(
        co2_fraction_wet=ppm / 1e6,
        flow_rate_m3s=stack.flow_rate_m3s(velocity_ms=v, area_m2=area),
        pressure_pa=pa,
        temperature_k=celsius + 273.15,
    )


area_rect = stack.rectangle_area_m2(width_m=0.8, height_m=1.2)
area_90 = stack.circle_area_m2(0.9)
area_60 = stack.circle_area_m2(0.6)
rate_of_vector_2 = rate_kg_per_s(ppm=85_000, v=3.2, area=area_rect, celsius=185, pa=80_000)
V3 = {"co2_wet_pct": 9.6, "pa": 79_495.5, "k": 483.15, "flow": 4.1 * area_90}


def density(celsius: float, pa: float) -> float:
    return gas.co2_density_kg_per_m3(pressure_pa=pa, temperature_k=celsius + 273.15)


def test_vector_01_rectangular_stack_at_sea_level():
    rate = rate_kg_per_s(ppm=85_000, v=3.2, area=area_rect, celsius=185, pa=101_325)

    assert area_rect == as_printed("0.960000")
    assert stack.flow_rate_m3s(velocity_ms=3.2, area_m2=area_rect) == as_printed("3.07200")
    assert density(185, 101_325) == as_printed("1.17063")
    assert rate == as_printed("0.305676")
    assert rate * 3600 == as_printed("1100.43")


def test_vector_02_the_same_stack_at_80_kpa():
    assert density(185, 80_000) == as_printed("0.924261")
    assert rate_of_vector_2 == as_printed("0.241343")
    assert rate_of_vector_2 * 3600 == as_printed("868.835")


def test_vector_03_round_stack_wet():
    rate = rate_kg_per_s(ppm=96_000, v=4.1, area=area_90, celsius=210, pa=79_495.5)

    assert area_90 == as_printed("0.636173")
    assert stack.flow_rate_m3s(velocity_ms=4.1, area_m2=area_90) == as_printed("2.60831")
    assert density(210, 79_495.5) == as_printed("0.870909")
    assert rate == as_printed("0.218073")
    assert rate * 3600 == as_printed("785.064")


def test_vector_03_as_a_whole_reading():
    state = stack.stack_state(make_reading(), make_setup())

    assert state is not None
    assert state.co2_kg_per_s == as_printed("0.218073")
    assert state.flow_rate_m3s == as_printed("2.60831")
    assert state.flow_rate_nm3s * 3600 == as_printed("4164.92")


def test_vector_04_dry_analyser_with_fixed_moisture():
    wet = gas.co2_wet_from_dry(co2_fraction_dry=0.11, moisture_fraction=0.13)
    state = stack.stack_state(make_reading(co2_ppm=110_000.0), make_setup(co2_basis="dry"))

    assert wet == as_printed("0.0957")
    assert state is not None
    assert state.co2_fraction_wet == as_printed("0.0957")
    assert state.co2_kg_per_s == as_printed("0.217392")
    assert state.co2_kg_per_s * 3600 == as_printed("782.611")


def test_vector_05_gross_and_net_of_background():
    net_ppm = stack.net_co2_fraction(co2_fraction=1_200e-6) * 1e6

    assert 2.5 * area_60 == as_printed("0.706858")
    assert density(60, 82_000) == as_printed("1.30283")
    assert rate_kg_per_s(ppm=1_200, v=2.5, area=area_60, celsius=60, pa=82_000) == as_printed("1.10510e-3")
    assert rate_kg_per_s(ppm=net_ppm, v=2.5, area=area_60, celsius=60, pa=82_000) == as_printed("7.13708e-4")


def test_vector_06_below_background_is_net_zero_and_flagged_after_ten_minutes():
    setup = make_setup(area_m2=area_60, site_pressure_pa=82_000.0, co2_zero_error_ppm=0.0)
    series = make_series(122, co2_ppm=400.0, temperature_c=30.0, velocity_ms=2.5)

    flags = assess(series, setup)

    assert stack.net_co2_fraction(co2_fraction=400e-6) == 0.0
    assert Quality.BELOW_AMBIENT not in flags[120]  # 600 s is not yet more than ten minutes
    assert Quality.BELOW_AMBIENT in flags[121]


def test_vector_07_no_flow_is_no_mass_and_valid():
    setup = make_setup(area_m2=area_rect, site_pressure_pa=80_000.0)
    reading = make_reading(co2_ppm=90_000.0, velocity_ms=0.0, temperature_c=180.0)

    state = stack.stack_state(reading, setup)

    assert state is not None
    assert state.co2_kg_per_s == 0.0
    assert is_valid(assess([reading], setup)[0])


def test_vector_08_the_seed_formula_without_1e_6_is_rejected():
    seed_rate = 85_000 * stack.flow_rate_m3s(velocity_ms=3.2, area_m2=area_rect) * density(185, 101_325)

    assert seed_rate == as_printed("305676")
    with pytest.raises(ValueError, match=r"co2_kg_per_s=305676 kg/s is above the limit of 50 kg/s"):
        stack.require_plausible_rate(seed_rate)
    with pytest.raises(ValueError, match=r"a mole fraction is ppm times 1e-6"):
        rate_kg_per_s(ppm=85_000e6, v=3.2, area=area_rect, celsius=185, pa=101_325)


def test_vector_09_a_pinned_sensor_is_over_range_and_gives_a_lower_bound():
    setup = make_setup(area_m2=area_rect, site_pressure_pa=80_000.0, sensor_range_ppm=5_000.0)
    reading = make_reading(co2_ppm=5_000.0, velocity_ms=3.2, temperature_c=185.0)

    state = stack.stack_state(reading, setup)
    flags = assess([reading], setup)[0]

    assert Quality.OVER_RANGE in flags
    assert not is_valid(flags)
    assert state is not None
    assert state.co2_kg_per_s == as_printed("0.0141966")
    assert state.co2_kg_per_s * 3600 == as_printed("51.1079")
    assert 100 * state.co2_kg_per_s / rate_of_vector_2 == as_printed("5.9")


@pytest.mark.parametrize(
    ("altitude_m", "kpa"),
    [(1500, "84.5560"), (1800, "81.4892"), (2000, "79.4952"), (2184, "77.6958"), (2200, "77.5409")],
)
def test_vector_10_isa_pressure(altitude_m, kpa):
    assert pressure.isa_pressure_pa(altitude_m) / 1000 == as_printed(kpa)


def test_vector_11_a_gap_is_missing_not_zero():
    samples = make_samples([(0, 0.10), (5, 0.12), (10, 0.11), (15, 0.13), (35, 0.09), (40, 0.10)])

    kg, covered_s, missing_s = integrate(samples)
    without_gap_rule, _, _ = integrate([RateSample(s.t_ms, s.kg_per_s, interval_s=60.0) for s in samples])

    assert kg == as_printed("2.20000")
    assert (covered_s, missing_s) == (20.0, 20.0)
    assert without_gap_rule == as_printed("4.40000")


@pytest.mark.parametrize(("valid_readings", "pct", "is_valid_hour"), [(576, "80.0000", True), (575, "79.8611", False)])
def test_vector_12_eighty_percent_of_an_hour(valid_readings, pct, is_valid_hour):
    covered_s = valid_readings * 5.0

    assert 100 * covered_s / 3600 == as_printed(pct)
    assert hours.is_eu_hour_valid(covered_s=covered_s) is is_valid_hour


@pytest.mark.parametrize(("method", "ppm"), [("linear_0017", "68105.0"), ("proportional", "63328.1")])
def test_vector_13_sensor_at_800_hpa(method, ppm):
    factor = pressure.sensor_pressure_factor(compensation=method, pressure_pa=80_000.0, allow_outside_linear_range=True)

    assert 50_000 * factor == as_printed(ppm)


def test_vector_14_epa_equations_agree():
    """EPA's own equations, at 68 F: F-11 in short tons an hour, 40 CFR 98.33 C-6 in tonnes an hour."""
    standard_m3s = V3["flow"] * V3["pa"] / 101_325 * 293.15 / V3["k"]
    scfh = units.convert(standard_m3s * 3600, from_unit="m3", to_unit="ft3")

    f11 = 5.7e-7 * 9.6 * scfh
    c6 = 5.18e-7 * 9.6 * scfh

    assert standard_m3s == as_printed("1.24163")
    assert scfh == as_printed("157852")
    assert f11 == as_printed("0.863766")
    assert units.convert(f11, from_unit="short_ton", to_unit="kg") / 3600 == as_printed("0.217665")
    assert c6 == as_printed("0.784967")
    assert c6 * 1000 / 3600 == as_printed("0.218046")


def test_vector_15_eu_hourly_equation_agrees():
    """EU MRR annex VIII, equation 1: mean concentration times mean flow at 0 C and 101,325 Pa."""
    g_per_nm3 = 0.096 * density(0, 101_325) * 1000
    nm3h = 3600 * V3["flow"] * V3["pa"] / 101_325 * 273.15 / V3["k"]

    tonne_per_h = units.convert(g_per_nm3 * nm3h, from_unit="g", to_unit="t")

    assert g_per_nm3 == as_printed("188.495")
    assert nm3h == as_printed("4164.92")
    assert tonne_per_h == as_printed("0.785064")
    assert tonne_per_h * 1000 / 3600 == as_printed("0.218073")


def test_vector_16_eu_substitute():
    assert substitution.eu_substitute([8.0, 8.4, 9.1, 8.8, 8.7, 9.0]) == as_printed("9.48316")


def test_vector_17_epa_substitute_of_a_short_gap():
    value = substitution.epa_substitute(
        parameter="co2",
        hour_before=0.42,
        hour_after=0.36,
        look_back=[0.4] * 720,
        gap_h=3,
        availability_pct=96.0,
        maximum_potential=1.0,
        valid_h=5_000,
    )

    assert value == as_printed("0.390000")


def test_vector_18_uncertainty_budget():
    combined = uncertainty.combined(uncertainty.STACK_BUDGET.values())

    assert combined == as_printed("0.115866")
    assert uncertainty.expanded(combined) == as_printed("0.231733")


def test_vector_19_constant_rate_for_an_hour():
    samples = make_samples([(t, rate_of_vector_2) for t in range(0, 3605, 5)])

    verdict = hours.hour_verdict(minutes_from_segments(segments(samples)), hour_start_ms=0)

    assert integrate(samples).kg == as_printed("868.835")
    assert verdict.status is hours.HourStatus.MEASURED
    assert verdict.measured_kg == as_printed("868.835")
    assert verdict.record_kg == as_printed("868.835")


def test_vector_20_width_zero_is_an_error_and_no_rate():
    with pytest.raises(ValueError, match=r"width_m=0 m is not above the limit of 0 m; measure the inside"):
        stack.rectangle_area_m2(width_m=0.0, height_m=1.2)
    with pytest.raises(ValueError, match=r"area_m2=0 m2"):
        make_setup(area_m2=0.0)
    assert math.isfinite(rate_kg_per_s(ppm=1_200, v=2.5, area=area_60, celsius=60, pa=82_000))
