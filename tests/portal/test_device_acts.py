"""An installer's pages: add a device, give the node its settings, assign, calibrate, decide, retire; claim codes."""

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from devices.choices import HoldKind
from devices.credentials import check_broker_login
from devices.models import Assignment, AssignmentHold, Calibration, DeviceClaim, MCUDevice
from emissions.rollups import roll_up_touched, touch_changed_setups
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)  # 13:00 in Nairobi
NODE = {"thermocouple": "max31855", "velocity_sensor": "sdp8xx", "barometer": "bme280"}
SENSOR = {"sensor": "sprintir-20", "range_ppm": "200000"}


def text(response: Any) -> str:
    return unescape(" ".join(response.content.decode().split()))


def form(**fields: Any) -> dict[str, Any]:
    return NODE | {"form_id": str(uuid.uuid4())} | fields


def test_a_device_is_added_and_its_settings_are_shown_once(cast: Cast, as_user: AsUser, settings: Any) -> None:
    settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE = "mqtt://127.0.0.1:1883", ""
    chimney, client = make.make_chimney(factory=cast.litein), as_user(cast.installer)
    told = form(chimney=chimney.pk, serial_number="A1", **SENSOR)

    shown = client.post("/add-device/", told)
    again = client.post("/add-device/", told)  # a double tap

    page = text(shown)
    password = re.search(r'"password":"([0-9a-f]{48})"', page)
    assert password is not None, page
    assert check_broker_login("litein-1", "litein-1", password[1])
    assert "data:image/svg+xml;base64," in page
    assert 'download="litein-1.json"' in page
    assert shown["Cache-Control"].startswith("no-store") or "no-store" in shown["Cache-Control"]
    assert "has registered a device already" in text(again)
    assert MCUDevice.objects.count() == 1
    assert password[1] not in text(client.get("/devices/litein-1/"))


def test_what_does_not_fit_stands_beside_its_field_and_keeps_what_was_typed(cast: Cast, as_user: AsUser) -> None:
    chimney, client = make.make_chimney(factory=cast.litein), as_user(cast.installer)

    page = text(
        client.post("/add-device/", form(chimney=chimney.pk, sensor="mh-z19", range_ppm="5000", model="Node 9"))
    )
    fixed = client.post("/add-device/", form(chimney=chimney.pk, model="Node 9", **SENSOR))

    assert "What fits: " in page
    assert 'value="Node 9"' in page
    assert fixed.status_code == 200
    assert MCUDevice.objects.get().model == "Node 9"


def test_ten_wrong_codes_are_said_beside_the_code_and_the_same_form_works_later(cast: Cast, as_user: AsUser) -> None:
    client, told = as_user(cast.installer), form(claim_code="AAAAA-AAAAA")
    pages = [client.post("/add-device/", told) for _try in range(11)]

    assert "not known" in pages[9].context["form"].errors["claim_code"][0]
    assert "Too many wrong codes" in pages[10].context["form"].errors["claim_code"][0]
    client.post("/add-device/", told | {"claim_code": ""})
    assert MCUDevice.objects.count() == 1


def test_hq_says_first_where_a_device_goes(cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)

    assert "Where does it go?" in text(client.get("/add-device/?code=AAAAA-AAAAA"))
    page = text(client.get(f"/add-device/?factory={cast.momul.pk}&code=AAAAA-AAAAA"))
    assert 'value="AAAAA-AAAAA"' in page
    assert client.get(f"/add-device/?factory={cast.elsewhere.pk}").status_code == 404


def test_codes_are_printed_once_and_one_registers_its_device(cast: Cast, as_user: AsUser) -> None:
    hq = as_user(cast.hq)

    printed = text(hq.post("/device-codes/", {"serial_numbers": "A1\nA2\n", "count": 1, "lasts_days": 30}))
    codes = re.findall(r">([2-9A-Z]{5}-[2-9A-Z]{5})<", printed)
    assert (len(codes), DeviceClaim.objects.count()) == (2, 2)
    assert codes[0] not in text(hq.get("/device-codes/"))
    done = text(as_user(cast.installer).post("/add-device/", form(claim_code=codes[0].lower())))
    withdrawn = DeviceClaim.objects.get(claimed_at=None)
    hq.post(f"/device-codes/{withdrawn.pk}/withdraw/")

    device = MCUDevice.objects.get()
    assert device.serial_number == "A1"
    assert "need its chimney" in done
    listed = text(hq.get("/device-codes/"))
    assert "used on" in listed
    assert "withdrawn" in listed


def test_new_settings_draw_a_new_password(cast: Cast, as_user: AsUser) -> None:
    device, old = make.make_device_with_secret(factory=cast.litein, device_id="litein-1")
    client = as_user(cast.installer)

    assert "stops working at once" in text(client.get("/devices/litein-1/settings/"))
    page = text(client.post("/devices/litein-1/settings/", NODE))

    assert not check_broker_login("litein-1", "litein-1", old)
    assert "User and client id" in page
    assert device.secrets.count() == 2


# --- One device --------------------------------------------------------------------------------
@pytest.fixture
def measured(cast: Cast) -> Assignment:
    assignment = make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-1"))
    make.make_readings(assignment.device, TEN, 1440, co2_ppm=lambda i: 96_000.0 + i % 60)
    rolled_up()
    return assignment


def rolled_up() -> None:
    touch_changed_setups()
    while roll_up_touched():
        pass


