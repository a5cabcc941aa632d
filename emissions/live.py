"""GET /api/emissions/stream/: new readings as server-sent events.

One thread a process LISTENs to PostgreSQL, reads each new reading once, and hands it to the streams that watch its
device. A stream holds no database connection. A slow reader is disconnected; it reconnects with Last-Event-ID and gets
what it missed, at least once: readings stored at the same moment as its last one come again. Every stream ends after
some time, so that rights are checked again.
"""

import asyncio
import json
import logging
import selectors
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import Error as DatabaseError
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, AuthenticationFailed

from accounts.authentication import ApiTokenAuthentication
from accounts.permissions import declared, may
from accounts.roles import Action
from emissions.api import Scope, requested_scope
from emissions.derive import DerivedReading, moment
from emissions.queries import Key, readings_by_key, readings_received
from emissions.serializers import ReadingSerializer, reading_row
from lib.errors import ApiError, invalid_fields, json_error
from lib.known_names import refuse_unknown_parameters, unknown_name

logger = logging.getLogger(__name__)

CHANNEL = "carbontrack_readings"
HEARTBEAT_S = 20.0
QUEUE_EVENTS = 4_000  # two full batches of ingest for a reader of all devices; readings are shared, not copied
EVENTS_AT_ONCE = 100  # in one write
LIFETIME_S = 15 * 60.0
RESUME = timedelta(minutes=15)
RESUME_EVENTS = 5_000  # a page; ingest stores up to 2,500 readings at one moment
STREAMS_PER_USER = 20
EVENT_STREAM = "text/event-stream; charset=utf-8"
PARAMETERS = ("factory", "device", "fields", "last_event_id")
CLOSED = None  # put on a queue to end its stream


class Announced:
    """A new reading; its bytes are made once for all streams that ask for the same fields."""

    __slots__ = ("_made", "item")

    def __init__(self, item: DerivedReading) -> None:
        self.item = item
        self._made: dict[tuple[str, ...] | None, bytes] = {}

    def event(self, scope: Scope, fields: tuple[str, ...] | None) -> bytes:
        made = self._made.get(fields)
        if made is None:
            made = self._made[fields] = _event(self.item, scope, fields)
        return made


class Subscription:
    """One open stream: the devices it watches, and the queue of its event loop."""

    def __init__(self, user_id: int, device_ids: frozenset[int], loop: asyncio.AbstractEventLoop) -> None:
        self.user_id = user_id
        self.device_ids = device_ids
        self.loop = loop
        self.queue: asyncio.Queue[Announced | None] = asyncio.Queue(QUEUE_EVENTS)

    def offer(self, *items: Announced | None) -> None:
        """From any thread. A full queue ends the stream: its reader is too slow."""
        try:
            self.loop.call_soon_threadsafe(self._put, items)
        except RuntimeError:  # the loop is closed: the stream has gone
            hub.unsubscribe(self)

    def _put(self, items: Sequence[Announced | None]) -> None:
        for item in items:
            if self.queue.full():
                hub.cut_off(self)
                self.take_rest()
                self.queue.put_nowait(CLOSED)
                return
            self.queue.put_nowait(item)

    def take_rest(self, limit: int = QUEUE_EVENTS) -> list[Announced | None]:
        """The items that are queued now."""
        rest: list[Announced | None] = []
        while len(rest) < limit and not self.queue.empty():
            rest.append(self.queue.get_nowait())
        return rest


