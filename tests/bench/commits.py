"""How long a reading takes from `t`, stamped at its sending, until another database session knows of its commit.

PostgreSQL tells listeners of `carbontrack_readings` once a transaction is committed and on disk. So what is measured
is a little more than publish-to-commit: the way to the listener is in it, and `t` is cut to a millisecond.
"""

from __future__ import annotations

import select
import threading
import time
from dataclasses import dataclass
from types import TracebackType

import msgspec
import psycopg2

from lib.local.postgres import LocalPostgres

_keys_of = msgspec.json.Decoder(list[tuple[int, int, int, int]]).decode


@dataclass(frozen=True, slots=True)
class Latency:
    """Of the readings sent in a span of time, in milliseconds."""

    count: int
    p50_ms: float
    p99_ms: float
    largest_ms: float


class CommitListener:
    """Notes what is committed, and when, in a thread; what it noted is decoded afterwards."""

    def __init__(self, server: LocalPostgres) -> None:
        self._connection = psycopg2.connect(**server.connection_settings())
        self._connection.autocommit = True
        self._connection.cursor().execute("LISTEN carbontrack_readings")
        self._notes: list[tuple[int, str]] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="commit-listener", daemon=True)

    def __enter__(self) -> CommitListener:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._connection.close()

    def _listen(self) -> None:
        while not self._ending.is_set():
            readable, _, _ = select.select([self._connection], [], [], 0.2)
            if not readable:
                continue
            self._connection.poll()
            now_ms = time.time_ns() // 1_000_000
            self._notes.extend((now_ms, notice.payload) for notice in self._connection.notifies)
            self._connection.notifies.clear()

    def latency(self, from_ms: int, to_ms: int) -> Latency:
        """Of readings stamped in [from_ms, to_ms) that are committed by now; forgets what came before."""
        self._notes = [note for note in self._notes if note[0] >= from_ms]
        took_ms = sorted(
            heard_ms - t_ms
            for heard_ms, payload in list(self._notes)
            for _device, t_ms, _stream, _seq in _keys_of(payload)
            if from_ms <= t_ms < to_ms
        )
        if not took_ms:
            return Latency(0, float("nan"), float("nan"), float("nan"))
        return Latency(len(took_ms), _at(took_ms, 0.50), _at(took_ms, 0.99), took_ms[-1])


def _at(ordered: list[int], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
