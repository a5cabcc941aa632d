"""The history's means and the live fleet's readings tell of one chimney: same mass, no step where they meet."""

from collections import Counter

import pytest

from demo import cast, hour_means, simulator
from demo.cast import PlannedDevice
from demo.works import CO2_KG_PER_KG_WOOD, DAY_S, FACTORY_DAY_STARTS_S, LOCAL_OFFSET_S
from science import quality, stack
from science.readings import OVER_RANGE, StackReading
from tests.demo.test_simulator import BY_ID, setup_of

ANCHOR_DAY = 20_779
HOUR_MS = 3_600_000
WEDNESDAY = ANCHOR_DAY - 4
HEALTHY = ["litein-01", "boito-01", "tirgaga-01", "kangaita-02", "ragati-01"]


def begins_ms(day: int) -> int:
    return int((day * DAY_S + FACTORY_DAY_STARTS_S - LOCAL_OFFSET_S) * 1000)


def means_of(device: PlannedDevice, day: int, hours: int = 24) -> list[StackReading]:
    profile = simulator.profile_of(device, ANCHOR_DAY)
    found = []
    for start_ms in range(begins_ms(day), begins_ms(day) + hours * HOUR_MS, HOUR_MS):
        mean = hour_means.mean_over(profile, start_ms, start_ms + HOUR_MS, may_be_cut=False)
        assert mean is not None
        found.append(
            StackReading(
                mean.t,
                mean.co2_ppm,
                mean.temperature_c,
                mean.velocity_ms,
                mean.pressure_pa,
                span_s=mean.span_s,
                n=mean.n,
                flags=mean.flags,
            )
        )
    return found


def kg_per_s(device: PlannedDevice, reading: StackReading) -> float:
    state = stack.stack_state(reading, setup_of(device))
    assert state is not None
    return state.co2_kg_per_s


def live_kg(device: PlannedDevice, start_ms: int, end_ms: int) -> float:
    profile = simulator.profile_of(device, ANCHOR_DAY)
    total = 0.0
    for t_ms in range(start_ms, end_ms, 10_000):
        v = simulator.values_at(profile, t_ms)
        total += 10.0 * kg_per_s(device, StackReading(t_ms, v.co2_ppm, v.temperature_c, v.velocity_ms, v.pressure_pa))
    return total


@pytest.mark.parametrize("device_id", HEALTHY)
def test_a_day_of_means_has_the_mass_of_a_day_of_readings(device_id: str) -> None:
    device = BY_ID[device_id]

    of_means = 3600.0 * sum(kg_per_s(device, reading) for reading in means_of(device, WEDNESDAY))

    assert of_means == pytest.approx(live_kg(device, begins_ms(WEDNESDAY), begins_ms(WEDNESDAY + 1)), rel=0.03)


@pytest.mark.parametrize("device_id", HEALTHY)
def test_hour_by_hour_mean_and_readings_agree(device_id: str) -> None:
    device = BY_ID[device_id]
    usual_kg = 3600.0 * simulator.profile_of(device).works.co2_kg_per_s / cast.chimney_count(device.factory_name)

    for reading in means_of(device, WEDNESDAY)[::3]:
        of_readings = live_kg(device, reading.t_ms - HOUR_MS, reading.t_ms)
        assert 3600.0 * kg_per_s(device, reading) == pytest.approx(of_readings, abs=0.1 * usual_kg)


def test_stack_fuel_and_tea_agree_within_what_people_and_probes_err() -> None:
    for device in cast.devices()[::9]:
        if device.behaviour is not cast.Behaviour.HEALTHY:
            continue
        start_s = ANCHOR_DAY * DAY_S - 28 * DAY_S + FACTORY_DAY_STARTS_S
        wood_kg = cast.works_of(device.factory_name, ANCHOR_DAY).between(start_s, start_s + 28 * DAY_S)[1]
        means = means_of(device, ANCHOR_DAY - 28, 28 * 24)
        of_stack = 3600.0 * sum(kg_per_s(device, reading) for reading in means)
        share = 1.0 / cast.chimney_count(device.factory_name)
        assert of_stack == pytest.approx(share * wood_kg * CO2_KG_PER_KG_WOOD, rel=0.09), device


@pytest.mark.parametrize("device_id", HEALTHY)
def test_a_month_of_means_trips_no_quality_rule_and_idle_hours_are_proofs(device_id: str) -> None:
    device = BY_ID[device_id]
    means = means_of(device, ANCHOR_DAY - 30, 30 * 24)

    flagged = quality.assess(means, setup_of(device))

    assert Counter(name for bits in flagged for name in quality.names(bits)) == Counter()
    idle = [quality.is_idle_like(reading, setup_of(device)) for reading in means]
    assert 0.08 < sum(idle) / len(idle) < 0.4


def test_power_cuts_are_rare_and_leave_no_mean() -> None:
    profile = simulator.profile_of(BY_ID["boito-01"], ANCHOR_DAY)
    starts = range(begins_ms(ANCHOR_DAY - 365), begins_ms(ANCHOR_DAY), HOUR_MS)

    cut = sum(hour_means.mean_over(profile, t_ms, t_ms + HOUR_MS) is None for t_ms in starts)

    assert 0 < cut < 0.01 * len(starts)


def test_drifting_sensor_shows_less_and_less_and_a_healthy_one_does_not() -> None:
    drifting = simulator.profile_of(BY_ID["motigo-01"], ANCHOR_DAY)
    healthy = simulator.profile_of(BY_ID["boito-01"], ANCHOR_DAY)
    weeks_ms = [begins_ms(ANCHOR_DAY - 7 * week) for week in (12, 8, 4, 0)]

    shares = [simulator.shown_share(drifting, t_ms) for t_ms in weeks_ms]

    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert 0.6 < shares[-1] < 0.7
    assert {simulator.shown_share(healthy, t_ms) for t_ms in weeks_ms} == {1.0}


def test_room_sensor_says_over_range_in_every_hour_of_fire() -> None:
    means = means_of(BY_ID["gachege-01"], WEDNESDAY)

    hot = [reading for reading in means if (reading.temperature_c or 0.0) > 150.0]

    assert hot
    assert all(reading.flags == OVER_RANGE and reading.co2_ppm == 5_000.0 for reading in hot)
