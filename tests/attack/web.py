"""Attacks on the web process: more requests than it can serve, slow and broken ones, the database taken away."""

from __future__ import annotations

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.attack.instance import Instance, Visitor
from tests.attack.tries import Attack, Tries

AT_ONCE = 260
SLOW_SOCKETS = 200
SLOW_SOCKETS_LIVE_S = 120.0
BROKEN_REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"b" * 200_000 + b"\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /%ff%fe/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"PROPFIND /api/me/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
)
UNFINISHED = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-",
    b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
)


def all_at_once(instance: Instance, tries: Tries) -> None:
    token = instance.token("hq@demo.carbontrack.example")

    def ask(_number: int) -> requests.Response:
        return Visitor(instance.base, token=token).get("/api/factories/", params={"page_size": 5})

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(ask, range(AT_ONCE)))
    statuses = Counter(answer.status_code for answer in answers)
    tries.count += AT_ONCE
    tries.held(set(statuses) <= {200, 429, 503}, f"{AT_ONCE} requests at once answered {dict(statuses)}")
    for answer in answers:
        if answer.status_code == 503:
            is_told = "Retry-After" in answer.headers and "code" in answer.json()
            tries.held(is_told, f"a 503 without Retry-After or our shape: {answer.text[:200]!r}")


def slow_requests(instance: Instance, tries: Tries) -> None:
    port = int(instance.environment["HTTP_PORT"])
    slow = []
    for number in range(SLOW_SOCKETS):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(UNFINISHED[number % len(UNFINISHED)])
        slow.append(one)
    begun_s = time.monotonic()
    served = instance.anonymous().get("/healthz")
    tries.refused(served, [200], "health beside 200 slow requests")
    others = instance.hq.get("/api/me/")
    tries.refused(others, [200], "the API beside 200 slow requests")
    tries.held(time.monotonic() - begun_s < 10, "others waited for slow requests")
    still_open = slow
    while still_open and time.monotonic() - begun_s < SLOW_SOCKETS_LIVE_S:
        still_open = [one for one in still_open if not _is_closed(one)]
        time.sleep(0.5)
    tries.count += SLOW_SOCKETS - 1
    tries.held(not still_open, f"{len(still_open)} slow requests still open after {SLOW_SOCKETS_LIVE_S:.0f} s")
    for one in slow:
        one.close()


def _is_closed(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        while received := one.recv(4096):
            del received  # an answer before the end
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def broken_requests(instance: Instance, tries: Tries) -> None:
    port = int(instance.environment["HTTP_PORT"])
    for request in BROKEN_REQUESTS:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
            answer = b""
            try:
                one.sendall(request)
                answer = one.recv(4096)
            except OSError:
                pass  # closed: as good as refused
        tries.held(b" 500 " not in answer.split(b"\r\n")[0], f"{request[:60]!r} answered {answer[:60]!r}")
    tries.refused(instance.anonymous().get("/healthz"), [200], "health after broken requests")


def without_database(instance: Instance, tries: Tries) -> None:
    reader = instance.hq
    instance.part("postgres").kill()
    seen: Counter[int] = Counter()
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < 60:
        answer = reader.get("/api/me/")
        seen[answer.status_code] += 1
        if answer.status_code == 200:
            break
        is_ours = answer.headers.get("Content-Type", "").startswith("application/json") and "code" in answer.json()
        tries.held(
            answer.status_code == 503 and is_ours, f"without a database: {answer.status_code} {answer.text[:100]!r}"
        )
        time.sleep(0.05)
    tries.held(bool(seen[200]), "the API did not come back after PostgreSQL was killed")
    tries.held(instance.is_ready(), "/readyz did not say ready after PostgreSQL was killed")


ATTACKS = (
    Attack(f"Ask {AT_ONCE} times at once", all_at_once),
    Attack(f"Open {SLOW_SOCKETS} requests and never finish them", slow_requests),
    Attack("Send broken HTTP", broken_requests),
)
LAST = Attack("Take PostgreSQL away (kill -9)", without_database)
