"""Devices in the admin site: a hold is resolved by one of two actions, an assignment changes on whole hours."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import Assignment, AssignmentHold
from tests import make
from tests.cast import AsUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(as_user: AsUser) -> Client:
    return as_user(make.make_user(is_superuser=True, is_staff=True))


@pytest.fixture
def hold() -> AssignmentHold:
    return AssignmentHold.objects.create(
        assignment=make.make_assignment(),
        stream=7,
        field="co2_basis",
        registered="wet",
        reported="dry",
        starts_at=timezone.now() - timedelta(days=1),
    )


def resolve(root: Client, hold: AssignmentHold, action: str) -> str:
    data = {"action": action, "_selected_action": [hold.pk]}
    page = root.post("/admin/devices/assignmenthold/", data, follow=True).content.decode()
    hold.refresh_from_db()
    return page


def test_the_registry_was_right(root: Client, hold: AssignmentHold) -> None:
    page = resolve(root, hold, "registry_was_right")

    assert "resolved; totals follow in seconds" in page
    assert hold.resolution == "registry_right"
    assert hold.resolved_by is not None
    assert Assignment.objects.get().co2_basis == "wet"


def test_the_device_was_right(root: Client, hold: AssignmentHold) -> None:
    resolve(root, hold, "device_was_right")

    assert hold.resolution == "device_right"
    assert list(Assignment.objects.order_by("valid_from").values_list("co2_basis", flat=True)) == ["wet", "dry"]


def test_what_cannot_be_is_said_and_resolves_nothing(root: Client, hold: AssignmentHold) -> None:
    AssignmentHold.objects.update(reported="moist")

    page = resolve(root, hold, "device_was_right")

    assert "moist" in page
    assert hold.resolution == ""


@pytest.mark.parametrize(("field", "text"), [("range_ppm", "wide"), ("range_ppm", "-5")])
def test_a_range_that_is_none_is_said_too(root: Client, hold: AssignmentHold, field: str, text: str) -> None:
    AssignmentHold.objects.update(field=field, reported=text)

    resolve(root, hold, "device_was_right")

    assert hold.resolution == ""


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
