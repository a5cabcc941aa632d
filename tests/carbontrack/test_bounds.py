"""What one web process refuses, waits for and cuts off, on a real server over raw sockets."""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls.resolvers import ResolverMatch, URLResolver

from carbontrack import bounds, protocol
from carbontrack.gunicorn_worker import Worker
from demo.parts import web_part
from tests.end_to_end.browser import web_server
from tests.measuring import at_once, backends_come_down_to

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = 5


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Five requests at once; what the connections wait for is short."""
    settings.WEB_REQUESTS_AT_ONCE = LIMIT
    monkeypatch.setattr(bounds, "WAIT_S", 0.2)
    monkeypatch.setattr(protocol, "CHECK_S", 0.5)
    with web_server() as running:
        yield running.url


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """/held and /api/held/ answer when the event is set."""
    released = threading.Event()

    def wait(request: HttpRequest) -> HttpResponse:
        assert released.wait(20)
        return HttpResponse("up")

    monkeypatch.setattr("django.urls.resolvers.URLResolver.resolve", _resolving(wait))
    yield released
    released.set()


def _resolving(view: Callable[..., HttpResponse]) -> Callable[..., Any]:
    resolve = URLResolver.resolve

    def replaced(self: URLResolver, path: Any) -> ResolverMatch:
        if str(path).lstrip("/").startswith(("held", "api/held")):
            return ResolverMatch(view, (), {})
        return resolve(self, path)

    return replaced


def get(url: str, path: str) -> tuple[int, dict[str, str], bytes]:
    with contextlib.closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as line:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def raw(url: str, sent: bytes) -> socket.socket:
    host = urlsplit(url)
    line = socket.create_connection((host.hostname or "", host.port or 0), timeout=20)
    line.sendall(sent)
    return line


def ended_after_s(line: socket.socket, began_s: float) -> float:
    with contextlib.suppress(ConnectionResetError):
        while line.recv(4096):
            pass
    return time.monotonic() - began_s


# --- Requests at once --------------------------------------------------------------------------
@pytest.mark.parametrize(("path", "kind"), [("/api/held/", "application/json"), ("/held", "text/html; charset=utf-8")])
def test_one_request_too_many_is_refused_with_the_time_to_come_again(
    server: str, held: threading.Event, path: str, kind: str
) -> None:
    with ThreadPoolExecutor(LIMIT) as pool:
        waiting = [pool.submit(get, server, path) for _ in range(LIMIT)]
        time.sleep(0.5)

        status, headers, body = get(server, path)
        watched = [get(server, path)[0] for path in ("/healthz", "/metrics")]
        json.loads(get(server, "/readyz")[2])["parts"]
        held.set()

        assert (status, watched) == (503, [200, 200])
        assert headers["retry-after"] == "5"
        assert headers["content-type"] == kind
        assert [one.result()[0] for one in waiting] == [200] * LIMIT
    if kind == "application/json":
        assert json.loads(body)["code"] == "busy"
        assert json.loads(body)["params"] == {"retry_after_s": 5}
    assert get(server, "/accounts/login/")[0] == 200  # their turns were given back


def test_260_at_once_get_answers_or_503_and_nothing_else(server: str) -> None:
    statuses = Counter(status for status, *_rest in at_once(260, lambda _number: get(server, "/accounts/login/")))

    assert set(statuses) <= {200, 503}
    assert statuses[200] >= LIMIT


def test_a_request_that_is_not_here_yet_has_no_turn(server: str) -> None:
    post = b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    slow = [raw(server, post) for _ in range(2 * LIMIT)]

    assert get(server, "/accounts/login/")[0] == 200
    for line in slow:
        line.close()


# --- Slow clients ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sent", "dripped"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"a"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT", b"T"),
        (b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{", b" "),
    ],
    ids=["nothing", "head", "second head", "body"],
)
def test_a_request_that_does_not_come_to_its_end_is_cut_off(server: str, sent: bytes, dripped: bytes) -> None:
    began_s = time.monotonic()
    line = raw(server, sent)
    stop = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            while dripped and not stop.wait(0.1):
                line.sendall(dripped)

    dripping = threading.Thread(target=drip)
    dripping.start()
    took_s = ended_after_s(line, began_s)
    stop.set()
    dripping.join()
    line.close()

    assert 0.4 < took_s < 10.0


def test_two_hundred_slow_heads_stop_nobody_and_are_all_cut_off(server: str) -> None:
    began_s = time.monotonic()
    slow = [raw(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") for _ in range(200)]

    assert [get(server, "/accounts/login/")[0] for _ in range(5)] == [200] * 5
    assert max(ended_after_s(line, began_s) for line in slow) < 15.0
    for line in slow:
        line.close()


def test_a_body_that_moves_on_has_its_time(server: str) -> None:
    line = raw(server, b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 120000\r\n\r\n")
    for _ in range(20):  # two seconds, four checks
        line.sendall(b" " * 6_000)
        time.sleep(0.1)

    assert line.recv(12) == b"HTTP/1.1 415"  # read to its end, and no JSON by its headers
    line.close()


def test_an_answer_takes_as_long_as_it_takes(server: str, held: threading.Event) -> None:
    threading.Timer(2.0, held.set).start()

    assert get(server, "/held")[0] == 200


SHORT = b" " * 65_536  # one piece of Django's
LONG_BYTES = 20_000_000  # more than a kernel takes from us for a client that does not read


def asks_and_reads_slowly(url: str) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    line.settimeout(20)
    line.connect((urlsplit(url).hostname, urlsplit(url).port))
    line.sendall(b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert line.recv(12) == b"HTTP/1.1 200"
    return line


@pytest.fixture
def long_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        connection.ensure_connection()
        return HttpResponse(b" " * LONG_BYTES)

    monkeypatch.setattr("django.urls.resolvers.URLResolver.resolve", _resolving(answer))


def test_readers_of_a_long_answer_hold_neither_turn_nor_connection(
    server: str, long_answers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "CHECK_S", 30.0)
    readers = [asks_and_reads_slowly(server) for _ in range(2 * LIMIT)]

    assert get(server, "/accounts/login/")[0] == 200
    assert backends_come_down_to(1)  # this test's own
    for line in readers:
        line.close()


def test_a_reader_that_stops_reading_is_cut_off(server: str, long_answers: None) -> None:
    line = asks_and_reads_slowly(server)
    time.sleep(2.0)  # four checks

    received_bytes = 0
    with contextlib.suppress(ConnectionResetError):
        while more := line.recv(65_536):
            received_bytes += len(more)
    line.close()
    assert received_bytes < LONG_BYTES


def test_who_reads_nothing_of_a_short_answer_is_cut_off_too(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn is done with it, and closes the connection after 5 s: when all of it is read, so for ever."""
    monkeypatch.setattr("django.urls.resolvers.URLResolver.resolve", _resolving(lambda _: HttpResponse(SHORT)))
    line = asks_and_reads_slowly(server)
    time.sleep(7.0)

    received_bytes = 0
    with contextlib.suppress(ConnectionResetError):
        while more := line.recv(65_536):
            received_bytes += len(more)
    line.close()
    assert received_bytes < len(SHORT)


