"""What an act on a device makes of the past is shown first, in the figures that follow; then it is done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from devices.choices import HoldKind
from devices.models import Assignment, AssignmentHold, Calibration
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
    told = body | {"confirm": asked.json()["confirm"]}
    assert as_user(cast.hq).post(url, told, content_type="application/json").status_code == 202
    done = client.post(url, told, content_type="application/json")
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


# --- Calibrations --------------------------------------------------------------------------------
URL = "/api/mcu-devices/litein-1/calibrations/"
SPAN = {"kind": "span", "reference_ppm": 150_000, "pressure_pa": 79_495.5, "valid_until": "2027-11-20T00:00:00Z"}
# The maker calibrated at 101,325 Pa, so a cell at 79,495.5 Pa counts 101,325 / 79,495.5 = 1.274600 times as much.
AS_MADE = 101_325 / 79_495.5


@pytest.fixture
def compensated(cast: Cast) -> Assignment:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    assignment = make.make_assignment(device=device, pressure_compensation="proportional")
    make.make_readings(device, TEN, 1440, co2_ppm=lambda i: 96_000.0 + i % 60)
    rolled_up()
    return assignment


def test_a_span_that_is_recorded_late_shows_what_it_makes_of_the_past_and_asks(
    compensated: Assignment, cast: Cast, as_user: AsUser
) -> None:
    client, told = as_user(cast.installer), SPAN | {"calibrated_at": "2026-11-20T11:00:00Z"}

    asked = client.post(URL, told, content_type="application/json")

    # The first hour has 720 segments of 5 s, the second 719: only that is computed otherwise.
    before_kg = KG_PER_S * AS_MADE * 7195
    after_kg = KG_PER_S * (AS_MADE * 3600 + 3595)
    assert asked.status_code == 202, asked.content
    assert measured(asked.json()) == pytest.approx((before_kg, after_kg), rel=1e-4)
    assert not compensated.device.calibrations.exists()
    others = as_user(cast.hq).post(URL, told | {"confirm": asked.json()["confirm"]}, "application/json")
    assert others.status_code == 202  # of another person
    other = client.post(URL, told | {"pressure_pa": 80_000, "confirm": asked.json()["confirm"]}, "application/json")
    done = client.post(URL, told | {"confirm": asked.json()["confirm"]}, content_type="application/json")
    assert (other.status_code, done.status_code) == (202, 201)
    rolled_up()
    assert measured_kg() == pytest.approx(after_kg, rel=1e-4)  # the worker comes to the same


def test_a_span_that_a_later_one_follows_changes_what_lies_between(
    compensated: Assignment, cast: Cast, as_user: AsUser
) -> None:
    Calibration.objects.create(device=compensated.device, calibrated_at=TEN + HOUR, **SPAN)
    rolled_up()

    asked = as_user(cast.hq).post(URL, SPAN | {"calibrated_at": "2026-11-19T10:00:00Z"}, "application/json")

    assert measured(asked.json()) == pytest.approx((KG_PER_S * (AS_MADE * 3600 + 3595), KG_PER_S * 7195), rel=1e-4)


def test_a_span_in_the_middle_of_an_hour_changes_its_second_half(
    compensated: Assignment, cast: Cast, as_user: AsUser
) -> None:
    client, told = as_user(cast.installer), SPAN | {"calibrated_at": "2026-11-20T10:30:00Z"}

    asked = client.post(URL, told, content_type="application/json")

    # 1,800 s before it; 5,395 s from then on.
    after_kg = KG_PER_S * (AS_MADE * 1800 + 5395)
    assert measured(asked.json()) == pytest.approx((KG_PER_S * AS_MADE * 7195, after_kg), rel=1e-4)
    assert client.post(URL, told | {"confirm": asked.json()["confirm"]}, "application/json").status_code == 201
    again = client.post(
        URL, told | {"calibrated_at": "2026-11-20T11:15:00Z", "pressure_pa": 90_000}, "application/json"
    )
    assert measured(again.json())[1] is None  # the first one has not been computed yet
    rolled_up()
    assert measured_kg() == pytest.approx(after_kg, rel=1e-4)


def test_a_span_between_two_others_of_one_hour_is_asked_about(
    compensated: Assignment, cast: Cast, as_user: AsUser
) -> None:
    for minute in (10, 40):
        Calibration.objects.create(device=compensated.device, calibrated_at=TEN + timedelta(minutes=minute), **SPAN)
    rolled_up()
    late = SPAN | {"calibrated_at": "2026-11-20T10:20:00Z", "pressure_pa": 101_325}

    asked = as_user(cast.hq).post(URL, late, content_type="application/json")

    before_kg = KG_PER_S * (AS_MADE * 600 + 6595)
    assert measured(asked.json()) == pytest.approx((before_kg, before_kg + KG_PER_S * (AS_MADE - 1) * 1200), rel=1e-4)


def test_a_zero_that_is_recorded_late_is_asked_about_though_its_effect_is_not_known_yet(
    compensated: Assignment, cast: Cast, as_user: AsUser
) -> None:
    """It decides what is idle, not the rate."""
    zero = SPAN | {"kind": "zero", "reference_ppm": 0, "reading_ppm": 300, "calibrated_at": "2026-11-20T11:00:00Z"}

    asked = as_user(cast.hq).post(URL, zero, content_type="application/json")

    assert asked.status_code == 202
    assert measured(asked.json()) == (pytest.approx(KG_PER_S * AS_MADE * 7195, rel=1e-4), None)


def test_what_changes_no_figure_is_stored_at_once(compensated: Assignment, cast: Cast, as_user: AsUser) -> None:
    late = SPAN | {"calibrated_at": "2026-11-20T12:30:00Z"}  # after the last reading

    assert as_user(cast.hq).post(URL, late, content_type="application/json").status_code == 201


def test_pages_and_the_admin_site_ask_the_same(compensated: Assignment, cast: Cast, as_user: AsUser) -> None:
    told = {"kind": "span", "reference_ppm": "150000", "pressure_pa": "79500"}
    page_form = told | {"calibrated_at": "2026-11-20T14:00", "valid_until": "2027-11-20T00:00"}
    admin_form = told | {"device": compensated.device_id, "calibrated_at_0": "2026-11-20", "calibrated_at_1": "11:00"}
    admin_form |= {"valid_until_0": "2027-11-20", "valid_until_1": "00:00"}
    installer, root = as_user(cast.installer), as_user(make.make_user(is_superuser=True, is_staff=True))
    url, admin_url = "/devices/litein-1/calibrations/new/", "/admin/devices/calibration/add/"

    page = installer.post(url, page_form | {"certificate": SimpleUploadedFile("c.pdf", b"%PDF-1.4\n%%EOF\n")})
    admin = root.post(admin_url, admin_form)

    words = "kg since 2026-11-20 become 1,785 kg"  # 0.218140 x (1.2746 x 3,600 + 3,595) = 1,785
    assert words in page.content.decode(), page.context["form"].errors
    assert "Choose the file again" in page.content.decode()
    assert words in admin.content.decode()
    assert not compensated.device.calibrations.exists()
    confirm = {"confirm": admin.context["adminform"].form.effect.confirm}
    assert root.post(admin_url, admin_form | confirm).status_code == 302
    stored = compensated.device.calibrations.get()
    assert root.post(f"/admin/devices/calibration/{stored.pk}/delete/", {"post": "yes"}).status_code == 403
    stored.delete()
    confirm = {"confirm": page.context["effect"].confirm}
    assert installer.post(url, page_form | confirm).status_code == 302
    assert compensated.device.calibrations.get().pressure_pa == 79_500
