"""The page of a device's commands: a form for each kind, the list, and a box to tick for what cannot be taken back."""

from typing import Any

import pytest

from mqtt_ingest.choices import CommandState
from mqtt_ingest.models import DeviceCommand
from tests.cast import AsUser, Cast
from tests.make import make_device

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(cast: Cast) -> str:
    make_device(factory=cast.litein, device_id="litein-1", reported_online=True)
    return "/devices/litein-1/commands/"


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_an_installer_sends_an_interval_and_withdraws_it(url: str, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.installer)
    assert "Nothing yet." in text(client.get(url))

    wrong = text(client.post(url, {"interval_s": "9999"}))
    sent = text(client.post(url, {"interval_s": "10", "reason": "Weak <network>"}, follow=True))
    command = DeviceCommand.objects.get()
    withdrawn = text(client.post(url, {"withdraw": command.command_id}, follow=True))
    again = text(client.post(url, {"withdraw": command.command_id}))

    assert "interval_s=9999.0 s is outside 0.02 to 3,600 s; give one within." in wrong
    assert command.arguments == {"interval_s": 10.0}
    for words in ("interval_s 10", "waits for the device", "Weak &lt;network&gt;", str(cast.installer)):
        assert words in sent
    assert 'name="withdraw"' not in withdrawn
    command.refresh_from_db()
    assert command.state == CommandState.WITHDRAWN
    assert "cannot be withdrawn" in again


@pytest.mark.parametrize(("kind", "given"), [("reboot", {}), ("zero", {"reference": "fresh_air"})])
def test_what_cannot_be_taken_back_needs_the_box(
    kind: str, given: dict[str, str], url: str, cast: Cast, as_user: AsUser
) -> None:
    client = as_user(cast.hq)

    refused = text(client.post(f"{url}?kind={kind}", given))
    assert "Tick the box too." in refused
    assert not DeviceCommand.objects.exists()
    client.post(f"{url}?kind={kind}", given | {"confirmed": "on"})

    assert DeviceCommand.objects.get().kind == kind


def test_every_kind_has_a_form_and_who_may_not_manage_sees_none(url: str, cast: Cast, as_user: AsUser) -> None:
    for kind in ("set_limits", "set_secret", "set_ca", "resend", "zero", "reboot", "update_firmware"):
        assert "Send it" in text(as_user(cast.hq).get(url, {"kind": kind}))
    assert as_user(cast.hq).get(url, {"kind": "explode"}).status_code == 404
    assert "Send it" not in text(as_user(cast.auditor).get(url))


def test_empty_limits_stay_as_they_are(url: str, cast: Cast, as_user: AsUser) -> None:
    as_user(cast.hq).post(f"{url}?kind=set_limits", {"co2_high_ppm": "160000", "flow_low_m3s": ""})

    assert DeviceCommand.objects.get().arguments == {"co2_high_ppm": 160_000.0}
