"""Tells each device, in `committed`, which of its readings are stored and which are refused, and why.

Every reading that reached the server is answered, duplicates again too. Answers to one device are collected:
the first goes at once, later ones at most every 2 s. An answer that would make a device send more than it may is
delayed (`rate_limit.pause_s`). The database notifies live pages (`store.py`).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from mqtt_ingest.choices import Reason
from mqtt_ingest.identify import Arrival
from mqtt_ingest.receive import Receiver
from mqtt_ingest.topics import Kind, format_topic

INTERVAL_S = 2.0
RANGES_PER_MESSAGE_COUNT = 100
# Devices with an answer waiting. Only a flood of invented ids exceeds this, and those get no answer.
CAPACITY_COUNT = 20_000

Range = tuple[int, int]


@dataclass(slots=True)
class _Answers:
    """Answers that one device has not received yet, by stream."""

    ranges: dict[int, list[Range]] = field(default_factory=dict)
    refused: dict[int, set[tuple[int, int, Reason]]] = field(default_factory=dict)

    def add(self, other: "_Answers") -> None:
        for stream, ranges in other.ranges.items():
            self.ranges.setdefault(stream, []).extend(ranges)
        for stream, refused in other.refused.items():
            self.refused.setdefault(stream, set()).update(refused)


class Announcer:
    def __init__(
        self,
        receiver: Receiver,
        clock: Callable[[], float] = time.monotonic,
        pause_s: Callable[[Arrival], float] = lambda arrival: 0.0,
    ) -> None:
        self._receiver = receiver
        self._clock = clock
        self._pause_s = pause_s
        self._waiting: dict[str, _Answers] = {}
        self._put_off: dict[str, _Answers] = {}
        self._put_off_until_s: dict[str, float] = {}
        self._sent_at_s: dict[str, float] = {}

    def announce(self, arrivals: Iterable[Arrival]) -> None:
        """Add the answers of a committed batch, and send those that are due."""
        for arrival in arrivals:
            pause_s = self._pause_s(arrival)
            if pause_s > 0:
                device_id = arrival.parsed.device_id
                self._put_off_until_s.setdefault(device_id, self._clock() + pause_s)
                self._note(arrival, self._put_off)
            else:
                self._note(arrival, self._waiting)
        self.send_due()

    def send_due(self, *, is_last: bool = False) -> None:
        """Send the answers that have waited long enough; all of them when this is the last call."""
        now_s = self._clock()
        for device_id in [d for d, until_s in self._put_off_until_s.items() if is_last or until_s <= now_s]:
            del self._put_off_until_s[device_id]
            if device_id in self._put_off:
                self._waiting.setdefault(device_id, _Answers()).add(self._put_off.pop(device_id))
        if not self._waiting or not self._receiver.is_connected:
            return
        self._forget_old_sendings(now_s)
        due = [name for name in self._waiting if is_last or name not in self._sent_at_s]
        for device_id in due:
            topic = format_topic(device_id, Kind.COMMITTED)
            for payload in _payloads(self._waiting.pop(device_id)):
                self._receiver.publish(topic, payload)
            self._sent_at_s.pop(device_id, None)
            self._sent_at_s[device_id] = now_s

    def _forget_old_sendings(self, now_s: float) -> None:
        """Answers are kept in the order of their time: checking all of them each turn would cost more than sending."""
        while self._sent_at_s:
            device_id = next(iter(self._sent_at_s))
            if now_s - self._sent_at_s[device_id] < INTERVAL_S:
                return
            del self._sent_at_s[device_id]

    def _note(self, arrival: Arrival, waiting: dict[str, _Answers]) -> None:
        parsed = arrival.parsed
        if parsed.kind is not Kind.READINGS or parsed.is_foreign:
            return
        ranges = [(r.seq_from or r.seq, r.seq) for r in parsed.readings]
        if len(ranges) > 1:
            ranges = merge(ranges)  # otherwise a delayed answer would hold a pair for each reading
        refused = [
            (r.stream, (r.seq_from or r.seq, r.seq, r.reason))
            for r in parsed.rejections
            if r.stream is not None and r.seq is not None
        ]
        if not ranges and not refused:
            return  # an unreadable message names no stream, so there is nothing to answer
        answers = waiting.get(parsed.device_id)
        if answers is None:
            if len(waiting) >= CAPACITY_COUNT:
                return
            answers = waiting[parsed.device_id] = _Answers()
        if ranges:
            answers.ranges.setdefault(parsed.stream, []).extend(ranges)
        for stream, item in refused:
            answers.refused.setdefault(stream, set()).add(item)


def _payloads(answers: _Answers) -> list[bytes]:
    """One message per stream; several if there are many ranges, so that each stays small."""
    payloads = []
    for stream in sorted(answers.ranges.keys() | answers.refused.keys()):
        ranges = merge(answers.ranges.get(stream, []))
        refused = _merge_refused(answers.refused.get(stream, set()))
        size = RANGES_PER_MESSAGE_COUNT
        for start in range(0, max(len(ranges), len(refused)), size):
            message = {
                "v": 1,
                "stream": stream,
                "ranges": ranges[start : start + size],
                "refused": refused[start : start + size],
            }
            payloads.append(msgspec.json.encode(message))
    return payloads


def merge(ranges: Iterable[Range]) -> list[Range]:
    """Inclusive ranges, sorted, with those that touch or overlap joined."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _merge_refused(refused: set[tuple[int, int, Reason]]) -> list[tuple[int, int, str]]:
    merged = [
        (low, high, reason.value)
        for reason in Reason
        for low, high in merge((low, high) for low, high, why in refused if why == reason)
    ]
    return sorted(merged)
