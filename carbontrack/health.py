"""/healthz: this process is up. /readyz: database, broker and ingest are."""

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts.permissions import public_page
from mqtt_ingest.queries import is_alive

BROKER_TIMEOUT_S = 2.0


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    """Whether something accepts a connection at the broker's address; ingest checks the rest."""
    parts = urlsplit(settings.MQTT_BROKER_URL)
    port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
    try:
        with socket.create_connection((parts.hostname or "", port), BROKER_TIMEOUT_S):
            return True
    except OSError:
        return False


def _ingest() -> bool:
    try:
        return is_alive()
    except DatabaseError:
        return False


PARTS: dict[str, Callable[[], bool]] = {"database": _database, "broker": _broker, "ingest": _ingest}


@require_safe
@public_page
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "up"})


@require_safe
@public_page
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part is ready, otherwise 503; the body names each part."""
    parts = {name: is_ready() for name, is_ready in PARTS.items()}
    is_ready = all(parts.values())
    body = {"status": "ready" if is_ready else "not ready", "parts": parts}
    return JsonResponse(body, status=200 if is_ready else 503)
