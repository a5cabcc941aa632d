"""A receiver of webhooks on this machine: keeps what came, and answers as a test says."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TRICKLE_S = 60.0


class Receiver:
    """`bodies` in the order of arrival. `answer` may replace what a request gets."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.status = 200
        self.location = ""
        self.answer: Callable[[BaseHTTPRequestHandler], None] | None = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.bodies.append(json.loads(text))
                receiver.headers.append(dict(self.headers))
                receiver.paths.append(self.path)
                if receiver.answer is not None:
                    receiver.answer(self)
                    return
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Not to standard error."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """An answer that ends far too late for any sender of ours: a byte every 20 ms."""
    handler.send_response(200)
    handler.end_headers()
    try:
        ends_at_s = time.monotonic() + TRICKLE_S
        while time.monotonic() < ends_at_s:
            handler.wfile.write(b".")
            time.sleep(0.02)
    except OSError:
        return


@cache
def packed_zeros() -> bytes:
    """50 kB that unpack to 50 MB."""
    return gzip.compress(bytes(50_000_000))


def bomb(handler: BaseHTTPRequestHandler, status: int, *, is_chunked: bool) -> None:
    """A small answer that unpacks to a large one."""
    body = packed_zeros()
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(status)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Location", "https://hooks.example.com/")
    handler.send_header("Connection", "close")
    if is_chunked:
        handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    with suppress(OSError):
        handler.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body)
