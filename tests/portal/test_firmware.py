"""The page of firmware: an image is registered, rolled out and halted; who sees it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from devices.models import MCUDevice
from mqtt_ingest.models import FirmwareImage, RollOut
from tests.cast import AsUser, Cast
from tests.make import make_assignment, make_device
from tests.mqtt_ingest.firmware import make_image, make_minutes, signed, use_key

pytestmark = pytest.mark.django_db
URL = "/firmware/"


@pytest.fixture(autouse=True)
def _key(settings: Any) -> None:
    use_key(settings)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def upload(client: Any, signature: str) -> str:
    file = SimpleUploadedFile("fw.bin", b"binary")
    body = {"act": "add", "file": file, "version": "1.1.0", "signature": signature, "notes": "<new> sensor"}
    return text(client.post(URL, body, follow=True))


def test_hq_registers_rolls_out_and_halts(cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)
    device: MCUDevice = make_device(factory=cast.litein, device_id="litein-1", firmware="1.0.0")
    make_assignment(device=device)
    assert "No image yet." in text(client.get(URL))

    assert "The signature is not one of this file" in upload(client, signed(b"other"))
    assert "&lt;new&gt; sensor" in upload(client, signed(b"binary"))
    body = {"act": "roll_out", "image": FirmwareImage.objects.get().pk, "first": device.pk, "watch_minutes": 30}
    blind = text(client.post(URL, body, follow=True))
    make_minutes(device, timezone.now() - timedelta(minutes=40), timezone.now())
    started = text(client.post(URL, body, follow=True))
    halted = text(client.post(URL, {"act": "halt", "halt": RollOut.objects.get().pk}, follow=True))

    assert "has good readings for less than half of the time before" in blind
    assert "the first devices are watched" in started
    assert "100 % of readings good" in started
    assert "a person halted it" in halted
    assert "Halt it and go back" not in halted


def test_without_a_key_the_page_says_what_to_do(cast: Cast, as_user: AsUser, settings: Any) -> None:
    settings.FIRMWARE_PUBLIC_KEY = ""

    assert "FIRMWARE_PUBLIC_KEY" in text(as_user(cast.hq).get(URL))


def test_an_auditor_sees_and_does_nothing(cast: Cast, as_user: AsUser) -> None:
    make_image(cast.organisation, "2.0.0")

    seen = text(as_user(cast.auditor).get(URL))

    assert "2.0.0" in seen
    assert "Roll an image out" not in seen
    assert "2.0.0" not in text(as_user(cast.outsider).get(URL))
