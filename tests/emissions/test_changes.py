"""What an act on a device makes of the past is shown first, in the figures that follow; then it is done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.choices import HoldKind
from devices.models import Assignment, AssignmentHold
from emissions.models import EmissionHour
from emissions.rollups import roll_up_touched, touch_changed_setups
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
# 96,000 ppm wet, 4.1 m/s, 0.9 m, 210 C, 79,495.5 Pa: 0.218073 kg/s. The values vary by 0 to 59 ppm, so 29.5 ppm more:
# 0.218073 x 96,029.5/96,000 = 0.218140 kg/s.
KG_PER_S = 0.218140


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    assignment = make.make_assignment(device=device)
    make.make_readings(device, TEN, 1440, co2_ppm=lambda i: 96_000.0 + i % 60)
    rolled_up()
    return assignment


def rolled_up() -> None:
    touch_changed_setups()
    while roll_up_touched():
        pass


def measured_kg() -> float:
    return sum(row.measured_ug for row in EmissionHour.objects.all()) / 1e9


def measured(effect: Any) -> tuple[float, float]:
    (figure,) = [one for one in effect["figures"] if one["code"] == "measured_co2"]
    return figure["before"], figure["after"]


def test_closing_a_hold_shows_what_counts_again_and_asks(assignment: Assignment, cast: Cast, as_user: AsUser) -> None:
    hold = AssignmentHold.objects.create(
        assignment=assignment, kind=HoldKind.TWO_DEVICES, starts_at=TEN + HOUR, ends_at=TEN + 2 * HOUR
    )
    rolled_up()
    url, client = f"/api/mcu-devices/litein-1/holds/{hold.pk}/close/", as_user(cast.installer)

    asked = client.post(url, {"resolution": "registry_right"}, content_type="application/json")

    # Of the first hour 719 segments of 5 s; with the second 1,439.
    assert asked.status_code == 202, asked.content
    assert measured(asked.json()) == pytest.approx((KG_PER_S * 3595, KG_PER_S * 7195), rel=1e-4)
    assert measured_kg() == pytest.approx(KG_PER_S * 3595, rel=1e-4)
    body = {"resolution": "registry_right", "confirm": asked.json()["confirm"]}
    done = client.post(url, body, content_type="application/json")
    assert (done.status_code, done.json()["resolved_by"]) == (200, str(cast.installer))
    assert measured_kg() == pytest.approx(KG_PER_S * 7195, rel=1e-4)
    assert client.post(url, body, content_type="application/json").status_code == 409
    rolled_up()
    assert measured_kg() == pytest.approx(KG_PER_S * 7195, rel=1e-4)  # the worker comes to the same


def test_a_hold_shows_both_values_and_is_closed_by_who_manages_devices(
    assignment: Assignment, cast: Cast, as_user: AsUser
) -> None:
    hold = AssignmentHold.objects.create(
        assignment=assignment, stream=99, field="range_ppm", registered="200000", reported="50000", starts_at=TEN
    )
    url = "/api/mcu-devices/litein-1/holds/"

    (row,) = as_user(cast.litein_manager).get(url).json()["results"]

    assert (row["registered"], row["reported"], row["resolution"]) == ("200000", "50000", "")
    people = ((cast.litein_manager, 403), (cast.auditor, 403), (cast.momul_manager, 403), (cast.outsider, 404))
    for who, status in people:
        body = {"resolution": "registry_right"}
        answer = as_user(who).post(f"{url}{hold.pk}/close/", body, content_type="application/json")
        assert answer.status_code == status


def test_a_swap_in_the_past_shows_the_hours_that_move_and_a_swap_from_now_does_not_ask(
    assignment: Assignment, cast: Cast, as_user: AsUser
) -> None:
    make.make_device(factory=cast.litein, device_id="litein-2")
    url, client = "/api/mcu-devices/litein-2/assign/", as_user(cast.installer)
    body = {
        "chimney": assignment.chimney_id,
        "replaces": True,
        "sensor": "sprintir-20",
        "range_ppm": 200_000,
        "since": (TEN + HOUR).isoformat(),
    }

    asked = client.post(url, body, content_type="application/json")
    half_past = client.post(url, body | {"since": "2026-11-20T14:30:00+03:00"}, content_type="application/json")

    assert asked.status_code == 202, asked.content
    assert measured(asked.json()) == pytest.approx((KG_PER_S * 7195, KG_PER_S * 3595), rel=1e-3)
    assert half_past.status_code == 400
    assignment.refresh_from_db()
    assert assignment.valid_to is None
    done = client.post(url, body | {"confirm": asked.json()["confirm"]}, content_type="application/json")
    assignment.refresh_from_db()
    assert (done.status_code, assignment.valid_to) == (201, TEN + HOUR)
    assert measured_kg() == pytest.approx(KG_PER_S * 3595, rel=1e-3)
    back = client.post(
        "/api/mcu-devices/litein-1/assign/",
        {"chimney": assignment.chimney_id, "replaces": True},
        content_type="application/json",
    )
    assert back.status_code == 201  # from the next hour: no figure of the past changes


def test_a_confirmation_is_of_what_was_shown(assignment: Assignment, cast: Cast, as_user: AsUser) -> None:
    hold = AssignmentHold.objects.create(
        assignment=assignment, kind=HoldKind.TWO_DEVICES, starts_at=TEN + HOUR, ends_at=TEN + 2 * HOUR
    )
    rolled_up()
    url, client = f"/api/mcu-devices/litein-1/holds/{hold.pk}/close/", as_user(cast.hq)
    token = client.post(url, {"resolution": "registry_right"}, content_type="application/json").json()["confirm"]
    AssignmentHold.objects.filter(pk=hold.pk).update(starts_at=TEN + timedelta(minutes=30))
    rolled_up()

    again = client.post(url, {"resolution": "registry_right", "confirm": token}, content_type="application/json")

    assert again.status_code == 202
    assert AssignmentHold.objects.get(pk=hold.pk).resolution == ""
