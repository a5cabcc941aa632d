"""Devices over HTTP: the list, one of them, a new secret."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.credentials import check_broker_login
from devices.models import DeviceSecret
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db


def test_a_device_tells_where_it_sits_and_whether_it_lives(hq: Client, cast: Cast) -> None:
    now = timezone.now()
    device = make.make_device(
        factory=cast.litein, device_id="litein-1", firmware="1.0.0", last_heartbeat=now, status={"secret": "no"}
    )
    assignment = make.make_assignment(device=device, sensor="sprintir-20", range_ppm=200_000)

    body = hq.get("/api/mcu-devices/litein-1/").json()

    assert body["assignment"].pop("valid_from").startswith("2025-11-01T00:00:00")
    assert body["assignment"] == {
        "chimney": assignment.chimney_id,
        "valid_to": None,
        "is_of_record": True,
        "sensor": "sprintir-20",
        "range_ppm": 200_000.0,
        "co2_basis": "wet",
        "pressure_compensation": "none",
    }
    assert (body["online"], body["factory"], body["firmware"]) == (True, cast.litein.pk, "1.0.0")
    assert body["last_heartbeat"].startswith(f"{now:%Y-%m-%dT%H:%M:%S}")
    assert "status" not in body
    assert "secret" not in str(body)


def test_an_assignment_of_the_past_is_not_the_present_one(hq: Client, cast: Cast) -> None:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    make.make_assignment(device=device, valid_to=timezone.now() - timedelta(hours=1))

    assert hq.get("/api/mcu-devices/litein-1/").json()["assignment"] is None


def test_the_list_is_narrowed_by_factory_and_paged(hq: Client, cast: Cast) -> None:
    for number in range(3):
        make.make_device(factory=cast.litein, device_id=f"litein-{number}")
    make.make_device(factory=cast.momul, device_id="momul-1")
    make.make_device(factory=cast.elsewhere, device_id="elsewhere-1")

    everything = hq.get("/api/mcu-devices/").json()
    page = hq.get(f"/api/mcu-devices/?factory={cast.litein.pk}&page_size=2").json()
    foreign = hq.get(f"/api/mcu-devices/?factory={cast.elsewhere.pk}").json()

    assert [row["device_id"] for row in everything["results"]] == ["litein-0", "litein-1", "litein-2", "momul-1"]
    assert (page["count"], len(page["results"]), page["previous"]) == (3, 2, None)
    assert "page=2" in page["next"]
    assert foreign == hq.get("/api/mcu-devices/?factory=999999").json()  # does not tell which numbers others have


def test_the_number_of_queries_does_not_grow_with_devices(hq: Client, cast: Cast) -> None:
    make.make_assignment(device=make.make_device(factory=cast.litein))
    queries_of(hq, "/api/mcu-devices/")  # the first makes the row in which requests are counted
    few = queries_of(hq, "/api/mcu-devices/")
    for _ in range(10):
        make.make_assignment(device=make.make_device(factory=cast.litein))

    assert queries_of(hq, "/api/mcu-devices/") == few


def test_as_csv_a_nested_value_is_json(hq: Client, cast: Cast) -> None:
    make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-1"))

    text = hq.get("/api/mcu-devices/?as=csv").getvalue().decode()

    assert '""co2_basis"": ""wet""' in text


def test_a_new_secret_is_shown_once_and_ends_the_old_one(hq: Client, cast: Cast) -> None:
    _device, old = make.make_device_with_secret(factory=cast.litein, device_id="litein-1")

    body = hq.post("/api/mcu-devices/litein-1/rotate-secret/").json()

    assert set(body) == {"device_id", "username", "password", "host", "port", "ca_file", "topics", "broker"}
    assert body["broker"] == "in_force"
    assert check_broker_login("litein-1", "litein-1", body["password"])
    assert not check_broker_login("litein-1", "litein-1", old)
    assert body["password"] not in str(DeviceSecret.objects.values_list())


def test_a_revoked_device_stays_out_and_says_what_the_broker_did(hq: Client, cast: Cast, settings: Any) -> None:
    _device, secret = make.make_device_with_secret(factory=cast.litein, device_id="litein-1")

    answers = [hq.post("/api/mcu-devices/litein-1/revoke/").json() for _ in range(2)]

    assert answers[0]["revoked_at"] is not None
    assert answers[0]["broker"] == "removed"
    assert answers[1] == answers[0]
    assert not check_broker_login("litein-1", "litein-1", secret)
    assert hq.post("/api/mcu-devices/litein-1/rotate-secret/").status_code == 409
    for how, state in (("FILES", "waits"), ("EXTERNAL", "by_hand"), ("DYNSEC", "removing")):
        settings.MQTT_ACCESS = how
        assert hq.get("/api/mcu-devices/litein-1/").json()["broker"] == state


def test_while_the_broker_is_away_no_password_is_drawn(hq: Client, cast: Cast, settings: Any) -> None:
    _device, secret = make.make_device_with_secret(factory=cast.litein, device_id="litein-1")
    settings.MQTT_ACCESS = "DYNSEC"
    settings.MQTT_ADMIN_URL, settings.MQTT_CA_FILE = "mqtt://carbontrack-broker-admin:x@127.0.0.1:1", ""

    response = hq.post("/api/mcu-devices/litein-1/rotate-secret/")

    assert (response.status_code, response.json()["code"]) == (503, "broker_unreachable")
    assert check_broker_login("litein-1", "litein-1", secret)


def test_an_installer_rotates_where_he_works_and_not_elsewhere(cast: Cast, as_user: AsUser) -> None:
    make.make_device_with_secret(factory=cast.litein, device_id="litein-1")
    make.make_device_with_secret(factory=cast.momul, device_id="momul-1")
    installer = as_user(cast.installer)

    assert installer.post("/api/mcu-devices/litein-1/rotate-secret/").status_code == 200
    assert installer.post("/api/mcu-devices/momul-1/rotate-secret/").status_code == 404
