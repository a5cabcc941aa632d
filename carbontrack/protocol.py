"""How the web server speaks HTTP: uvicorn's own protocol with time-outs that it lacks. The demo and gunicorn use it.

uvicorn waits for ever for the end of a request's head or body, and for a client to read its answer. Here a client that
is slower is cut off. A phone on a weak network may pause for half a minute.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

# One check of each connection in this time: a head has to come whole in one to two of these, the rest has to move on.
CHECK_S = 30.0
FEWEST_BYTES = 5_000  # of a body or an answer between two checks: a tenth of one GPRS time slot, 13.4 kbit/s
# Linux takes megabytes of an answer at once, then nothing until a third of them is read: a slow reader would look dead.
# With so much a reader of 1 kB/s goes on, and one of 0.7 kB/s is cut off (loopback).
SEND_BUFFER_BYTES = 32 * 1024


class TimedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # uvicorn chooses its class when imported
    """One connection. An answer may be made for as long as it takes; live streams take a quarter of an hour."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._received_bytes = self._pauses = 0
        self._watch: asyncio.TimerHandle = self.loop.call_later(CHECK_S, self._check, None, 0)

    def data_received(self, data: bytes) -> None:
        self._received_bytes += len(data)
        super().data_received(data)

    def pause_writing(self) -> None:
        self._pauses += 1
        super().pause_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def _check(self, waited_for: Any, moved_before_bytes: int) -> None:
        """`waited_for`: what the client still had to send or to read at the last check."""
        waits_for, moved_bytes = self._waits_for()
        if waits_for is not None and waits_for == waited_for and moved_bytes - moved_before_bytes < FEWEST_BYTES:
            self.transport.abort()
            return
        self._watch = self.loop.call_later(CHECK_S, self._check, waits_for, moved_bytes)

    def _waits_for(self) -> tuple[Any, int]:
        """What the client has to send or to read now, None for nothing, and how many bytes of it have moved."""
        if self.flow.write_paused or self.transport.is_closing():
            return ("answer", self._pauses), -self.transport.get_write_buffer_size()
        if self.cycle is not None and not self.cycle.response_complete:
            return (self.cycle if self.cycle.more_body else None), self._received_bytes
        if self.timeout_keep_alive_task is not None:  # between two requests: uvicorn's own time-out runs
            return None, 0
        # A head: it is short, so however it moves it has to come whole. Before it came the last answer, or nothing.
        return ("head", id(self.cycle)), 0
