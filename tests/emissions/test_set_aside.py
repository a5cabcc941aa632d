"""A period set aside as invalid: the effect shown is what follows, its time is missing, and it can be taken back."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from devices.choices import HoldKind, SetAsideReason
from devices.models import Assignment, AssignmentHold
from devices.set_aside import InvalidPeriod, set_aside, take_back
from emissions.models import Emission, EmissionDay, EmissionHour, EmissionMinute
from emissions.rollups import roll_up_touched, touch_changed_setups, touch_period
from emissions.set_aside import Figures, effect_of
from tests.emissions import test_rollup_reach as reach
from tests.make import make_assignment, make_chimney, make_device, make_factory, make_readings, make_user

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 11, 20, tzinfo=UTC)
TEN = DAY + timedelta(hours=10)


@pytest.fixture
def assignment() -> Assignment:
    """Three hours of readings every 5 s from 10:00 on; each 5 min are like every other."""
    made = make_assignment(valid_from=DAY)
    make_readings(made.device, TEN, 3 * 720, co2_ppm=lambda i: 96_000.0 + i % 60)
    settle()
    return made


def settle() -> None:
    touch_changed_setups()
    while roll_up_touched():
        pass


def period(assignment: Assignment, start: datetime, end: datetime, **fields: Any) -> InvalidPeriod:
    return InvalidPeriod(assignment.device, start, end, fields.pop("reason", SetAsideReason.PROBE_OUT), **fields)


def rows(model: Any) -> list[dict[str, Any]]:
    return list(model.objects.order_by("period_start").values())


def test_its_time_is_missing_and_not_zero(assignment: Assignment) -> None:
    """30 of 60 min of the hour from 11:00 are left, without the 5 s between the last reading that counts and the first
    that does not: 1,795 of 3,600 s are 50 %, below the 80 % of an hour of record."""
    before = {hour.period_start.hour: hour for hour in EmissionHour.objects.all()}
    start = TEN + timedelta(minutes=75)

    set_aside(period(assignment, start, start + timedelta(minutes=30)), make_user())
    settle()

    after = {hour.period_start.hour: hour for hour in EmissionHour.objects.all()}
    assert (before[11].status, after[11].status, after[11].record_ug) == ("measured", "missing", None)
    assert after[11].covered_ms == 1_795_000
    # The 5 s are not those of a mean rate, so the share of time is not quite that of mass.
    assert after[11].measured_ug == pytest.approx(before[11].measured_ug * 1_795 / 3_600, rel=1e-5)
    assert [after[h].record_ug for h in (10, 12)] == [before[h].record_ug for h in (10, 12)]
    assert not EmissionMinute.objects.filter(period_start__gte=start, period_start__lt=start + timedelta(minutes=30))
    assert Emission.objects.count() == 3 * 720


SPANS = [(0, 60), (75, 105), (59.5, 121.25), (-60, 300), (60, 60.1), (170, 179)]


@pytest.mark.parametrize(("from_min", "to_min"), SPANS)
def test_the_effect_shown_is_the_effect_that_follows(assignment: Assignment, from_min: float, to_min: float) -> None:
    begin, end = TEN + timedelta(minutes=from_min), TEN + timedelta(minutes=to_min)
    invalid, user, stored = period(assignment, begin, end), make_user(), rows(EmissionHour)

    effect = effect_of(invalid, user)

    assert (rows(EmissionHour), AssignmentHold.objects.count()) == (stored, 0)
    set_aside(invalid, user)
    settle()
    hours = EmissionHour.objects.filter(period_start__gt=begin - timedelta(hours=1), period_start__lt=end)
    kept = [hour for hour in hours if hour.record_ug is not None]
    assert effect.after == Figures(
        sum(hour.measured_ug for hour in hours) / 1e9, sum(hour.record_ug or 0 for hour in kept) / 1e9, len(kept)
    )
    assert effect.before.measured_kg > effect.after.measured_kg


def test_taken_back_every_figure_is_as_before(assignment: Assignment) -> None:
    before = [rows(model) for model in (EmissionMinute, EmissionHour, EmissionDay)]
    user = make_user()

    (hold,) = set_aside(period(assignment, TEN, TEN + timedelta(minutes=90)), user)
    settle()
    assert [rows(model) for model in (EmissionMinute, EmissionHour, EmissionDay)] != before
    take_back(hold, user)
    settle()

    assert [rows(model) for model in (EmissionMinute, EmissionHour, EmissionDay)] == before
    hold.refresh_from_db()
    assert (hold.resolution, hold.resolved_by) == ("taken_back", user)
    assert hold.events.count() == 2  # type: ignore[attr-defined]
    with pytest.raises(ValidationError):
        take_back(hold, user)


def test_taken_back_before_the_worker_noticed_every_figure_is_as_before(assignment: Assignment) -> None:
    """New readings are rolled up each second, changed holds are looked for every five."""
    before, user = rows(EmissionHour), make_user()

    (hold,) = set_aside(period(assignment, TEN, TEN + timedelta(minutes=90)), user)
    touch_period(assignment.device_id, TEN, TEN + timedelta(minutes=5))  # as late readings do
    roll_up_touched()
    assert rows(EmissionHour) != before
    take_back(hold, user)
    settle()

    assert rows(EmissionHour) == before


def test_a_mean_is_set_aside_when_any_of_its_time_is() -> None:
    assignment = make_assignment(valid_from=DAY)
    make_readings(assignment.device, TEN, 4, interval_s=3600, span_s=3600, n=1, seq_from=1)
    settle()

    # The mean with t 12:00 stands for 11:00 to 12:00.
    begin = TEN + timedelta(minutes=80)
    invalid = period(assignment, begin, begin + timedelta(minutes=10))
    effect = effect_of(invalid, make_user())
    set_aside(invalid, make_user())
    settle()

    assert [hour.period_start.hour for hour in EmissionHour.objects.order_by("period_start")] == [9, 10, 12]
    assert (effect.after.measured_kg, effect.after.hours_of_record) == (0.0, 0)


def test_two_periods_of_one_sensor_stand_beside_each_other(assignment: Assignment) -> None:
    user = make_user()

    for hours in (0, 2):
        begin = TEN + timedelta(hours=hours)
        set_aside(period(assignment, begin, begin + timedelta(minutes=60)), user)
    settle()

    assert [hour.period_start.hour for hour in EmissionHour.objects.all()] == [11]


def test_a_period_over_a_move_concerns_both_chimneys() -> None:
    moved_at = TEN + timedelta(hours=1)
    first = make_assignment(valid_from=DAY, valid_to=moved_at)
    second = make_assignment(device=first.device, chimney=make_chimney(factory=first.factory), valid_from=moved_at)
    make_readings(first.device, TEN, 2 * 720)
    settle()

    holds = set_aside(period(first, TEN + timedelta(minutes=30), TEN + timedelta(minutes=90)), make_user())
    settle()

    assert [hold.assignment for hold in holds] == [first, second]
    assert sum(minute.readings for minute in EmissionMinute.objects.all()) == 720


@pytest.mark.parametrize(
    ("begin", "end", "fields", "field"),
    [
        (TEN, TEN, {}, "period_end"),
        (TEN, datetime(2100, 1, 1, tzinfo=UTC), {}, "period_end"),
        (TEN, TEN + timedelta(hours=1), {"reason": SetAsideReason.OTHER, "note": " "}, "note"),
        (DAY - timedelta(days=9), DAY - timedelta(days=8), {}, "period_start"),
    ],
)
def test_what_cannot_be_set_aside(
    assignment: Assignment, begin: datetime, end: datetime, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        set_aside(period(assignment, begin, end, **fields), make_user())

    assert list(refused.value.error_dict) == [field]


def test_a_device_on_no_chimney_has_nothing_to_set_aside() -> None:
    invalid = InvalidPeriod(make_device(), TEN, TEN + timedelta(hours=1), SetAsideReason.FAULT)

    with pytest.raises(ValidationError):
        effect_of(invalid, make_user())
    assert not AssignmentHold.objects.filter(kind=HoldKind.SET_ASIDE).exists()


@pytest.mark.parametrize("seed", range(6))
def test_periods_that_overlap_and_late_readings_give_in_any_order_what_a_rebuild_gives(seed: int) -> None:
    """Some are taken back while readings still come in: only what is stored and still set aside decides."""
    rng, user = random.Random(seed), make_user()
    zone = rng.choice(["Africa/Nairobi", "Asia/Kolkata", "Europe/London"])
    assignment = make_assignment(chimney=make_chimney(factory=make_factory(time_zone=zone)), range_ppm=200_000.0)
    readings = reach.lively(rng, assignment.device)
    length_s = (readings[-1].timestamp - reach.START).total_seconds()
    rng.shuffle(readings)
    open_holds: list[AssignmentHold] = []
    for step in range(8):
        for reading in readings[step::8]:
            reading.save(force_insert=True)
            reach.mark(reading)
        if step % 2 == 0:
            begin = reach.START + timedelta(seconds=rng.uniform(-600, length_s))
            invalid = period(assignment, begin, begin + timedelta(seconds=rng.uniform(1, length_s / 2)))
            open_holds += set_aside(invalid, user)
        elif rng.random() < 0.7:
            take_back(open_holds.pop(rng.randrange(len(open_holds))), user)
        settle()
    invalid = period(assignment, reach.START + timedelta(seconds=length_s / 3), reach.START + timedelta(hours=5))
    effect = effect_of(invalid, user)
    kept = reach.figures(assignment.device)
    open_holds += set_aside(invalid, user)
    settle()

    incremental = reach.figures(assignment.device)
    assert incremental == reach.rebuilt(assignment.device)
    assert effect.after == effect_of(invalid, user).before  # set aside twice changes nothing
    take_back(open_holds.pop(), user)
    settle()
    assert reach.figures(assignment.device) == kept
    for hold in open_holds:
        take_back(hold, user)
    settle()
    never_set_aside = reach.figures(assignment.device)
    AssignmentHold.objects.all().delete()
    assert never_set_aside == reach.rebuilt(assignment.device)
