"""Counts that hold when many come at once: in PostgreSQL, in Valkey or Redis, in memory."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lib import limits
from lib.limits import count_quickly, count_shared, network_of
from tests import make
from tests.cast import Cast, with_token
from tests.measuring import at_once
from tests.processes import free_port
from tests.waiting import TIMEOUT_S

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    yield
    limits._in_memory.clear()
    limits._asked_again_at_s[0] = 0.0


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        url = f"redis://127.0.0.1:{port}/0"
        deadline_s = time.monotonic() + TIMEOUT_S
        while True:
            try:
                limits._client(url).ping()
                break
            except limits.redis.RedisError:
                assert time.monotonic() < deadline_s
                time.sleep(0.05)
        yield url
        server.kill()


def check_counting(count: Callable[[str, float], limits.Counted]) -> None:
    counted = sorted(at_once(30, lambda _number: count("threads", 60).count))
    assert counted == list(range(1, 31))
    first, second = count("period", 60), count("period", 60)
    assert 59 < second.wait_s <= first.wait_s <= 60.01
    assert count("other", 60).count == 1
    assert [count("short", 0.2).count, count("short", 0.2).count] == [1, 2]
    time.sleep(0.3)
    assert count("short", 0.2).count == 1


@pytest.mark.django_db(transaction=True)
def test_postgresql_counts_every_one_of_thirty_at_once() -> None:
    check_counting(count_shared)


def test_memory_counts_every_one_of_thirty_at_once(settings: Any) -> None:
    settings.CACHE_URL = ""

    check_counting(count_quickly)


@pytest.mark.needs("redis-server")
def test_redis_counts_every_one_of_thirty_at_once(settings: Any, redis_url: str) -> None:
    settings.CACHE_URL = redis_url

    check_counting(count_quickly)
    assert limits._in_memory == {}


def test_reading_goes_on_when_redis_is_away(settings: Any) -> None:
    settings.CACHE_URL = f"redis://127.0.0.1:{free_port()}/0"

    began_s = time.monotonic()
    assert [count_quickly("away", 60).count for _ in range(5)] == [1, 2, 3, 4, 5]
    assert time.monotonic() - began_s < 1.0  # asked once in 30 s


def test_memory_drops_what_has_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_KEPT", 3)
    for number in range(4):
        count_quickly(f"old-{number}", 0.001)
    time.sleep(0.01)
    count_quickly("new", 60)

    assert set(limits._in_memory) == {"new"}


def test_a_count_given_back_is_free_again(db: None) -> None:
    limits.take("one", 1, 60)
    limits.give_back("one", "one", "never counted")
    limits.take("one", 1, 60)

    with pytest.raises(limits.TooOftenError):
        limits.take("one", 1, 60)
    limits.forget("one")
    limits.take("one", 1, 60)


@pytest.mark.parametrize(
    ("address", "bits", "network"),
    [
        ("203.0.113.9", 32, "203.0.113.9/32"),
        ("203.0.113.9", 24, "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", 24, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", 24, "203.0.113.0/24"),
        ("testserver", 24, "testserver"),
    ],
)
def test_an_address_is_one_of_a_network(address: str, bits: int, network: str) -> None:
    assert network_of(address, ipv4_bits=bits) == network


# --- Reads of the API --------------------------------------------------------------------------
def test_the_limit_of_reading_says_when_to_come_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {"user": "2/min"}
    monkeypatch.setattr("lib.limits.ReadThrottle.THROTTLE_RATES", rates)
    caller = with_token(make.make_token(cast.hq))

    answers = [caller.get("/api/me/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


def test_a_read_asks_for_token_memberships_and_rows_and_nothing_else(cast: Cast) -> None:
    """Token and user, the roles, then the view's own: none for `me`, four of a list of factories. It was eleven."""
    caller = with_token(make.make_token(cast.litein_manager))
    caller.get("/api/me/")  # notes that the token was used, once a minute

    with CaptureQueriesContext(connection) as me:
        assert caller.get("/api/me/").status_code == 200
    with CaptureQueriesContext(connection) as factories:
        assert caller.get("/api/factories/").status_code == 200

    assert len(me) == 2
    assert len(factories) == 6
    assert not [query for query in [*me, *factories] if "shared_cache" in query["sql"]]


def test_the_last_use_of_a_token_is_written_once_a_minute(cast: Cast) -> None:
    caller: Client = with_token(make.make_token(cast.hq))
    with CaptureQueriesContext(connection) as captured:
        for _ in range(3):
            caller.get("/api/me/")

    assert sum("UPDATE" in query["sql"] for query in captured) == 1
