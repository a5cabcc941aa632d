"""The heartbeat of one ingest process, for `/readyz`, `/metrics` and whoever restarts it when it is frozen.

And since when readings have been stored without a break: an outage of ours must not count against a device.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError
from django.db.models import Max
from django.utils import timezone

from devices.models import MCUDevice
from lib import heartbeats
from mqtt_ingest.receive import Receiver

logger = logging.getLogger(__name__)

INTERVAL_S = 5.0
BELIEVED_FOR_S = 3 * INTERVAL_S
NAME = "ingest"  # of a lone process; `ingest-<worker>` of one of several
NOT_CONNECTED = "not connected to the broker"
SHORT_BREAK = timedelta(minutes=1)  # a restart of ingest; the broker and the devices bridge it
SETTLED_AFTER = timedelta(minutes=15)  # by then devices have come back and have sent what they kept
_KEY = "ingest_stores"
_ALWAYS = datetime.min.replace(tzinfo=UTC)
Note = tuple[datetime, datetime, datetime | None]  # stored without a break since, stored last, and left before that


class Liveness:
    """Beats every 5 s, and at once when it begins or ends to wait for something."""

    def __init__(self, receiver: Receiver, name: str = NAME, clock: Callable[[], float] = time.monotonic) -> None:
        self._receiver, self._name, self._clock = receiver, name, clock
        self._last: tuple[float, str] | None = None
        self._note: Note | None = None

    def begin(self) -> None:
        """Before anything is stored. After a crash of PostgreSQL the cache is empty, and the devices say when we stored
        last; where none was on line no outage is known, as at the first start."""
        online = MCUDevice.objects.filter(reported_online=True, revoked_at=None)
        heard_at = online.aggregate(at=Max("last_heartbeat"))["at"]
        self._note = (_ALWAYS, heard_at, None) if heard_at else None

    def beat(self, waits_for: str = "") -> None:
        problem = waits_for or ("" if self._receiver.is_connected else NOT_CONNECTED)
        now_s = self._clock()
        if self._last is not None and self._last[1] == problem and now_s - self._last[0] < INTERVAL_S:
            return
        heartbeats.beat(self._name, problem)
        if not problem:
            self._note = note_storing(self._note)
        self._last = now_s, problem

    def end(self) -> None:
        heartbeats.forget(self._name)


def note_storing(known: Note | None = None) -> Note | None:
    """An ingest process is connected and can store; what it noted. A database that is away only costs the note.

    `known` counts where the cache is empty.
    """
    now = timezone.now()
    try:
        since, last_at, left_at = cache.get(_KEY) or known or (_ALWAYS, now, None)
        if now - last_at > SHORT_BREAK:
            since, left_at = now, last_at
        noted = since, now, left_at
        cache.set(_KEY, noted, timeout=None)
    except (DatabaseError, InterfaceError) as error:
        logger.debug("Not noted that ingest stores: %s", error)
        return known
    return noted


def settled_at() -> datetime | None:
    """When the last outage of ours was over for the devices too: 15 minutes after ingest was back; None until then.

    While it is None nobody judges a device, and what a device did before that moment counts from it. None too until an
    ingest process has noted anything; long ago where no outage is known.
    """
    now = timezone.now()
    if (note := cache.get(_KEY)) is None:
        return None
    since, last_at, _left_at = note
    settled = since + SETTLED_AFTER
    return settled if now - last_at <= SHORT_BREAK and settled <= now else None


def last_outage() -> tuple[datetime, datetime]:
    """Begin and end of our last outage; long ago where none is known."""
    since, _last_at, left_at = cache.get(_KEY) or (_ALWAYS, _ALWAYS, None)
    return left_at or _ALWAYS, since
