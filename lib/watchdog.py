"""Tells whoever started this process that its main loop moves, by systemd's watchdog protocol (sd_notify); and listens.

systemd (`WatchdogSec=`) and the demo's supervisor kill and restart a process that stays silent. Without either of them
this does nothing.
"""

import os
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

ALIVE = b"WATCHDOG=1"


def beat() -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # A supervisor that is away or slow must not stop the work.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.setblocking(False)
        notify.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        notify.send(ALIVE)


class Listener:
    """The other side: hears a process that was started with `environment`."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}
        self._socket: socket.socket | None = None
        if hasattr(socket, "AF_UNIX"):  # Windows has none: there nothing is found frozen
            self._folder = tempfile.TemporaryDirectory(prefix="carbontrack-")  # a short path: a socket's is limited
            address = str(Path(self._folder.name) / "watchdog")
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._socket.bind(address)
            self.environment = {"NOTIFY_SOCKET": address}

    def has_heard(self) -> bool:
        """Whether there was a beat since the last question."""
        if self._socket is None:
            return True
        heard = False
        with suppress(BlockingIOError):
            while True:
                heard |= self._socket.recv(100) == ALIVE
        return heard