def confirmation(page: str) -> str:
    found = re.search(r'name="confirm" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_a_swap_in_the_past_is_shown_and_then_stored(measured: Assignment, cast: Cast, as_user: AsUser) -> None:
    make.make_device(factory=cast.litein, device_id="litein-2")
    client, url = as_user(cast.installer), "/devices/litein-2/assign/"
    told = {"chimney": measured.chimney_id, "since": "2026-11-20T14:00", "replaces": "on", **SENSOR}

    asked = text(client.post(url, told))
    half_past = text(client.post(url, told | {"since": "2026-11-20T14:30"}))
    others = as_user(cast.hq).post(url, told | {"confirm": confirmation(asked)})
    done = client.post(url, told | {"confirm": confirmation(asked)})

    # 0.218140 kg/s over 1,439 segments of 5 s, and over the 719 of the first hour: no segment reaches over a swap.
    assert "become 784 kg" in asked
    assert "1,570 kg" in asked
    assert "not a whole hour" in half_past
    assert "within an hour" in asked
    assert (others.status_code, done.status_code) == (200, 302)
    measured.refresh_from_db()
    assert measured.valid_to == TEN + timedelta(hours=1)


def test_a_hold_shows_both_values_and_what_its_end_does(measured: Assignment, cast: Cast, as_user: AsUser) -> None:
    held = {"stream": 7, "field": "range_ppm", "registered": "200000", "reported": "600000", "starts_at": TEN}
    hold = AssignmentHold.objects.create(assignment=measured, **held)
    rolled_up()
    client, act = as_user(cast.installer), {"act": "registry_right", "hold": hold.pk}

    page = text(client.get("/devices/litein-1/"))
    asked = text(client.post("/devices/litein-1/", act))
    hold.refresh_from_db()
    as_user(cast.hq).post("/devices/litein-1/", act | {"confirm": confirmation(asked)})
    hold.refresh_from_db()
    before = hold.resolution
    done = text(client.post("/devices/litein-1/", act | {"confirm": confirmation(asked)}, follow=True))

    assert "<dt>Registered</dt><dd>200000</dd>" in page
    assert "<dt>Reported by the device</dt><dd>600000</dd>" in page
    assert "become 1,570 kg" in asked
    assert before == ""
    assert "Decided earlier" in done
    assert str(cast.installer) in done


def test_a_calibration_with_a_certificate(cast: Cast, as_user: AsUser) -> None:
    make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-1"))
    client, url = as_user(cast.installer), "/devices/litein-1/calibrations/new/"
    told = {"calibrated_at": "2026-11-20T10:00", "kind": "span", "reference_ppm": "150,000", "pressure_pa": "79500"}
    told |= {"valid_until": "2026-11-25T00:00", "certificate_number": "KE-1"}

    refused = text(client.post(url, told | {"certificate": SimpleUploadedFile("c.pdf", b"not one")}))
    pdf = SimpleUploadedFile("c.pdf", b"%PDF-1.4\n%%EOF\n")
    page = text(client.post(url, told | {"certificate": pdf}, follow=True))
    calibration = Calibration.objects.get()
    file = client.get(f"/devices/litein-1/calibrations/{calibration.pk}/certificate/")

    assert "This file is no PDF" in refused
    assert calibration.calibrated_at == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert calibration.valid_until == datetime(2026, 11, 24, 21, tzinfo=UTC)
    assert "150,000 ppm · KE-1" in page
    assert "expired on 25 Nov 2026 00:00" in page
    assert file.content.startswith(b"%PDF")


def test_a_device_retires_after_a_tick(cast: Cast, as_user: AsUser) -> None:
    make.make_assignment(device=make.make_device_with_secret(factory=cast.litein, device_id="litein-1")[0])
    client = as_user(cast.installer)

    unticked = text(client.post("/devices/litein-1/", {"act": "retire"}))
    done = text(client.post("/devices/litein-1/", {"act": "retire", "confirmed": "yes"}, follow=True))

    assert "tick the box too" in unticked
    assert "<dt>Retired</dt>" in done
    assert "Assign, move or swap" not in done
    assert [row.device_id for row in client.get("/devices/?state=revoked").context["page_obj"]] == ["litein-1"]


def test_a_revoked_device_retires_too_and_what_keeps_it_from_that_is_said(cast: Cast, as_user: AsUser) -> None:
    device = make.make_device(factory=cast.litein, device_id="litein-1", installed_on=date(2999, 1, 1))
    client, act = as_user(cast.installer), {"act": "retire", "confirmed": "yes"}

    early = text(client.post("/devices/litein-1/", act))
    MCUDevice.objects.update(installed_on=None)
    client.post("/devices/litein-1/", {"act": "revoke", "confirmed": "yes"})
    revoked = text(client.get("/devices/litein-1/"))
    retired = text(client.post("/devices/litein-1/", act, follow=True))

    assert "retired before it was installed" in early
    assert ('value="retire"' in revoked, 'value="revoke"' in revoked) == (True, False)
    assert 'value="retire"' not in retired
    device.refresh_from_db()
    assert device.retired_on is not None


def test_facts_are_corrected(cast: Cast, as_user: AsUser) -> None:
    make.make_device(factory=cast.litein, device_id="litein-1", model="Nod 1")
    told = {"serial_number": "A7", "model": "Node 1", "bought_on": "2026-10-01", "installed_on": ""}

    page = text(as_user(cast.hq).post("/devices/litein-1/edit/", told, follow=True))

    assert "<dd>A7</dd>" in page
    assert "1 Oct 2026" in page


def test_an_old_sensor_that_does_not_fit_is_said(cast: Cast, as_user: AsUser) -> None:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    make.make_assignment(device=device, sensor="mh-z19", range_ppm=5_000)
    AssignmentHold.objects.create(assignment=device.assignments.get(), kind=HoldKind.TWO_DEVICES, starts_at=TEN)

    assert "What fits: " in text(as_user(cast.litein_manager).get("/devices/litein-1/"))
