"""An assignment that waits begins with the first reading of its device; without a geometry no reading has a mass."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.models import Assignment, AssignmentHold
from emissions.models import EmissionHour, EmissionMinute
from emissions.rollups import begin_assignments, roll_up_touched, touch_changed_setups, touch_period
from factories.models import Chimney
from tests import make

pytestmark = pytest.mark.django_db
REGISTERED = datetime(2026, 11, 20, 7, tzinfo=UTC)  # 10:00 in Nairobi
HOUR = timedelta(hours=1)


def waiting(**fields: object) -> Assignment:
    return make.make_assignment(valid_from=None, waits_since=REGISTERED, **fields)


def begun(assignment: Assignment) -> datetime | None:
    begin_assignments()
    assignment.refresh_from_db()
    return assignment.valid_from


def test_it_begins_with_the_hour_of_the_first_reading() -> None:
    assignment = waiting()
    assert begun(assignment) is None

    make.make_readings(assignment.device, REGISTERED + 50.3 * HOUR, 2)

    assert begun(assignment) == REGISTERED + 50 * HOUR


def test_readings_of_before_it_was_registered_do_not_count() -> None:
    assignment = waiting()
    make.make_readings(assignment.device, REGISTERED - 30 * HOUR, 2)
    assert begun(assignment) is None

    make.make_readings(assignment.device, REGISTERED + 0.5 * HOUR, 2, stream=8)

    assert begun(assignment) == REGISTERED


def test_a_backlog_that_comes_after_live_readings_counts_as_well() -> None:
    assignment = waiting()
    make.make_readings(assignment.device, REGISTERED + 5 * HOUR, 2)
    assert begun(assignment) == REGISTERED + 5 * HOUR

    make.make_readings(assignment.device, REGISTERED + 2 * HOUR, 2, stream=8)

    assert begun(assignment) == REGISTERED + 2 * HOUR


def test_a_stated_begin_does_not_move() -> None:
    assignment = make.make_assignment(valid_from=REGISTERED + 5 * HOUR)
    make.make_readings(assignment.device, REGISTERED + 2 * HOUR, 2)

    assert begun(assignment) == REGISTERED + 5 * HOUR


def test_it_does_not_begin_before_its_predecessor_has_ended() -> None:
    old = make.make_assignment(valid_to=REGISTERED + 3 * HOUR)
    assignment = waiting(chimney=old.chimney, device=make.make_device(factory=old.factory))
    make.make_readings(assignment.device, REGISTERED + HOUR, 2)
    assert begun(assignment) is None

    make.make_readings(assignment.device, REGISTERED + 3.2 * HOUR, 2, stream=8)

    assert begun(assignment) == REGISTERED + 3 * HOUR


def test_one_whose_time_was_given_away_keeps_no_other_from_beginning() -> None:
    ended = waiting(valid_to=REGISTERED + 9 * HOUR)
    make.make_assignment(device=make.make_device(factory=ended.factory), chimney=ended.chimney, valid_from=REGISTERED)
    make.make_readings(ended.device, REGISTERED + 2 * HOUR, 2)
    other = waiting()
    make.make_readings(other.device, REGISTERED + 2 * HOUR, 2)

    assert begun(other) == REGISTERED + 2 * HOUR
    assert begun(ended) is None


def test_readings_have_no_mass_until_the_geometry_is_stated() -> None:
    chimney = Chimney.objects.create(factory=make.make_factory(), name="Boiler")
    assignment = waiting(chimney=chimney)
    make.make_readings(assignment.device, REGISTERED, 721)
    touch_changed_setups()
    touch_period(assignment.device_id, REGISTERED, None)
    roll_up_touched()

    assert AssignmentHold.objects.get().kind == "geometry"
    assert not EmissionMinute.objects.exists()

    Chimney.objects.update(shape="circle", diameter_m=0.9, velocity_profile_factor=0.84)
    touch_changed_setups()
    roll_up_touched()

    assert AssignmentHold.objects.get().resolution == "stated"
    # Vector 3 of docs/method.md with k = 0.84: 0.218073 kg/s x 0.84 x 3600 s = 659.45 kg.
    assert EmissionHour.objects.get(period_start=REGISTERED).measured_ug / 1e9 == pytest.approx(659.45, abs=0.01)
