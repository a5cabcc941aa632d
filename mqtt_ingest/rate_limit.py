"""How fast one device may send: one token bucket each. Readings above it are counted and not answered."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mqtt_ingest.choices import Reason
from mqtt_ingest.identify import Arrival, refuse_all
from mqtt_ingest.messages import Rejection
from mqtt_ingest.topics import Kind

CAPACITY_COUNT = 50_000
LIVE_LIMIT_COUNT = 12  # readings in a message of what is measured now
# A status, alert or ack is a row of its own, kept for a year: at 200 readings/s that leaves 10 messages/s.
TOKENS_A_MESSAGE = 20


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at_s: float


class TokenBuckets:
    """One bucket per key: `burst` tokens, refilled at `rate_per_s`."""

    def __init__(self, rate_per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate_per_s, self.burst = rate_per_s, burst
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str, tokens: float, waited_s: float = 0.0) -> bool:
        """Take all of `tokens`, or none. A full bucket also serves requests above its size.

        `waited_s`: how long ago the message arrived. Waiting messages count at their arrival, not all at once.
        """
        now_s = self._clock() - waited_s
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= CAPACITY_COUNT:
                self._forget_full_ones(now_s)
            bucket = self._buckets[key] = _Bucket(self.burst, now_s)
        else:
            gained = max(0.0, now_s - bucket.filled_at_s) * self.rate_per_s
            bucket.tokens = min(self.burst, bucket.tokens + gained)
            bucket.filled_at_s = max(bucket.filled_at_s, now_s)
        if bucket.tokens < min(tokens, self.burst):
            return False
        bucket.tokens = max(0.0, bucket.tokens - tokens)
        return True

    def seconds_until(self, key: str, tokens: float) -> float:
        """Seconds until the bucket holds so many tokens, if nothing is taken meanwhile."""
        bucket = self._buckets.get(key)
        if bucket is None:
            return 0.0
        since_s = self._clock() - bucket.filled_at_s
        return max(0.0, (tokens - bucket.tokens) / self.rate_per_s - since_s)

    def _forget_full_ones(self, now_s: float) -> None:
        """Drop full buckets, which equal new ones. If that frees nothing, drop all."""
        refill_s = self.burst / self.rate_per_s
        self._buckets = {k: b for k, b in self._buckets.items() if now_s - b.filled_at_s < refill_s}
        if len(self._buckets) >= CAPACITY_COUNT:
            self._buckets.clear()


def pause_s(buckets: TokenBuckets, arrival: Arrival) -> float:
    """How long the answer to a message of old readings is delayed, so that its device stays below the limit.

    Only its window limits a device with a long backlog: it sends more when it gets an answer. Half a bucket is five of
    the largest messages. Answers to live readings do not wait.
    """
    if len(arrival.parsed.readings) <= LIVE_LIMIT_COUNT:
        return 0.0
    return buckets.seconds_until(arrival.parsed.device_id, buckets.burst / 2)


def limit_rate(buckets: TokenBuckets, arrival: Arrival) -> Arrival:
    """The arrival as it came, or with everything in it refused as `rate_limited`.

    Readings refused for another reason cost tokens too: a device must not fill the table of rejected messages either.
    A value of a channel costs as much as a reading.

    The refusal names no reading, so there is no answer to it, and the device sends the readings again later. What the
    broker kept while we were away comes at once, with the copies that the device has sent meanwhile: nothing must be
    lost for that.
    """
    parsed = arrival.parsed
    tokens = max(1, parsed.received + len(parsed.channels)) if parsed.kind is Kind.READINGS else TOKENS_A_MESSAGE
    waited_s = max(0, int(time.time() - arrival.received.received_ms / 1000))
    if buckets.take(parsed.device_id, tokens, waited_s):
        return arrival
    detail = f"more than {buckets.rate_per_s:g} readings/s sustained, burst {buckets.burst:g}"
    refused = refuse_all(parsed, Reason.RATE_LIMITED, detail)
    # The reason is rate_limited even if something else was wrong, so it is counted and no payload is kept.
    unnamed = tuple(Rejection(Reason.RATE_LIMITED, detail, t=one.t) for one in refused.rejections)
    return replace(arrival, parsed=replace(refused, rejections=unnamed))
