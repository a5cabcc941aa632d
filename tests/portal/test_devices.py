"""The list of devices: whose it shows, its filters, and what it says of each."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import AssignmentHold, Calibration
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db


def listed(client: Any, **query: str) -> list[str]:
    return [row.device_id for row in client.get("/devices/", query).context["page_obj"]]


def test_everybody_sees_the_devices_of_their_own_sites(cast: Cast, as_user: AsUser) -> None:
    for factory, name in ((cast.litein, "litein-1"), (cast.momul, "momul-1"), (cast.elsewhere, "else-1")):
        make.make_assignment(device=make.make_device(factory=factory, device_id=name))

    assert listed(as_user(cast.installer)) == ["litein-1"]
    assert listed(as_user(cast.hq)) == ["litein-1", "momul-1"]
    assert listed(as_user(cast.outsider)) == ["else-1"]
    assert listed(as_user(cast.hq), q="momul") == ["momul-1"]


def test_what_needs_a_look_stands_first_and_can_be_asked_for(cast: Cast, as_user: AsUser) -> None:
    now = timezone.now()
    fine, expired, held, gone = (
        make.make_assignment(device=make.make_device(factory=cast.litein, device_id=name, last_heartbeat=now))
        for name in ("a-fine", "b-expired", "c-held", "d-gone")
    )
    long_ago = now - timedelta(days=400)
    for assignment, until in ((fine, now + timedelta(days=9)), (expired, now - timedelta(days=1))):
        Calibration.objects.create(
            device=assignment.device, calibrated_at=long_ago, kind="span", pressure_pa=79_000, valid_until=until
        )
    AssignmentHold.objects.create(assignment=held, stream=7, field="sensor", starts_at=now)
    gone.device.revoked_at = now
    gone.device.save()
    client = as_user(cast.installer)

    assert listed(client) == ["c-held", "b-expired", "a-fine"]
    assert listed(client, state="holds") == ["c-held"]
    assert listed(client, state="expired") == ["b-expired"]
    assert listed(client, state="revoked") == ["d-gone"]
    assert listed(client, state="no such thing") == ["c-held", "b-expired", "a-fine"]


def test_without_a_device_the_list_says_so(cast: Cast, as_user: AsUser) -> None:
    assert "No device yet." in as_user(cast.installer).get("/devices/").content.decode()


def test_queries_do_not_grow_with_devices(cast: Cast, as_user: AsUser, django_assert_max_num_queries: Any) -> None:
    for number in range(8):
        make.make_assignment(device=make.make_device(factory=cast.litein, device_id=f"litein-{number}"))
    client = as_user(cast.hq)
    client.get("/devices/")

    with django_assert_max_num_queries(12):
        client.get("/devices/")
