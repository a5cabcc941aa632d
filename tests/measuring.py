"""What tests do around a call: count its queries, or make it in several threads at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries_of(browser: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """The results of `act(0)`, `act(1)` and so on, in threads that begin together; the first error is raised."""
    together = threading.Barrier(count)

    def run(number: int) -> Any:
        together.wait(timeout=20)
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
