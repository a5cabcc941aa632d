"""Quality: each flag on, each flag off, and the laws that hold for all of them."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from science import quality, readings, stack
from science.quality import BLOCKING, CONTEXT, Quality, assess, is_measured, is_valid, names
from tests.science.builders import make_reading, make_series, make_setup

NAN = float("nan")
SETUP = make_setup()


def flags_of(setup=SETUP, **changes):
    return assess([make_reading(**changes)], setup)[0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Quality(0)),
        ({"flags": readings.CO2_FAULT}, Quality.SENSOR_FAULT),
        ({"flags": readings.TEMPERATURE_FAULT}, Quality.SENSOR_FAULT),
        ({"flags": readings.VELOCITY_FAULT}, Quality.SENSOR_FAULT),
        ({"flags": readings.WARM_UP}, Quality.WARMUP),
        ({"flags": readings.OVER_RANGE}, Quality.OVER_RANGE),
        ({"flags": readings.CALIBRATING}, Quality.CAL),
        ({"flags": readings.REPLAYED}, Quality(0)),
        ({"flags": readings.PRESSURE_FAULT}, Quality(0)),
        ({"flags": readings.PRESSURE_FAULT, "pressure_pa": 80_000.0}, Quality.SITE_PRESSURE),
        ({"cell_pressure_pa": 1013.25}, Quality.SITE_PRESSURE),
        ({"co2_ppm": None}, Quality.SENSOR_FAULT),
        ({"temperature_c": None}, Quality.SENSOR_FAULT),
        ({"velocity_ms": None}, Quality.SENSOR_FAULT),
        ({"co2_ppm": -1.0}, Quality.OUT_OF_PHYSICAL),
        ({"co2_ppm": NAN}, Quality.OUT_OF_PHYSICAL),
        ({"co2_ppm": 205_001.0}, Quality.OUT_OF_PHYSICAL | Quality.OVER_RANGE),
        ({"co2_ppm": 196_000.0}, Quality.OVER_RANGE),
        ({"co2_ppm": 195_999.0}, Quality(0)),
        ({"temperature_c": -10.1}, Quality.OUT_OF_PHYSICAL),
        ({"temperature_c": 900.1}, Quality.OUT_OF_PHYSICAL),
        ({"temperature_c": NAN}, Quality.OUT_OF_PHYSICAL),
        ({"velocity_ms": -0.01}, Quality.NEG_VELOCITY),
        ({"velocity_ms": 40.1}, Quality.OUT_OF_PHYSICAL),
        ({"velocity_ms": NAN}, Quality.OUT_OF_PHYSICAL),
    ],
)
def test_flags_of_a_single_reading(changes, expected):
    assert flags_of(**changes) == expected


def test_gas_and_oil_have_a_lower_ceiling():
    setup = make_setup(fuel_class="gas_oil")

    assert flags_of(setup, co2_ppm=160_001.0) == Quality.OUT_OF_PHYSICAL
    assert flags_of(setup, co2_ppm=159_999.0) == Quality(0)


def test_under_range_is_said_but_does_not_block():
    flags = flags_of(make_setup(co2_zero_error_ppm=20.0), co2_ppm=339.0)

    assert flags == Quality.UNDER_RANGE
    assert is_valid(flags)


def test_sixty_identical_values_while_firing_are_stuck_from_the_sixtieth():
    flags = assess(make_series(62, co2_ppm=96_000.0), SETUP)

    assert flags[:59] == [Quality(0)] * 59
    assert flags[59:] == [Quality.STUCK] * 3


def test_identical_values_at_idle_are_not_stuck():
    flags = assess(make_series(100, co2_ppm=420.0, temperature_c=25.0, velocity_ms=0.0), SETUP)

    assert flags == [Quality(0)] * 100


def test_a_gap_longer_than_three_intervals_starts_the_count_afresh():
    with_gap = make_series(80, lambda i: {"co2_ppm": 96_000.0, "t_ms": i * 5_000 + (16_000 if i >= 40 else 0)})
    without = make_series(80, lambda i: {"co2_ppm": 96_000.0, "t_ms": i * 5_000 + (10_000 if i >= 40 else 0)})

    assert Quality.STUCK not in assess(with_gap, SETUP)[79]
    assert Quality.STUCK in assess(without, SETUP)[79]


def test_a_single_outlier_is_a_spike_and_its_neighbours_are_not():
    series = make_series(30, lambda i: {"co2_ppm": 180_000.0} if i == 20 else {})

    flags = assess(series, SETUP)

    assert [i for i, flag in enumerate(flags) if Quality.SPIKE in flag] == [20]
    assert not is_valid(flags[20])


def test_an_ordinary_step_on_a_flat_line_is_no_spike():
    # Median absolute deviation of a flat line is 0: without a floor every step would be a spike.
    series = make_series(30, lambda i: {"co2_ppm": 80_000.0 if i < 20 else 95_000.0})

    assert not any(Quality.SPIKE in flag for flag in assess(series, SETUP))


def test_a_great_step_that_stays_costs_one_reading():
    series = make_series(40, lambda i: {"co2_ppm": 80_000.0 + (60_000.0 if i >= 20 else 0.0) + i % 5})

    flags = assess(series, SETUP)

    assert [i for i, flag in enumerate(flags) if Quality.SPIKE in flag] == [20]


def test_a_jump_between_two_means_is_no_spike():
    def hour(i: int) -> dict[str, float | int]:
        return {
            "t_ms": i * 3_600_000,
            "interval_s": 3600.0,
            "span_s": 3600.0,
            "n": 720,
            "co2_ppm": 95_000.0 + i if i >= 12 else 420.0 + i,
        }

    flags = assess(make_series(14, hour), SETUP)

    assert not any(Quality.SPIKE in flag for flag in flags)


def test_doubtful_readings_are_measured_but_not_valid():
    assert is_measured(Quality.STUCK | Quality.SAMPLE_LINE | Quality.SPIKE)
    assert not is_valid(Quality.STUCK)
    assert not is_measured(Quality.STUCK | Quality.NEG_VELOCITY)


def test_over_range_readings_are_measured_as_a_lower_bound_but_not_valid():
    assert is_measured(Quality.OVER_RANGE)
    assert not is_valid(Quality.OVER_RANGE)
    assert not is_measured(Quality.OVER_RANGE | Quality.OUT_OF_PHYSICAL)
    assert quality.is_over_range(Quality.OVER_RANGE | Quality.SPIKE)
    assert not quality.is_over_range(Quality.SPIKE)


@pytest.mark.parametrize("range_ppm", [5_000.0, 200_000.0])
def test_a_sensor_at_the_end_of_its_range_is_neither_stuck_nor_has_it_a_broken_line(range_ppm):
    setup = make_setup(sensor_range_ppm=range_ppm)

    assert assess(make_series(130, co2_ppm=range_ppm), setup) == [Quality.OVER_RANGE] * 130


@pytest.mark.parametrize(
    ("setup", "changes", "counted_ppm"),
    [
        ({}, {"co2_ppm": 200_000.0}, 200_000.0),
        ({}, {"co2_ppm": 197_000.0}, 197_000.0),  # at least this
        ({}, {"co2_ppm": 203_000.0}, 200_000.0),  # beyond full scale
        ({}, {"co2_ppm": None, "flags": readings.OVER_RANGE}, 200_000.0),  # no number at all
        ({}, {"co2_ppm": 120_000.0, "flags": readings.OVER_RANGE}, 120_000.0),  # one of its samples was
        ({"sensor_range_ppm": None}, {"co2_ppm": 120_000.0, "flags": readings.OVER_RANGE}, 120_000.0),
        # Corrected for 79,495.5 Pa it would be 254,918 ppm; no wood smoke has more than 205,000.
        ({"pressure_compensation": "proportional"}, {"co2_ppm": 200_000.0}, 205_000.0),
        ({"fuel_class": "gas_oil"}, {"co2_ppm": 200_000.0}, 160_000.0),
    ],
)
def test_over_range_counts_at_what_is_certain(setup, changes, counted_ppm):
    setup, reading = make_setup(**setup), make_reading(**changes)

    assert assess([reading], setup) == [Quality.OVER_RANGE]
    assert stack.corrected_co2_ppm(reading, setup) == counted_ppm
    assert stack.stack_state(reading, setup) is not None


def test_noise_widens_what_a_spike_is():
    noise = random.Random(1)
    values = [100_000.0 + noise.uniform(-25_000.0, 25_000.0) for _ in range(60)]

    flags = assess(make_series(60, lambda i: {"co2_ppm": values[i]}), SETUP)

    assert not any(Quality.SPIKE in flag for flag in flags)


@pytest.mark.parametrize("jump", [{"co2_ppm": 117_000.0}, {"temperature_c": 265.0}])
def test_a_fast_change_is_said_but_does_not_block(jump):
    flags = assess([make_reading(), make_reading(t_ms=5_000, **jump)], SETUP)

    assert flags == [Quality(0), Quality.RATE_OF_CHANGE]
    assert is_valid(flags[1])


def test_hot_stack_with_draught_and_no_co2_for_five_minutes_is_a_broken_sample_line():
    flags = assess(make_series(70, lambda i: {"co2_ppm": 900.0 + i % 9}), SETUP)

    assert not any(Quality.SAMPLE_LINE in flag for flag in flags[:60])
    assert all(Quality.SAMPLE_LINE in flag for flag in flags[60:])  # 60 x 5 s = 300 s
    assert not is_valid(flags[60])


@pytest.mark.parametrize("changes", [{"temperature_c": 59.0}, {"velocity_ms": 0.5}])
def test_cold_or_still_gas_without_co2_is_no_broken_sample_line(changes):
    series = make_series(70, lambda i: {"co2_ppm": 900.0 + i % 9, **changes})

    assert not any(Quality.SAMPLE_LINE in flag for flag in assess(series, SETUP))


def test_a_steam_dryer_has_no_firing_tests():
    setup = make_setup(is_combustion=False)
    series = make_series(70, co2_ppm=900.0)

    assert assess(series, setup) == [Quality(0)] * 70
    assert not quality.is_firing_like(series[0], setup)
    assert not quality.is_idle_like(make_reading(co2_ppm=420.0, temperature_c=25.0), setup)


def test_means_count_by_the_time_they_stand_for():
    # Ten means of 60 s: the fifth one completes five minutes.
    series = make_series(10, co2_ppm=900.0, step_ms=60_000, span_s=60.0, interval_s=5.0, n=12)

    flags = assess(series, SETUP)

    assert [i for i, flag in enumerate(flags) if Quality.SAMPLE_LINE in flag] == list(range(4, 10))


def test_below_ambient_needs_more_than_twice_the_zero_error_and_counts_as_zero_rate():
    setup = make_setup(sensor_range_ppm=5_000.0)  # 2 %: 100 ppm
    cold = {"temperature_c": 25.0, "velocity_ms": 0.3}

    noise = assess(make_series(125, co2_ppm=230.0, **cold), setup)
    drift = assess(make_series(125, co2_ppm=220.0, **cold), setup)

    assert not any(Quality.BELOW_AMBIENT in flag for flag in noise)
    assert Quality.BELOW_AMBIENT in drift[121]
    assert is_valid(drift[121])
    assert quality.counted_kg_per_s(0.01, drift[121]) == 0.0
    assert quality.counted_kg_per_s(0.01, drift[120]) == 0.01


COLD = {"temperature_c": 25.0, "velocity_ms": 0.3}


def test_below_ambient_of_a_twenty_percent_sensor_is_noise_not_a_finding():
    series = make_series(130, co2_ppm=1.0, **COLD)

    assert assess(series, SETUP) == [Quality(0)] * 130


@pytest.mark.parametrize("range_ppm", [5_000.0, 200_000.0, None])
def test_no_co2_at_all_is_said_at_once_and_is_below_ambient_after_ten_minutes(range_ppm):
    # Air has some 425 ppm, so a sensor that shows 0 is dead or has lost its zero, whatever its error.
    flags = assess(make_series(130, co2_ppm=0.0, **COLD), make_setup(sensor_range_ppm=range_ppm))

    assert flags[:121] == [Quality.UNDER_RANGE] * 121
    assert flags[121:] == [Quality.UNDER_RANGE | Quality.BELOW_AMBIENT] * 9


def test_a_zeroed_twenty_percent_sensor_is_judged_by_the_error_that_was_found():
    # 150 ppm found in nitrogen: 425 - 2 x 150 = 125 ppm; 380 - 2 x 150 = 80 ppm.
    error_ppm = quality.calibrated_zero_error_ppm(reading_ppm=-150.0, reference_ppm=0.0, sensor_range_ppm=200_000.0)
    setup = make_setup(co2_zero_error_ppm=error_ppm)

    noise, drift = (assess(make_series(130, co2_ppm=ppm, **COLD), setup) for ppm in (126.0, 79.0))

    assert noise == [Quality(0)] * 130
    assert drift[:121] == [Quality.UNDER_RANGE] * 121
    assert drift[121:] == [Quality.UNDER_RANGE | Quality.BELOW_AMBIENT] * 9


@pytest.mark.parametrize(
    ("reading_ppm", "range_ppm", "error_ppm"),
    [(425.0, 200_000.0, 100.0), (425.0, None, 0.0), (5_425.0, 200_000.0, 5_000.0), (9_425.0, 200_000.0, 5_000.0)],
)
def test_a_calibrated_zero_error_is_at_least_the_noise_and_at_most_the_limit(reading_ppm, range_ppm, error_ppm):
    found_ppm = quality.calibrated_zero_error_ppm(
        reading_ppm=reading_ppm, reference_ppm=425.0, sensor_range_ppm=range_ppm
    )

    assert found_ppm == error_ppm


@pytest.mark.parametrize(
    ("changes", "is_firing", "is_idle"),
    [
        ({}, True, False),
        ({"co2_ppm": 420.0, "temperature_c": 25.0}, False, True),
        ({"co2_ppm": 420.0, "temperature_c": 60.1}, True, False),
        ({"co2_ppm": 10_001.0, "temperature_c": 25.0}, True, False),
        ({"co2_ppm": 5_499.0, "temperature_c": 34.9}, False, True),  # 1,500 + 2 % of 200,000
        ({"co2_ppm": 5_500.0, "temperature_c": 34.9}, False, False),
        ({"co2_ppm": 420.0, "temperature_c": 35.0}, False, False),
        ({"co2_ppm": None, "temperature_c": 25.0}, False, False),
        ({"co2_ppm": 420.0, "temperature_c": None}, False, False),
        ({"co2_ppm": 420.0, "temperature_c": 25.0, "flags": readings.TEMPERATURE_FAULT}, False, False),
        ({"co2_ppm": NAN, "temperature_c": NAN}, False, False),
    ],
)
def test_firing_and_idle_like(changes, is_firing, is_idle):
    reading = make_reading(**changes)

    assert quality.is_firing_like(reading, SETUP) is is_firing
    assert quality.is_idle_like(reading, SETUP) is is_idle


def test_sensor_error_is_capped_given_or_unknown():
    assert quality.sensor_error_ppm(make_setup(sensor_range_ppm=1_000_000.0)) == 5_000.0
    assert quality.sensor_error_ppm(make_setup(co2_zero_error_ppm=70.0)) == 70.0
    assert quality.sensor_error_ppm(make_setup(sensor_range_ppm=None)) == 0.0


def test_names_and_bits_are_fixed():
    # Stored in rows: a changed number would silently rename old flags.
    assert [(flag.name, flag.value) for flag in Quality][:3] == [("WARMUP", 1), ("OVER_RANGE", 2), ("UNDER_RANGE", 4)]
    assert (Quality.CALIBRATION_EXPIRED, Quality.SITE_PRESSURE) == (1 << 15, 1 << 16)
    assert names(Quality.SPIKE | Quality.WARMUP) == ["WARMUP", "SPIKE"]
    assert names(0) == []


@pytest.mark.parametrize("flag", list(Quality))
def test_a_reading_is_valid_iff_no_flag_blocks(flag):
    assert is_valid(flag) is (flag not in BLOCKING)
    assert is_valid(int(flag)) is (flag not in BLOCKING)


def test_unsorted_readings_raise():
    with pytest.raises(ValueError, match=r"sort the readings by time"):
        assess([make_reading(t_ms=5_000), make_reading(t_ms=0)], SETUP)


# Few values, so that stuck, below-ambient and broken-line runs all happen, and gaps break them.
lively = st.lists(
    st.tuples(
        st.integers(1, 60),  # how many of them in a row
        st.sampled_from([None, NAN, -5.0, 100.0, 400.0, 9_000.0, 96_000.0, 160_000.0, 199_000.0, 300_000.0]),
        st.sampled_from([25.0, 25.0, 180.0, 180.0, None, 1_000.0]),
        st.sampled_from([0.0, 3.0, 3.0, None, -1.0, 50.0]),
        st.sampled_from([0, 0, 0, 0, 1, 2, 4, 8, 16, 64]),
        st.sampled_from([0, 1_000, 5_000, 5_000, 15_001]),
    ),
    min_size=1,
    max_size=12,
)


def unfold(blocks):
    series, t_ms = [], 0
    for count, co2_ppm, temperature_c, velocity_ms, flags, step_ms in blocks:
        for _ in range(count):
            t_ms += step_ms
            series.append(
                make_reading(
                    t_ms=t_ms, co2_ppm=co2_ppm, temperature_c=temperature_c, velocity_ms=velocity_ms, flags=flags
                )
            )
    return series


@settings(max_examples=150, deadline=None)
@given(lively, st.data())
def test_law_flags_depend_on_no_more_than_the_context(blocks, data):
    setup = make_setup(co2_zero_error_ppm=20.0)
    series = unfold(blocks)
    index = data.draw(st.integers(0, len(series) - 1))

    whole = assess(series, setup)[index]
    alone = assess(series[max(0, index - CONTEXT) : index + 1], setup)[-1]

    assert alone == whole


@settings(max_examples=100, deadline=None)
@given(lively, st.sampled_from([0.64, 25.0]))
def test_law_a_reading_without_a_state_is_never_valid(blocks, area_m2):
    setup = make_setup(area_m2=area_m2)
    series = unfold(blocks)

    for reading, flags in zip(series, assess(series, setup), strict=True):
        assert stack.stack_state(reading, setup) is not None or not is_valid(flags)


def test_a_long_fast_run_counts_as_long_enough_after_the_context():
    # At 1 s five minutes are 300 readings, more than the context may hold.
    flags = assess(make_series(140, co2_ppm=900.0, step_ms=1_000, interval_s=1.0), SETUP)

    assert Quality.SAMPLE_LINE not in flags[CONTEXT - 1]
    assert Quality.SAMPLE_LINE in flags[CONTEXT]
