"""Device passwords: draw, hash, verify; and which topics a login may use on the broker.

One stored form serves Mosquitto's password file, the demo broker and our own checks: `$7$`, PBKDF2-SHA512.
Few rounds are enough for 192 random bits, and they keep a broker restart fast, when all devices log in at once.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Literal

from django.conf import settings
from django.db.models import QuerySet

from devices.models import DEVICE_ID, DeviceSecret
from lib.local.secrets import ingest_password

SECRET_BYTES = 24  # 192 bits: `SECURITY.md`
ROUNDS = 101
INGEST_USER = "carbontrack-ingest"
TOPIC_ROOT = "carbontrack/v1"
_DEVICE_ID = re.compile(DEVICE_ID)

TopicUse = Literal["publish", "subscribe", "receive"]


def new_secret() -> str:
    # Hexadecimal, because most command lines take a password that begins with a dash as an option.
    return secrets.token_hex(SECRET_BYTES)


def mosquitto_hash(secret: str, salt: bytes | None = None) -> str:
    """`$7$<rounds>$<salt>$<hash>`, both base64: the line `mosquitto_passwd` would write after the colon."""
    salt = salt if salt is not None else secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, ROUNDS, dklen=64)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def verify(secret: str, stored: str) -> bool:
    _empty, _kind, rounds, salt, digest = stored.split("$")
    tried = hashlib.pbkdf2_hmac("sha512", secret.encode(), base64.b64decode(salt), int(rounds), dklen=64)
    return hmac.compare_digest(tried, base64.b64decode(digest))


def is_ingest(username: str) -> bool:
    """The lone ingest worker, or one with a name; no device id begins like this (`provision_device`)."""
    return username == INGEST_USER or username.startswith(f"{INGEST_USER}-")


def check_broker_login(client_id: str, username: str, password: str) -> bool:
    """Whether the broker lets this client in: a device under its own id, or our ingest."""
    if is_ingest(username):
        return hmac.compare_digest(password.encode(), ingest_password(settings.DATA_DIR).encode())
    if client_id != username or not _DEVICE_ID.fullmatch(username):
        return False
    return any(verify(password, one.pbkdf2_sha512) for one in _in_force([username]))


def offered_login(username: str, password: str) -> int | None:
    """Key of the offered password with which this device has come back, if it has."""
    offered = [one for one in _in_force([username]) if one.is_offered]
    return next((one.pk for one in offered if verify(password, one.pbkdf2_sha512)), None)


def _in_force(device_ids: Iterable[str]) -> QuerySet[DeviceSecret]:
    """Of a device one, and beside it one that is offered; the device may sign in with either."""
    secrets = DeviceSecret.objects.filter(device__device_id__in=device_ids, device__revoked_at=None, revoked_at=None)
    return secrets.select_related("device")


def ended_logins(open_logins: Mapping[str, str]) -> set[str]:
    """Which devices of these, by id with the password that let them in, may not stay: rotated since, or revoked.

    And those that have kept an offered password: cut, they come back with it.
    """
    valid: dict[str, list[str]] = {}
    for one in _in_force(list(open_logins)).order_by("-is_offered"):
        hashes = valid.setdefault(one.device.device_id, [])
        if one.is_offered and one.stored_at is None:
            continue
        if not hashes:  # one that is kept by the device stands before the old one
            hashes.append(one.pbkdf2_sha512)
    devices = {name: secret for name, secret in open_logins.items() if not is_ingest(name)}
    return {name for name, secret in devices.items() if not any(verify(secret, one) for one in valid.get(name, ()))}


def may_use_topic(username: str, topic: str, use: TopicUse) -> bool:
    """The broker's topic rule, without a database: a device may use topics below its own id, ingest all our topics."""
    if is_ingest(username):
        return topic == TOPIC_ROOT or topic.startswith(f"{TOPIC_ROOT}/")
    return bool(_DEVICE_ID.fullmatch(username)) and topic.startswith(f"{TOPIC_ROOT}/{username}/")
