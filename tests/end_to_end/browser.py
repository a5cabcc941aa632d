"""What browser tests share: the application on a real ASGI server, and Debian's Chromium."""

import contextlib
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from django.core.asgi import get_asgi_application
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

from carbontrack.bounds import Bounded
from carbontrack.protocol import TimedProtocol

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
# Without these a closed network makes Chromium wait for services that no test needs.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True, slots=True)
class WebServer:
    url: str


@contextlib.contextmanager
def web_server() -> Iterator[WebServer]:
    """uvicorn in a thread of the test process, on the test's own database."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            Bounded(get_asgi_application()),
            http=TimedProtocol,
            ws="none",
            proxy_headers=False,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=1,
            access_log=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            _wait_until_it_answers(port)
            yield WebServer(f"http://127.0.0.1:{port}")
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _wait_until_it_answers(port: int) -> None:
    # The socket is bound before the server listens on it; connecting waits in the backlog once it does.
    for _attempt in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        except ConnectionRefusedError:
            threading.Event().wait(0.05)
    raise TimeoutError(f"the web server did not listen on port {port}")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            # Playwright's loop runs in this thread, and there Django keeps a connection apart from the test's.
            connections.close_all()
            browser.close()
