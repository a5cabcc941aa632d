"""Roll-ups under attack: several at once, setups that change in between, zones that were wrong."""

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from devices.models import AssignmentHold, Calibration
from emissions import derive, rollups
from emissions.models import EmissionDay, EmissionHour, EmissionMinute, TouchedMinute
from tests import make

MIDNIGHT = datetime(2026, 11, 20, tzinfo=ZoneInfo("Africa/Nairobi")).astimezone(UTC)
HOUR = timedelta(hours=1)
MODELS = (EmissionMinute, EmissionHour, EmissionDay)


def fire(device: Any, start: datetime, count: int, seed: int = 1, **fields: Any) -> None:
    noise = random.Random(seed)
    make.make_readings(device, start, count, co2_ppm=lambda _i: noise.uniform(60_000, 120_000), **fields)


def state(device_pk: int) -> list[Any]:
    """Every bit, but since when an hour is known."""
    return [
        row
        for model in MODELS
        for row in model.objects.filter(device_id=device_pk)
        .order_by("period_start")
        .values_list(*(f.attname for f in model._meta.concrete_fields if f.name != "known_from"))
    ]


def from_scratch(device_pk: int) -> list[Any]:
    for model in MODELS:
        model.objects.filter(device_id=device_pk).delete()
    rollups.touch_period(device_pk, datetime(2020, 1, 1, tzinfo=UTC), None)
    rollups.roll_up_touched()
    return state(device_pk)


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_give_what_one_gives() -> None:
    devices = [make.make_assignment().device for _ in range(4)]
    for number, device in enumerate(devices):
        fire(device, MIDNIGHT, 1000, seed=number)
    errors: list[Exception] = []
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set() or TouchedMinute.objects.exists():
                rollups.roll_up_touched()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for minute in random.Random(7).sample(range(85), 85):
        for device in devices:
            start = MIDNIGHT + timedelta(minutes=minute)
            rollups.touch_period(device.pk, start, start + timedelta(minutes=1))
    stop.set()
    for thread in threads:
        thread.join(60)

    assert errors == []
    for device in devices:
        together = state(device.pk)
        assert len(together) > 85
        assert together == from_scratch(device.pk)


