"""System checks: settings that are valid alone but unsafe together. `manage.py check` prints them."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection
from django.utils import timezone

from devices.dynsec import ADMIN_USER
from lib import disk
from mqtt_ingest.authority import WARN_BEFORE, first_authority_end

OTHER_CONNECTIONS = 10  # ingest, worker, commands, and the three that PostgreSQL keeps for its superuser
SECURITY_CONTACT_NOTICE_DAYS = 30


@register()
def check_deployment(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    is_served = not settings.IS_LOCAL and not settings.IS_RUNSERVER
    if is_served and set(settings.ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}:
        messages.append(
            Warning(
                "ALLOWED_HOSTS names this machine only: every request from outside will be refused.",
                hint="Set ALLOWED_HOSTS to the names people type, separated by commas.",
                id="carbontrack.W001",
            )
        )
    if settings.MQTT_BROKER_URL.startswith("mqtts://") and not settings.IS_LOCAL and not settings.MQTT_CA_FILE:
        messages.append(
            Warning(
                "MQTT_CA_FILE is not set: the broker's certificate is checked against the system's authorities.",
                hint="Right for HiveMQ Cloud and public certificates; for your own authority name its file.",
                id="carbontrack.W002",
            )
        )
    if not settings.IS_LOCAL and not urlsplit(settings.MQTT_BROKER_URL).password:
        messages.append(
            Warning(
                "MQTT_BROKER_URL is not set, or has no password: ingest cannot sign in to a broker.",
                hint="Set MQTT_BROKER_URL to mqtts://user:password@host:8883.",
                id="carbontrack.W003",
            )
        )
    if is_served:
        messages += _security_contact()
    if settings.MQTT_ACCESS == "DYNSEC" and urlsplit(settings.MQTT_ADMIN_URL).username != ADMIN_USER:
        messages.append(
            Error(
                "MQTT_ACCESS=DYNSEC without the administrator of the broker: no password of a device would arrive.",
                hint=f"Set MQTT_ADMIN_URL to mqtts://{ADMIN_USER}:password@host:8883.",
                id="carbontrack.E005",
            )
        )
    try:
        disk.free_bytes()
    except OSError as error:
        messages.append(
            Error(
                f"DISK_PATH={settings.DISK_PATH} cannot be looked at: {error}. Ingest would end, and /readyz fail.",
                hint="Name a folder that this user may reach, like the mount point of the disk.",
                id="carbontrack.E002",
            )
        )
    if settings.DEMO and not settings.IS_LOCAL:
        messages.append(
            Error(
                "CARBONTRACK_DEMO is on with DATABASE_URL set: the demo writes invented figures.",
                hint="Unset one of the two.",
                id="carbontrack.E001",
            )
        )
    return messages


@register()
def check_outgoing(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.OUTGOING_ALLOWED or settings.IS_LOCAL:
        return []
    return [
        Error(
            "OUTGOING_ALLOWED is set: people could send requests into this server's own network.",
            hint="Unset it; it is for tests with a receiver on the same machine.",
            id="carbontrack.E006",
        )
    ]


def _security_contact() -> list[CheckMessage]:
    """Whoever finds a weakness has to find whom to tell."""
    if not settings.SECURITY_CONTACT:
        words = "SECURITY_CONTACT is not set: /.well-known/security.txt answers 404."
        hint = "Set it to an address that somebody reads, like mailto:security@example.com."
    elif (expires_on := settings.SECURITY_CONTACT_EXPIRES) is None:
        words = "SECURITY_CONTACT_EXPIRES is not set: /.well-known/security.txt answers 404."
        hint = "Set it to a day less than a year from now, and change it again before that day."
    elif (expires_on - timezone.now().date()).days < SECURITY_CONTACT_NOTICE_DAYS:
        words = f"SECURITY_CONTACT_EXPIRES={expires_on} is near or over; then /.well-known/security.txt is gone."
        hint = "If the contact still holds, set a day less than a year from now."
    else:
        return []
    return [Warning(words, hint=hint, id="carbontrack.W004")]


@register(Tags.database)
def check_connections(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Asks the server, so it runs with `migrate` and `check --database default`."""
    if not databases or settings.DATABASE_DIRECT:  # behind a pooler its own limit decides
        return []
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        allowed = int(cursor.fetchone()[0])
    # In each process one more listens for live streams, and two are for /readyz and /metrics.
    needed = settings.WEB_CONCURRENCY * (settings.WEB_REQUESTS_AT_ONCE + 3) + OTHER_CONNECTIONS
    if needed <= allowed:
        return []
    return [
        Warning(
            f"WEB_CONCURRENCY={settings.WEB_CONCURRENCY} times WEB_REQUESTS_AT_ONCE={settings.WEB_REQUESTS_AT_ONCE} "
            f"needs {needed} database connections, and the server allows {allowed}: requests will fail under load.",
            hint="Lower one of the two, raise max_connections, or put PgBouncer in front (docs/deploy.md).",
            id="carbontrack.W005",
        )
    ]


@register()
def check_authority(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    ends_at = first_authority_end()
    if ends_at is None or ends_at - timezone.now() >= WARN_BEFORE:
        return []
    return [
        Warning(
            f"MQTT_CA_FILE: a certificate ends at {ends_at:%Y-%m-%d %H:%M} UTC; devices then lose the broker.",
            hint="Give devices a new one by roll_over_ca: docs/runbooks/broker-certificate.md.",
            id="carbontrack.W010",
        )
    ]
