"""The in-memory twin of the MQTT client: what the pipeline sees of a broker, without one."""

from collections import deque
from collections.abc import Sequence

from mqtt_ingest.receive import Received


class InMemoryReceiver:
    """Implements `receive.Receiver`. `arrive` plays the broker; the lists say what the pipeline did."""

    def __init__(self) -> None:
        self.is_connected = True
        self.capacity = 1_000
        self.queue: deque[Received] = deque()
        self.taken: list[Received] = []
        self.acknowledged: list[Received] = []
        self.published: list[tuple[str, bytes]] = []
        self.is_reading = True

    @property
    def depth(self) -> int:
        return len(self.queue)

    @property
    def oldest_ms(self) -> int | None:
        return self.queue[0].received_ms if self.queue else None

    @property
    def unacknowledged(self) -> int:
        return len(self.queue) + len(self.taken) - len(self.acknowledged)

    @property
    def oldest_unacknowledged_ms(self) -> int | None:
        waiting = [*self.taken[len(self.acknowledged) :], *self.queue]
        return waiting[0].received_ms if waiting else None

    def start(self) -> None:
        pass

    def arrive(self, *messages: Received) -> None:
        self.queue.extend(messages)

    def take(self, timeout_s: float) -> list[Received]:
        taken = list(self.queue)
        self.queue.clear()
        self.taken += taken
        return taken

    def acknowledge(self, messages: Sequence[Received]) -> None:
        self.acknowledged.extend(messages)

    def publish(self, topic: str, payload: bytes) -> None:
        self.published.append((topic, payload))

    def stop_reading(self) -> None:
        self.is_reading = False

    def close(self) -> None:
        self.is_connected = False
