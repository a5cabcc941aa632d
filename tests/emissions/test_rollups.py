"""Roll-ups against stored readings on real PostgreSQL: the figures of the issue, order, gaps, means, holds."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from devices.models import AssignmentHold
from emissions import rollups
from emissions.models import Emission, EmissionDay, EmissionHour, EmissionMinute, TouchedMinute
from science.stack import circle_area_m2
from tests import make

pytestmark = pytest.mark.django_db
NAIROBI = ZoneInfo("Africa/Nairobi")
MIDNIGHT = datetime(2026, 11, 20, tzinfo=NAIROBI)
DAY_READINGS = 17_281  # every 5 s from 00:00:00 to 24:00:00, both ends


def steady_fields(kg_per_s: float) -> dict[str, float]:
    """Values that mean exactly this rate in a round chimney of 0.9 m: velocity takes up what is left."""
    density = 0.0440095 * 79_495.5 / (8.31446261815324 * (45.0 + 273.15))
    velocity = kg_per_s / (8_000e-6 * circle_area_m2(0.9) * density)
    return {"co2_ppm": 8_000.0, "temperature_c": 45.0, "velocity_ms": velocity, "pressure_pa": 79_495.5}


def roll_up_all(device_pk: int) -> None:
    rollups.touch_period(device_pk, datetime(2020, 1, 1, tzinfo=UTC), None)
    rollups.roll_up_touched()


def day_of(device_pk: int, start: datetime = MIDNIGHT) -> EmissionDay:
    return EmissionDay.objects.get(device_id=device_pk, period_start=start)


def state(device_pk: int) -> list[tuple[object, ...]]:
    """Every bit of every roll-up of a device."""
    return [
        row
        for model in (EmissionMinute, EmissionHour, EmissionDay)
        for row in model.objects.filter(device_id=device_pk).order_by("period_start").values_list()
    ]


def figures(device_pk: int) -> list[tuple[object, ...]]:
    """The same without the keys, to compare two devices."""
    found: list[tuple[object, ...]] = []
    for model in (EmissionMinute, EmissionHour, EmissionDay):
        names = [f.name for f in model._meta.fields if f.name not in ("pk", "device", "assignment")]
        found += model.objects.filter(device_id=device_pk).order_by("period_start").values_list(*names)
    return found


def test_a_steady_day_at_two_grams_a_second_is_172_8_kg():
    device = make.make_assignment().device
    make.make_readings(device, MIDNIGHT, DAY_READINGS, **steady_fields(0.002))

    roll_up_all(device.pk)

    day = day_of(device.pk)
    # float4 keeps seven digits of the velocity, so the sixth digit of the mass is the last that is sure.
    assert day.measured_ug / 1e9 == pytest.approx(172.8, rel=1e-6)
    assert day.record_ug / 1e9 == pytest.approx(172.8, rel=1e-6)
    assert day.covered_ms == 86_400_000
    assert day.measured_hours == 24


def test_two_hours_without_readings_are_missing_not_zero():
    device = make.make_assignment().device
    ten, twelve = MIDNIGHT + timedelta(hours=10), MIDNIGHT + timedelta(hours=12)
    make.make_readings(device, MIDNIGHT, DAY_READINGS, **steady_fields(0.002))
    Emission.objects.filter(timestamp__gt=ten, timestamp__lt=twelve).delete()

    roll_up_all(device.pk)

    day = day_of(device.pk)
    assert day.measured_ug / 1e9 == pytest.approx(158.4, rel=1e-6)  # as above
    assert 100 * day.covered_ms / 86_400_000 == pytest.approx(91.7, abs=0.05)  # printed to one decimal
    assert day.measured_hours == 22


def test_a_constant_fire_is_doubtful_for_the_record_but_stays_measured():
    device = make.make_assignment().device
    make.make_readings(device, MIDNIGHT, 721)  # constant: the sensor may be stuck

    roll_up_all(device.pk)

    hour = EmissionHour.objects.get(device=device, period_start=MIDNIGHT)
    assert hour.measured_ug / 1e9 == pytest.approx(785.064, rel=1e-6)  # vector 3, kg per hour
    assert (hour.status, hour.record_ug) == ("missing", None)


def _shuffled_readings(seed: int) -> list[dict[str, float]]:
    noise = random.Random(seed)
    return [
        {
            "co2_ppm": noise.uniform(60_000, 120_000),
            "temperature_c": noise.uniform(150, 230),
            "velocity_ms": noise.uniform(2, 5),
        }
        for _ in range(900)
    ]


def test_totals_are_bit_identical_whatever_the_order_of_arrival():
    values = _shuffled_readings(1)
    one, two = make.make_assignment().device, make.make_assignment().device
    order = list(range(len(values)))
    random.Random(2).shuffle(order)

    def store(device_pk: int, index: int) -> None:
        t = MIDNIGHT + timedelta(seconds=5 * index)
        Emission.objects.create(
            device_id=device_pk, timestamp=t, received_at=t, stream=1, seq=index + 1, interval_s=5, **values[index]
        )
        TouchedMinute.objects.create(device_id=device_pk, period_start=t.replace(second=0, microsecond=0), created_at=t)

    for index in range(len(values)):
        store(one.pk, index)
    rollups.roll_up_touched()
    for count, index in enumerate(order):
        store(two.pk, index)
        if count % 90 == 0:
            rollups.roll_up_touched()
    rollups.roll_up_touched()

    assert figures(one.pk) == figures(two.pk)
    assert EmissionDay.objects.count() == 2


def test_incremental_roll_ups_equal_a_rebuild_from_scratch():
    values = _shuffled_readings(3)
    device = make.make_assignment().device
    order = list(range(len(values)))
    random.Random(4).shuffle(order)
    for count, index in enumerate(order):
        t = MIDNIGHT + timedelta(seconds=5 * index)
        Emission.objects.create(
            device=device, timestamp=t, received_at=t, stream=1, seq=index + 1, interval_s=5, **values[index]
        )
        TouchedMinute.objects.create(device=device, period_start=t.replace(second=0, microsecond=0), created_at=t)
        if count % 50 == 0:
            rollups.roll_up_touched()
    rollups.roll_up_touched()
    incremental = state(device.pk)
    for model in (EmissionMinute, EmissionHour, EmissionDay):
        model.objects.all().delete()

    roll_up_all(device.pk)

    assert state(device.pk) == incremental
    assert len(incremental) > 75


def test_hourly_means_fill_their_own_hours():
    device = make.make_assignment().device
    make.make_readings(
        device,
        MIDNIGHT + timedelta(hours=1),
        24,
        interval_s=3600.0,
        span_s=3600.0,
        n=720,
        seq_from=1,
        co2_ppm=lambda i: 90_000.0 + 100 * i,
    )

    roll_up_all(device.pk)

    day = day_of(device.pk)
    assert day.covered_ms == 86_400_000
    assert day.measured_hours == 24
    assert list(EmissionHour.objects.values_list("covered_ms", flat=True)) == [3_600_000] * 24


def test_a_minute_mean_after_live_readings_covers_no_time_twice():
    device = make.make_assignment().device
    make.make_readings(device, MIDNIGHT, 7)  # up to 00:00:30
    make.make_readings(
        device, MIDNIGHT + timedelta(seconds=60), 1, first_seq=100, interval_s=5.0, span_s=60.0, n=12, seq_from=89
    )

    roll_up_all(device.pk)

    hour = EmissionHour.objects.get(device=device)
    assert hour.covered_ms == 60_000


def test_indian_hours_begin_at_half_past_in_utc():
    factory = make.make_factory(time_zone="Asia/Kolkata", country="IN")
    device = make.make_assignment(chimney=make.make_chimney(factory=factory)).device
    start = datetime(2026, 11, 20, tzinfo=ZoneInfo("Asia/Kolkata"))
    make.make_readings(device, start, 1441, **steady_fields(0.002))

    roll_up_all(device.pk)

    starts = list(EmissionHour.objects.order_by("period_start").values_list("period_start", flat=True))
    assert starts[:2] == [datetime(2026, 11, 19, 18, 30, tzinfo=UTC), datetime(2026, 11, 19, 19, 30, tzinfo=UTC)]
    assert day_of(device.pk, start).covered_ms == 7_200_000


def test_proved_idleness_counts_as_covered_and_as_nothing_emitted():
    device = make.make_assignment().device
    idle = {"co2_ppm": 500.0, "temperature_c": 22.0, "velocity_ms": 0.3}
    make.make_readings(device, MIDNIGHT, 1441, **idle)

    roll_up_all(device.pk)

    first, second = EmissionHour.objects.filter(covered_ms=3_600_000).order_by("period_start")
    assert first.idle_ms == 3_600_000  # the ten minutes of the proof too: nothing else was seen
    assert (second.status, second.record_ug, second.operating_ms) == ("idle", 0, 0)


def test_held_readings_wait_outside_totals_until_resolved():
    assignment = make.make_assignment()
    make.make_readings(assignment.device, MIDNIGHT, 721, **steady_fields(0.002))
    hold = AssignmentHold.objects.create(
        assignment=assignment, stream=7, field="co2_basis", registered="wet", reported="dry", starts_at=MIDNIGHT
    )

    rollups.touch_changed_setups()
    rollups.roll_up_touched()
    held = EmissionDay.objects.filter(device=assignment.device).count()
    hold.resolution, hold.resolved_at = "registry_right", MIDNIGHT
    hold.save()
    rollups.touch_changed_setups()
    rollups.roll_up_touched()

    assert held == 0
    assert day_of(assignment.device_id).measured_ug / 1e9 == pytest.approx(7.2, rel=1e-6)  # float4, as above


def test_a_corrected_diameter_is_rolled_up_again_by_itself():
    assignment = make.make_assignment()
    make.make_readings(assignment.device, MIDNIGHT, 721, **steady_fields(0.002))
    rollups.touch_changed_setups()
    rollups.roll_up_touched()
    before = day_of(assignment.device_id)

    assignment.chimney.diameter_m = 1.8
    assignment.chimney.save()
    rollups.touch_changed_setups()
    rollups.roll_up_touched()

    after = day_of(assignment.device_id)
    # 61 minutes, each rounded to a whole microgram before and after.
    assert after.measured_ug == pytest.approx(4 * before.measured_ug, abs=61 * 2.5)
    assert after.flux_ug_per_m2 == before.flux_ug_per_m2
    assert rollups.touch_changed_setups() == 0


def test_a_device_without_an_assignment_has_readings_but_no_totals():
    device = make.make_device()
    make.make_readings(device, MIDNIGHT, 20)

    roll_up_all(device.pk)

    assert EmissionMinute.objects.count() == 0
    assert TouchedMinute.objects.count() == 0
