"""A device that says it is not what the registry says: held, agreed again, resolved one way or the other."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from devices.choices import HoldResolution
from devices.models import Assignment, AssignmentHold
from devices.services import hold_on_mismatch, resolve_hold
from emissions import derive
from tests import make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
THIS_HOUR = timezone.now().replace(minute=0, second=0, microsecond=0)
BEGAN = THIS_HOUR - 5 * HOUR + timedelta(minutes=20)


@pytest.fixture
def assignment() -> Assignment:
    return make.make_assignment(co2_basis="wet", pressure_compensation="none", sensor="sprintir-20", range_ppm=200_000)


def report(assignment: Assignment, stream: int = 7, starts_at: Any = BEGAN, **fields: Any) -> list[AssignmentHold]:
    status = {"v": 1, "online": True, "stream": stream} | fields
    return hold_on_mismatch(assignment.device_id, status, stream, starts_at)


def held_streams(assignment: Assignment, *, hours_ago: float = 0) -> list[int]:
    """The streams, of 7 and 8, whose readings would now stay out of totals."""
    t_ms = derive.milliseconds(timezone.now() - timedelta(hours=hours_ago))
    setups = derive.load_setups([assignment.device_id])[assignment.device_id]
    setup = next(s for s in setups if s.holds_at(t_ms))
    rows = {
        stream: derive.ReadingRow(
            assignment.device_id, t_ms, t_ms, stream - 2**31, 1, None, None, None, None, None, 5.0, None, None, 0
        )
        for stream in (7, 8)
    }
    return [stream for stream, row in rows.items() if setup.is_held(row)]


# --- Opening -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "reported", "kept"),
    [
        ("co2_basis", "dry", "dry"),
        ("pressure_compensation", "proportional", "proportional"),
        ("sensor", "gss-explorir", "gss-explorir"),
        ("range_ppm", 50_000, "50000"),
        ("range_ppm", 50_000.0, "50000"),
    ],
)
def test_a_difference_opens_a_hold(assignment: Assignment, field: str, reported: Any, kept: str) -> None:
    (hold,) = report(assignment, **{field: reported})

    assert (hold.field, hold.reported, hold.starts_at, hold.stream) == (field, kept, BEGAN, 7)
    assert hold.registered == derive_text(getattr(assignment, field))
    assert held_streams(assignment) == [7, 8]


def derive_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_what_agrees_or_is_not_said_opens_none(assignment: Assignment) -> None:
    assert report(assignment, co2_basis="wet", range_ppm=200_000, sensor="sprintir-20") == []
    assert report(assignment, co2_basis=None, sensor="") == []
    assert report(assignment) == []


def test_what_the_registry_leaves_open_is_not_compared() -> None:
    assert report(make.make_assignment(), sensor="anything", range_ppm=50_000) == []


def test_a_device_on_no_chimney_has_nothing_to_hold() -> None:
    assert hold_on_mismatch(make.make_device().pk, {"co2_basis": "dry"}, 7, BEGAN) == []


def test_the_same_report_again_opens_no_second_hold(assignment: Assignment) -> None:
    report(assignment, co2_basis="dry")

    assert report(assignment, co2_basis="dry", stream=8) == []
    assert AssignmentHold.objects.count() == 1


def test_each_field_has_a_hold_of_its_own(assignment: Assignment) -> None:
    opened = report(assignment, co2_basis="dry", range_ppm=50_000)

    assert {hold.field for hold in opened} == {"co2_basis", "range_ppm"}


# --- Agreeing again ----------------------------------------------------------------------------
def test_agreeing_again_ends_the_hold_and_keeps_what_was_held(assignment: Assignment) -> None:
    report(assignment, co2_basis="dry")

    report(assignment, co2_basis="wet", stream=8)

    hold = AssignmentHold.objects.get()
    assert hold.ends_at is not None
    assert hold.resolution == ""
    assert held_streams(assignment) == [7]  # by its stream
    assert held_streams(assignment, hours_ago=1) == [7, 8]  # by its time


def test_differing_once_more_after_agreeing_holds_again(assignment: Assignment) -> None:
    report(assignment, co2_basis="dry")
    report(assignment, co2_basis="wet", stream=8)

    (again,) = report(assignment, co2_basis="dry", stream=9, starts_at=timezone.now() - timedelta(minutes=1))

    assert again.ends_at is None
    assert AssignmentHold.objects.get(resolution="") == again
    assert held_streams(assignment) == [7, 8]


# --- Resolving ---------------------------------------------------------------------------------
def test_when_the_registry_was_right_all_counts_and_the_same_report_is_old_news(assignment: Assignment) -> None:
    (hold,) = report(assignment, co2_basis="dry")
    user = make.make_user()

    resolve_hold(hold, HoldResolution.REGISTRY_RIGHT, user)
    again = report(assignment, co2_basis="dry", stream=8)

    assert (hold.resolved_by, hold.resolution) == (user, "registry_right")
    assert again == []
    assert held_streams(assignment) == []
    assert Assignment.objects.get().co2_basis == "wet"


def test_another_difference_after_that_is_news(assignment: Assignment) -> None:
    (hold,) = report(assignment, sensor="gss-explorir")
    resolve_hold(hold, HoldResolution.REGISTRY_RIGHT, None)

    assert len(report(assignment, sensor="third-sensor")) == 1


def test_when_the_device_was_right_the_registry_is_corrected_from_that_hour_on(assignment: Assignment) -> None:
    (hold,) = report(assignment, co2_basis="dry")

    resolve_hold(hold, HoldResolution.DEVICE_RIGHT, make.make_user())

    before, after = Assignment.objects.order_by("valid_from")
    assert (before.co2_basis, after.co2_basis) == ("wet", "dry")
    assert before.valid_to == after.valid_from == THIS_HOUR - 5 * HOUR
    assert (after.valid_to, after.sensor, after.range_ppm) == (None, "sprintir-20", 200_000)
    assert held_streams(assignment) == []
    assert report(assignment, co2_basis="dry", stream=8) == []


def test_when_it_was_so_from_the_start_nothing_is_split(assignment: Assignment) -> None:
    assignment.co2_basis = "dry"
    assignment.save()
    (hold,) = report(assignment, range_ppm=600_000, co2_basis="dry", starts_at=assignment.valid_from)

    resolve_hold(hold, HoldResolution.DEVICE_RIGHT, make.make_user())

    assert Assignment.objects.get().range_ppm == 600_000


def test_a_device_is_not_right_with_a_sensor_that_does_not_fit_the_chimney(assignment: Assignment) -> None:
    hold = next(hold for hold in report(assignment, range_ppm=5_000) if hold.field == "range_ppm")

    with pytest.raises(ValidationError, match="stand at the end of its range"):
        resolve_hold(hold, HoldResolution.DEVICE_RIGHT, make.make_user())

    assert AssignmentHold.objects.get(pk=hold.pk).resolution == ""


@pytest.mark.parametrize(("field", "reported"), [("co2_basis", "moist"), ("range_ppm", "wide"), ("range_ppm", "-5")])
def test_what_cannot_be_resolves_nothing(assignment: Assignment, field: str, reported: str) -> None:
    hold = next(hold for hold in report(assignment, co2_basis="dry", range_ppm=600_000) if hold.field == field)
    hold.reported = reported

    with pytest.raises(ValidationError):
        resolve_hold(hold, HoldResolution.DEVICE_RIGHT, make.make_user())

    assert AssignmentHold.objects.get(pk=hold.pk).resolution == ""


def test_the_device_is_right_about_two_things_one_after_the_other(assignment: Assignment) -> None:
    basis, sensor = report(assignment, co2_basis="dry", sensor="gss-explorir")
    if basis.field != "co2_basis":
        basis, sensor = sensor, basis

    resolve_hold(basis, HoldResolution.DEVICE_RIGHT, make.make_user())
    held_in_between = held_streams(assignment)
    resolve_hold(AssignmentHold.objects.get(resolution=""), HoldResolution.DEVICE_RIGHT, make.make_user())

    before, after = Assignment.objects.order_by("valid_from")
    assert held_in_between == [7, 8]  # the sensor was still in doubt
    assert (after.co2_basis, after.sensor) == ("dry", "gss-explorir")
    assert (before.co2_basis, before.sensor) == ("wet", "sprintir-20")
    assert held_streams(assignment) == []


def test_an_earlier_doubt_stays_in_both_parts_of_a_split(assignment: Assignment) -> None:
    report(assignment, sensor="gss-explorir", starts_at=BEGAN - 3 * HOUR)
    (basis,) = report(assignment, co2_basis="dry", sensor="gss-explorir")

    resolve_hold(basis, HoldResolution.DEVICE_RIGHT, make.make_user())

    assert held_streams(assignment) == [7, 8]
    assert held_streams(assignment, hours_ago=6.5) == [7, 8]
    assert AssignmentHold.objects.filter(resolution="").count() == 2


def test_a_report_that_cannot_be_stored_resolves_nothing(assignment: Assignment) -> None:
    (hold,) = report(assignment, co2_basis="dry")
    AssignmentHold.objects.update(reported="moist")
    hold.refresh_from_db()

    with pytest.raises(ValidationError):
        resolve_hold(hold, HoldResolution.DEVICE_RIGHT, make.make_user())

    hold.refresh_from_db()
    assert hold.resolution == ""
    assert Assignment.objects.count() == 1
