"""The registry of firmware images: what is let in, by whom, and how a device fetches it."""

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from devices.models import MCUDevice
from lib.errors import ApiError
from mqtt_ingest.arguments import check_arguments
from mqtt_ingest.choices import CommandKind
from mqtt_ingest.images import add_image, update_arguments
from mqtt_ingest.models import FirmwareImage
from tests.cast import AsUser, Cast
from tests.make import make_device, make_organisation, make_user
from tests.mqtt_ingest.firmware import make_image, signed, use_key

pytestmark = pytest.mark.django_db
URL = "/api/firmware-images/"


@pytest.fixture(autouse=True)
def _key(settings: Any) -> None:
    use_key(settings)


def upload(client: Client, content: bytes, signature: str, version: str = "1.1.0") -> Any:
    return client.post(URL, {"file": SimpleUploadedFile("fw.bin", content), "version": version, "signature": signature})


def test_hq_registers_an_image_once(cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)

    made = upload(client, b"binary", signed(b"binary"))
    again = upload(client, b"other", signed(b"other"))
    same_file = upload(client, b"binary", signed(b"binary"), "1.2.0")

    assert made.status_code == 201, made.content
    assert made.json()["sha256"] == hashlib.sha256(b"binary").hexdigest()
    assert made.json()["size_bytes"] == 6
    assert [(one.status_code, one.json()["code"]) for one in (again, same_file)] == 2 * [(409, "image_exists")]
    assert [row["version"] for row in client.get(URL).json()["results"]] == ["1.1.0"]
    assert as_user(cast.outsider).get(URL).json()["results"] == []
    assert upload(as_user(cast.installer), b"x", signed(b"x")).status_code == 403


@pytest.mark.parametrize(
    "signature",
    ["", "no base64!", signed(b"another file"), signed(b"binary")[:-8] + "AAAAAAA="],
    ids=["empty", "no-base64", "of-another-file", "changed"],  # a key of its own each time: workers must agree on names
)
def test_a_wrong_signature_is_refused(signature: str) -> None:
    with pytest.raises(ApiError) as error:
        add_image(make_organisation(), make_user(), version="1", content=b"binary", signature=signature, notes="")

    assert error.value.fields["signature"][0]["code"] == "wrong_signature"
    assert not FirmwareImage.objects.exists()


def test_without_a_key_nothing_is_registered(settings: Any) -> None:
    settings.FIRMWARE_PUBLIC_KEY = ""

    with pytest.raises(ApiError) as error:
        make_image(make_organisation(), "1")

    assert error.value.code == "firmware_key_missing"


@pytest.mark.parametrize(
    ("version", "content", "field"), [("", b"a", "version"), ("v" * 41, b"a", "version"), ("1", b"", "file")]
)
def test_version_and_size_have_limits(version: str, content: bytes, field: str) -> None:
    with pytest.raises(ApiError) as error:
        add_image(make_organisation(), make_user(), version=version, content=content, signature="", notes="")

    assert error.value.fields[field][0]["code"] == "out_of_range"


# --- How a device fetches it ---------------------------------------------------------------------
def test_a_device_fetches_its_image_without_a_sign_in(client: Client, settings: Any) -> None:
    device = make_device(device_id="d" * 64)
    image = make_image(device.factory.organisation, "1.1.0")
    arguments = update_arguments(image, device)
    assert check_arguments(CommandKind.UPDATE_FIRMWARE, arguments) == arguments  # of at most 200 characters
    path = urlsplit(arguments["url"]).path

    fetched = client.get(path)
    assert hashlib.sha256(fetched.content).hexdigest() == arguments["sha256"]

    assert client.get(path[:-3] + "AA/").status_code == 404
    MCUDevice.objects.update(revoked_at=timezone.now())
    assert client.get(path).status_code == 404


def test_an_address_ends_and_must_be_https(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    device = make_device()
    image = make_image(device.factory.organisation, "1.1.0")
    now_s = timezone.now().timestamp()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now_s - timedelta(days=9).total_seconds())
    old = urlsplit(update_arguments(image, device)["url"]).path
    monkeypatch.undo()
    settings.FIRMWARE_PUBLIC_KEY = ""

    assert client.get(old).status_code == 404
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with pytest.raises(ApiError) as error:
        update_arguments(image, device)
    assert error.value.code == "no_https"