class Hub:
    """Sends new readings to all streams of this process.

    Its thread and its one connection exist from the first stream to the last.
    """

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._open: set[Subscription] = set()  # includes disconnected streams whose reader has not noticed yet
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self.listening = threading.Event()
        self._was_away = False

    def subscribe(self, user_id: int, device_ids: frozenset[int], loop: asyncio.AbstractEventLoop) -> Subscription:
        subscription = Subscription(user_id, device_ids, loop)
        with self._lock:
            self._subscriptions.add(subscription)
            self._open.add(subscription)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live-readings", daemon=True)
                self._thread.start()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._open.discard(subscription)
        self.cut_off(subscription)

    def cut_off(self, subscription: Subscription) -> None:
        """The stream gets no more readings. It counts as open until its connection ends, so a client that never reads
        cannot open more."""
        with self._lock:
            self._subscriptions.discard(subscription)
            if not self._subscriptions:
                self._wake_writer.send(b"!")

    def open_count(self, user_id: int) -> int:
        with self._lock:
            return sum(subscription.user_id == user_id for subscription in self._open)

    def watched(self) -> list[Subscription]:
        with self._lock:
            return list(self._subscriptions)

    def _is_done(self) -> bool:
        """Whether nobody is left; the thread then ends, and the next stream starts another."""
        with self._lock:
            if self._subscriptions:
                return False
            self.listening.clear()
            self._thread = None
            return True

    def _run(self) -> None:
        pause_s = 1.0
        self._was_away = False
        try:
            while not self._is_done():
                try:
                    self._listen()
                    return
                except (DatabaseError, psycopg2.Error) as error:
                    if self.listening.is_set():
                        pause_s = 1.0  # a new outage
                    self.listening.clear()
                    self._was_away = True
                    logger.warning("live readings: database is away (%s), again in %.0f s", error, pause_s)
                    connection.close()
                    self._wait(pause_s)
                    pause_s = min(30.0, pause_s * 2)
        finally:
            with self._lock:  # after an unforeseen error the next stream starts a new thread
                if self._thread is threading.current_thread():
                    self._thread = None
            connection.close()

    def _listen(self) -> None:
        """Runs until no stream is left."""
        connection.ensure_connection()
        raw = connection.connection
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self.listening.set()
        self._send_back_for_what_was_missed()
        while not self._is_done():
            # Notifications may have arrived with the answer to our own query; the socket then shows nothing to read.
            if not raw.notifies and not self._wait(HEARTBEAT_S, raw):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")  # checks whether the server still answers
            raw.poll()
            keys: list[Key] = []
            while raw.notifies:
                keys += _keys(raw.notifies.pop(0).payload)
            if keys:
                self._fan_out(keys)

    def _wait(self, timeout_s: float, *sources: Any) -> bool:
        """Waits until the last stream has ended or a source has data; False when nothing came in time."""
        # Not select(): it refuses file numbers above 1023, and every open stream has one.
        with selectors.DefaultSelector() as selector:
            for source in (self._wake_reader, *sources):
                selector.register(source, selectors.EVENT_READ)
            ready = [key.fileobj for key, _events in selector.select(timeout_s)]
        if self._wake_reader in ready:
            self._wake_reader.recv(1024)
        return bool(ready)

    def _send_back_for_what_was_missed(self) -> None:
        """Readings may have been stored while nobody listened. Ended streams come back and ask for them."""
        if self._was_away:
            self._was_away = False
            for subscription in self.watched():
                subscription.offer(CLOSED)

    def _fan_out(self, keys: list[Key]) -> None:
        subscriptions = self.watched()
        watched: set[int] = set().union(*(s.device_ids for s in subscriptions)) if subscriptions else set()
        wanted = [key for key in keys if key[1] in watched]
        if not wanted:
            return
        news = [Announced(item) for item in readings_by_key(wanted)]
        for subscription in subscriptions:
            to_offer = [one for one in news if one.item.row.device_id in subscription.device_ids]
            if to_offer:
                subscription.offer(*to_offer)


hub = Hub()


def _keys(payload: str) -> list[Key]:
    """[[device, t_ms, stream, seq], ...] as ingest announces it. It is checked, because anybody can write to a
    channel."""
    try:
        return [(t_ms, device, stream, seq) for device, t_ms, stream, seq in json.loads(payload)]
    except (ValueError, TypeError) as error:
        logger.warning("live readings: a notification cannot be read (%s)", error)
        return []


# --- The view ---------------------------------------------------------------------------------
def _authorise(request: HttpRequest) -> Scope:
    """The user and the devices of the request. Runs in a thread, and gives its database connection back."""
    try:
        if request.headers.get("Authorization"):
            user_and_token = ApiTokenAuthentication().authenticate(request)
            if user_and_token is not None:
                request.user = user_and_token[0]
        if not request.user.is_authenticated:
            raise ApiError(401, "not_signed_in", _("Sign in, or send a token."))
        if not may(request.user, Action.VIEW_READINGS):
            raise ApiError(403, "forbidden", _("Your role does not allow this."))
        refuse_unknown_parameters(request.GET, PARAMETERS)
        return requested_scope(request, request.GET)
    finally:
        connection.close()


def _missed(scope: Scope, received_after: datetime) -> list[DerivedReading]:
    try:
        return readings_received(
            list(scope), received_after=received_after, since=timezone.now() - RESUME, limit=RESUME_EVENTS
        )
    finally:
        connection.close()


