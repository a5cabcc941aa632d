"""The page of one device: holds, refusals, and a period set aside with its effect shown first."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from devices.access import rotate_secret
from devices.choices import HoldKind
from devices.models import AssignmentHold, MCUDevice
from emissions.rollups import roll_up_touched, touch_changed_setups
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db

# 10:00 to 11:00 UTC, by the clock of Nairobi.
PERIOD = {
    "period_start": "2026-11-20T13:00",
    "period_end": "2026-11-20T14:00",
    "reason": "tampered",
    "note": "<b>seal</b> broken",
}


@pytest.fixture
def device(cast: Cast) -> MCUDevice:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    make.make_assignment(device=device, valid_from=datetime(2026, 11, 20, tzinfo=UTC))
    make.make_readings(device, datetime(2026, 11, 20, 10, tzinfo=UTC), 1440, co2_ppm=lambda i: 96_000.0 + i % 60)
    touch_changed_setups()
    roll_up_touched()
    return device


def url(device: MCUDevice) -> str:
    return f"/devices/{device.device_id}/"


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_effect_is_shown_then_it_is_set_aside_then_taken_back(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    client = as_user(cast.installer)

    shown = text(client.post(url(device), PERIOD | {"act": "show"}))
    assert not AssignmentHold.objects.exists()
    done = text(client.post(url(device), PERIOD | {"act": "set_aside"}, follow=True))
    hold = AssignmentHold.objects.get()
    undone = text(client.post(url(device), {"act": "take_back", "hold": hold.pk}, follow=True))

    assert "1 → 0" in shown
    assert "Set it aside" in shown
    assert hold.starts_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert "20 Nov 2026 13:00 to 20 Nov 2026 14:00" in done
    assert "&lt;b&gt;seal&lt;/b&gt; broken" in done
    assert "Count these readings again" in done
    assert "Taken back by" in undone
    assert "Count these readings again" not in undone


def test_a_fault_stays_with_its_field(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)

    for act in ("show", "set_aside"):
        page = text(client.post(url(device), PERIOD | {"act": act, "period_end": "2026-11-20T12:00"}))

        assert "The end is not after the begin." in page
    assert not AssignmentHold.objects.exists()


def test_who_may_not_manage_devices_sees_the_page_without_its_forms(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    page = text(as_user(cast.litein_manager).get(url(device)))

    assert "Periods set aside" in page
    assert "Show what it changes" not in page


def test_the_page_says_what_the_broker_does_not_have_yet(
    device: MCUDevice, cast: Cast, as_user: AsUser, settings: Any
) -> None:
    rotate_secret(device)
    client = as_user(cast.hq)

    at_once = text(client.get(url(device)))
    settings.MQTT_ACCESS = "FILES"
    by_files = text(client.get(url(device)))

    assert "Login at the broker" not in at_once
    assert "Login at the broker: waits for sync_broker and a reload of the broker" in by_files


def test_two_devices_with_one_login_and_refusals_are_shown_and_the_hold_is_resolved(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    hold = AssignmentHold.objects.create(
        assignment=device.assignments.get(), kind=HoldKind.TWO_DEVICES, starts_at=timezone.now()
    )
    make.make_rejected("litein-1", reason="conflict", detail="seq=7 is stored already with another t")
    client = as_user(cast.installer)

    page = text(client.get(url(device)))
    of_factory = text(client.get(f"/factories/{device.factory_id}/"))
    client.post(url(device), {"act": "registry_right", "hold": hold.pk})

    assert "Two devices send with the login of this sensor" in page
    assert "Two devices send with the login of this sensor" in of_factory
    assert url(device) in of_factory
    assert "seq=7 is stored already with another t" in page
    hold.refresh_from_db()
    assert (hold.resolution, hold.resolved_by) == ("registry_right", cast.installer)


def test_a_sensor_is_revoked_with_the_box_ticked(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    rotate_secret(device)
    client = as_user(cast.installer)

    refused = text(client.post(url(device), {"act": "revoke"}))
    device.refresh_from_db()
    before = device.revoked_at
    done = text(client.post(url(device), {"act": "revoke", "confirmed": "yes"}, follow=True))

    device.refresh_from_db()
    assert "Nothing was done: tick the box too." in refused
    assert before is None
    assert device.revoked_at is not None
    assert not device.secrets.filter(revoked_at=None).exists()
    assert "Login at the broker: revoked; the broker refuses it" in done
    assert "Revoke this sensor" in refused
    assert "Revoke this sensor" not in done


def test_who_may_not_manage_devices_revokes_none(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.litein_manager)

    page = text(client.get(url(device)))
    answer = client.post(url(device), {"act": "revoke", "confirmed": "yes"})

    device.refresh_from_db()
    assert "Revoke this sensor" not in page
    assert answer.status_code == 403
    assert device.revoked_at is None


@pytest.mark.parametrize("act", ["", "stated", "taken_back", "registry_right"])
def test_an_unknown_act_or_hold_is_not_found(device: MCUDevice, cast: Cast, as_user: AsUser, act: str) -> None:
    assert as_user(cast.hq).post(url(device), {"act": act, "hold": "99"}).status_code == 404
