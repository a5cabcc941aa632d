"""New readings and alarms to the open live streams of this process, and the end of streams whose reader may read no
longer.

One thread a process LISTENs to PostgreSQL and reads each new reading once; a stream holds no database connection. The
view is in `live.py`.
"""

import asyncio
import json
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from django.db import Error as DatabaseError
from django.db import OperationalError, connection

from accounts.standing import Credential, Standing, standings
from devices.models import MCUDevice
from emissions.api import Scope
from emissions.derive import DerivedReading
from emissions.queries import Key, readings_by_key
from lib.direct_connection import connect_directly

logger = logging.getLogger(__name__)

CHANNEL = "carbontrack_readings"
ALERTS = "carbontrack_alerts"  # {"factory": id, "needs": action, "event": {...}}, announced by alerts/services.py
CHECK_S = 5.0  # between two looks at whether the readers may still read, one for all streams of the process
QUEUE_EVENTS = 4_000  # two full batches of ingest for a reader of all devices; readings are shared, not copied
PLACED_WITHIN_S = 5.0
BEGUN_WITHIN_S = 30.0
STREAMS_PER_USER = 20
STREAMS_PER_PROCESS = 500  # each has an open file; systems commonly allow 1,024
_LOCK = 0x53545245  # advisory lock class: the places of a user's streams
_FREE_PLACE = "SELECT place FROM unnest(%s::int[]) place WHERE pg_try_advisory_lock(%s, %s * 32 + place) LIMIT 1"
CLOSED = None  # put on a queue to end its stream


class TooManyStreamsError(Exception):
    """The user has as many live streams as one may have; `of_process`: all users of this process together."""

    def __init__(self, *, of_process: bool) -> None:
        self.of_process = of_process


class Announced:
    """A new reading; its bytes are made once for all streams that ask for the same fields."""

    __slots__ = ("_made", "item")

    def __init__(self, item: DerivedReading) -> None:
        self.item = item
        self._made: dict[tuple[str, ...] | None, bytes] = {}

    def event(self, fields: tuple[str, ...] | None, make: Callable[[DerivedReading], bytes]) -> bytes:
        made = self._made.get(fields)
        if made is None:
            made = self._made[fields] = make(self.item)
        return made


class AlertNews:
    """What happened to an alarm. Without an id: the last one of a stream is that of its last reading."""

    __slots__ = ("_event", "factory_id", "needs")

    def __init__(self, payload: str) -> None:
        """Raises ValueError, KeyError or TypeError for what is not ours."""
        content = json.loads(payload)
        self.factory_id, self.needs = int(content["factory"]), str(content["needs"])
        data = json.dumps(content["event"], separators=(",", ":"))
        self._event = f"event: alert\ndata: {data}\n\n".encode()

    def event(self, fields: tuple[str, ...] | None, make: Callable[[DerivedReading], bytes]) -> bytes:
        return self._event


@dataclass(frozen=True, slots=True)
class StreamReader:
    """Who opened a stream, what that rested on, and the devices to hear of. `alert_sites`: by the right that an alarm
    needs, the sites whose alarms to hear of."""

    credential: Credential
    standing: Standing
    scope: Scope
    alert_sites: Mapping[str, frozenset[int]] = field(default_factory=dict)


