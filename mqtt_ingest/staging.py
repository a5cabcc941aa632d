"""A batch as lines for COPY, and what must be known of it beside them. No database here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO

from emissions.models import STREAM_OFFSET
from mqtt_ingest.identify import Arrival
from mqtt_ingest.messages import Reading

SMALLEST_FLOAT4 = 1e-37
# PostgreSQL's limit is 8,000 bytes.
NOTIFICATION_LIMIT_BYTES = 7_900
LIVE_FOR_MS = 10 * 60 * 1000


@dataclass(slots=True)
class StagedBatch:
    """`keys` holds (device, time in ms, stored stream, seq) by position."""

    keys: list[tuple[int, int, int, int]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def as_file(self) -> StringIO:
        return StringIO("".join(self.lines))

    def first_and_last_ms(self) -> tuple[int, int]:
        times = [t_ms for _, t_ms, _, _ in self.keys]
        return min(times), max(times)


def stage(arrivals: Sequence[Arrival]) -> StagedBatch:
    """The readings of a batch, each identity once. A seq of 0 is told apart by its time."""
    batch = StagedBatch()
    seen: set[tuple[int, int, int, int]] = set()
    for arrival in arrivals:
        device, parsed = arrival.device, arrival.parsed
        if device is None or not parsed.readings:
            continue
        stream = parsed.stream - STREAM_OFFSET
        interval = _number(parsed.interval_s)
        for reading in parsed.readings:
            identity = (device.pk, 0 if reading.seq else reading.t, stream, reading.seq)
            if identity in seen:
                continue
            seen.add(identity)
            batch.lines.append(_line(len(batch.keys), device.pk, stream, interval, reading))
            batch.keys.append((device.pk, reading.t, stream, reading.seq))
    return batch


def _line(position: int, device_pk: int, stream: int, interval: str, r: Reading) -> str:
    """In the order of create_staging.sql."""
    line = (
        f"{position}\t{device_pk}\t{r.t}\t{stream}\t{r.seq}\t{_or_null(r.seq_from)}\t"
        f"{_or_null(r.co2_ppm)}\t{_or_null(r.temperature_c)}\t{_or_null(r.velocity_ms)}\t"
        f"{_or_null(r.pressure_pa)}\t{_or_null(r.dp_pa)}\t{_or_null(r.cell_temperature_c)}\t"
        f"{_or_null(r.cell_pressure_pa)}\t{_or_null(r.humidity_pct)}\t{_or_null(r.o2_pct)}\t{_or_null(r.ch4_ppm)}\t"
        f"{interval}\t{_or_null(r.span_s)}\t{_or_null(r.n)}\t{r.flags}\n"
    )
    return line if "e-" not in line else _without_tiny_numbers(line)


def _or_null(value: float | int | None) -> float | int | str:
    return r"\N" if value is None else value


def _without_tiny_numbers(line: str) -> str:
    """PostgreSQL refuses a number that a 4-byte float would round to zero; we store the zero."""
    return "\t".join(_number(float(cell)) if "e-" in cell else cell for cell in line[:-1].split("\t")) + "\n"


def _number(value: float) -> str:
    return "0" if abs(value) < SMALLEST_FLOAT4 else str(value)


def notifications(batch: StagedBatch, left_out: set[int], now_ms: int) -> list[str]:
    """What the live streams are told: [[device, time in ms, stored stream, seq], ...], cut to size."""
    texts: list[str] = []
    items: list[str] = []
    size_bytes = 2
    for position, key in enumerate(batch.keys):
        if position in left_out or key[1] < now_ms - LIVE_FOR_MS:
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
