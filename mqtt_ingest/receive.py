"""The interface of an MQTT client for the pipeline, and the bounded queue between the two.

`paho_receiver.py` is the client in use; another client needs only the same few methods. Back-pressure: the queue is
bounded in messages and in bytes. While it is full the receiver does not read its socket, so the broker keeps the rest.
Small messages overtake large ones: live readings do not wait for the backlog of hundreds of devices.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

QUEUE_LIMIT_COUNT = 5_000
QUEUE_LIMIT_BYTES = 32 * 1024 * 1024
# Bytes of received messages that are not settled, including stored ones that wait for earlier ones. Packet ids have 16
# bits, and Mosquitto 2.0 sends on beyond its window.
UNSETTLED_LIMIT_COUNT = 20_000
# Largest portion taken at once: a mebibyte of backlog holds some ten thousand readings, enough for a batch.
TAKE_LIMIT_COUNT = 1_000
TAKE_LIMIT_BYTES = 1024 * 1024
OVERHEAD_BYTES = 200  # of a queued message beside its payload
# Twelve readings with the usual values, the most that a device sends live, take less; thirty, its backlog, take more.
SMALL_LIMIT_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it arrived. `connection` and `packet_id` say what to acknowledge, None if nothing."""

    topic: str
    payload: bytes
    received_ms: int
    is_live: bool = True  # false: retained by the broker
    connection: int = 0
    packet_id: int | None = None


class BoundedQueue:
    """Messages between the receiver's thread and the pipeline's, bounded in number and bytes.

    `put` never blocks: the receiver asks `is_full` before it reads on, and may overshoot by what it has read.
    """

    def __init__(self, limit_count: int = QUEUE_LIMIT_COUNT, limit_bytes: int = QUEUE_LIMIT_BYTES) -> None:
        self.limit_count, self.limit_bytes = limit_count, limit_bytes
        self._small: deque[Received] = deque()
        self._large: deque[Received] = deque()
        self._bytes = 0
        # In order of arrival, until settled; and those already settled while an earlier one is not. Small
        # messages delay a large one by at most its own size, so large ones get half of what is taken.
        self._unsettled: deque[Received] = deque()
        self._settled_ids: set[int] = set()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._small) + len(self._large)

    @property
    def is_full(self) -> bool:
        if len(self._unsettled) >= UNSETTLED_LIMIT_COUNT:
            return True
        return len(self) >= self.limit_count or self._bytes >= self.limit_bytes

    @property
    def oldest_ms(self) -> int | None:
        with self._changed:
            return min((lane[0].received_ms for lane in (self._small, self._large) if lane), default=None)

    @property
    def unsettled_count(self) -> int:
        """Received messages that are not acknowledged to the broker yet, including those in the queue."""
        return len(self._unsettled)

    @property
    def oldest_unsettled_ms(self) -> int | None:
        with self._changed:
            return self._unsettled[0].received_ms if self._unsettled else None

    def put(self, messages: Sequence[Received]) -> None:
        with self._changed:
            for message in messages:
                (self._small if len(message.payload) <= SMALL_LIMIT_BYTES else self._large).append(message)
            self._unsettled.extend(messages)
            self._bytes += sum(len(m.payload) + OVERHEAD_BYTES for m in messages)
            self._changed.notify()

    def take(self, timeout_s: float) -> list[Received]:
        """The oldest messages, at most TAKE_LIMIT of them, small ones first; [] when none came in time."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            while not len(self):
                left_s = deadline_s - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    break
            taken: list[Received] = []
            limit_bytes = TAKE_LIMIT_BYTES // 2 if self._large else TAKE_LIMIT_BYTES
            taken_bytes = 0
            while self._small and len(taken) < TAKE_LIMIT_COUNT and taken_bytes < limit_bytes:
                taken.append(self._small.popleft())
                taken_bytes += len(taken[-1].payload) + OVERHEAD_BYTES
            while self._large and taken_bytes < TAKE_LIMIT_BYTES:
                taken.append(self._large.popleft())
                taken_bytes += len(taken[-1].payload) + OVERHEAD_BYTES
            self._bytes -= taken_bytes
            return taken

    def settle(self, messages: Sequence[Received]) -> list[Received]:
        """Mark these as finished; returns the messages that may be acknowledged now.

        MQTT demands the order of arrival, so messages that overtook others wait for them.
        """
        with self._changed:
            self._settled_ids.update(map(id, messages))
            ready: list[Received] = []
            while self._unsettled and id(self._unsettled[0]) in self._settled_ids:
                ready.append(self._unsettled.popleft())
            self._settled_ids.difference_update(map(id, ready))
            return ready


class Receiver(Protocol):
    """The MQTT client as the pipeline sees it. All methods may be called from the pipeline's thread."""

    queue: BoundedQueue

    @property
    def is_connected(self) -> bool: ...

    def take(self, timeout_s: float) -> list[Received]:
        """The oldest messages of the queue; waits until there is one, at most `timeout_s`."""

    def acknowledge(self, messages: Sequence[Received]) -> None:
        """Tell the broker that these need not be sent again."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Send with QoS 1. Lost when not connected."""

    def follow(self, filters: Sequence[str]) -> None:
        """Subscribe to these foreign topics beside ours, now and after each connection, and to no others."""

    def stop_reading(self) -> None:
        """Take nothing more from the broker; messages in the queue can still be taken."""