class Subscription:
    """One open stream and the queue of its event loop."""

    def __init__(self, reader: StreamReader, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.reader = reader
        self.user_id = reader.credential.user_id
        self.loop = loop
        self.place = -1
        self.placed: Future[None] = Future()
        self.opened_at_s = time.monotonic()
        self.queue: asyncio.Queue[Announced | AlertNews | None] = asyncio.Queue(QUEUE_EVENTS)

    def offer(self, *items: Announced | AlertNews | None) -> None:
        """From any thread. A full queue ends the stream: its reader is too slow."""
        assert self.loop is not None
        try:
            self.loop.call_soon_threadsafe(self._put, items)
        except RuntimeError:  # the loop is closed: the stream has gone
            hub.close(self)

    def _put(self, items: Sequence[Announced | AlertNews | None]) -> None:
        for item in items:
            if self.queue.full():
                hub.cut_off(self)
                self.take_rest()
                self.queue.put_nowait(CLOSED)
                return
            self.queue.put_nowait(item)

    def take_rest(self, limit: int = QUEUE_EVENTS) -> list[Announced | AlertNews | None]:
        """The items that are queued now."""
        rest: list[Announced | AlertNews | None] = []
        while len(rest) < limit and not self.queue.empty():
            rest.append(self.queue.get_nowait())
        return rest


class Hub:
    """Sends new readings to all streams of this process.

    Its thread and its one connection exist from the first stream to the last. A user's 20 places are advisory locks of
    that connection, so the limit holds across processes, and a killed process gives its places back.
    """

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._open: set[Subscription] = set()  # also before the first byte, and until a disconnected reader has noticed
        self._wanting: list[Subscription] = []  # without a place yet
        self._given_back: list[tuple[int, int]] = []  # user, place
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._was_away = False

    # --- Streams ---
    def open(self, reader: StreamReader) -> Subscription:
        """Take a place. Raises TooManyStreamsError, or OperationalError while the database is away."""
        subscription = Subscription(reader)
        with self._lock:
            if len(self._open) >= STREAMS_PER_PROCESS:
                raise TooManyStreamsError(of_process=True)
            self._open.add(subscription)
            self._wanting.append(subscription)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live-readings", daemon=True)
                self._thread.start()
        self._wake()
        try:
            subscription.placed.result(PLACED_WITHIN_S)
        except BaseException as error:
            self.close(subscription)
            if isinstance(error, TimeoutError):
                raise OperationalError("live readings: the database cannot be listened to") from None
            raise
        return subscription

    def watch(self, subscription: Subscription, loop: asyncio.AbstractEventLoop) -> None:
        """From here on the stream gets new readings."""
        subscription.loop = loop
        with self._lock:
            self._subscriptions.add(subscription)

    def close(self, subscription: Subscription) -> None:
        with self._lock:
            if subscription in self._open:
                self._open.discard(subscription)
                if subscription.place >= 0:
                    self._given_back.append((subscription.user_id, subscription.place))
        self.cut_off(subscription)
        self._wake()

    def cut_off(self, subscription: Subscription) -> None:
        """The stream gets no more readings. It keeps its place until its connection ends, so a client that never reads
        cannot open more."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def open_count(self, user_id: int) -> int:
        with self._lock:
            return sum(subscription.user_id == user_id for subscription in self._open)

    def watched(self) -> list[Subscription]:
        with self._lock:
            return list(self._subscriptions)

    # --- The thread ---
    def _wake(self) -> None:
        with suppress(BlockingIOError):  # it is full of calls already
            self._wake_writer.send(b"!")

    def _is_done(self) -> bool:
        """Whether nobody is left; the thread then ends, and the next stream starts another."""
        with self._lock:
            if self._open:
                return False
            self._thread = None
            self._given_back.clear()  # with the connection all places are free
            return True

    def _run(self) -> None:
        pause_s = 1.0
        self._was_away = False
        connect_directly()
        try:
            while not self._is_done():
                try:
                    self._listen()
                    return
                except (DatabaseError, psycopg2.Error) as error:
                    if not self._was_away:
                        pause_s = 1.0  # a new outage
                    self._was_away = True
                    logger.warning("live readings: database is away (%s), again in %.0f s", error, pause_s)
                    connection.close()
                    self._wait(pause_s)
                    pause_s = min(30.0, pause_s * 2)
        except Exception:  # unforeseen: open streams would stay silent, but when they end they come back for what came
            for subscription in self.watched():
                subscription.offer(CLOSED)
            raise
        finally:
            with self._lock:  # the next stream starts a new thread
                if self._thread is threading.current_thread():
                    self._thread = None
            connection.close()

    def _listen(self) -> None:
        """Runs until no stream is left."""
        connection.ensure_connection()
        raw = connection.connection
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}; LISTEN {ALERTS}")
        self._give_and_free_places()
        self._send_back_for_what_was_missed()
        check_at_s = time.monotonic() + CHECK_S
        while not self._is_done():
            # Notifications may have arrived with the answer to our own query; the socket then shows nothing to read.
            if not raw.notifies:
                self._wait(max(0.0, check_at_s - time.monotonic()), raw)
            self._give_and_free_places()
            if time.monotonic() >= check_at_s:
                self._end_who_may_no_longer()
                check_at_s = time.monotonic() + CHECK_S
            raw.poll()
            keys: list[Key] = []
            while raw.notifies:
                notice = raw.notifies.pop(0)
                if notice.channel == ALERTS:
                    self._tell_of_alert(notice.payload)
                else:
                    keys += _keys(notice.payload)
            if keys:
                self._fan_out(keys)

    def _wait(self, timeout_s: float, *sources: Any) -> None:
        """Waits until a stream was opened or closed, a source has data, or the time is over."""
        # Not select(): it refuses file numbers above 1023, and every open stream has one.
        with selectors.DefaultSelector() as selector:
            for source in (self._wake_reader, *sources):
                selector.register(source, selectors.EVENT_READ)
            ready = [key.fileobj for key, _events in selector.select(timeout_s)]
        if self._wake_reader in ready:
            self._wake_reader.recv(1024)

    def _give_and_free_places(self) -> None:
        with self._lock:
            given_back, self._given_back = self._given_back, []
            wanting, self._wanting = self._wanting, []
        with connection.cursor() as cursor:
            for user_id, place in given_back:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s * 32 + %s)", [_LOCK, user_id, place])
            for one in wanting:
                with self._lock:
                    taken = {other.place for other in self._open if other.user_id == one.user_id}
                # An own lock could be taken twice.
                free = [place for place in range(STREAMS_PER_USER) if place not in taken]
                cursor.execute(_FREE_PLACE, [free, _LOCK, one.user_id])
                self._place(one, cursor.fetchone())

    def _place(self, subscription: Subscription, row: tuple[int] | None) -> None:
        if row is None:
            subscription.placed.set_exception(TooManyStreamsError(of_process=False))
            return
        with self._lock:
            if subscription in self._open:
                subscription.place = row[0]
            else:  # it has waited for too long
                self._given_back.append((subscription.user_id, row[0]))
        subscription.placed.set_result(None)

    def _end_who_may_no_longer(self) -> None:
        """Its queries also notice that the server has gone."""
        for abandoned in self._never_begun():
            self.close(abandoned)
        subscriptions = self.watched()
        standing = standings({one.reader.credential for one in subscriptions})
        factory_of = dict(MCUDevice.objects.filter(pk__in=_devices(subscriptions)).values_list("pk", "factory_id"))
        for one in subscriptions:
            has_moved = any(factory_of.get(pk) != factory for pk, (_id, factory) in one.reader.scope.items())
            if has_moved or standing.get(one.reader.credential) != one.reader.standing:
                one.offer(CLOSED)
                self.cut_off(one)

    def _never_begun(self) -> list[Subscription]:
        """Streams whose client went away between its place and its first byte."""
        latest_s = time.monotonic() - BEGUN_WITHIN_S
        with self._lock:
            return [one for one in self._open if one.loop is None and one.opened_at_s < latest_s]

    def _send_back_for_what_was_missed(self) -> None:
        """Readings may have been stored while nobody listened. Ended streams come back and ask for them."""
        if self._was_away:
            self._was_away = False
            for subscription in self.watched():
                subscription.offer(CLOSED)

    def _tell_of_alert(self, payload: str) -> None:
        try:
            news = AlertNews(payload)
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("live alerts: a notification cannot be read (%s)", error)
            return
        for subscription in self.watched():
            if news.factory_id in subscription.reader.alert_sites.get(news.needs, ()):
                subscription.offer(news)

    def _fan_out(self, keys: list[Key]) -> None:
        subscriptions = self.watched()
        watched = _devices(subscriptions)
        wanted = [key for key in keys if key[1] in watched]
        if not wanted:
            return
        news = [Announced(item) for item in readings_by_key(wanted)]
        for subscription in subscriptions:
            to_offer = [one for one in news if one.item.row.device_id in subscription.reader.scope]
            if to_offer:
                subscription.offer(*to_offer)


hub = Hub()


def _devices(subscriptions: Sequence[Subscription]) -> set[int]:
    return set().union(*(one.reader.scope for one in subscriptions)) if subscriptions else set()


def _keys(payload: str) -> list[Key]:
    """[[device, t_ms, stream, seq], ...] as ingest announces it. It is checked, because anybody can write to a
    channel."""
    try:
        return [(t_ms, device, stream, seq) for device, t_ms, stream, seq in json.loads(payload)]
    except (ValueError, TypeError) as error:
        logger.warning("live readings: a notification cannot be read (%s)", error)
        return []
