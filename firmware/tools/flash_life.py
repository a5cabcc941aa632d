"""Measures how many readings the flash of a board holds without an answer: fills a real LittleFS image with segment
files.

    python firmware/tools/flash_life.py

prints the table of firmware/README.md. The sizes of records and the rules of when a file is full are those of
`record.h`, `segments.cpp` and `thinning.cpp`; what can be tuned is read from `config.h`, how large an outbox is from
`partitions/`. LittleFS itself is the C library of the board, built for Python (littlefs-python). It does not measure
wear or the time of a write.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from littlefs import LittleFS

FIRMWARE = Path(__file__).resolve().parent.parent
CORE = FIRMWARE / "lib" / "core" / "src"
BLOCK_BYTES = 4096
INTERVAL_S = 5

# record.h: start, kind, length and CRC; number, time, mask and flags; a float a value; span, n and first number.
RECORD_OVERHEAD_BYTES, FIXED_BYTES, VALUE_BYTES, MEAN_BYTES = 7, 13, 4, 10
QUANTITIES = 10
LONGEST_RECORD_BYTES = RECORD_OVERHEAD_BYTES + FIXED_BYTES + VALUE_BYTES * QUANTITIES + MEAN_BYTES
HEADER_BYTES = RECORD_OVERHEAD_BYTES + 9
MARK_RESERVE_BYTES = RECORD_OVERHEAD_BYTES + 8 + RECORD_OVERHEAD_BYTES
STATE_BYTES = 92  # of each of the two state files


@dataclass(frozen=True, slots=True)
class Board:
    """A row of the table, and the partition table it is of."""

    name: str
    partitions: str
    max_segments: int

    @property
    def outbox_bytes(self) -> int:
        lines = (FIRMWARE / "partitions" / self.partitions).read_text(encoding="utf-8").splitlines()
        row = next(line for line in lines if line.startswith("outbox,"))
        return int(row.split(",")[4], 16)


# The second number is CT_MAX_SEGMENTS of platformio.ini: more files than that have no place in the index.
BOARDS = (
    Board("4 MB board", "flash_4mb.csv", 400),
    Board("16 MB board, `-DCT_MAX_SEGMENTS=900`", "flash_16mb.csv", 900),
)


def tuned(name: str) -> int:
    """A whole number of config.h."""
    found = re.search(rf"\b{name} = ([\d']+);", (CORE / "config.h").read_text(encoding="utf-8"))
    if found is None:
        raise LookupError(f"config.h has no whole number named {name}: has it been renamed?")
    return int(found.group(1).replace("'", ""))


SEGMENT_BYTES = tuned("kSegmentBytes")
SEGMENT_RECORDS = tuned("kMaxSegmentRecords")
THIN_SPAN_S = tuned("kThinSpanMs") // 1000


def reading_bytes(values: int, *, is_mean: bool = False) -> int:
    return RECORD_OVERHEAD_BYTES + FIXED_BYTES + VALUE_BYTES * values + (MEAN_BYTES if is_mean else 0)


def readings_per_file(values: int) -> int:
    """`Segments::append_to_open`: one more while the longest record and the later marks would still fit."""
    size, count = HEADER_BYTES, 0
    while size + LONGEST_RECORD_BYTES + MARK_RESERVE_BYTES <= SEGMENT_BYTES and count < SEGMENT_RECORDS:
        size += reading_bytes(values)
        count += 1
    return count


def means_per_file(values: int) -> int:
    """`Thinner::thin_once`: whole segments only, so the last segment of a file is rarely full."""
    most, size = 0, HEADER_BYTES
    needed = 2 * LONGEST_RECORD_BYTES + RECORD_OVERHEAD_BYTES + MARK_RESERVE_BYTES
    while size + needed <= SEGMENT_BYTES and most + 2 <= SEGMENT_RECORDS:
        size += reading_bytes(values, is_mean=True)
        most += 1
    minutes_per_segment = readings_per_file(values) * INTERVAL_S // THIN_SPAN_S
    return most // minutes_per_segment * minutes_per_segment


def files_until_full(partition_bytes: int, file_bytes: int) -> int:
    """Segment files that an empty file system takes until the firmware would begin to lose the oldest."""
    blocks = partition_bytes // BLOCK_BYTES
    # The sizes with which esp_littlefs is built for the board.
    flash = LittleFS(
        block_size=BLOCK_BYTES,
        block_count=blocks,
        read_size=128,
        prog_size=128,
        cache_size=512,
        lookahead_size=128,
        block_cycles=512,
    )
    for name in ("state-0", "state-1"):
        with flash.open(name, "wb") as file:
            file.write(bytes(STATE_BYTES))
    full_blocks = blocks * tuned("kDropAbovePct") / 100
    count = 0
    # A fill-level query walks through all files, so it starts only when the file system can be full.
    while count < 0.8 * blocks or flash.used_block_count < full_blocks:
        count += 1
        with flash.open(f"{count:08x}-{count:08x}.seg", "wb") as file:
            file.write(bytes(file_bytes))
    return count


def life(board: Board, *, values: int, is_means: bool = False) -> tuple[int, float]:
    """How many readings, or means, the outbox holds, and how many hours that is."""
    per_file = means_per_file(values) if is_means else readings_per_file(values)
    file_bytes = HEADER_BYTES + per_file * reading_bytes(values, is_mean=is_means)
    count = min(files_until_full(board.outbox_bytes, file_bytes), board.max_segments) * per_file
    return count, count * (THIN_SPAN_S if is_means else INTERVAL_S) / 3600


def table() -> list[str]:
    rows = [
        f"| Outbox of | 4 values a reading ({reading_bytes(4)} bytes) | 7 values ({reading_bytes(7)} bytes) "
        "| 7 values, all of it one-minute means |",
        "|---|---|---|---|",
    ]
    for board in BOARDS:
        four, four_hours = life(board, values=4)
        seven, seven_hours = life(board, values=7)
        _means, means_hours = life(board, values=7, is_means=True)
        rows.append(
            f"| {board.name}, {board.outbox_bytes / 2**20:.3f} MiB | {four:,} = {four_hours:.0f} h "
            f"| {seven:,} = {seven_hours:.0f} h | {means_hours / 24:.0f} days |"
        )
    return rows


if __name__ == "__main__":
    sys.stdout.write("\n".join(table()) + "\n")
