"""Builders of firmware: a key pair, images signed by it, and a device with rolled-up minutes."""

import base64
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.models import User
from devices.models import MCUDevice
from emissions.models import EmissionMinute
from factories.models import Organisation
from mqtt_ingest.images import add_image, address_with_token
from mqtt_ingest.models import DeviceCommand, FirmwareImage
from tests.make import make_user

KEY = Ed25519PrivateKey.generate()
PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def use_key(settings: Any) -> None:
    settings.FIRMWARE_PUBLIC_KEY, settings.PUBLIC_URL = PUBLIC_KEY, "https://carbontrack.test"


def signed(content: bytes) -> str:
    return base64.b64encode(KEY.sign(content)).decode()


def make_image(organisation: Organisation, version: str, user: User | None = None) -> FirmwareImage:
    content = f"firmware {version}".encode()
    return add_image(
        organisation, user or make_user(), file=BytesIO(content), version=version, signature=signed(content)
    )


def path_with_token(command: DeviceCommand) -> str:
    """Where the device that was sent this command fetches its image."""
    url = address_with_token(command)
    assert len(url) <= 200, url  # of the contract
    return url.removeprefix("https://carbontrack.test")


def make_minutes(
    device: MCUDevice, begin: datetime, end: datetime, *, good: float = 1.0, received: float = 1.0
) -> None:
    """Whole minutes, of whose readings a share is good, with a share of the time covered."""
    begin = begin.replace(second=0, microsecond=0)
    assignment = device.assignments.get()
    EmissionMinute.objects.bulk_create(
        EmissionMinute(
            device=device,
            period_start=begin + timedelta(minutes=n),
            assignment=assignment,
            measured_ug=0,
            flux_ug_per_m2=0,
            covered_ms=round(60_000 * received),
            weight_s=60,
            readings=1_000,
            valid_readings=round(1_000 * good),
            valid_ms=0,
            valid_ug=0,
            is_idle_like=False,
            is_firing_like=True,
        )
        for n in range(int((end - begin).total_seconds() // 60))
    )
