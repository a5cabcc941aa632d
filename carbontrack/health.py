"""/healthz: this process is up. /readyz: every part of the system is; one that is not is named with what to do."""

import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.permissions import public_page
from carbontrack.management.commands.run_worker import NAME as WORKER
from emissions.rollups import lag_s
from lib import disk
from lib.heartbeats import signs_of_life
from mqtt_ingest.liveness import BELIEVED_FOR_S
from mqtt_ingest.queries import last_sign_of_life

BROKER_TIMEOUT_S = 2.0
BROKER_ASKED_EVERY_S = 2.0
WORKER_BELIEVED_FOR_S = 60.0
ROLLUP_LAG_LIMIT_S = 900.0


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _("PostgreSQL does not answer: start it, or look into its log and at its disk. The rest follows.")
    return ""


class _BrokerDoor:
    """Whether something accepts a connection at the broker's address; ingest checks the rest.

    Anybody may ask `/readyz`, so this process knocks at most once in BROKER_ASKED_EVERY_S, and one thread at a time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: tuple[str, float] = "", 0.0  # the address, and until when the answer holds
        self._is_open = False

    def is_open(self, url: str) -> bool:
        with self._lock:
            if self._asked[0] != url or time.monotonic() >= self._asked[1]:
                self._is_open = self._accepts(url)
                self._asked = url, time.monotonic() + BROKER_ASKED_EVERY_S
            return self._is_open

    def _accepts(self, url: str) -> bool:
        parts = urlsplit(url)
        port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        try:
            socket.create_connection((parts.hostname or "", port), BROKER_TIMEOUT_S).close()
        except OSError:
            return False
        return True


_broker_door = _BrokerDoor()


def _broker() -> str:
    if _broker_door.is_open(settings.MQTT_BROKER_URL):
        return ""
    return _("Nothing accepts a connection at the address in MQTT_BROKER_URL: start the broker, or correct it.")


def _ingest() -> str:
    sign = last_sign_of_life()
    if sign is None:
        return _("No ingest process runs: start `manage.py ingest_mqtt`.")
    if sign.age_s >= BELIEVED_FOR_S:
        return _("No heartbeat of ingest for %(age_s)d s: read its log, then restart it.") % {"age_s": sign.age_s}
    if sign.problem:
        return _("Ingest runs and stores nothing: %(problem)s.") % {"problem": sign.problem}
    return ""


def _worker() -> str:
    ages_s = [sign.age_s for sign in signs_of_life() if sign.name == WORKER]
    if not ages_s:
        return _("No worker runs: start `manage.py run_worker`.")
    if ages_s[0] >= WORKER_BELIEVED_FOR_S:
        return _("No heartbeat of the worker for %(age_s)d s: read its log, then restart it.") % {"age_s": ages_s[0]}
    return ""


def _rollups() -> str:
    lag = lag_s()
    if lag < ROLLUP_LAG_LIMIT_S:
        return ""
    return _("Totals are %(lag_min)d minutes behind the readings: read the worker's log.") % {"lag_min": lag // 60}


def _disk() -> str:
    if not disk.is_low():
        return ""
    sizes = {"free_mb": disk.free_bytes() // disk.MB, "floor_mb": disk.floor_bytes() // disk.MB}
    return (
        _(
            "%(free_mb)d MB are free on the data's disk, and nothing is stored below %(floor_mb)d MB: free some space, "
            "and storing resumes. Devices keep their readings until then."
        )
        % sizes
    )


PARTS: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "ingest": _ingest,
    "worker": _worker,
    "rollups": _rollups,
    "disk": _disk,
}


def problems() -> dict[str, str]:
    """For each part what is wrong and what to do; empty when it is ready."""
    found: dict[str, str] = {}
    for name, problem in PARTS.items():
        try:
            found[name] = problem()
        except DatabaseError:
            found[name] = _("This is not known while PostgreSQL does not answer.")
    return found


@require_safe
@public_page
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "up"})


@require_safe
@public_page
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part is ready, otherwise 503; the body names each part, and what to do about it."""
    found = problems()
    wrong = {name: problem for name, problem in found.items() if problem}
    body = {
        "status": "not ready" if wrong else "ready",
        "parts": {name: not problem for name, problem in found.items()},
        "problems": wrong,
        "disk_free_mb": disk.free_bytes() // disk.MB,
    }
    return JsonResponse(body, status=503 if wrong else 200)
