"""Waiting for what must happen: one limit for all tests, far above what anything takes with every core busy."""

import time
from collections.abc import Callable

TIMEOUT_S = 600.0


def wait_until(
    is_true: Callable[[], object], *, every_s: float = 0.02, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """For what gives no sign of its own: other processes' work, the network's. `meanwhile`: done before each pause."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while not is_true():
        assert time.monotonic() < deadline_s, "what was waited for did not come"
        meanwhile()
        time.sleep(every_s)
