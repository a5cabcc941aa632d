"""How far a reading reaches: whatever the mix of intervals, means and faults, late data gives the same totals."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.roles import Role
from devices.choices import CalibrationKind
from devices.models import Calibration, MCUDevice
from emissions import rollups
from emissions.models import STREAM_OFFSET, Emission, EmissionDay, EmissionHour, EmissionMinute, TouchedMinute
from science.readings import OVER_RANGE
from tests import make
from tests.cast import AsUser

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 20, 3, 7, tzinfo=UTC)
MODELS = (EmissionMinute, EmissionHour, EmissionDay)


def row(device: MCUDevice, at: datetime, seq: int, **values: Any) -> Emission:
    usual = {"co2_ppm": 90_000.0 + seq % 97, "temperature_c": 190.0, "velocity_ms": 3.0, "interval_s": 5.0}
    return Emission(device=device, timestamp=at, received_at=at, stream=7 - STREAM_OFFSET, seq=seq, **(usual | values))


def mark(reading: Emission) -> None:
    moments = {reading.timestamp, reading.timestamp - timedelta(seconds=reading.span_s or 0)}
    TouchedMinute.objects.bulk_create(
        TouchedMinute(device_id=reading.device_id, period_start=m.replace(second=0, microsecond=0), created_at=m)
        for m in moments
    )


def settle() -> None:
    while rollups.roll_up_touched():
        pass


def figures(device: MCUDevice) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for model in MODELS:
        names = [f.name for f in model._meta.fields if f.name not in ("pk", "device", "assignment")]
        found += model.objects.filter(device=device).order_by("period_start").values_list(*names)
    return found


def rebuilt(device: MCUDevice) -> list[tuple[object, ...]]:
    for model in MODELS:
        model.objects.filter(device=device).delete()
    rollups.touch_period(device.pk, START - timedelta(days=2), None)
    settle()
    return figures(device)


def test_a_late_reading_before_a_long_fault_joins_the_slow_reading_behind_it():
    device = make.make_assignment().device
    faulty = [row(device, START + timedelta(seconds=5 * i), i + 1, co2_ppm=None, flags=1) for i in range(1, 401)]
    slow = row(device, START + timedelta(seconds=5 * 401), 402, interval_s=1200.0)
    for reading in (*faulty, slow):
        reading.save(force_insert=True)
        mark(reading)
    settle()
    good = row(device, START, 1)
    good.save(force_insert=True)
    mark(good)

    settle()

    incremental = figures(device)
    assert sum(hour.measured_ug for hour in EmissionHour.objects.all()) > 10**11
    assert incremental == rebuilt(device)


def lively(rng: random.Random, device: MCUDevice) -> list[Emission]:
    """Live readings, slow ones, means, faults and gaps, as a device in trouble sends them."""
    found, at, seq = [], START, 0
    for _run in range(rng.randint(4, 8)):
        kind = rng.choice(["live", "live", "fault", "slow", "points", "mean", "hour", "pinned", "idle", "gap"])
        if kind == "gap":
            at += timedelta(seconds=rng.choice([40, 400, 4000]))
            continue
        interval_s = {"slow": 600.0, "mean": 60.0, "hour": 3600.0, "points": 3600.0}.get(kind, 5.0)
        for _number in range(rng.randint(1, 3) if interval_s >= 600.0 else rng.randint(20, 300)):
            at += timedelta(seconds=interval_s)
            seq += 1
            values: dict[str, Any] = {"interval_s": interval_s, "co2_ppm": rng.uniform(60_000, 120_000)}
            if kind in ("mean", "hour"):
                values |= {"span_s": interval_s, "n": 12, "seq_from": seq}
            if kind in ("fault", "pinned"):
                values |= {"co2_ppm": None, "flags": 1 if kind == "fault" else OVER_RANGE}
            if kind == "idle":
                values |= {"co2_ppm": rng.uniform(0, 900), "temperature_c": 22.0}
            found.append(row(device, at, seq, **values))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_any_mix_in_any_order_equals_a_rebuild(seed: int):
    rng = random.Random(seed)
    zone = rng.choice(["Africa/Nairobi", "Asia/Kolkata", "Asia/Kathmandu", "Europe/London"])
    chimney = make.make_chimney(factory=make.make_factory(time_zone=zone))
    device = make.make_assignment(chimney=chimney, range_ppm=200_000.0).device
    readings = lively(rng, device)
    rng.shuffle(readings)
    step = max(1, len(readings) // 12)
    for first in range(0, len(readings), step):
        for reading in readings[first : first + step]:
            reading.save(force_insert=True)
            mark(reading)
        settle()

    incremental = figures(device)

    assert incremental == rebuilt(device)


# --- One device never stops the others -----------------------------------------------------------
def test_a_site_that_science_refuses_leaves_the_others_alone(as_user: AsUser):
    bad = make.make_assignment(chimney=make.make_chimney(factory=make.make_factory(altitude_m=50)))
    bad.pressure_compensation = "linear_0017"
    bad.save()
    good = make.make_assignment(
        chimney=make.make_chimney(factory=make.make_factory(organisation=bad.factory.organisation))
    )
    bad.factory.altitude_m = 800  # now its compensation does not hold
    bad.factory.save()
    for assignment in (bad, good):
        make.make_readings(assignment.device, START, 30)
    hq = make.make_user()
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=bad.factory.organisation)

    rollups.touch_changed_setups()
    settle()

    assert EmissionDay.objects.filter(device=good.device).exists()
    assert not EmissionDay.objects.filter(device=bad.device).exists()
    rows = as_user(hq).get("/api/emissions/latest/").json()["results"]
    assert {r["device"]: r["co2_kg_per_s"] is None for r in rows} == {
        bad.device.device_id: True,
        good.device.device_id: False,
    }
    assert as_user(hq).get(f"/factories/{bad.factory_id}/").status_code == 200


def test_readings_strewn_over_a_year_are_rolled_up_in_turns(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rollups, "WINDOWS_PER_PASS", 5)
    strewn, live = make.make_assignment().device, make.make_assignment().device
    for number in range(12):
        reading = row(strewn, START - timedelta(days=number), number + 1, interval_s=3600.0)
        make.make_readings(strewn, reading.timestamp, 0)
        reading.save(force_insert=True)
        mark(reading)
    make.make_readings(live, START, 30)
    rollups.touch_period(live.pk, START, None)

    rollups.roll_up_touched()

    assert TouchedMinute.objects.filter(device=strewn).count() == 7  # the newest five first
    assert not TouchedMinute.objects.filter(device=live).exists()


# --- What a reading means -------------------------------------------------------------------------
def test_a_zero_calibration_does_not_move_the_pressure_of_the_span():
    assignment = make.make_assignment(pressure_compensation="proportional")
    make.make_readings(assignment.device, START, 30)
    rollups.touch_changed_setups()
    settle()
    before = figures(assignment.device)

    Calibration.objects.create(
        device=assignment.device, calibrated_at=START - timedelta(days=1), kind=CalibrationKind.ZERO, pressure_pa=79_495
    )
    rollups.touch_changed_setups()
    settle()
    zeroed = figures(assignment.device)
    Calibration.objects.update(kind=CalibrationKind.SPAN)
    rollups.touch_changed_setups()
    settle()

    assert zeroed == before
    assert figures(assignment.device) != before


def test_below_the_ambient_air_the_api_says_the_rate_that_totals_count(as_user: AsUser):
    assignment = make.make_assignment(range_ppm=2_000)
    make.make_readings(assignment.device, START, 140, co2_ppm=100.0, temperature_c=60.0)
    hq = make.make_user()
    make.make_membership(user=hq, role=Role.HQ_MANAGER, organisation=assignment.factory.organisation)

    (latest,) = as_user(hq).get("/api/emissions/latest/").json()["results"]

    assert "BELOW_AMBIENT" in latest["quality"]
    assert latest["co2_kg_per_s"] == 0
