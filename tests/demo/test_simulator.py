"""Laws of the simulated chimneys: repeatable, plausible, and never suspicious to our own quality rules."""

from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import cast, simulator
from demo.cast import Behaviour, PlannedDevice
from demo.works import LOCAL_OFFSET_S
from science import quality, readings, stack
from science.pressure import isa_pressure_pa
from science.readings import StackReading, StackSetup

MIDNIGHT_MS = 1_795_208_400_000  # 2026-11-21 00:00 in Nairobi
STEP_MS = 5_000
DAY_COUNT = 24 * 720
ALL_DEVICES = cast.devices()
BY_ID = {device.device_id: device for device in ALL_DEVICES}


def is_firing(profile: simulator.StackProfile, t_ms: int) -> bool:
    """Whether the boiler is in a shift at that time."""
    t_s = t_ms / 1000.0 + LOCAL_OFFSET_S
    return any(shift.start_s <= t_s < shift.end_s for shift in simulator.shifts_near(profile, t_s))


def setup_of(device: PlannedDevice) -> StackSetup:
    return StackSetup(
        area_m2=stack.circle_area_m2(device.diameter_m),
        velocity_profile_factor=0.84,
        co2_basis=device.co2_basis,
        moisture_method="fixed",
        moisture_fraction=0.13,
        sensor_range_ppm=device.range_ppm,
        pressure_compensation=device.compensation,
        site_pressure_pa=isa_pressure_pa(device.altitude_m),
        fuel_class="solid",
    )


@cache
def day_of(device_id: str) -> list[StackReading]:
    """All readings of a day, from local midnight on."""
    profile = simulator.profile_of(BY_ID[device_id])
    day = []
    for t_ms in range(MIDNIGHT_MS, MIDNIGHT_MS + DAY_COUNT * STEP_MS, STEP_MS):
        v = simulator.values_at(profile, t_ms)
        day.append(StackReading(t_ms, v.co2_ppm, v.temperature_c, v.velocity_ms, v.pressure_pa, flags=v.flags))
    return day


def flags_of_day(device_id: str) -> Counter[str]:
    flagged = quality.assess(day_of(device_id), setup_of(BY_ID[device_id]))
    return Counter(name for bits in flagged for name in quality.names(bits))


@pytest.mark.parametrize("device_id", ["litein-01", "tirgaga-01", "kangaita-02"])
def test_healthy_device_trips_no_quality_rule_in_a_whole_day(device_id: str) -> None:
    assert flags_of_day(device_id) == Counter()


@pytest.mark.parametrize("device", ALL_DEVICES[1::8], ids=lambda device: device.device_id)
def test_healthy_device_trips_no_quality_rule_when_a_shift_begins_or_ends(device: PlannedDevice) -> None:
    if device.behaviour not in (Behaviour.HEALTHY, Behaviour.SILENT):
        device = ALL_DEVICES[device.index + 1]
    profile = simulator.profile_of(device)
    quarters = range(MIDNIGHT_MS, MIDNIGHT_MS + 86_400_000, 900_000)
    turns = [t for t in quarters if is_firing(profile, t) != is_firing(profile, t + 900_000)]

    for turn_ms in turns:
        series = []
        for t_ms in range(turn_ms - 600_000, turn_ms + 3_000_000, STEP_MS):
            v = simulator.values_at(profile, t_ms)
            series.append(StackReading(t_ms, v.co2_ppm, v.temperature_c, v.velocity_ms, v.pressure_pa))
        flagged = quality.assess(series, setup_of(device))
        assert not any(flagged), (device.device_id, turn_ms)

    assert len(turns) == 2


