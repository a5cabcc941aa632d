"""The registry of firmware images: what is let in, by whom, and how a device fetches it."""

import hashlib
import json
import uuid
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from devices.models import MCUDevice
from lib.errors import ApiError
from mqtt_ingest.asking import ask_device
from mqtt_ingest.commands import Sender, take_due
from mqtt_ingest.images import FETCHED_WITHIN, add_image, update_arguments
from mqtt_ingest.models import DeviceCommand, FirmwareImage
from mqtt_ingest.store import store
from tests.cast import AsUser, Cast
from tests.make import make_device, make_organisation, make_user
from tests.mqtt_ingest.build import arrival
from tests.mqtt_ingest.firmware import make_image, path_with_token, signed, use_key

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
        add_image(make_organisation(), make_user(), file=BytesIO(b"binary"), version="1", signature=signature)

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
        add_image(make_organisation(), make_user(), file=BytesIO(content), version=version, signature="")

    assert error.value.fields[field][0]["code"] == "out_of_range"


# --- How a device fetches it ---------------------------------------------------------------------
@pytest.fixture
def told(cast: Cast) -> DeviceCommand:
    """A command to install an image, as a person gives it."""
    device = make_device(factory=cast.litein, device_id="d" * 64, reported_online=True)
    image = make_image(cast.organisation, "1.1.0")
    return ask_device(device, "update_firmware", {"image": image.pk}, Sender(cast.hq))


def test_a_device_fetches_its_image_with_the_token_of_its_command(told: DeviceCommand, client: Client) -> None:
    ((_topic, payload),) = take_due(timezone.now())
    sent = json.loads(payload)
    path = sent["url"].removeprefix("https://carbontrack.test")

    assert path == path_with_token(told)
    assert hashlib.sha256(client.get(path).content).hexdigest() == sent["sha256"]
    for wrong in (f"{path[:-3]}AAA", path.partition("?")[0]):
        assert client.get(wrong).status_code == 404
    MCUDevice.objects.update(revoked_at=timezone.now())
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("ok", [True, False])
def test_the_token_ends_with_the_command(ok: bool, told: DeviceCommand, client: Client) -> None:
    path = path_with_token(told)
    ack = {"v": 1, "id": told.command_id, "ok": ok, "error": None if ok else "no room"}
    store([arrival(told.device, ack, "acks")])
    assert client.get(path).status_code == (200 if ok else 404)  # it answers, and then it fetches

    DeviceCommand.objects.update(ended_at=timezone.now() - FETCHED_WITHIN)
    assert client.get(path).status_code == 404


def test_the_token_ends_with_the_time_of_the_command(told: DeviceCommand, client: Client) -> None:
    DeviceCommand.objects.update(expires_at=timezone.now())  # and the job has not ended it yet

    assert client.get(path_with_token(told)).status_code == 404


def test_the_token_opens_no_other_command_of_this_key(told: DeviceCommand, client: Client) -> None:
    path = path_with_token(told)
    DeviceCommand.objects.update(command_id=uuid.uuid4())  # as after a restored backup

    assert client.get(path).status_code == 404


@pytest.mark.parametrize("state", ["withdrawn", "expired"])
def test_an_image_that_was_taken_back_cannot_be_fetched(state: str, told: DeviceCommand, client: Client) -> None:
    DeviceCommand.objects.update(state=state, ended_at=timezone.now())

    assert client.get(path_with_token(told)).status_code == 404


def test_nothing_that_is_stored_or_shown_has_a_token(told: DeviceCommand, cast: Cast, as_user: AsUser) -> None:
    token = path_with_token(told).partition("=")[2]
    take_due(timezone.now())
    hq = as_user(cast.hq)
    url = f"/api/mcu-devices/{told.device.device_id}/commands/"
    asked = [url, f"{url}?as=csv", "/api/audit/?kind=devicecommand", f"/devices/{told.device.device_id}/commands/"]

    shown = [str(hq.get(each).getvalue()) for each in asked]
    stored = str([*DeviceCommand.objects.values(), *told.events.values()])

    assert all("update_firmware" in one or "Install other firmware" in one for one in [*shown, stored])
    assert not [one for one in [*shown, stored] if token in one or "?token" in one]


def test_devices_fetch_firmware_over_https_only(settings: Any) -> None:
    image = make_image(make_organisation(), "1.1.0")
    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    with pytest.raises(ApiError) as error:
        update_arguments(image)
    assert error.value.code == "no_https"


def test_an_address_that_is_too_long_for_a_device_is_refused_when_it_is_given(settings: Any) -> None:
    image = make_image(make_organisation(), "1.1.0")
    # https:// and /firmware/images/?token= have 32 characters, the token 36 + 1 + 43: 88 are left for the name.
    settings.PUBLIC_URL = f"https://{'h' * 88}"
    path_with_token(DeviceCommand(command_id=str(uuid.uuid4()), arguments=update_arguments(image)))

    settings.PUBLIC_URL += "h"
    with pytest.raises(ApiError) as error:
        update_arguments(image)
    assert (error.value.code, error.value.params["count"]) == ("address_too_long", 1)
