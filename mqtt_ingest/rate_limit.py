"""How fast one device may send: a token bucket each. What is above it is refused and counted."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mqtt_ingest.choices import Reason
from mqtt_ingest.identify import Arrival, refuse_all
from mqtt_ingest.topics import Kind

CAPACITY_COUNT = 50_000
# A status, alert or ack is a row of its own, kept for a year: at 200 readings/s that leaves 10 messages/s.
TOKENS_A_MESSAGE = 20


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at_s: float


class TokenBuckets:
    """One bucket a key: `burst` tokens, refilled at `rate_per_s`."""

    def __init__(self, rate_per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate_per_s, self.burst = rate_per_s, burst
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str, tokens: float) -> bool:
        """Take all of `tokens`, or none. More than a full bucket holds is given to a full bucket."""
        now_s = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= CAPACITY_COUNT:
                self._forget_full_ones(now_s)
            bucket = self._buckets[key] = _Bucket(self.burst, now_s)
        else:
            gained = (now_s - bucket.filled_at_s) * self.rate_per_s
            bucket.tokens = min(self.burst, bucket.tokens + gained)
            bucket.filled_at_s = now_s
        if bucket.tokens < min(tokens, self.burst):
            return False
        bucket.tokens = max(0.0, bucket.tokens - tokens)
        return True

    def _forget_full_ones(self, now_s: float) -> None:
        """A full bucket says no more than none. If that frees nothing, all start anew."""
        refill_s = self.burst / self.rate_per_s
        self._buckets = {k: b for k, b in self._buckets.items() if now_s - b.filled_at_s < refill_s}
        if len(self._buckets) >= CAPACITY_COUNT:
            self._buckets.clear()


def limit_rate(buckets: TokenBuckets, arrival: Arrival) -> Arrival:
    """The arrival as it came, or with everything in it refused as `rate_limited`.

    Refused readings cost tokens too: a device must not fill the table of rejected messages either.
    """
    parsed = arrival.parsed
    tokens = max(1, parsed.received) if parsed.kind is Kind.READINGS else TOKENS_A_MESSAGE
    if buckets.take(parsed.device_id, tokens):
        return arrival
    detail = f"more than {buckets.rate_per_s:g} readings/s sustained, burst {buckets.burst:g}"
    # Named rate_limited whatever else was wrong with it: so it is counted, and keeps no payload.
    renamed = tuple(replace(r, reason=Reason.RATE_LIMITED, detail=detail) for r in parsed.rejections)
    refused = refuse_all(replace(parsed, rejections=renamed), Reason.RATE_LIMITED, detail)
    return replace(arrival, parsed=refused)
