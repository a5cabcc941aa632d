"""The heartbeat of ingest in the shared cache, for `/readyz` and `/metrics` of the web processes."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection

from mqtt_ingest.receive import Receiver

logger = logging.getLogger(__name__)

CACHE_KEY = "ingest_heartbeat"
INTERVAL_S = 5.0
BELIEVED_FOR_S = 3 * INTERVAL_S


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """The state of ingest at `at_s` (Unix time)."""

    at_s: float
    is_connected: bool
    queue_depth: int
    queue_capacity: int
    oldest_waiting_s: float


class Liveness:
    """Writes a heartbeat every 5 s, and at once when the connection to the broker starts or ends."""

    def __init__(self, receiver: Receiver, clock: Callable[[], float] = time.time) -> None:
        self._receiver = receiver
        self._clock = clock
        self._last: SignOfLife | None = None

    def beat(self) -> None:
        now_s = self._clock()
        is_connected = self._receiver.is_connected
        last = self._last
        if last and last.is_connected == is_connected and 0 <= now_s - last.at_s < INTERVAL_S:
            return
        queue = self._receiver.queue
        oldest_ms = queue.oldest_ms
        sign = SignOfLife(
            at_s=now_s,
            is_connected=is_connected,
            queue_depth=len(queue),
            queue_capacity=queue.limit_count,
            oldest_waiting_s=max(0.0, now_s - oldest_ms / 1000) if oldest_ms is not None else 0.0,
        )
        try:
            cache.set(CACHE_KEY, asdict(sign), timeout=24 * 3600)
        except (DatabaseError, InterfaceError) as error:
            # If the database is gone, the next batch will notice it and wait; meanwhile ingest is not alive.
            logger.debug("No heartbeat: %s", error)
            connection.close()
        self._last = sign


def last_sign_of_life() -> SignOfLife | None:
    """The last heartbeat of any age; None if there never was one."""
    cached = cache.get(CACHE_KEY)
    return SignOfLife(**cached) if cached else None
