"""How the web server speaks HTTP: uvicorn's own protocol with time-outs that it lacks. The demo and gunicorn use it.

uvicorn waits for ever for the end of a request's head or body. Here a client that is slower is cut off.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

# One check of each connection in this time: a head has to come whole in one to two of these, a body has to move on.
CHECK_S = 10.0
SLOWEST_BODY_BYTES = 5_000  # between two checks: a tenth of the slowest mobile network


class TimedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # uvicorn chooses its class when imported
    """One connection. An answer may take as long as it likes; live streams take a quarter of an hour."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._received_bytes = 0
        self._watch: asyncio.TimerHandle = self.loop.call_later(CHECK_S, self._check, None, 0)

    def data_received(self, data: bytes) -> None:
        self._received_bytes += len(data)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def _check(self, waited_for: Any, bytes_before: int) -> None:
        """`waited_for`: the request that was incomplete at the last check."""
        request = self._incomplete()
        is_body = request is not None and request is self.cycle
        is_slow = not is_body or self._received_bytes - bytes_before < SLOWEST_BODY_BYTES
        if request is not None and request is waited_for and is_slow:
            self.transport.abort()
            return
        self._watch = self.loop.call_later(CHECK_S, self._check, request, self._received_bytes)

    def _incomplete(self) -> Any:
        """The request whose body is not here yet; for a head, the answer that was last given, or this connection."""
        if self.cycle is not None and not self.cycle.response_complete:
            return self.cycle if self.cycle.more_body else None
        if self.timeout_keep_alive_task is not None:  # between two requests: uvicorn's own time-out runs
            return None
        return self if self.cycle is None else self.cycle.scope