def test_fire_and_idle_have_the_values_of_a_wood_boiler() -> None:
    profile = simulator.profile_of(BY_ID["tirgaga-01"])
    day = day_of("tirgaga-01")

    def burning_for_half_an_hour(reading: StackReading) -> bool:
        return is_firing(profile, reading.t_ms) and is_firing(profile, reading.t_ms - 1_800_000)

    burning = [reading for reading in day if burning_for_half_an_hour(reading)]
    two_hours_ms = range(0, 7_200_001, 600_000)
    cold_for_two_hours = [
        reading for reading in day if not any(is_firing(profile, reading.t_ms - back_ms) for back_ms in two_hours_ms)
    ]
    assert len(burning) > 14 * 720
    assert len(cold_for_two_hours) > 720
    for reading in burning:
        assert reading.co2_ppm is not None
        assert reading.temperature_c is not None
        assert reading.velocity_ms is not None
        assert 65_000 <= reading.co2_ppm <= 145_000
        assert 145.0 <= reading.temperature_c <= 235.0
        assert 2.3 <= reading.velocity_ms <= 5.5
    for reading in cold_for_two_hours:
        assert reading.co2_ppm is not None
        assert reading.velocity_ms is not None
        assert 400 <= reading.co2_ppm <= 950
        assert 0.0 <= reading.velocity_ms <= 0.35
        assert quality.is_idle_like(reading, setup_of(BY_ID["tirgaga-01"]))


def test_at_any_hour_of_a_week_three_in_ten_of_the_fleet_are_burning() -> None:
    profiles = [simulator.profile_of(device) for device in ALL_DEVICES if device.publishes]

    for t_ms in range(MIDNIGHT_MS, MIDNIGHT_MS + 7 * 86_400_000, 900_000):
        burning = sum(is_firing(profile, t_ms) for profile in profiles)
        assert burning >= 0.3 * len(profiles)


def test_pressure_follows_altitude() -> None:
    for device in ALL_DEVICES:
        pressure_pa = simulator.values_at(simulator.profile_of(device), MIDNIGHT_MS).pressure_pa
        # The tropics add 1 %, tide and weather up to 260 Pa: together within 1.5 % of the standard air.
        assert pressure_pa == pytest.approx(isa_pressure_pa(device.altitude_m), rel=0.015)


@given(index=st.integers(0, 66), t_ms=st.integers(MIDNIGHT_MS - 10**11, MIDNIGHT_MS + 10**11))
def test_same_device_at_the_same_time_measures_the_same(index: int, t_ms: int) -> None:
    device = ALL_DEVICES[index]

    first = simulator.values_at(simulator.profile_of(device), t_ms)
    again = simulator.values_at(simulator.profile_of(device), t_ms)

    assert first == again
    assert 0.0 <= first.velocity_ms <= 6.0
    assert first.co2_ppm is None or 300.0 <= first.co2_ppm <= 160_000.0


def test_devices_differ_from_each_other() -> None:
    now = {simulator.values_at(simulator.profile_of(device), MIDNIGHT_MS) for device in ALL_DEVICES}

    assert len(now) == len(ALL_DEVICES)


def test_faulty_sensor_fails_now_and_then_and_says_so() -> None:
    day = day_of("nyansiongo-01")

    failed = [reading for reading in day if reading.co2_ppm is None]
    begins = [a for a, b in zip(day[1:], day, strict=False) if a.co2_ppm is None and b.co2_ppm is not None]

    assert all(reading.flags == readings.CO2_FAULT for reading in failed)
    assert 0.02 < len(failed) / DAY_COUNT < 0.20
    assert len(begins) >= 20
    assert flags_of_day("nyansiongo-01").keys() == {"SENSOR_FAULT"}


def test_room_sensor_in_a_chimney_is_pinned_at_its_range_and_says_so() -> None:
    day = day_of("gachege-01")

    pinned = [reading for reading in day if reading.flags & readings.OVER_RANGE]

    assert {reading.co2_ppm for reading in pinned} == {5_000.0}
    assert len(pinned) > DAY_COUNT / 2
    assert max(reading.co2_ppm or 0.0 for reading in day) == 5_000.0
    assert flags_of_day("gachege-01")["OVER_RANGE"] >= len(pinned)
