"""Stack: geometry, rate laws, and the whole reading with what it does on bad input."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import gas, stack
from science.readings import CO2_FAULT, PRESSURE_FAULT, TEMPERATURE_FAULT, VELOCITY_FAULT
from tests.science.builders import as_printed, make_reading, make_setup

NAN, INF = float("nan"), float("inf")
velocities = st.floats(min_value=0.0, max_value=15.0)
areas = st.floats(min_value=0.02, max_value=2.0)
ppms = st.floats(min_value=0.0, max_value=200_000.0)


@given(ppms, velocities, areas)
def test_law_doubling_the_area_doubles_the_mass(ppm, velocity, area):
    reading = make_reading(co2_ppm=ppm, velocity_ms=velocity)

    single = stack.stack_state(reading, make_setup(area_m2=area))
    double = stack.stack_state(reading, make_setup(area_m2=2 * area))

    assert single is not None
    assert double is not None
    # Exact, a power of two, but where the rate is subnormal.
    assert double.co2_kg_per_s == pytest.approx(2 * single.co2_kg_per_s, rel=0, abs=1e-300)


@given(ppms, areas)
def test_law_zero_flow_is_zero_mass(ppm, area):
    state = stack.stack_state(make_reading(co2_ppm=ppm, velocity_ms=0.0), make_setup(area_m2=area))

    assert state is not None
    assert state.co2_kg_per_s == 0.0
    assert state.flow_rate_m3s == 0.0


@given(ppms, velocities, st.sampled_from(["wet", "dry"]), st.sampled_from(["fuel_stoichiometric", "fixed"]))
def test_rate_is_flux_times_area_profile_and_dryness(ppm, velocity, basis, method):
    setup = make_setup(co2_basis=basis, moisture_method=method, velocity_profile_factor=0.84)

    state = stack.stack_state(make_reading(co2_ppm=ppm, velocity_ms=velocity), setup)

    assert state is not None
    dry_factor = 1.0 - state.moisture_fraction if basis == "dry" else 1.0
    assert state.co2_kg_per_s == state.co2_kg_per_s_m2 * setup.area_m2 * 0.84 * dry_factor  # exact


@given(ppms, velocities)
def test_whole_reading_agrees_with_its_single_formulas(ppm, velocity):
    setup = make_setup()

    state = stack.stack_state(make_reading(co2_ppm=ppm, velocity_ms=velocity), setup)
    rate = stack.co2_kg_per_s(
        co2_fraction_wet=ppm * 1e-6,
        flow_rate_m3s=stack.flow_rate_m3s(velocity_ms=velocity, area_m2=setup.area_m2),
        pressure_pa=setup.site_pressure_pa,
        temperature_k=483.15,
    )

    assert state is not None
    assert state.co2_kg_per_s == pytest.approx(rate, rel=1e-14)  # another order of multiplication


def test_wood_smoke_takes_its_water_from_the_fuel():
    setup = make_setup(co2_basis="dry", moisture_method="fuel_stoichiometric")

    state = stack.stack_state(make_reading(co2_ppm=140_000.0), setup)

    assert state is not None
    assert 100 * state.moisture_fraction == as_printed("16.3")
    assert state.co2_fraction_wet == pytest.approx(0.14 * (1 - state.moisture_fraction), rel=1e-15)  # rounding


def test_wet_reading_reports_the_water_of_the_same_smoke_but_does_not_use_it():
    setup = make_setup(moisture_method="fuel_stoichiometric")
    wet_ppm = 140_000.0 * (1 - gas.wood_moisture_from_dry_co2(co2_fraction_dry=0.14, fuel_moisture_fraction=0.3))

    state = stack.stack_state(make_reading(co2_ppm=wet_ppm), setup)

    assert state is not None
    assert 100 * state.moisture_fraction == as_printed("16.3")
    assert state.co2_fraction_wet == wet_ppm * 1e-6


@pytest.mark.parametrize(
    ("changes", "expected_pa"),
    [
        ({"pressure_pa": 80_000.0}, 80_000.0),
        ({"pressure_pa": None}, 79_495.5),
        ({"pressure_pa": 80_000.0, "flags": PRESSURE_FAULT}, 79_495.5),
        ({"pressure_pa": 64_999.0}, 79_495.5),
        ({"pressure_pa": 108_001.0}, 79_495.5),
        ({"pressure_pa": NAN}, 79_495.5),
    ],
)
def test_stack_pressure_is_the_barometers_if_usable_else_the_sites(changes, expected_pa):
    state = stack.stack_state(make_reading(**changes), make_setup())

    assert state is not None
    assert state.pressure_pa == expected_pa


def test_sensor_correction_uses_the_cells_pressure_before_the_stacks():
    setup = make_setup(pressure_compensation="proportional")

    at_cell = stack.corrected_co2_ppm(make_reading(cell_pressure_pa=90_000.0, pressure_pa=80_000.0), setup)
    at_stack = stack.corrected_co2_ppm(make_reading(pressure_pa=80_000.0), setup)
    at_site = stack.corrected_co2_ppm(make_reading(), setup)

    assert at_cell == 96_000.0 * (101_325.0 / 90_000.0)
    assert at_stack == 96_000.0 * (101_325.0 / 80_000.0)
    assert at_site == 96_000.0 * (101_325.0 / 79_495.5)


def test_correcting_both_pressure_effects_cancels_the_altitude():
    setup = make_setup(pressure_compensation="proportional")

    high = stack.stack_state(make_reading(), setup)
    naive = stack.stack_state(make_reading(), make_setup(site_pressure_pa=101_325.0))

    assert high is not None
    assert naive is not None
    assert high.co2_kg_per_s == pytest.approx(naive.co2_kg_per_s, rel=1e-14)  # rounding only


def test_linear_correction_is_refused_for_a_high_site_and_missing_for_a_low_cell():
    with pytest.raises(ValueError, match=r"use proportional"):
        make_setup(pressure_compensation="linear_0017")
    setup = make_setup(pressure_compensation="linear_0017", site_pressure_pa=100_000.0)

    assert stack.corrected_co2_ppm(make_reading(), setup) == pytest.approx(96_000 * 1.0221, rel=1e-15)  # rounding
    assert stack.corrected_co2_ppm(make_reading(cell_pressure_pa=80_000.0), setup) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"co2_ppm": None},
        {"temperature_c": None},
        {"velocity_ms": None},
        {"flags": CO2_FAULT},
        {"flags": TEMPERATURE_FAULT},
        {"flags": VELOCITY_FAULT},
        {"co2_ppm": NAN},
        {"co2_ppm": INF},
        {"co2_ppm": -1.0},
        {"co2_ppm": 205_001.0},
        {"temperature_c": NAN},
        {"temperature_c": -273.15},
        {"temperature_c": 901.0},
        {"velocity_ms": -0.1},
        {"velocity_ms": NAN},
        {"velocity_ms": INF},
    ],
)
def test_a_reading_that_cannot_be_physical_has_no_state(changes):
    assert stack.stack_state(make_reading(**changes), make_setup()) is None


def test_a_rate_above_50_kg_per_s_has_no_state():
    reading = make_reading(co2_ppm=200_000.0, velocity_ms=39.0)

    assert stack.stack_state(reading, make_setup(area_m2=1.0)) is not None
    assert stack.stack_state(reading, make_setup(area_m2=25.0)) is None


@pytest.mark.parametrize("bad", [0.0, -1.0, 5.01, NAN, INF])
def test_impossible_dimensions_raise_with_name_unit_and_remedy(bad):
    with pytest.raises(ValueError, match=r"diameter_m=.* m .*; measure the inside of the chimney in metres"):
        stack.circle_area_m2(bad)
    with pytest.raises(ValueError, match=r"height_m"):
        stack.rectangle_area_m2(width_m=1.0, height_m=bad)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"area_m2": NAN}, "area_m2=nan m2 is not a finite number"),
        ({"velocity_profile_factor": 84.0}, "velocity_profile_factor=84"),
        ({"co2_basis": "damp"}, "damp"),
        ({"moisture_method": "guess"}, "guess"),
        ({"moisture_fraction": 13.0}, "moisture_fraction=13"),
        ({"fuel_moisture_fraction": 0.9}, "fuel_moisture_fraction=0.9"),
        ({"fuel_class": "gas_oil", "moisture_method": "fuel_stoichiometric"}, "stoichiometry of wood"),
        ({"fuel_class": "plasma"}, "plasma"),
        ({"pressure_compensation": "both"}, "both"),
        ({"site_pressure_pa": 795.0}, "check the site's altitude"),
        ({"sensor_range_ppm": 0.0}, "sensor_range_ppm=0 ppm"),
        ({"co2_zero_error_ppm": -1.0}, "co2_zero_error_ppm=-1 ppm"),
        ({"ambient_temperature_c": 80.0}, "ambient_temperature_c=80 C"),
    ],
)
def test_an_impossible_setup_is_refused_when_made(changes, message):
    with pytest.raises(ValueError, match=message):
        make_setup(**changes)


@pytest.mark.parametrize("bad", [NAN, INF, -1e-6, 1.01])
def test_rate_refuses_an_impossible_fraction(bad):
    with pytest.raises(ValueError, match=r"co2_fraction_wet"):
        stack.co2_kg_per_s(co2_fraction_wet=bad, flow_rate_m3s=1.0, pressure_pa=80_000.0, temperature_k=400.0)


@pytest.mark.parametrize("bad", [NAN, INF, -0.1, 40.1])
def test_flow_refuses_an_impossible_velocity(bad):
    with pytest.raises(ValueError, match=r"velocity_ms=.* m/s"):
        stack.flow_rate_m3s(velocity_ms=bad, area_m2=1.0)


def test_pitot_velocity_and_its_reversed_tube():
    velocity = stack.pitot_velocity_ms(differential_pressure_pa=8.0, gas_density_kg_per_m3=0.64)

    assert velocity == pytest.approx(0.84 * 5.0, rel=1e-15)  # sqrt(16 / 0.64) is 5
    assert stack.pitot_velocity_ms(differential_pressure_pa=0.0, gas_density_kg_per_m3=0.64) == 0.0
    with pytest.raises(ValueError, match=r"the tube may be reversed"):
        stack.pitot_velocity_ms(differential_pressure_pa=-1.0, gas_density_kg_per_m3=0.64)


def test_net_of_background_is_never_negative():
    assert stack.net_co2_fraction(co2_fraction=400e-6) == 0.0
    assert math.isclose(stack.net_co2_fraction(co2_fraction=0.08), 0.079575)
