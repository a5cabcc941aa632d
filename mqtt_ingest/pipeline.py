"""All of ingest on one page: receive, parse, identify, batch, store, acknowledge, announce.

Each stage is a module of that name. One thread runs this loop, another one owns the MQTT client.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError
from psycopg2.errors import DiskFull

from lib import disk
from mqtt_ingest.acknowledge import acknowledge
from mqtt_ingest.announce import Announcer
from mqtt_ingest.batch import Batch
from mqtt_ingest.commands import CommandSender
from mqtt_ingest.identify import DeviceDirectory, identify
from mqtt_ingest.liveness import NAME, Liveness
from mqtt_ingest.outcomes import Tally
from mqtt_ingest.parts import Parts, Stored
from mqtt_ingest.profile_directory import ProfileDirectory
from mqtt_ingest.rate_limit import TokenBuckets, limit_rate, pause_s
from mqtt_ingest.receive import Receiver
from mqtt_ingest.retry import StoppedWaitingError, until_it_can_be_stored
from mqtt_ingest.store import store_parts

logger = logging.getLogger(__name__)

T = TypeVar("T")

# While nothing arrives: how soon delayed answers and the heartbeat get their turn.
IDLE_WAIT_S = 0.25


class DiskLowError(OperationalError):
    """The disk of the database is full to its floor: we wait, as for a database that is away."""


class Pipeline:
    """Moves messages from a receiver to the database until it is stopped."""

    def __init__(
        self,
        receiver: Receiver,
        buckets: TokenBuckets,
        *,
        name: str = NAME,
        batch: Batch | None = None,
        store_batch: Callable[[Parts], Stored] = store_parts,
    ) -> None:
        self.total, self.last = Tally(), Tally()  # of all committed batches, and of the previous one
        self.stopping = threading.Event()
        self.idle_since_s = time.monotonic()
        self._receiver = receiver
        self._buckets = buckets
        self._batch = Batch() if batch is None else batch  # an empty batch is false
        self._store_batch = store_batch
        self._directory, self._profiles = DeviceDirectory(), ProfileDirectory()
        self._announcer = Announcer(receiver, pause_s=lambda arrival: pause_s(buckets, arrival))
        self._commands = CommandSender(receiver)
        self._liveness = Liveness(receiver, name)
        self._floor = disk.Floor()

    def stop(self) -> None:
        """Take nothing new; `run` then finishes what is queued and returns. Safe in a signal handler."""
        self.stopping.set()
        self._receiver.stop_reading()

    def run(self) -> None:
        """Runs until `stop`, and then until the queue is empty."""
        try:
            self._patiently(self._liveness.begin)
            while not self._is_finished():
                self._step()
            self._announcer.send_due(is_last=True)
        except StoppedWaitingError as error:
            logger.warning("Stopped before all was stored; the broker keeps the rest: %s", error)
        self._liveness.end()

    def _step(self) -> None:
        received = self._receiver.take(self._seconds_to_wait())
        self._patiently(lambda: self._profiles.keep_subscribed(self._receiver))
        parsed = self._patiently(lambda: self._profiles.parse_all(received))
        arrivals = self._patiently(lambda: identify(self._directory, parsed)) if parsed else []
        for arrival in arrivals:
            self._batch.add(limit_rate(self._buckets, arrival))
        if self._batch.is_due() or (self.stopping.is_set() and len(self._batch)):
            parts = Parts(self._batch.take())  # made once: a retry then knows what is committed
            stored = self._patiently(lambda: self._store(parts))
            acknowledge(self._receiver, stored.arrivals)
            self._announcer.announce(stored.arrivals)
            self.total.add(stored.tally)
            self.last = stored.tally
        self._announcer.send_due()
        self._patiently(self._commands.send_due)
        self._liveness.beat()
        if received or len(self._batch):
            self.idle_since_s = time.monotonic()

    def _store(self, parts: Parts) -> Stored:
        """Not on the last of the disk: a database without space for its log ends itself."""
        if self._floor.is_reached():
            raise DiskLowError(
                f"{disk.free_bytes() / disk.MB:.0f} MB are free on the data's disk, and nothing is stored below "
                f"DISK_FLOOR_MB={disk.floor_bytes() / disk.MB:.0f} and a tenth of it; free some space"
            )
        return self._store_batch(parts)

    def _patiently(self, work: Callable[[], T]) -> T:
        return until_it_can_be_stored(work, self.stopping, lambda error: self._liveness.beat(_waits_for(error)))

    def _seconds_to_wait(self) -> float:
        if self.stopping.is_set():
            return 0.0
        left_s = self._batch.seconds_left()
        return IDLE_WAIT_S if left_s is None else min(left_s, IDLE_WAIT_S)

    def _is_finished(self) -> bool:
        return self.stopping.is_set() and len(self._receiver.queue) == 0 and len(self._batch) == 0


def _waits_for(error: Exception) -> str:
    """For `/readyz`, which all may read: nothing of our own log."""
    if isinstance(error, DiskLowError):
        return str(error)
    is_full = isinstance(error.__cause__, DiskFull)
    return "the disk of PostgreSQL is full" if is_full else "PostgreSQL does not take it; read the log of ingest"