def test_a_reader_that_moves_on_has_its_time(server: str, long_answers: None) -> None:
    line = asks_and_reads_slowly(server)
    received_bytes, ends_at_s = 12, time.monotonic() + 3.0
    while time.monotonic() < ends_at_s:  # six checks, at 2 MB a second
        received_bytes += len(line.recv(20_000))
        time.sleep(0.01)
    while received_bytes < LONG_BYTES and (more := line.recv(65_536)):
        received_bytes += len(more)
    line.close()

    assert received_bytes >= LONG_BYTES


def test_who_goes_away_keeps_the_turn_until_the_work_ends(server: str, held: threading.Event) -> None:
    """Otherwise asking and leaving would start any number of views, each with its connection."""
    for _ in range(LIMIT):
        line = raw(server, b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.1)
        line.close()
    time.sleep(0.3)

    refused = get(server, "/accounts/login/")[0]
    held.set()
    time.sleep(0.3)

    assert (refused, get(server, "/accounts/login/")[0]) == (503, 200)


# --- Bodies ------------------------------------------------------------------------------------
def test_a_body_without_end_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST_BODY_BYTES", 100_000)
    line = raw(server, b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        for _ in range(20):
            line.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")

    assert line.recv(12) == b"HTTP/1.1 413"
    line.close()


def test_demo_and_gunicorn_use_this_protocol_and_believe_no_client_about_its_address() -> None:
    launch: Any = web_part("127.0.0.1", 8000).launch
    command = launch.args[0]

    assert command[command.index("--http") + 1] == "carbontrack.protocol:TimedProtocol"
    assert "--no-proxy-headers" in command
    assert Worker.CONFIG_KWARGS["http"] is protocol.TimedProtocol
    assert Worker.CONFIG_KWARGS["proxy_headers"] is False
    assert Worker.CONFIG_KWARGS["server_header"] is False
