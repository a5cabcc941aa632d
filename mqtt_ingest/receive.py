"""What the pipeline needs of an MQTT client, and the bounded queue between the client and the pipeline.

`paho_receiver.py` is the one in use; another client takes its place by offering the same few methods.
Back-pressure: the queue is bounded in messages and in bytes. While it is full the receiver does not read its
socket, so the broker holds the rest.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

QUEUE_LIMIT_COUNT = 5_000
QUEUE_LIMIT_BYTES = 32 * 1024 * 1024
# What is taken at once: a mebibyte of backlog holds some ten thousand readings, enough for a batch.
TAKE_LIMIT_COUNT = 1_000
TAKE_LIMIT_BYTES = 1024 * 1024
OVERHEAD_BYTES = 200  # of a queued message beside its payload


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came. `connection` and `packet_id` say what to acknowledge, None if nothing."""

    topic: str
    payload: bytes
    received_ms: int
    is_live: bool = True  # false: retained by the broker
    connection: int = 0
    packet_id: int | None = None


class Receiver(Protocol):
    """The MQTT client as the pipeline sees it. All methods may be called from the pipeline's thread."""

    @property
    def is_connected(self) -> bool: ...

    @property
    def depth(self) -> int:
        """Messages waiting in the queue."""

    @property
    def capacity(self) -> int: ...

    @property
    def oldest_ms(self) -> int | None:
        """When the longest waiting message was received."""

    def start(self) -> None: ...

    def take(self, timeout_s: float) -> list[Received]:
        """The oldest messages of the queue; waits until there is one, at most `timeout_s`."""

    def acknowledge(self, messages: Sequence[Received]) -> None:
        """Tell the broker that these need not be sent again."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Send with QoS 1. Lost when not connected."""

    def stop_reading(self) -> None:
        """Take nothing more from the broker; what is in the queue stays to be taken."""

    def close(self) -> None:
        """Send what is still to be sent, disconnect, and end."""


class BoundedQueue:
    """Messages between the receiver's thread and the pipeline's, bounded in number and bytes.

    `put` never blocks: the receiver asks `is_full` before it reads on, and may overshoot by what it has read.
    """

    def __init__(self, limit_count: int = QUEUE_LIMIT_COUNT, limit_bytes: int = QUEUE_LIMIT_BYTES) -> None:
        self.limit_count, self.limit_bytes = limit_count, limit_bytes
        self._messages: deque[Received] = deque()
        self._bytes = 0
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def is_full(self) -> bool:
        return len(self._messages) >= self.limit_count or self._bytes >= self.limit_bytes

    @property
    def oldest_ms(self) -> int | None:
        with self._changed:
            return self._messages[0].received_ms if self._messages else None

    def put(self, messages: Sequence[Received]) -> None:
        with self._changed:
            self._messages.extend(messages)
            self._bytes += sum(len(m.payload) + OVERHEAD_BYTES for m in messages)
            self._changed.notify()

    def take(self, timeout_s: float) -> list[Received]:
        """The oldest messages, at most TAKE_LIMIT of them; [] when none came in time or on `wake`."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            while not self._messages:
                left_s = deadline_s - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    break
            taken: list[Received] = []
            taken_bytes = 0
            while self._messages and len(taken) < TAKE_LIMIT_COUNT and taken_bytes < TAKE_LIMIT_BYTES:
                message = self._messages.popleft()
                taken_bytes += len(message.payload) + OVERHEAD_BYTES
                taken.append(message)
            self._bytes -= taken_bytes
            return taken
