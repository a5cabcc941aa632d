"""The registry of firmware images: signature checked on entry, content served to devices by an address with a token.

The token is made when the command is sent and is stored nowhere. It ends with the command.
"""

import base64
import hashlib
import uuid
from datetime import timedelta
from typing import IO, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lib.errors import ApiError, invalid
from mqtt_ingest.arguments import LONGEST_URL_CHARS
from mqtt_ingest.choices import CommandKind, CommandState
from mqtt_ingest.models import WAITING_STATES, DeviceCommand, FirmwareImage

LARGEST_BYTES = 4 * 1024 * 1024  # the flash of the node
LONGEST_VERSION = 40  # `messages.Label`: as devices report it
FETCHED_WITHIN = timedelta(hours=1)  # the device answers first and fetches then
_SALT = "firmware-image"


def add_image(
    organisation: Any, user: Any, *, file: IO[bytes], version: str, signature: str, notes: str = ""
) -> FirmwareImage:
    """Register an image. Raises ApiError 400 by field, 409 `firmware_key_missing`, `image_exists`."""
    version, content = version.strip(), file.read(LARGEST_BYTES + 1)
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


def update_arguments(image: FirmwareImage) -> dict[str, Any]:
    """What is stored of the command. Raises ApiError 409.

    `no_https`: devices fetch firmware over https only. `address_too_long`: they take 200 characters, token included.
    """
    url = settings.PUBLIC_URL.rstrip("/") + reverse("firmware-download")
    if not url.startswith("https://"):
        words = _("PUBLIC_URL=%(url)s does not begin with https://, and devices fetch firmware over https only.")
        raise ApiError(409, "no_https", words % {"url": settings.PUBLIC_URL}, params={"url": settings.PUBLIC_URL})
    too_many = len(_with_token(url, str(uuid.uuid4()))) - LONGEST_URL_CHARS
    if too_many > 0:
        words = _(
            "PUBLIC_URL=%(url)s is %(count)d characters too long: devices take the address of an image to %(limit)d."
        )
        shown = {"url": settings.PUBLIC_URL, "count": too_many, "limit": LONGEST_URL_CHARS}
        raise ApiError(409, "address_too_long", words % shown, params=shown)
    return {"url": url, "sha256": image.sha256}


def address_with_token(command: DeviceCommand) -> str:
    return _with_token(command.arguments["url"], command.command_id)


def _with_token(url: str, command_id: str) -> str:
    """By its id, which is drawn: a key would be given to another command once a backup is restored."""
    return f"{url}?token={signing.Signer(salt=_SALT).sign(command_id)}"


def image_of_token(token: str) -> FirmwareImage | None:
    """The image of a command that waits for its device, or was answered within the hour by one not revoked since."""
    try:
        command_id = signing.Signer(salt=_SALT).unsign(token)
    except signing.BadSignature:
        return None
    now = timezone.now()
    waits = Q(state__in=WAITING_STATES, expires_at__gt=now)
    answered = Q(state=CommandState.ACKNOWLEDGED, ended_at__gt=now - FETCHED_WITHIN)
    commands = DeviceCommand.objects.filter(waits | answered, kind=CommandKind.UPDATE_FIRMWARE)
    command = commands.filter(command_id=command_id, device__revoked_at=None).select_related("device__factory").first()
    if command is None:
        return None
    images = FirmwareImage.objects.filter(organisation=command.device.factory.organisation_id)
    return images.filter(sha256=command.arguments["sha256"]).first()
