"""The heartbeat of one ingest process, for `/readyz`, `/metrics` and whoever restarts it when it is frozen."""

import time
from collections.abc import Callable

from lib import heartbeats
from mqtt_ingest.receive import Receiver

INTERVAL_S = 5.0
BELIEVED_FOR_S = 3 * INTERVAL_S
NAME = "ingest"  # of a lone process; `ingest-<worker>` of one of several
NOT_CONNECTED = "not connected to the broker"


class Liveness:
    """Beats every 5 s, and at once when it begins or ends to wait for something."""

    def __init__(self, receiver: Receiver, name: str = NAME, clock: Callable[[], float] = time.monotonic) -> None:
        self._receiver, self._name, self._clock = receiver, name, clock
        self._last: tuple[float, str] | None = None

    def beat(self, waits_for: str = "") -> None:
        problem = waits_for or ("" if self._receiver.is_connected else NOT_CONNECTED)
        now_s = self._clock()
        if self._last is not None and self._last[1] == problem and now_s - self._last[0] < INTERVAL_S:
            return
        heartbeats.beat(self._name, problem)
        self._last = now_s, problem

    def end(self) -> None:
        heartbeats.forget(self._name)
