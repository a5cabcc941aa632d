"""What tests do around a call: count its queries, make it in several threads at once, count connections after it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.waiting import TIMEOUT_S


def queries_of(browser: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """The results of `act(0)`, `act(1)` and so on, in threads that begin together; the first error is raised."""
    together = threading.Barrier(count)

    def run(number: int) -> Any:
        together.wait(timeout=TIMEOUT_S)
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def backends_come_down_to(count: int) -> bool:
    """Whether the database has so few connections. A closed one leaves the table a moment after it was closed."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            if cursor.fetchone()[0] <= count:
                return True
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
