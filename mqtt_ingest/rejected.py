"""Refused messages: counted in groups, and a bounded sample of them kept for people and for a replay (`replay.py`).

A flood of one device starves nobody: a batch writes one row a group, new groups and kept messages cost tokens of the
device, and all ids that nobody registered share one bucket. `jobs.py` deletes what is old or too much.
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from django.db.backends.utils import CursorWrapper

from emissions.derive import moment
from lib import sql
from mqtt_ingest.choices import Reason
from mqtt_ingest.identify import Arrival
from mqtt_ingest.messages import Rejection, printable
from mqtt_ingest.models import RejectedGroup, RejectedMessage
from mqtt_ingest.rate_limit import TokenBuckets

KEPT_WHOLE_BYTES = 8192  # thirty readings, a device's backlog message, take less
KEPT_START_BYTES = 4096  # of a longer one, for people: it cannot be replayed
KEPT_PER_MESSAGE_COUNT = 5
# Rejected rows that a process keeps: devices that send garbage must not fill the disk.
KEPT_PER_DEVICE_AND_MINUTE_COUNT = 60
KEPT_PER_MINUTE_COUNT = 600
SHAPES_PER_DEVICE_COUNT = 20  # then one more group for each reason
NOBODYS = ""  # the bucket of all ids that are not registered

# Values in a detail: quoted, and words with a digit.
_VALUES = re.compile(r"""'[^']*'|"[^"]*"|[\w.+-]*\d[\w.+-]*""")

Key = tuple[str, str, str]  # device id in the topic, reason, shape


class Sample:
    """Decides which rejected messages are kept: the first of each device, up to a limit for all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        device, everyone = KEPT_PER_DEVICE_AND_MINUTE_COUNT, KEPT_PER_MINUTE_COUNT
        self._of_device = TokenBuckets(device / 60, device, clock)
        self._of_all = TokenBuckets(everyone / 60, everyone, clock)

    def takes(self, device_id: str) -> bool:
        return self._of_device.take(device_id, 1) and self._of_all.take(NOBODYS, 1)


sample = Sample()


@lru_cache(maxsize=1024)  # a flood repeats itself
def shape_of(detail: str) -> str:
    """The detail without its values, so that refusals of one cause are one group."""
    return _VALUES.sub("*", detail)[:120]


def keep_rejected(cursor: CursorWrapper, arrivals: Sequence[Arrival]) -> None:
    """Count all refusals in their groups and keep a sample of the messages; rate-limited ones are only counted.

    A replay is in its group already.
    """
    refused = [arrival for arrival in arrivals if arrival.parsed.rejections and not arrival.is_replay]
    if not refused:
        return
    groups = _Groups({_device_id(arrival) for arrival in refused})
    kept: list[tuple[Key, RejectedMessage]] = []
    for arrival in refused:
        payer = NOBODYS if arrival.device is None else arrival.parsed.device_id
        places_left = KEPT_PER_MESSAGE_COUNT
        for rejection in arrival.parsed.rejections:
            wants_row = places_left > 0 and rejection.reason != Reason.RATE_LIMITED
            key = groups.key_of(arrival, rejection)
            has_paid = (wants_row or not groups.has(key)) and sample.takes(payer)
            if not groups.has(key) and not has_paid:
                continue  # counted by its reason in the counters all the same
            groups.add(key, arrival.received.received_ms)
            if wants_row and has_paid:
                places_left -= 1
                kept.append((key, _row(arrival, rejection)))
    pks = groups.write(cursor)
    for key, row in kept:
        row.group_id = pks[key]
    RejectedMessage.objects.bulk_create([row for _key, row in kept])


class _Groups:
    """The groups of some devices, and what a batch adds to them."""

    def __init__(self, device_ids: set[str]) -> None:
        found = RejectedGroup.objects.filter(topic_device_id__in=device_ids)
        self._known: dict[str, set[Key]] = {device_id: set() for device_id in device_ids}
        for key in found.order_by().values_list("topic_device_id", "reason", "shape"):
            self._known[key[0]].add(key)
        self._times_ms: dict[Key, list[int]] = defaultdict(list)

    def key_of(self, arrival: Arrival, rejection: Rejection) -> Key:
        device_id = _device_id(arrival)
        key = (device_id, rejection.reason.value, shape_of(rejection.detail))
        is_full = len(self._known[device_id]) >= SHAPES_PER_DEVICE_COUNT
        return (*key[:2], "") if is_full and key not in self._known[device_id] else key

    def has(self, key: Key) -> bool:
        return key in self._known[key[0]]

    def add(self, key: Key, at_ms: int) -> None:
        self._known[key[0]].add(key)
        self._times_ms[key].append(at_ms)

    def write(self, cursor: CursorWrapper) -> dict[Key, int]:
        if not self._times_ms:
            return {}
        keys, times_ms = list(self._times_ms), list(self._times_ms.values())
        parameters: dict[str, Any] = {
            "device_ids": [key[0] for key in keys],
            "reasons": [key[1] for key in keys],
            "shapes": [key[2] for key in keys],
            "counts": [len(each) for each in times_ms],
            "first_at": [moment(min(each)) for each in times_ms],
            "last_at": [moment(max(each)) for each in times_ms],
        }
        cursor.execute(sql.load("mqtt_ingest", "count_rejected"), parameters)
        return {(device_id, reason, shape): pk for pk, device_id, reason, shape in cursor.fetchall()}


def _device_id(arrival: Arrival) -> str:
    return printable(arrival.parsed.device_id, 64)


def _row(arrival: Arrival, rejection: Rejection) -> RejectedMessage:
    received = arrival.received
    is_whole = len(received.payload) <= KEPT_WHOLE_BYTES
    return RejectedMessage(
        received_at=moment(received.received_ms),
        topic_device_id=_device_id(arrival),
        topic=printable(received.topic, 250),
        reason=rejection.reason,
        detail=rejection.detail,
        reading_index=rejection.index,
        stream=rejection.stream,
        seq=rejection.seq,
        payload=received.payload if is_whole else received.payload[:KEPT_START_BYTES],
        payload_bytes=len(received.payload),
        is_live=received.is_live,
    )
