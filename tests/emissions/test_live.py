"""The live stream on a real ASGI server: who may listen, what arrives, what is not lost, what it costs."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.roles import Role, Scope
from accounts.standing import Credential
from devices.models import MCUDevice
from emissions import live, live_hub
from tests import make
from tests.emissions.listening import Stream, listen, notify, server, store, world
from tests.measuring import backends_come_down_to
from tests.waiting import TIMEOUT_S

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["listen", "server", "world"]  # fixtures
NOBODY = live_hub.StreamReader(Credential(1, "", ""), (), {})


# --- What arrives ------------------------------------------------------------------------------
def test_a_reading_arrives_as_the_raw_row(
    listen: Callable[..., Stream], world: SimpleNamespace, client: Client
) -> None:
    stream = listen()
    store(world.one, seq=1)

    (row,) = stream.readings(1)

    raw = client.get("/api/emissions/", headers={"Authorization": f"Token {world.token}"}).json()["results"][0]
    assert row.pop("id").split("-")[1:] == [str(world.one.pk), "1"]
    assert row == raw
    assert stream.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert stream.response.headers["Cache-Control"] == "no-store, no-transform"


def test_only_what_was_asked_for_is_sent(listen: Callable[..., Stream], world: SimpleNamespace) -> None:
    stream = listen("fields=device,co2_ppm")
    store(world.one, seq=1)

    (row,) = stream.readings(1)

    assert set(row) == {"device", "co2_ppm", "id"}


def test_a_stream_of_one_device_hears_of_no_other(listen: Callable[..., Stream], world: SimpleNamespace) -> None:
    everything, of_two = listen(), listen("device=two")
    store(world.one, seq=1)
    store(world.foreign, seq=1)
    store(world.two, seq=1)

    assert [row["device"] for row in everything.readings(2)] == ["one", "two"]
    assert [row["device"] for row in of_two.readings(1)] == ["two"]


def test_a_notification_that_nobody_can_read_harms_nobody(
    listen: Callable[..., Stream], world: SimpleNamespace
) -> None:
    stream = listen()
    for payload in ("", "nonsense", "{}", "[1]", "[[1,2]]", "null", f"[[{world.one.pk},0,0,77]]", "[[1,2,3,4,5]]"):
        notify(payload)
    store(world.one, seq=1)

    assert [row["seq"] for row in stream.readings(1)] == [1]


def test_a_browser_listens_with_its_session(server: str, world: SimpleNamespace) -> None:
    browser = Client()
    browser.force_login(world.reader, backend="allauth.account.auth_backends.AuthenticationBackend")

    stream = Stream(server, Cookie=f"sessionid={browser.cookies['sessionid'].value}")

    assert stream.is_open_after_hello()
    stream.close()


# --- Who may listen ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "query", "status", "code"),
    [
        ("", "", 401, "not_signed_in"),
        ("Token nonsense", "", 401, "invalid_token"),
        ("nobody", "", 403, "forbidden"),
        ("reader", "factory={elsewhere}", 404, "not_found"),
        ("reader", "factory=999999", 404, "not_found"),
        ("reader", "factory=%C2%B2", 400, "invalid"),
        ("reader", "device=foreign", 404, "not_found"),
        ("reader", "device=%00", 404, "not_found"),
    ],
)
def test_a_refused_listener_gets_the_reason(
    server: str, world: SimpleNamespace, who: str, query: str, status: int, code: str
) -> None:
    tokens = {"reader": f"Token {world.token}", "nobody": f"Token {world.nobodys_token}"}
    headers = {"Authorization": tokens.get(who, who)} if who else {}

    stream = Stream(server, query.format(elsewhere=world.elsewhere.pk), **headers)

    assert stream.status == status
    assert stream.body()["code"] == code


def test_head_answers_at_once_without_a_stream(server: str, world: SimpleNamespace) -> None:
    stream = Stream(server, method="HEAD", Authorization=f"Token {world.token}")

    assert stream.status == 200
    assert stream.response.headers["Content-Type"].startswith("text/event-stream")
    assert live_hub.hub.watched() == []


def test_a_stream_ends_after_its_lifetime_so_that_rights_are_checked_again(
    listen: Callable[..., Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LIFETIME_S", 0.2)
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.1)

    assert listen().event() is None


# --- Coming back -------------------------------------------------------------------------------
def test_a_returning_client_gets_all_it_missed_to_the_last_row_of_a_batch(
    listen: Callable[..., Stream], world: SimpleNamespace
) -> None:
    """A batch is stored in one moment; a line that broke in its middle must not cost the other half."""
    stream = listen()
    # The moment has microseconds, the event's id milliseconds: .1236 would be rounded past the moment itself.
    moment = (timezone.now() - timedelta(seconds=1)).replace(microsecond=123_600)
    store(world.one, world.two, seq=1, received_at=moment)
    first = stream.readings(1)[0]
    stream.close()
    store(world.one, world.two, seq=2)

    back = listen(**{"Last-Event-ID": first["id"]})
    rows = {(row["device"], row["seq"]) for row in back.readings(4)}

    assert rows == {("one", 1), ("two", 1), ("one", 2), ("two", 2)}  # one of them for the second time


def test_what_was_sent_on_coming_back_is_not_sent_again_live(
    listen: Callable[..., Stream], world: SimpleNamespace
) -> None:
    store(world.one, seq=1)
    stream = listen(**{"Last-Event-ID": "0-1-1"})
    store(world.one, seq=2)

    assert [row["seq"] for row in stream.readings(2)] == [1, 2]


def test_only_the_last_minutes_are_caught_up(listen: Callable[..., Stream], world: SimpleNamespace) -> None:
    make.make_readings(world.one, timezone.now() - timedelta(minutes=16), 1)
    stream = listen(last_event_id="0", **{"Last-Event-ID": "0"})
    store(world.one, seq=2)

    assert [row["seq"] for row in stream.readings(1)] == [2]


@pytest.mark.parametrize("last_id", ["abc", "-", "\xb2-1-1", "9999999999999999", "999999999999999-1-1", "1e9", " "])
def test_an_id_that_we_never_gave_begins_from_now(
    listen: Callable[..., Stream], world: SimpleNamespace, last_id: str
) -> None:
    stream = listen(**{"Last-Event-ID": last_id})
    store(world.one, seq=1)

    assert [row["seq"] for row in stream.readings(1)] == [1]


# --- What it costs -----------------------------------------------------------------------------
def test_twenty_streams_hold_one_connection_together(listen: Callable[..., Stream], world: SimpleNamespace) -> None:
    assert backends_come_down_to(1)  # what tests before this one closed
    streams = [listen() for _ in range(20)]

    at_most_two = backends_come_down_to(2)  # this test's own, and the hub's
    store(world.one, seq=1)

    assert at_most_two
    assert [stream.readings(1)[0]["seq"] for stream in streams] == [1] * 20


def test_one_person_may_have_twenty_streams_and_others_theirs(
    listen: Callable[..., Stream], world: SimpleNamespace, server: str
) -> None:
    for _ in range(live_hub.STREAMS_PER_USER):
        listen()
    other = make.make_user()
    make.make_membership(user=other, role=Role.AUDITOR, organisation=world.factory.organisation)

    refused = Stream(server, Authorization=f"Token {world.token}")
    of_another = listen(Authorization=f"Token {make.make_token(other, Scope.READ)}")

    assert refused.status == 429
    assert refused.response.headers["Retry-After"] == "5"
    assert refused.body()["code"] == "too_many_requests"
    assert of_another.status == 200


def test_when_the_last_reader_leaves_the_connection_is_given_back(
    listen: Callable[..., Stream], world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.1)  # how soon the server notices that a reader has gone
    stream = listen()
    thread = live_hub.hub._thread
    assert thread is not None

    stream.close()
    thread.join(TIMEOUT_S)

    assert not thread.is_alive()
    assert live_hub.hub.watched() == []


def test_after_the_database_was_away_streams_end_and_come_back_for_what_they_missed(
    listen: Callable[..., Stream], world: SimpleNamespace
) -> None:
    stream = listen()
    store(world.one, seq=1)
    last = stream.readings(1)[0]["id"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    store(world.one, seq=2)  # nobody hears it

    ended = stream.event()
    back = listen(**{"Last-Event-ID": last})

    assert ended is None
    assert [row["seq"] for row in back.readings(2)] == [1, 2]


def test_after_an_error_of_ours_streams_end_and_come_back_for_what_they_missed(
    listen: Callable[..., Stream], world: SimpleNamespace
) -> None:
    stream = listen()
    store(world.one, seq=1)
    last = stream.readings(1)[0]["id"]
    thread, said = live_hub.hub._thread, []
    assert thread is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda error: said.append(error.exc_type))
        patch.setattr(live_hub, "readings_by_key", lambda _keys: 1 / 0)
        store(world.one, seq=2)
        ended = stream.event()
        thread.join(TIMEOUT_S)

    back = listen(**{"Last-Event-ID": last})

    assert ended is None
    assert said == [ZeroDivisionError]
    assert [row["seq"] for row in back.readings(2)] == [1, 2]


def test_a_reader_that_falls_behind_is_cut_off() -> None:
    async def fill() -> list[Any]:
        subscription = live_hub.Subscription(NOBODY, asyncio.get_running_loop())
        for number in range(live_hub.QUEUE_EVENTS + 1):
            subscription._put([number])  # type: ignore[list-item]
        return [subscription.queue.get_nowait() for _ in range(subscription.queue.qsize())]

    assert asyncio.run(fill()) == [live_hub.CLOSED]


def test_a_stream_whose_loop_is_gone_is_forgotten() -> None:
    loop = asyncio.new_event_loop()
    subscription = live_hub.Subscription(NOBODY, loop)
    loop.close()

    subscription.offer(None)

    assert subscription not in live_hub.hub.watched()


def test_under_wsgi_the_first_bytes_come_at_once(world: SimpleNamespace) -> None:
    """`runserver` has no event loop: the stream must not be collected before it is sent."""
    response = Client(headers={"Authorization": f"Token {world.token}"}).get("/api/emissions/stream/")
    chunks = iter(response.streaming_content)

    def store_from_elsewhere() -> None:
        store(world.one, seq=5)
        connection.close()

    first = next(chunks)
    thread = threading.Thread(target=store_from_elsewhere)
    thread.start()
    second = next(chunks)
    thread.join()
    response.close()

    assert first == b"retry: 3000\n\n"
    assert b'"seq":5' in second


# --- Slow readers ------------------------------------------------------------------------------
class Deaf:
    """A reader that asks, hears the hello and then reads nothing, into as small a buffer as the kernel grants."""

    def __init__(self, url: str, token: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        self._socket.settimeout(TIMEOUT_S)
        host = urlsplit(url)
        self._socket.connect((host.hostname, host.port))
        request = f"GET /api/emissions/stream/ HTTP/1.1\r\nHost: {host.netloc}\r\nAuthorization: Token {token}\r\n\r\n"
        self._socket.sendall(request.encode())
        self._seen = b""
        while b"retry: 3000\n\n" not in self._seen:
            self._seen += self._socket.recv(1)

    def ids_to_the_end(self) -> list[str]:
        """Reads again, and to the end of the stream."""
        while more := self._socket.recv(65_536):
            self._seen += more
            if more.endswith(b"0\r\n\r\n"):
                break
        self._socket.close()
        return re.findall(r"\nid: ([0-9-]+)\ndata: .*\n\n", self._seen.decode())


def test_a_reader_that_stops_reading_holds_no_other_and_misses_nothing_when_it_comes_back(
    listen: Callable[..., Stream], world: SimpleNamespace, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "QUEUE_EVENTS", 300)
    deaf = Deaf(server, world.token)
    (held,) = [one for one in live_hub.hub.watched() if one.user_id == world.reader.pk]
    fast = listen()
    count, slowest_s, most_queued = 0, 0.0, 0
    while held in live_hub.hub.watched():
        assert count < 30_000, "it never fell behind"
        began_s = time.monotonic()
        store_many(world.one, first_seq=count + 1, count=100)
        count += 100
        fast.readings(100)
        slowest_s = max(slowest_s, time.monotonic() - began_s)
        most_queued = max(most_queued, held.queue.qsize())
    counted_while_cut_off = live_hub.hub.open_count(world.reader.pk)

    ids = deaf.ids_to_the_end()
    back = listen(**{"Last-Event-ID": ids[-1]})
    seqs = {int(one.rpartition("-")[2]) for one in ids}
    while seqs != set(range(1, count + 1)):
        seqs.add(back.readings(1)[0]["seq"])

    assert slowest_s < TIMEOUT_S / 3
    assert most_queued <= 300
    assert counted_while_cut_off == 2  # or who never reads could open any number
    assert 0 < len(ids) < count


def store_many(device: MCUDevice, *, first_seq: int, count: int) -> None:
    now = timezone.now().replace(microsecond=0)
    rows = make.make_readings(
        device, now - timedelta(seconds=60), count, first_seq=first_seq, received_at=timezone.now(), interval_s=0.2
    )
    notify(json.dumps([[r.device_id, round(r.timestamp.timestamp() * 1000), r.stream, r.seq] for r in rows]))
