"""GET /api/emissions/stream/: new readings as server-sent events, and with `?alerts=true` what happens to alarms.

A stream gets them from `live_hub.py`. A slow reader is disconnected; it reconnects with Last-Event-ID and gets what it
missed, at least once: readings stored at the same moment as its last one come again. Every stream ends after some
time, and within seconds when its token or session ends or the rights of its reader change.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, AuthenticationFailed

from accounts.authentication import ApiTokenAuthentication
from accounts.permissions import declared, may, visible_to
from accounts.roles import READING_ACTIONS, Action
from accounts.standing import credential_of, standings
from emissions.api import Scope, requested_scope
from emissions.derive import DerivedReading, moment
from emissions.live_hub import CLOSED, STREAMS_PER_USER, Announced, StreamReader, Subscription, TooManyStreamsError, hub
from emissions.queries import readings_received
from emissions.serializers import ReadingSerializer, reading_row
from factories.models import Factory
from lib.errors import ApiError, invalid_fields, json_error, plain_refusal
from lib.known_names import refuse_unknown_parameters, unknown_name
from lib.parameters import flag
from lib.reads import ReadKind, marked

HEARTBEAT_S = 20.0
EVENTS_AT_ONCE = 100  # in one write
LIFETIME_S = 15 * 60.0
RESUME = timedelta(minutes=15)
RESUME_EVENTS = 5_000  # a page; ingest stores up to 2,500 readings at one moment
EVENT_STREAM = "text/event-stream; charset=utf-8"
PARAMETERS = ("factory", "device", "fields", "last_event_id", "alerts")
RETRY_AFTER_S = 5


def _authorise(request: HttpRequest) -> StreamReader:
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
        credential = credential_of(request)
        standing = standings([credential]).get(credential)
        if standing is None:  # ended this moment
            raise ApiError(401, "not_signed_in", _("Sign in, or send a token."))
        scope = requested_scope(request, request.GET)
        sites = _alert_sites(request.user, request.GET) if flag(request.GET, "alerts") else {}
        return StreamReader(credential, standing, scope, sites)
    finally:
        connection.close()


def _alert_sites(user: Any, parameters: Any) -> dict[str, frozenset[int]]:
    """By the right that an alarm needs besides, the sites whose alarms the user sees; narrowed by ?factory=."""
    sites = visible_to(user, Factory.objects.all(), factory_path="", action=Action.VIEW_ALERTS)
    if factory := parameters.get("factory"):
        sites = sites.filter(pk=int(factory))  # checked by `requested_scope`
    return {
        str(needs): frozenset(visible_to(user, sites, factory_path="", action=needs).values_list("pk", flat=True))
        for needs in READING_ACTIONS
    }


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
        reader = await sync_to_async(_authorise)(request)
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
    try:
        subscription = await sync_to_async(hub.open)(reader)
    except TooManyStreamsError as error:
        return _too_many(request, error)
    events = _events(subscription, fields, _received_after(last_id))
    # Under plain WSGI (`runserver`) Django would collect an async stream before it sends anything.
    body: Any = _Body(events, subscription) if isinstance(request, ASGIRequest) else _in_this_thread(events)
    response = StreamingHttpResponse(body, content_type=EVENT_STREAM)
    response["Cache-Control"] = "no-store, no-transform"
    response["Content-Encoding"] = "identity"  # otherwise the middleware would delay events to compress them
    response["X-Accel-Buffering"] = "no"
    return marked(response, ReadKind.LIVE)


@dataclass(frozen=True, slots=True)
class _Body:
    """Django closes this with the response, but not `events`: of a client that went between two of them Python ends the
    generator when it next collects its garbage, and the place was taken until then."""

    events: AsyncIterator[bytes]
    subscription: Subscription

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.events

    def close(self) -> None:
        hub.close(self.subscription)


def _too_many(request: HttpRequest, error: TooManyStreamsError) -> HttpResponse:
    wait = {"retry_after_s": RETRY_AFTER_S}
    if error.of_process:
        return plain_refusal(request, 503, "busy", _("The server is busy. Try again in some seconds."), wait)
    words = _("You have %(count)d live streams open; close one first.") % {"count": STREAMS_PER_USER}
    return plain_refusal(request, 429, "too_many_requests", words, wait)


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
    subscription: Subscription, fields: tuple[str, ...] | None, received_after: datetime | None
) -> AsyncIterator[bytes]:
    scope = subscription.reader.scope
    make = partial(_event, scope=scope, fields=fields)
    ends_at_s = time.monotonic() + LIFETIME_S
    try:
        # From here on every stored reading is announced to us, and none is missed.
        hub.watch(subscription, asyncio.get_running_loop())
        yield b"retry: 3000\n\n"
        sent: set[tuple[int, ...]] = set()
        if received_after is not None:
            async for item in _all_missed(scope, received_after, sent):
                yield make(item)
        while time.monotonic() < ends_at_s:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    offered = await subscription.queue.get()
            except TimeoutError:
                yield b"event: heartbeat\ndata: {}\n\n"
                continue
            waiting = [offered, *subscription.take_rest(EVENTS_AT_ONCE)]
            fresh = [
                one
                for one in waiting
                if one is not CLOSED and not (isinstance(one, Announced) and one.item.row[:5] in sent)
            ]
            sent.difference_update([one.item.row[:5] for one in waiting if isinstance(one, Announced)])
            if fresh:
                yield b"".join([one.event(fields, make) for one in fresh])
            if CLOSED in waiting:
                return
    finally:
        hub.close(subscription)


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
