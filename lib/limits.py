"""How often something may be done, counted so that requests at the same moment cannot slip through.

Shared limits (sign-in, codes, joining, registering, writing) are counted in PostgreSQL and hold across processes. The
limit of reading is only there against programs that run wild: it is counted in Valkey or Redis if `CACHE_URL` is set,
otherwise in the memory of each process, so that a read costs the database nothing for it.
"""

import ipaddress
import logging
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle, UserRateThrottle

from lib import sql

logger = logging.getLogger(__name__)

ASKED_AGAIN_S = 30.0  # after Valkey did not answer
_MOST_KEPT = 50_000  # keys in memory, before those that have run out are dropped


@dataclass(frozen=True, slots=True)
class Counted:
    """`count` of the running period, which ends in `wait_s`."""

    count: int
    wait_s: float


class TooOftenError(Exception):
    """It was done too often; `wait_s` is when it may be done again."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too often, again in {wait_s:.0f} s")
        self.wait_s = max(1.0, wait_s)


# --- Shared by all processes -------------------------------------------------------------------
def take(key: str, amount: int, period_s: float) -> None:
    """Count one under `key`. Raises TooOftenError above `amount` in `period_s`."""
    counted = count_shared(key, period_s)
    if counted.count > amount:
        raise TooOftenError(counted.wait_s)


def give_back(*keys: str) -> None:
    """Take the last count of each key back."""
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute(sql.load("lib", "count_back"), {"key": _named(key)})


def forget(*keys: str) -> None:
    """Set the count back to zero."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shared_cache WHERE cache_key = ANY(%s)", [[_named(key) for key in keys]])


def count_shared(key: str, period_s: float) -> Counted:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("lib", "count_up"), {"key": _named(key), "period_s": period_s})
        return Counted(*cursor.fetchone())


def _named(key: str) -> str:
    return f"limit:{key}"


def network_of(address: str, *, ipv4_bits: int = 32) -> str:
    """The network of an address: a subscriber has a whole /64 of IPv6, and could use a new address for each try."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, ipv4_bits), strict=False))


# --- Quick -------------------------------------------------------------------------------------
_in_memory: dict[str, tuple[int, float]] = {}  # count, end of the period on the monotonic clock
_lock = threading.Lock()
_asked_again_at_s = [0.0]


def count_quickly(key: str, period_s: float) -> Counted:
    """In Valkey or Redis, or in this process; also if Valkey is away, because reading must not hang on it."""
    client = _client(settings.CACHE_URL)
    if client is not None and time.monotonic() >= _asked_again_at_s[0]:
        try:
            return _count_in_redis(client, _named(key), period_s)
        except redis.RedisError as error:
            _asked_again_at_s[0] = time.monotonic() + ASKED_AGAIN_S
            logger.warning("CACHE_URL does not answer, API reads are counted in this process: %s", error)
    return _count_in_memory(key, period_s)


@cache
def _client(url: str) -> Any:
    if not url:
        return None
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **timeouts)


def _count_in_redis(client: Any, key: str, period_s: float) -> Counted:
    with client.pipeline(transaction=True) as together:
        together.set(key, 0, px=round(1000 * period_s), nx=True)
        together.incr(key)
        together.pttl(key)
        _made, count, left_ms = together.execute()
    return Counted(count, left_ms / 1000)


def _count_in_memory(key: str, period_s: float) -> Counted:
    now_s = time.monotonic()
    with _lock:
        if len(_in_memory) > _MOST_KEPT:
            for old in [name for name, (_count, ends_at_s) in _in_memory.items() if ends_at_s <= now_s]:
                del _in_memory[old]
        count, ends_at_s = _in_memory.get(key, (0, 0.0))
        if ends_at_s <= now_s:
            count, ends_at_s = 0, now_s + period_s
        _in_memory[key] = (count + 1, ends_at_s)
    return Counted(count + 1, ends_at_s - now_s)


# --- For endpoints -----------------------------------------------------------------------------
class CountedThrottle(SimpleRateThrottle):
    """DRF's throttle, but its own reads the history of calls, and writes it back in a second step."""

    count = staticmethod(count_shared)
    num_requests: int | None
    duration: int | None
    wait_s = 0.0

    def allow_request(self, request: Any, view: Any) -> bool:
        key = self.get_cache_key(request, view)
        if self.num_requests is None or self.duration is None or key is None:
            return True
        counted = self.count(key, self.duration)
        self.wait_s = counted.wait_s
        return counted.count <= self.num_requests

    def wait(self) -> float:
        return max(1.0, self.wait_s)

    def get_ident(self, request: Any) -> str:
        return network_of(super().get_ident(request) or "")


class ReadThrottle(UserRateThrottle, CountedThrottle):
    """All calls of a person or an address, by the quick count."""

    count = staticmethod(count_quickly)


class ScopeThrottle(ScopedRateThrottle, CountedThrottle):
    """The calls of one `throttle_scope`, shared."""