@pytest.mark.django_db
def test_a_setup_corrected_while_rolling_up_is_not_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process corrects the diameter after our setups were read and before the marks are taken."""
    assignment = make.make_assignment()
    fire(assignment.device, MIDNIGHT, 300)
    rollups.touch_changed_setups()
    load_setups = derive.load_setups

    def load_then_correct(device_ids: Any = None) -> Any:
        monkeypatch.setattr(derive, "load_setups", load_setups)
        found = load_setups(device_ids)
        chimney = assignment.chimney
        chimney.diameter_m = 1.8
        chimney.save()
        rollups.touch_changed_setups()
        return found

    monkeypatch.setattr(derive, "load_setups", load_then_correct)
    rollups.roll_up_touched()

    assert TouchedMinute.objects.count() == 0
    assert state(assignment.device_id) == from_scratch(assignment.device_id)


@pytest.mark.django_db
@pytest.mark.parametrize(("was", "now"), [("Asia/Kolkata", "Africa/Nairobi"), ("Africa/Nairobi", "Asia/Kolkata")])
def test_a_corrected_time_zone_leaves_no_hour_or_day_of_the_old_one(was: str, now: str) -> None:
    assignment = make.make_assignment(chimney=make.make_chimney(factory=make.make_factory(time_zone=was)))
    fire(assignment.device, MIDNIGHT - 20 * HOUR, 1500, interval_s=60.0)
    rollups.touch_changed_setups()
    rollups.roll_up_touched()

    factory = assignment.factory
    factory.time_zone = now
    factory.save()
    rollups.touch_changed_setups()
    rollups.roll_up_touched()

    corrected = state(assignment.device_id)
    assert corrected == from_scratch(assignment.device_id)


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["calibration", "hold", "altitude", "moisture", "assignment_end", "source"])
def test_whatever_changes_a_figure_is_noticed(change: str) -> None:
    # With a sensor that pressure moves in proportion, altitude would cancel out.
    compensation = "none" if change == "altitude" else "proportional"
    assignment = make.make_assignment(pressure_compensation=compensation)
    fire(assignment.device, MIDNIGHT, 800, pressure_pa=None)
    rollups.touch_changed_setups()
    rollups.roll_up_touched()
    before = state(assignment.device_id)

    chimney, factory = assignment.chimney, assignment.factory
    if change == "calibration":
        Calibration.objects.create(device=assignment.device, calibrated_at=MIDNIGHT, kind="span", pressure_pa=79_000)
    elif change == "hold":
        AssignmentHold.objects.create(
            assignment=assignment, stream=99, field="sensor", starts_at=MIDNIGHT + timedelta(minutes=30)
        )
    elif change == "altitude":
        factory.altitude_m = 1500
        factory.save()
    elif change == "moisture":
        assignment.co2_basis = "dry"
        assignment.save()
    elif change == "assignment_end":
        assignment.valid_to = MIDNIGHT + HOUR
        assignment.save()
    else:
        source = chimney.emission_sources.get()
        source.kind = "steam_dryer_exhaust"
        source.save()
    touched = rollups.touch_changed_setups()
    rollups.roll_up_touched()

    assert touched > 0
    after = state(assignment.device_id)
    assert after == from_scratch(assignment.device_id)
    if change != "source":  # a dryer's exhaust is judged by other limits, which this fire does not meet
        assert after != before
    assert rollups.touch_changed_setups() == 0


@pytest.mark.django_db
def test_touch_period_marks_the_minutes_with_readings_and_no_other() -> None:
    device, other = make.make_device(), make.make_device()
    make.make_readings(device, MIDNIGHT, 13)  # 00:00:00 to 00:01:00
    make.make_readings(device, MIDNIGHT + HOUR, 1, first_seq=50, span_s=3600.0, n=720, seq_from=40)
    make.make_readings(other, MIDNIGHT, 1)

    count = rollups.touch_period(device.pk, MIDNIGHT, MIDNIGHT + 2 * HOUR)

    marked = list(TouchedMinute.objects.order_by("period_start").values_list("device_id", "period_start"))
    assert count == len(marked) == 3
    assert marked == [(device.pk, MIDNIGHT), (device.pk, MIDNIGHT + timedelta(minutes=1)), (device.pk, MIDNIGHT + HOUR)]


@pytest.mark.django_db
def test_touch_period_is_half_open() -> None:
    device = make.make_device()
    make.make_readings(device, MIDNIGHT, 3, interval_s=60.0)

    assert rollups.touch_period(device.pk, MIDNIGHT + timedelta(minutes=1), MIDNIGHT + timedelta(minutes=2)) == 1
    assert rollups.touch_period(device.pk, MIDNIGHT + HOUR, None) == 0


@pytest.mark.django_db
def test_the_lag_is_the_age_of_the_oldest_mark() -> None:
    device = make.make_device()
    before = rollups.lag_s()
    TouchedMinute.objects.create(
        device=device, period_start=MIDNIGHT, created_at=datetime.now(UTC) - timedelta(seconds=90)
    )

    assert before == 0.0
    assert 90 <= rollups.lag_s() < 600


@pytest.mark.django_db
def test_rebuild_rollups_does_a_period_of_a_device_again(capsys: pytest.CaptureFixture[str]) -> None:
    assignment = make.make_assignment()
    fire(assignment.device, MIDNIGHT, 121)
    right = from_scratch(assignment.device_id)
    EmissionMinute.objects.update(measured_ug=1)

    call_command("rebuild_rollups", "--device", assignment.device.device_id)

    assert state(assignment.device_id) == right
    assert capsys.readouterr().out.strip() == "11 minutes rolled up again"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "2026-11-01"], "with an offset"),
        (["--from", "2026-11-01T00:00:00"], "with an offset"),
        (["--to", "soon"], "with an offset"),
        (["--to", "2026-99-01T00:00:00Z"], "with an offset"),
        (["--device", "no-such"], "no device 'no-such'"),
    ],
)
def test_rebuild_rollups_says_what_it_cannot_read(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("rebuild_rollups", *arguments)
