"""Writes Mosquitto's password and topic-permission files from the registry. `sync_broker` calls it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from devices.credentials import INGEST_USER, TOPIC_ROOT, mosquitto_hash
from devices.models import DeviceSecret
from lib.private_files import write_privately


def _ingest_password() -> str:
    parts = urlsplit(settings.MQTT_BROKER_URL)
    if unquote(parts.username or "") != INGEST_USER or not parts.password:
        # With an empty password anyone who knows the name could read and write everything.
        raise ImproperlyConfigured(
            f"MQTT_BROKER_URL must name the user {INGEST_USER} and a password: "
            f"mqtts://{INGEST_USER}:<password>@host:8883"
        )
    return unquote(parts.password)


def _ingest_users() -> list[str]:
    """The lone worker and those with names, which sign in with the same password."""
    return [INGEST_USER, *(f"{INGEST_USER}-{name}" for name in settings.INGEST_WORKERS)]


def password_lines() -> list[str]:
    ingest_password = _ingest_password()
    secrets = DeviceSecret.objects.filter(revoked_at=None, device__revoked_at=None).order_by("device__device_id")
    lines = [f"{user}:{mosquitto_hash(ingest_password)}" for user in _ingest_users()]
    return lines + [f"{d}:{h}" for d, h in secrets.values_list("device__device_id", "pbkdf2_sha512")]


def acl_lines() -> list[str]:
    """One pattern serves all devices: each may use only topics with its own id. No line of the file names a device."""
    ours = [line for user in _ingest_users() for line in (f"user {user}", f"topic readwrite {TOPIC_ROOT}/#", "")]
    return [*ours, f"pattern readwrite {TOPIC_ROOT}/%u/#"]


def write_mosquitto_files(password_file: Path, acl_file: Path) -> int:
    """Write both files; returns how many devices may sign in. Mosquitto reads them again on SIGHUP."""
    lines = password_lines()
    write_privately(password_file, "\n".join(lines) + "\n")
    write_privately(acl_file, "\n".join(acl_lines()) + "\n")
    return len(lines) - len(_ingest_users())
