"""Calibrations: what is asked for, which files are certificates, and who may have them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from devices.models import Calibration, CalibrationCertificate, MCUDevice
from emissions.rollups import roll_up_touched, touch_changed_setups
from lib.files import MOST_BYTES, content_type_of
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
URL = "/api/mcu-devices/litein-1/calibrations/"
TEN, HOUR, DAY = datetime(2026, 11, 20, 10, tzinfo=UTC), timedelta(hours=1), timedelta(days=1)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SPAN = {
    "calibrated_at": "2026-11-20T10:00:00+03:00",
    "kind": "span",
    "reference_ppm": 150_000,
    "certificate_number": "KE-2026-0117",
    "reading_ppm": 148_200,
    "pressure_pa": 79_500,
    "valid_until": "2027-11-20T00:00:00+03:00",
}


def rolled_up() -> None:
    touch_changed_setups()
    while roll_up_touched():
        pass


@pytest.fixture
def device(cast: Cast) -> MCUDevice:
    return make.make_device(factory=cast.litein, device_id="litein-1")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PDF, "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....IEND\xaeB`\x82", "image/png"),
        (b"\xff\xd8\xff\xe0....\xff\xd9", "image/jpeg"),
        (b"%PDF-1.7 and then nothing", None),
        (b"<html><script>alert(1)</script>", None),
        (b"MZ\x90\x00" + PDF, None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_bytes_are(content: bytes, found: str | None) -> None:
    assert content_type_of(content) == found


def test_a_calibration_is_recorded_with_its_certificate_and_served_to_who_may_see(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    installer = as_user(cast.installer)

    made = installer.post(URL, SPAN, content_type="application/json").json()
    url = f"{URL}{made['id']}/certificate/"
    file = SimpleUploadedFile("../../etc/<b>cert\r\n.pdf", PDF, content_type="text/html")
    kept = installer.post(url, {"certificate": file})
    again = installer.post(url, {"certificate": SimpleUploadedFile("other.pdf", PDF)})

    assert (made["certificate"], made["recorded_by"]) == (False, str(cast.installer))
    assert (kept.status_code, kept.json()["certificate"]) == (201, True)
    assert again.json()["fields"]["certificate"][0]["code"] == "certificate_exists"
    served = as_user(cast.auditor).get(url)
    assert (served.content, served["Content-Type"]) == (PDF, "application/pdf")
    assert served["Content-Disposition"].startswith("attachment")
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "<b>" not in served["Content-Disposition"]
    assert as_user(cast.momul_manager).get(url).status_code == 404
    assert as_user(cast.outsider).get(url).status_code == 404
    assert as_user(cast.hq).get(URL).json()["results"][0]["certificate_number"] == "KE-2026-0117"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"calibrated_at": "2099-01-01T00:00:00Z"}, "calibrated_at", "future"),
        ({"valid_until": None}, "valid_until", "required"),
        ({"reference_ppm": None}, "reference_ppm", "required"),
    ],
)
def test_what_is_no_calibration_is_refused_by_field(
    device: MCUDevice, cast: Cast, as_user: AsUser, change: dict[str, Any], field: str, code: str
) -> None:
    body = {name: value for name, value in (SPAN | change).items() if value is not None}

    refused = as_user(cast.installer).post(URL, body, content_type="application/json")

    assert refused.status_code == 400
    assert [error["code"] for error in refused.json()["fields"][field]] == [code]
    assert not Calibration.objects.exists()


@pytest.mark.parametrize(
    ("content", "code"), [(b"no pdf at all", "unknown_type"), (PDF * (MOST_BYTES // len(PDF) + 1), "too_large")]
)
def test_what_is_no_certificate_is_not_kept(
    device: MCUDevice, cast: Cast, as_user: AsUser, content: bytes, code: str
) -> None:
    installer = as_user(cast.installer)
    made = installer.post(URL, SPAN, content_type="application/json").json()

    refused = installer.post(f"{URL}{made['id']}/certificate/", {"certificate": SimpleUploadedFile("c.pdf", content)})

    assert refused.status_code == 400
    assert refused.json()["fields"]["certificate"][0]["code"] == code
    assert not CalibrationCertificate.objects.exists()


def test_it_would_not_expire_before_it_was_done(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    body = SPAN | {"valid_until": "2026-11-19T00:00:00Z"}
    refused = as_user(cast.hq).post(URL, body, content_type="application/json")

    assert "expired before it was done" in str(refused.json())


def test_a_new_calibration_ends_the_expiry_wherever_it_is_said(device: MCUDevice, cast: Cast, as_user: AsUser) -> None:
    now = timezone.now()
    make.make_assignment(device=device)
    old = {"kind": "span", "pressure_pa": 79_000, "reference_ppm": 150_000, "device": device}
    Calibration.objects.create(**old, calibrated_at=now - timedelta(days=400), valid_until=now - timedelta(days=35))
    hq = as_user(cast.hq)
    assert [row.device_id for row in hq.get("/devices/?state=expired").context["page_obj"]] == ["litein-1"]

    Calibration.objects.create(
        **old, calibrated_at=now - timedelta(days=1), valid_until=datetime(2099, 1, 1, tzinfo=UTC)
    )

    assert [*hq.get("/devices/?state=expired").context["page_obj"]] == []
    assert hq.get("/api/mcu-devices/litein-1/").json()["calibration_valid_until"].startswith("2099")
    Calibration.objects.create(
        device=device, kind="zero", pressure_pa=79_000, calibrated_at=now - DAY, valid_until=now - HOUR
    )
    assert [row.device_id for row in hq.get("/devices/?state=expired").context["page_obj"]] == ["litein-1"]
    page = hq.get("/devices/litein-1/").content.decode()
    assert ("zero: expired on" in page, "span: valid until" in page) == (True, True)


def test_hours_measured_with_an_expired_calibration_say_so_and_keep_their_mass(
    device: MCUDevice, cast: Cast, as_user: AsUser
) -> None:
    make.make_assignment(device=device)
    make.make_readings(device, TEN, 1440, co2_ppm=lambda i: 96_000.0 + i % 60)
    told = {"device": device, "kind": "span", "pressure_pa": 101_325, "reference_ppm": 150_000}
    Calibration.objects.create(**told, calibrated_at=TEN - 400 * DAY, valid_until=TEN + HOUR)
    rolled_up()
    url = (
        f"/api/emissions/hours/?device=litein-1&from={quote(TEN.isoformat())}&to={quote((TEN + 2 * HOUR).isoformat())}"
    )
    client = as_user(cast.hq)

    before, expired = client.get(url).json()["results"]
    Calibration.objects.create(**told, calibrated_at=TEN + HOUR, valid_until=TEN + 365 * DAY)
    rolled_up()
    _same, renewed = client.get(url).json()["results"]

    assert "CALIBRATION_EXPIRED" not in before["quality"]
    assert "CALIBRATION_EXPIRED" in expired["quality"]
    assert "CALIBRATION_EXPIRED" not in renewed["quality"]
    assert float(expired["measured_kg"]) == float(renewed["measured_kg"]) > 700  # it does not block
