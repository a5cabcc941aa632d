"""What one web process refuses, waits for and cuts off, on a real server over raw sockets."""

import asyncio
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
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls.resolvers import ResolverMatch, URLResolver

from carbontrack import bounds, protocol
from carbontrack.bounds import Bounded
from carbontrack.gunicorn_worker import Worker
from demo.parts import web_part
from tests.end_to_end.browser import web_server
from tests.measuring import at_once

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
        health = get(server, "/healthz")[0]
        held.set()

        assert (status, health) == (503, 200)
        assert headers["retry-after"] == "5"
        assert headers["content-type"] == kind
        assert [one.result()[0] for one in waiting] == [200] * LIMIT
    if kind == "application/json":
        assert json.loads(body)["code"] == "busy"
        assert json.loads(body)["params"] == {"retry_after_s": 5}
    assert get(server, "/healthz")[0] == 200  # their turns were given back


def test_260_at_once_get_answers_or_503_and_nothing_else(server: str) -> None:
    statuses = Counter(status for status, *_rest in at_once(260, lambda _number: get(server, "/accounts/login/")))

    assert set(statuses) <= {200, 503}
    assert statuses[200] >= LIMIT


def test_a_request_that_is_not_here_yet_has_no_turn(server: str) -> None:
    post = b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    slow = [raw(server, post) for _ in range(2 * LIMIT)]

    assert get(server, "/healthz")[0] == 200
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


def test_two_hundred_slow_heads_stop_nobody(server: str) -> None:
    slow = [raw(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") for _ in range(200)]

    assert [get(server, "/healthz")[0] for _ in range(5)] == [200] * 5
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


def test_a_reader_that_stops_reading_gives_its_turn_back(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the middleware alone: how much the kernel buffers is not ours."""
    monkeypatch.setattr(bounds, "STALLED_S", 0.1)
    settings.WEB_REQUESTS_AT_ONCE = 1
    heard: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        answering = asyncio.ensure_future(send({"type": "http.response.start", "status": 200, "headers": []}))
        heard.append((await receive())["type"])
        answering.cancel()

    async def never(*_message: Any) -> Any:
        await asyncio.Event().wait()

    async def run() -> None:
        bounded = Bounded(application)
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            return asked.pop() if asked else await never()

        async with asyncio.timeout(5):
            await bounded({"type": "http", "path": "/"}, receive, never)
        assert not bounded.turns.locked()

    asyncio.run(run())

    assert heard == ["http.disconnect"]


# --- Bodies ------------------------------------------------------------------------------------
def test_a_body_without_end_is_refused(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LARGEST_BODY_BYTES", 100_000)
    line = raw(server, b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        for _ in range(20):
            line.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")

    assert line.recv(12) == b"HTTP/1.1 413"
    line.close()


def test_a_stream_gives_its_turn_back(settings: Any) -> None:
    settings.WEB_REQUESTS_AT_ONCE = 1

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        response = StreamingHttpResponse([], content_type="text/event-stream; charset=utf-8")
        headers = [(name.encode(), value.encode()) for name, value in response.items()]
        assert bounded.turns.locked()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        assert not bounded.turns.locked()

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(_message: Any) -> None: ...

    bounded = Bounded(application)
    asyncio.run(bounded({"type": "http", "path": "/"}, receive, send))

    assert not bounded.turns.locked()


def test_demo_and_gunicorn_use_this_protocol_and_believe_no_client_about_its_address() -> None:
    launch: Any = web_part("127.0.0.1", 8000).launch
    command = launch.args[0]

    assert command[command.index("--http") + 1] == "carbontrack.protocol:TimedProtocol"
    assert "--no-proxy-headers" in command
    assert Worker.CONFIG_KWARGS["http"] is protocol.TimedProtocol
    assert Worker.CONFIG_KWARGS["proxy_headers"] is False
