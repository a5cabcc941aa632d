"""The in-memory twin of the MQTT client: what the pipeline sees of a broker, without one; and a clock to set."""

from collections.abc import Sequence

from mqtt_ingest.receive import BoundedQueue, Received


class InMemoryReceiver:
    """Implements `receive.Receiver`. `arrive` plays the broker; the lists say what the pipeline did."""

    def __init__(self) -> None:
        self.is_connected = True
        self.queue = BoundedQueue(limit_count=1_000)
        self.acknowledged: list[Received] = []
        self.published: list[tuple[str, bytes]] = []
        self.is_reading = True
        self.filters: Sequence[str] = ()

    def arrive(self, *messages: Received) -> None:
        self.queue.put(messages)

    def take(self, timeout_s: float) -> list[Received]:
        return self.queue.take(0.0)

    def acknowledge(self, messages: Sequence[Received]) -> None:
        self.queue.settle(messages)
        self.acknowledged.extend(messages)

    def publish(self, topic: str, payload: bytes) -> None:
        self.published.append((topic, payload))

    def follow(self, filters: Sequence[str]) -> None:
        self.filters = filters

    def stop_reading(self) -> None:
        self.is_reading = False


class Clock:
    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s
