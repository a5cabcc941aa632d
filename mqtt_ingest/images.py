"""The registry of firmware images: signature checked on entry, content served to devices by an address with a token."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from devices.models import MCUDevice
from lib.errors import ApiError, invalid
from mqtt_ingest.choices import CommandKind
from mqtt_ingest.commands import KEPT_FOR
from mqtt_ingest.models import FirmwareImage

LARGEST_BYTES = 4 * 1024 * 1024  # the flash of the node
LONGEST_VERSION = 40  # `messages.Label`: as devices report it
_signer = signing.TimestampSigner(salt="firmware-image")
_TOKEN_FOR = KEPT_FOR[CommandKind.UPDATE_FIRMWARE] + timedelta(days=1)  # sent to the last moment, and then fetched


def add_image(
    organisation: Any, user: Any, *, version: str, content: bytes, signature: str, notes: str
) -> FirmwareImage:
    """Register an image. Raises ApiError 400 by field, 409 `firmware_key_missing`, `image_exists`."""
    version = version.strip()
    if not 1 <= len(version) <= LONGEST_VERSION:
        words = _("version=%(version)r has %(count)d characters; give 1 to %(limit)d, as the device reports it.")
        shown = {"version": version[:60], "count": len(version), "limit": LONGEST_VERSION}
        raise invalid("version", "out_of_range", words % shown, **shown)
    if not 0 < len(content) <= LARGEST_BYTES:
        words = _("The file has %(size)d bytes; an image has 1 to %(limit)d.")
        shown = {"size": len(content), "limit": LARGEST_BYTES}
        raise invalid("file", "out_of_range", words % shown, **shown)
    if not _is_signed(content, signature):
        words = _("The signature is not one of this file by the key of this server; give the Ed25519 one as base64.")
        raise invalid("signature", "wrong_signature", words)
    try:
        with transaction.atomic():
            return FirmwareImage.objects.create(
                organisation=organisation,
                version=version,
                sha256=hashlib.sha256(content).hexdigest(),
                signature=signature.strip(),
                size_bytes=len(content),
                notes=notes.strip(),
                content=content,
                added_by=user,
            )
    except IntegrityError as error:
        words = _("This version or this file is registered already: an image is never replaced.")
        raise ApiError(409, "image_exists", words) from error


def check_image(image: FirmwareImage) -> None:
    """Before it is offered: the key may have changed since. Raises ApiError 400, 409 `firmware_key_missing`."""
    if not _is_signed(bytes(image.content), image.signature):
        words = _("%(image)s is not signed by the present key of this server; register an image that is.")
        raise invalid("image", "wrong_signature", words % {"image": image}, image=str(image))


def _is_signed(content: bytes, signature: str) -> bool:
    """Raises ApiError 409 `firmware_key_missing`."""
    if not settings.FIRMWARE_PUBLIC_KEY:
        words = _("No key is set to check images with: the operator of the server sets FIRMWARE_PUBLIC_KEY.")
        raise ApiError(409, "firmware_key_missing", words)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(settings.FIRMWARE_PUBLIC_KEY))
    try:
        key.verify(base64.b64decode(signature.strip(), validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def update_arguments(image: FirmwareImage, device: MCUDevice) -> dict[str, Any]:
    """Of the command for this device. Raises ApiError 409 `no_https`: devices fetch firmware over https only."""
    url = settings.PUBLIC_URL.rstrip("/") + reverse("firmware-download", args=[_signer.sign(f"{image.pk}-{device.pk}")])
    if not url.startswith("https://"):
        words = _("PUBLIC_URL=%(url)s does not begin with https://, and devices fetch firmware over https only.")
        raise ApiError(409, "no_https", words % {"url": settings.PUBLIC_URL}, params={"url": settings.PUBLIC_URL})
    return {"url": url, "sha256": image.sha256}


def image_of_token(token: str) -> FirmwareImage | None:
    """The image, if the token is ours, not too old, and its device is not revoked."""
    try:
        image_pk, device_pk = _signer.unsign(token, max_age=_TOKEN_FOR).split("-")
    except (signing.BadSignature, ValueError):
        return None
    if not MCUDevice.objects.filter(pk=device_pk, revoked_at=None).exists():
        return None
    return FirmwareImage.objects.filter(pk=image_pk).first()
