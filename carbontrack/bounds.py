"""What clients can hold of one web process: requests at once, the size of a body, an answer that nobody reads.

A request may hold one database connection, so `WEB_REQUESTS_AT_ONCE` of every web process together stay below the
server's `max_connections` (checked in `checks.py`). Further requests wait a moment for their turn, then get 503.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from emissions.live import EVENT_STREAM
from lib.errors import plain_refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

WAIT_S = 2.0  # for a turn: a burst of page loads is over by then
RETRY_AFTER_S = 5
STALLED_S = 30.0  # for the client to read 64 kB of its answer
LARGEST_BODY_BYTES = 32 * 1024 * 1024  # a sheet has up to 20 MB


class _RefusedError(Exception):
    """The request is answered here and does not reach Django."""

    def __init__(self, status: int) -> None:
        self.status = status


class Bounded:
    """ASGI middleware around Django."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.turns = asyncio.Semaphore(settings.WEB_REQUESTS_AT_ONCE)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        # A busy process is up, and must not look frozen to who watches it.
        turns = asyncio.Semaphore() if scope.get("path") == "/healthz" else self.turns
        exchange = _Exchange(turns, receive, send)
        try:
            await self.application(scope, exchange.receive, exchange.send)
        except _RefusedError as refused:
            await _answer(await sync_to_async(_refusal)(scope, refused.status), send)
        finally:
            exchange.end_turn()


class _Exchange:
    """One request and its answer. Its turn begins when its body is here: a slow sender must keep nobody waiting."""

    def __init__(self, turns: asyncio.Semaphore, receive: Receive, send: Send) -> None:
        self._turns, self._receive, self._send = turns, receive, send
        self._has_turn = self._is_received = False
        self._body_bytes = 0
        self._stalled = asyncio.Event()

    async def receive(self) -> Message:
        if self._is_received:
            return await self._disconnected()
        message = await self._receive()
        self._body_bytes += len(message.get("body", b""))
        if self._body_bytes > LARGEST_BODY_BYTES:
            raise _RefusedError(413)
        if message["type"] == "http.request" and not message.get("more_body"):
            self._is_received = True
            await self._begin_turn()
        return message

    async def send(self, message: Message) -> None:
        if (b"Content-Type", EVENT_STREAM.encode()) in message.get("headers", ()):
            self.end_turn()  # a live stream holds no database connection, and has limits of its own
        try:
            async with asyncio.timeout(STALLED_S):
                await self._send(message)
        except TimeoutError:
            self._stalled.set()
            await asyncio.Event().wait()  # Django now hears that the client has gone, and cancels this

    async def _disconnected(self) -> Message:
        """Waits until the client has gone, or must be treated so because it does not read."""
        gone = asyncio.ensure_future(self._receive())
        stalled = asyncio.ensure_future(self._stalled.wait())
        try:
            await asyncio.wait((gone, stalled), return_when=asyncio.FIRST_COMPLETED)
            return gone.result() if gone.done() else {"type": "http.disconnect"}
        finally:
            gone.cancel()
            stalled.cancel()

    async def _begin_turn(self) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise _RefusedError(503) from None
        self._has_turn = True

    def end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.release()


def _refusal(scope: Any, status: int) -> HttpResponse:
    request = ASGIRequest(scope | {"query_string": b""}, io.BytesIO())
    with translation.override(translation.get_language_from_request(request)):
        if status == 413:
            words = _("The body is larger than %(limit)d bytes: send it in parts.") % {"limit": LARGEST_BODY_BYTES}
            return plain_refusal(request, 413, "too_large", words, {"limit": LARGEST_BODY_BYTES})
        words = _("The server is busy. Try again in some seconds.")
        return plain_refusal(request, 503, "busy", words, {"retry_after_s": RETRY_AFTER_S})


async def _answer(response: HttpResponse, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    headers += [(b"content-length", str(len(response.content)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
