"""Converts a batch to lines for COPY, and collects the facts about it that `store` needs. No database here.

The JSON encoder writes the lines: a list of numbers is a line except for its commas, and the encoder is ten times
faster than Python code that formats each number.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import msgspec

from emissions.models import STREAM_OFFSET
from mqtt_ingest.identify import Arrival
from mqtt_ingest.messages import Reading

VALUE_COUNT = len(Reading.__struct_fields__)  # a posted reading has more, after these
SMALLEST_FLOAT4 = 1e-37
REPLAYED = 128  # a flag that a device sets when it sends a reading again
# PostgreSQL's limit is 8,000 bytes.
NOTIFICATION_LIMIT_BYTES = 7_900
LIVE_FOR_MS = 10 * 60 * 1000

Content = tuple[Any, ...]
_FLOAT4 = struct.Struct("f")


@dataclass(slots=True)
class StagedBatch:
    """`keys` holds (device, time in ms, stored stream, seq) by position, `readings` the reading.

    `repeats` are the positions of readings whose identity stands before them in this batch with other content, each
    with whether their time is the same.
    """

    keys: list[tuple[int, int, int, int]] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    repeats: dict[int, bool] = field(default_factory=dict)
    texts: list[bytes] = field(default_factory=list)
    largest_stream_count: int = 0  # readings of the stream with the most

    def as_file(self) -> BytesIO:
        return BytesIO(b"".join(self.texts))

    def first_and_last_ms(self) -> tuple[int, int]:
        times = [t_ms for _, t_ms, _, _ in self.keys]
        return min(times), max(times)


def stage(arrivals: Sequence[Arrival]) -> StagedBatch:
    """The readings of a batch, each once; the same identity again only with other content."""
    batch = StagedBatch()
    seen: dict[tuple[int, int], dict[int, Reading]] = {}
    for arrival in arrivals:
        device, parsed = arrival.device, arrival.parsed
        if device is None or not parsed.readings:
            continue
        stream, first = parsed.stream - STREAM_OFFSET, len(batch.keys)
        readings, repeats = _unseen(parsed.readings, seen.setdefault((device.pk, stream), {}))
        if not readings:
            continue
        pk, interval_s = device.pk, parsed.interval_s
        rows = [(n, pk, stream, interval_s, *_values(r)) for n, r in enumerate(readings, first)]
        batch.texts.append(_lines(rows))
        batch.keys += [(pk, r.t, stream, r.seq) for r in readings]
        batch.readings += readings
        batch.repeats |= {first + place: is_at_that_time for place, is_at_that_time in repeats.items()}
    batch.largest_stream_count = max(map(len, seen.values()), default=0)
    return batch


def _unseen(readings: Sequence[Reading], seen: dict[int, Reading]) -> tuple[Sequence[Reading], dict[int, bool]]:
    """Readings that are not in `seen` yet, and which of them repeat an identity; adds them. A reading with seq 0 is
    identified by its time."""
    identities = [r.seq or -r.t for r in readings]
    fresh = dict(zip(identities, readings, strict=True))
    if len(fresh) == len(identities) and seen.keys().isdisjoint(fresh):
        seen |= fresh
        return readings, {}
    unseen: list[Reading] = []
    repeats: dict[int, bool] = {}
    for identity, reading in zip(identities, readings, strict=True):
        first = seen.setdefault(identity, reading)
        if first is not reading:
            if not _is_conflict(first, reading):
                continue
            repeats[len(unseen)] = first.t == reading.t
        unseen.append(reading)
    return unseen, repeats


def _is_conflict(first: Reading, again: Reading) -> bool:
    """The rule of compare_stored.sql: of a reading and a mean only the times are compared."""
    if (first.span_s is None) == (again.span_s is None):
        return content(first) != content(again)
    return not first.t - round((first.span_s or 0) * 1000) <= again.t <= first.t


def content(reading: Reading) -> Content:
    """What is compared of two readings of one identity: numbers as they are stored, without the flag `replayed`."""
    values = _values(msgspec.structs.replace(reading, flags=reading.flags | REPLAYED))
    return tuple(_FLOAT4.unpack(_FLOAT4.pack(v))[0] if isinstance(v, float) else v for v in values)


def _values(reading: Reading) -> tuple[Any, ...]:
    """In the order of copy_staging.sql."""
    return msgspec.structs.astuple(reading)[:VALUE_COUNT]


def _lines(rows: list[tuple[Any, ...]]) -> bytes:
    text = msgspec.json.encode(rows)
    if b"e-" in text:
        text = msgspec.json.encode([_without_tiny_numbers(row) for row in rows])
    return text[2:-2].replace(b"],[", b"\n").replace(b",", b"\t") + b"\n"


def _without_tiny_numbers(row: Iterable[Any]) -> list[Any]:
    """PostgreSQL refuses a number that a 4-byte float would round to zero, so we store zero."""
    return [0.0 if isinstance(v, float) and abs(v) < SMALLEST_FLOAT4 else v for v in row]


def notifications(batch: StagedBatch, left_out: set[int], now_ms: int) -> list[str]:
    """The payload for the live streams: [[device, time in ms, stored stream, seq], ...], cut to size."""
    texts: list[str] = []
    items: list[str] = []
    size_bytes = 2
    for position, key in enumerate(batch.keys):
        if key[1] < now_ms - LIVE_FOR_MS or position in left_out:
            continue
        item = json.dumps(key, separators=(",", ":"))
        if size_bytes + len(item) + 1 > NOTIFICATION_LIMIT_BYTES:
            texts.append(f"[{','.join(items)}]")
            items, size_bytes = [], 2
        items.append(item)
        size_bytes += len(item) + 1
    if items:
        texts.append(f"[{','.join(items)}]")
    return texts