@csrf_exempt  # it changes nothing, and a POST must get 405 in our error shape
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Session or token. `?factory=`, `?device=`, `?fields=a,b` to get less, Last-Event-ID to resume."""
    if request.method not in ("GET", "HEAD"):
        refused = json_error(405, "method_not_allowed", _("Only GET is allowed here."))
        refused["Allow"] = "GET, HEAD"
        return refused
    try:
        scope = await sync_to_async(_authorise)(request)
        fields = _fields(request.GET.get("fields", ""))
    except Http404:
        return json_error(404, "not_found", _("This does not exist, or you may not see it."))
    except AuthenticationFailed as error:
        return json_error(401, "invalid_token", str(error.detail))
    except ApiError as error:
        return json_error(error.status_code, error.code, error.message, error.params, error.fields)
    except APIException as error:
        return json_error(error.status_code, str(error.default_code), str(error.detail))
    if request.method == "HEAD":
        return HttpResponse(content_type=EVENT_STREAM)
    last_id = request.headers.get("Last-Event-ID") or request.GET.get("last_event_id", "")
    user_id = request.user.pk or 0  # never 0: `_authorise` lets nobody else in
    if hub.open_count(user_id) >= STREAMS_PER_USER:
        message = _("You have %(count)d live streams open; close one first.") % {"count": STREAMS_PER_USER}
        return json_error(429, "too_many_requests", message)
    events = _events(user_id, scope, fields, _received_after(last_id))
    # Under plain WSGI (`runserver`) Django would collect an async stream before it sends anything.
    body: Any = events if isinstance(request, ASGIRequest) else _in_this_thread(events)
    response = StreamingHttpResponse(body, content_type=EVENT_STREAM)
    response["Cache-Control"] = "no-cache, no-transform"
    response["Content-Encoding"] = "identity"  # otherwise the middleware would delay events to compress them
    response["X-Accel-Buffering"] = "no"
    return response


def _fields(text: str) -> tuple[str, ...] | None:
    """The fields asked for; None: all. Raises ApiError 400 for an unknown one."""
    if not text:
        return None
    names, known = tuple(text.split(",")), ReadingSerializer().fields
    if unknown := [unknown_name(name, known, "unknown_field") for name in names if name not in known]:
        raise invalid_fields({"fields": unknown})
    return names


declared(stream, str(Action.VIEW_READINGS))


def _received_after(last_event_id: str) -> datetime | None:
    """The id of an event is the time when its reading was stored, in Unix ms, then its identity."""
    head = last_event_id.split("-", 1)[0]
    if not head.isdecimal() or len(head) > 13:  # up to the year 2286
        return None
    # A batch is stored at one moment, and the id has it rounded to a millisecond, so ask from just before it.
    return datetime.fromtimestamp((int(head) - 1) / 1000, UTC)


async def _all_missed(
    scope: Scope, received_after: datetime, sent: set[tuple[int, ...]]
) -> AsyncIterator[DerivedReading]:
    """Yields page by page until nothing is left; `sent` records what was given. A page holds more than one batch."""
    while True:
        page = await sync_to_async(_missed)(scope, received_after)
        fresh = [item for item in page if item.row[:5] not in sent]
        for item in fresh:
            sent.add(item.row[:5])
            yield item
        if len(page) < RESUME_EVENTS or not fresh:
            return
        received_after = moment(page[-1].row.received_ms - 1)


async def _events(
    user_id: int, scope: Scope, fields: tuple[str, ...] | None, received_after: datetime | None
) -> AsyncIterator[bytes]:
    subscription = hub.subscribe(user_id, frozenset(scope), asyncio.get_running_loop())
    ends_at_s = time.monotonic() + LIFETIME_S
    try:
        # From here on every stored reading is announced to us. Without this wait a reader could miss one.
        await sync_to_async(hub.listening.wait)(5.0)
        yield b"retry: 3000\n\n"
        sent: set[tuple[int, ...]] = set()
        if received_after is not None:
            async for item in _all_missed(scope, received_after, sent):
                yield _event(item, scope, fields)
        while time.monotonic() < ends_at_s:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    offered = await subscription.queue.get()
            except TimeoutError:
                yield b"event: heartbeat\ndata: {}\n\n"
                continue
            waiting = [offered, *subscription.take_rest(EVENTS_AT_ONCE)]
            fresh = [one for one in waiting if one is not CLOSED and one.item.row[:5] not in sent]
            sent.difference_update([one.item.row[:5] for one in waiting if one is not CLOSED])
            if fresh:
                yield b"".join([one.event(scope, fields) for one in fresh])
            if CLOSED in waiting:
                return
    finally:
        hub.unsubscribe(subscription)


def _event(item: DerivedReading, scope: Scope, fields: tuple[str, ...] | None) -> bytes:
    row = reading_row(item, scope)
    if fields is not None:
        row = {name: row[name] for name in fields}
    identity = f"{item.row.received_ms}-{item.row.device_id}-{row.get('seq', item.row.seq)}"
    data = json.dumps(row, separators=(",", ":"))
    return f"event: reading\nid: {identity}\ndata: {data}\n\n".encode()


def _in_this_thread(events: AsyncIterator[bytes]) -> Iterator[bytes]:
    loop = asyncio.new_event_loop()
    try:
        while True:
            try:
                yield loop.run_until_complete(anext(events))
            except StopAsyncIteration:
                return
    finally:
        loop.run_until_complete(events.aclose())  # type: ignore[attr-defined]
        loop.close()
