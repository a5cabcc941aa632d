"""Devices in the admin site: an assignment changes on whole hours; a hold is closed on the page of its device."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import AssignmentHold
from tests import make
from tests.cast import AsUser
from tests.compliance.build import START, make_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(as_user: AsUser) -> Client:
    return as_user(make.make_user(is_superuser=True, is_staff=True))


def test_an_assignment_that_never_began_can_be_ended_and_frees_its_chimney(root: Client) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    waiting = make.make_assignment(valid_from=None, waits_since=hour - timedelta(days=2))
    told = {name: getattr(waiting, name) for name in ("co2_basis", "pressure_compensation")}
    told |= {name: getattr(waiting, f"{name}_id") for name in ("device", "chimney", "factory")}
    told |= {"is_of_record": "on", "valid_to_0": f"{hour:%Y-%m-%d}", "valid_to_1": f"{hour:%H:%M:%S}"}

    answer = root.post(f"/admin/devices/assignment/{waiting.pk}/change/", told)

    assert answer.status_code == 302, answer.context["errors"]
    make.make_assignment(device=make.make_device(factory=waiting.factory), chimney=waiting.chimney, valid_from=hour)


def test_a_begin_in_measured_time_is_asked_about(root: Client) -> None:
    measured = make.make_assignment(valid_from=START)
    make_hours(measured, START, 48, kg=450.0)
    other = make.make_device(factory=measured.factory)
    told = {"device": other.pk, "chimney": make.make_chimney(factory=measured.factory).pk, "factory": other.factory_id}
    told |= {"co2_basis": "wet", "pressure_compensation": "none", "is_of_record": "on"}
    told |= {"valid_from_0": f"{START:%Y-%m-%d}", "valid_from_1": f"{START:%H:%M:%S}"}

    asked = root.post("/admin/devices/assignment/add/", told)

    assert "21,600 kg since" in asked.content.decode()
    assert not other.assignments.exists()
    assert (
        root.post(
            "/admin/devices/assignment/add/", told | {"confirm": asked.context["adminform"].form.effect.confirm}
        ).status_code
        == 302
    )


def test_a_device_is_neither_renamed_nor_deleted(root: Client) -> None:
    device = make.make_device(device_id="litein-1")

    form = root.get(f"/admin/devices/mcudevice/{device.pk}/change/").content.decode()

    assert 'name="interval_s"' in form
    assert 'name="device_id"' not in form
    assert 'name="device_id"' in root.get("/admin/devices/mcudevice/add/").content.decode()
    assert root.post(f"/admin/devices/mcudevice/{device.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_assignment_at_half_past_is_refused(root: Client) -> None:
    device = make.make_device()
    chimney = make.make_chimney(factory=device.factory)
    fields = {
        "device": device.pk,
        "chimney": chimney.pk,
        "factory": device.factory_id,
        "valid_from_0": "2026-11-20",
        "valid_from_1": "12:30:00",
        "valid_to_0": "",
        "valid_to_1": "",
        "is_of_record": "on",
        "sensor": "",
        "range_ppm": "",
        "co2_basis": "wet",
        "pressure_compensation": "none",
    }

    refused = root.post("/admin/devices/assignment/add/", fields)
    taken = root.post("/admin/devices/assignment/add/", fields | {"valid_from_1": "12:00:00"})

    assert "not a whole hour of the site" in refused.content.decode()
    assert taken.status_code == 302


def test_an_assignment_across_factories_is_refused_and_no_crash(root: Client) -> None:
    device, chimney = make.make_device(), make.make_chimney()
    fields = {
        "device": device.pk,
        "chimney": chimney.pk,
        "factory": device.factory_id,
        "valid_from_0": "2026-11-20",
        "valid_from_1": "12:00:00",
        "valid_to_0": "",
        "valid_to_1": "",
        "is_of_record": "on",
        "sensor": "",
        "range_ppm": "",
        "co2_basis": "wet",
        "pressure_compensation": "none",
    }

    response = root.post("/admin/devices/assignment/add/", fields)

    assert response.status_code == 200
    assert "It belongs to another factory" in response.content.decode()


def test_a_device_is_revoked_by_an_action_and_not_by_typing_a_date(root: Client) -> None:
    device, _secret = make.make_device_with_secret(device_id="litein-1")

    form = root.get(f"/admin/devices/mcudevice/{device.pk}/change/").content.decode()
    data = {"action": "revoke", "_selected_action": [device.pk]}
    page = root.post("/admin/devices/mcudevice/", data, follow=True).content.decode()

    device.refresh_from_db()
    assert 'name="revoked_at' not in form
    assert "in force at the broker" in form
    assert device.revoked_at is not None
    assert "Litein-1: revoked; the broker refuses it" in page  # the admin site begins with a capital


def test_a_hold_is_only_shown(root: Client) -> None:
    AssignmentHold.objects.create(assignment=make.make_assignment(), stream=7, field="co2_basis", starts_at=START)

    page = root.get("/admin/devices/assignmenthold/")

    assert "co2_basis" in page.content.decode()
    assert page.context["action_form"] is None or "right" not in str(page.context["action_form"])
