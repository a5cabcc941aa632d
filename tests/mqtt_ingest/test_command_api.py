"""The API of a device's commands: given, listed, withdrawn; by whom, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import MCUDevice
from mqtt_ingest.commands import take_due
from tests.cast import AsUser, Cast
from tests.make import make_device
from tests.mqtt_ingest.foreign_build import give_profile

pytestmark = pytest.mark.django_db
URL = "/api/mcu-devices/litein-1/commands/"


@pytest.fixture
def device(cast: Cast) -> MCUDevice:
    return make_device(factory=cast.litein, device_id="litein-1", reported_online=True)


def post(client: Any, body: dict[str, Any], url: str = URL) -> Any:
    return client.post(url, body, content_type="application/json")


def test_a_command_is_given_listed_and_sent(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.installer)

    given = post(client, {"kind": "set_limits", "co2_high_ppm": 160000, "flow_low_m3s": None, "reason": "Fire trial."})
    ((_topic, payload),) = take_due(timezone.now())
    listed = client.get(URL).json()["results"]

    assert given.status_code == 201, given.content
    assert given.json()["state"] == "queued"
    assert (given.json()["id"] in payload.decode(), b'"co2_high_ppm":160000' in payload) == (True, True)
    (row,) = listed
    assert row["id"] == given.json()["id"]
    assert (row["state"], row["reason"], row["given_by"]) == ("sent", "Fire trial.", str(cast.installer))
    assert client.get(URL, {"state": "queued"}).json()["count"] == 0


def test_what_does_not_fit_is_refused_by_field(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)

    out = post(client, {"kind": "set_interval", "interval_s": 4000}).json()
    unknown = post(client, {"kind": "set_interval", "interval": 5}).json()
    foreign = post(client, {"kind": "reboot", "interval_s": 5}).json()

    huge = post(client, {"kind": "resend", "stream": 10**400, "from": 1, "to": 2})

    assert out["fields"]["interval_s"][0]["code"] == "out_of_range"
    assert huge.status_code == 400
    assert post(client, {"kind": "set_interval", "interval_s": "nan"}).status_code == 400
    assert out["fields"]["interval_s"][0]["params"]["high"] == 3600
    assert unknown["fields"]["interval"][0]["params"]["nearest"] == "interval_s"
    assert foreign["fields"]["interval_s"][0]["code"] == "unknown_field"


def test_one_that_waits_is_withdrawn_once(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)
    url = f"{URL}{post(client, {'kind': 'reboot'}).json()['id']}/"

    assert post(client, {}, f"{url}withdraw/").json()["state"] == "withdrawn"
    assert post(client, {}, f"{url}withdraw/").json()["code"] == "command_ended"
    assert client.get(url).json()["state"] == "withdrawn"
    assert take_due(timezone.now() + timedelta(minutes=2)) == []


def test_a_foreign_sensor_takes_none_and_gets_none_that_waited(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)
    assert post(client, {"kind": "reboot"}).status_code == 201
    MCUDevice.objects.update(reported_online=True)
    give_profile(device)

    refused = post(client, {"kind": "set_interval", "interval_s": 60})
    of_rules = post(client, {}, f"/api/mcu-devices/{device.device_id}/limits-from-rules/")

    assert (refused.status_code, refused.json()["code"]) == (409, "foreign_sensor")
    assert (of_rules.status_code, of_rules.json()["code"]) == (409, "foreign_sensor")
    assert take_due(timezone.now()) == []


def test_a_revoked_device_takes_none(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    MCUDevice.objects.update(revoked_at=timezone.now())

    refused = post(as_user(cast.hq), {"kind": "reboot"})

    assert (refused.status_code, refused.json()["code"]) == (409, "device_revoked")
