"""What clients can hold of one web process: requests at once, the size of a body. How slow they may be: `protocol.py`.

A request may hold one database connection, so `WEB_REQUESTS_AT_ONCE` of every web process together stay below the
server's `max_connections`, with those that listen and watch (`checks.py`). Further requests wait a moment for their
turn, then get 503.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from lib.errors import plain_refusal
from lib.exports import READS_ON

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

WAIT_S = 2.0  # for a turn: a burst of page loads is over by then
RETRY_AFTER_S = 5
# A busy process is up: who watches it waits for nobody else. The first needs no database.
TURNS_OF_WATCHERS = {"/healthz": 40, "/readyz": 1, "/metrics": 1}
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
        self.watchers = {path: asyncio.Semaphore(turns) for path, turns in TURNS_OF_WATCHERS.items()}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        exchange = _Exchange(scope, self.watchers.get(scope.get("path"), self.turns), receive, send)
        try:
            await self.application(scope, exchange.receive, exchange.send)
        except _RefusedError as refused:
            await _answer(await sync_to_async(_refusal)(scope, refused.status), send)
        finally:
            exchange.end_turn()


class _Exchange:
    """One request and its answer. Its turn begins when its body is here and ends when its answer is made: a client that
    sends or reads slowly must keep nobody waiting. A file whose rows are read while it is sent keeps turn and
    connection to its end: the database's cursor is of that connection."""

    def __init__(self, scope: Any, turns: asyncio.Semaphore, receive: Receive, send: Send) -> None:
        self._scope, self._turns, self._receive, self._send = scope, turns, receive, send
        self._has_turn = False
        self._body_bytes = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._body_bytes += len(message.get("body", b""))
        if self._body_bytes > LARGEST_BODY_BYTES:
            raise _RefusedError(413)
        if message["type"] == "http.request" and not message.get("more_body"):
            await self._begin_turn()
        return message

    async def send(self, message: Message) -> None:
        if self._has_turn and message.get("more_body") and not self._scope.get(READS_ON):
            # A long answer, which Django has made whole by now, or a live stream. Neither asks the database from here
            # on by the connection of this request, and the client may read for a while.
            await sync_to_async(connections.close_all)()
            self.end_turn()
        await self._send(message)

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
