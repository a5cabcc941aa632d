"""How long a page takes, for the benchmarks."""

import statistics
import time
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

ROUNDS = 15


@dataclass(frozen=True, slots=True)
class PageTime:
    median_ms: float
    p95_ms: float
    statements: int
    rows: int  # of its tables

    def __str__(self) -> str:
        return f"median {self.median_ms:7.1f} ms, p95 {self.p95_ms:7.1f} ms, {self.statements:3} statements"


def time_page(client: Client, address: str) -> PageTime:
    """Of 15 calls, after one that counts the statements."""
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    statements = len(asked)  # before the next request clears the log
    taken_ms = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        answer = client.get(address)
        taken_ms.append(1000 * (time.perf_counter() - start))
        assert answer.status_code == 200, address
    taken_ms.sort()
    rows = answer.content.decode().count("<tr>") - 1
    return PageTime(statistics.median(taken_ms), taken_ms[round(0.95 * (ROUNDS - 1))], statements, rows)
