"""Pages of foreign sensors: from refused messages to a profile that reads them, without a shell."""

from typing import Any

import pytest

from accounts.roles import Role
from devices.models import DeviceProfile, MCUDevice
from emissions.models import Emission
from mqtt_ingest.models import RejectedGroup
from tests import make
from tests.cast import AsUser, Cast
from tests.mqtt_ingest.build import now_ms
from tests.mqtt_ingest.foreign_build import Pipe, give_profile, payload, sensor

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(cast: Cast) -> MCUDevice:
    """It sends, and its profile maps nothing yet."""
    device = make.make_device(factory=cast.litein, device_id="kiln-1", interval_s=300)
    give_profile(device, mappings=[])
    began_ms = now_ms() // 1000 * 1000 - 60_000
    Pipe().take(*(sensor("kiln-1", payload(began_ms + n * 10_000)) for n in range(3)))
    return device


def posted(act: str, rows: list[tuple[str, str, str, str]], **fields: str) -> dict[str, Any]:
    """path, field, unit, path of the unit"""
    form = {
        "name": "Tasmota",
        "topic": "tele/{device}/SENSOR",
        "status_topic": "tele/{device}/LWT",
        "online_text": "Online",
        "offline_text": "Offline",
        "time_path": "Time",
        "time_format": "iso_utc",
        "interval_s": "300",
        "device": "kiln-1",
        "act": act,
        "row-TOTAL_FORMS": str(len(rows)),
        "row-INITIAL_FORMS": "0",
    }
    for number, (path, field, unit, unit_path) in enumerate(rows):
        form |= {f"row-{number}-path": path, f"row-{number}-field": field, f"row-{number}-unit": unit}
        form[f"row-{number}-unit_path"] = unit_path
    return form | fields


ROWS = [
    ("SCD40.CarbonDioxide", "co2_ppm", "ppm", ""),
    ("SCD40.Humidity", "", "", ""),
    ("DS18B20.Temperature", "temperature_c", "", "TempUnit"),
    ("TX23.Speed.Act", "velocity_ms", "km/h", ""),
]


def test_an_installer_sees_the_cause_maps_paths_previews_and_replays(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    client = as_user(cast.installer)
    profile = DeviceProfile.objects.get()
    url = f"/device-profiles/{profile.pk}/"

    refused = client.get("/refused-messages/").content.decode()
    found = client.get(url, {"device": "kiln-1"}).content.decode()
    tried = client.post(url, posted("preview", ROWS)).content.decode()
    saved = client.post(url, posted("save", ROWS))
    done = client.post(url, {"act": "replay", "device": "kiln-1"}).content.decode()

    assert "maps no path" in refused
    assert "Give the device a profile with this topic, or map its paths." in refused
    assert 'value="SCD40.CarbonDioxide"' in found
    assert "93250" in tried
    assert "3.21" in tried  # 11.556 km/h / 3.6
    assert (saved.status_code, saved["Location"]) == (302, f"{url}?device=kiln-1")
    assert "3 messages read again: 3 readings stored" in done
    assert Emission.objects.filter(device=device).count() == 3
    profile.refresh_from_db()
    assert profile.version == 2


def test_errors_stand_beside_their_field_and_nothing_is_stored(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)
    twice = [*ROWS, ("SCD40.eCO2", "co2_ppm", "ppm", "")]

    bad_topic = client.post("/device-profiles/new/", posted("save", ROWS, name="two", topic="carbontrack/{device}"))
    two_paths = client.post("/device-profiles/new/", posted("save", twice, name="two"))

    assert "belong to our own devices" in bad_topic.content.decode()
    assert "both fill co2_ppm" in two_paths.content.decode()
    assert DeviceProfile.objects.count() == 1


def test_who_looks_after_two_organisations_says_by_the_device_for_which_a_profile_is(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    other = make.make_organisation()
    make.make_membership(user=cast.hq, role=Role.HQ_MANAGER, organisation=other)
    client = as_user(cast.hq)

    unclear = client.post("/device-profiles/new/", posted("save", ROWS, name="two", device=""))
    tried = client.post("/device-profiles/new/", posted("preview", ROWS, name="two"))
    saved = client.post("/device-profiles/new/", posted("save", ROWS, name="two"))

    assert "Choose a device above first" in unclear.content.decode()
    assert "93250" in tried.content.decode()
    assert saved.status_code == 302
    assert DeviceProfile.objects.get(name="two").organisation == cast.organisation


def test_a_message_of_a_device_is_shown_as_text_and_to_its_organisation_alone(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    make.make_rejected("kiln-1", b"<script>\x00", reason="bad_schema", detail="<b>x")
    make.make_rejected("nobody-1", b"secret of nobody")

    ours = as_user(cast.hq).get("/refused-messages/").content.decode()
    of_others = make.make_user()
    make.make_membership(user=of_others, role=Role.HQ_MANAGER, organisation=make.make_organisation())
    theirs = as_user(of_others).get("/refused-messages/").content.decode()

    assert "&lt;script&gt;\\x00" in ours
    assert "secret of nobody" not in ours
    assert "kiln-1" not in theirs
    make.make_device(factory=cast.litein, device_id="nobody-1")
    assert "secret of nobody" in as_user(cast.hq).get("/refused-messages/").content.decode()


def test_an_installer_does_not_change_a_profile_that_devices_of_others_have(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    elsewhere = make.make_device(factory=make.make_factory(organisation=cast.organisation), device_id="far-1")
    profile = DeviceProfile.objects.get()
    MCUDevice.objects.filter(pk=elsewhere.pk).update(profile=profile)
    client, url = as_user(cast.installer), f"/device-profiles/{profile.pk}/"

    assert "HQ changes it" in client.get(url).content.decode()
    assert client.post(url, posted("save", ROWS)).status_code == 403
    assert client.post(url, {"act": "assign", "device": "far-1"}).status_code in (403, 404)
    assert as_user(cast.hq).post(url, posted("save", ROWS)).status_code == 302


def test_a_profile_in_use_is_not_deleted_and_one_without_devices_is(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    client, profile = as_user(cast.hq), DeviceProfile.objects.get()
    url = f"/device-profiles/{profile.pk}/"

    refused = client.post(url, {"act": "delete"}).content.decode()
    client.post(url, {"act": "unassign", "device": "kiln-1"})
    gone = client.post(url, {"act": "delete"})

    assert "has this profile; take it off first" in refused
    assert gone.status_code == 302
    assert not DeviceProfile.objects.exists()
    assert RejectedGroup.objects.exists()
