"""The readers of the live benchmark, in a process of their own: many open streams, and some that never read.

    python -m tests.bench.live_clients <port> <file of {"token", "query", "is_slow"}, one JSON a line>

Says "open <count>" when each has its first bytes. Standard input commands it: `begin` starts measuring again, `end` is
answered with one line of JSON, `stop` ends it.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from datetime import datetime
from functools import cache, partial
from pathlib import Path

TIMESTAMP = re.compile(rb'"timestamp":"([^"]+)"')
TINY_BYTES = 2_048  # what a slow client's kernel takes
OPEN_TIMEOUT_S = 60.0
OPENED_AT_ONCE = 20


@cache
def _measured_ms(text: bytes) -> float:
    return datetime.fromisoformat(text.decode()).timestamp() * 1000


class Reader(asyncio.Protocol):
    """One stream. An event is of the time at which its last byte is here."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self._transport: asyncio.Transport | None = None
        self.is_open = asyncio.Event()
        self.has_ended = False
        self.latencies_ms: list[float] = []
        self.received_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now_ms = time.time() * 1000
        self.received_bytes += len(data)
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            if found := TIMESTAMP.search(event):
                self.latencies_ms.append(now_ms - _measured_ms(found[1]))
        if not self.is_open.is_set() and (events or b"retry:" in self._rest):
            self.is_open.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.has_ended = True

    def begin(self) -> None:
        self.latencies_ms, self.received_bytes = [], 0


def request_of(port: int, token: str, query: str) -> bytes:
    return (
        f"GET /api/emissions/stream/?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Token {token}\r\n\r\n"
    ).encode()


def slow_socket(port: int, request: bytes) -> socket.socket:
    """Asks and then reads nothing, into as small a buffer as the kernel grants."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TINY_BYTES)
    connection.connect(("127.0.0.1", port))
    connection.sendall(request)
    return connection


async def run(port: int, clients: list[dict[str, object]]) -> None:
    loop = asyncio.get_running_loop()
    readers: list[Reader] = []
    slow: list[socket.socket] = []
    wanted = [(request_of(port, str(c["token"]), str(c["query"])), bool(c["is_slow"])) for c in clients]
    for first in range(0, len(wanted), OPENED_AT_ONCE):
        fresh = []
        for request, is_slow in wanted[first : first + OPENED_AT_ONCE]:
            if is_slow:
                slow.append(slow_socket(port, request))
                continue
            reader = Reader(request)
            await loop.create_connection(partial(_same, reader), "127.0.0.1", port)
            fresh.append(reader)
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            await asyncio.gather(*(reader.is_open.wait() for reader in fresh))
        readers += fresh
    _say(f"open {len(readers)}")
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while (line := (await lines.readline()).strip()) not in (b"", b"stop"):
        if line == b"begin":
            for reader in readers:
                reader.begin()
        elif line == b"end":
            _say(json.dumps(found(readers)))
    for connection in slow:
        connection.close()


def _same(reader: Reader) -> Reader:
    return reader


def found(readers: list[Reader]) -> dict[str, object]:
    return {
        "latencies_ms": [round(ms, 1) for reader in readers for ms in reader.latencies_ms],
        "bytes": [reader.received_bytes for reader in readers],
        "without_events": sum(not reader.latencies_ms for reader in readers),
        "ended": sum(reader.has_ended for reader in readers),
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    specifications = Path(sys.argv[2]).read_text().splitlines()
    asyncio.run(run(int(sys.argv[1]), [json.loads(line) for line in specifications]))
