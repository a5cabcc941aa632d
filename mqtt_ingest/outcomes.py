"""The outcomes of readings, counted. Which refused messages are kept: `rejected.py`.

received = stored + duplicate + rejected, in readings. Written by the transaction that stores.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.utils import CursorWrapper

from lib import sql
from mqtt_ingest.choices import Outcome, Reason
from mqtt_ingest.identify import Arrival
from mqtt_ingest.topics import Kind

SLOT_COUNT = 32


@dataclass(slots=True)
class Tally:
    """Counts of one transaction, and the first and last time of its readings (None without readings)."""

    stored: int = 0
    duplicate: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    messages: Counter[Kind] = field(default_factory=Counter)
    oldest_ms: int | None = None
    newest_ms: int | None = None

    @property
    def received(self) -> int:
        return self.stored + self.duplicate + self.rejected.total()

    def add(self, other: "Tally") -> None:
        self.stored += other.stored
        self.duplicate += other.duplicate
        self.rejected.update(other.rejected)
        self.messages.update(other.messages)
        if other.oldest_ms is not None and other.newest_ms is not None:
            self.note_times(other.oldest_ms, other.newest_ms)

    def note_times(self, oldest_ms: int, newest_ms: int) -> None:
        self.oldest_ms = oldest_ms if self.oldest_ms is None else min(self.oldest_ms, oldest_ms)
        self.newest_ms = newest_ms if self.newest_ms is None else max(self.newest_ms, newest_ms)

    def rows(self) -> list[tuple[str, str, int]]:
        """(outcome, reason, count) of counts above zero."""
        rows = [
            (Outcome.RECEIVED.value, "", self.received),
            (Outcome.STORED.value, "", self.stored),
            (Outcome.DUPLICATE.value, "", self.duplicate),
            *((Outcome.REJECTED.value, reason.value, count) for reason, count in self.rejected.items()),
            *((Outcome.MESSAGE.value, kind.value, count) for kind, count in self.messages.items()),
        ]
        return sorted(row for row in rows if row[2])


def tally_messages(tally: Tally, arrivals: Iterable[Arrival]) -> None:
    """Count messages by kind, and refused readings; only the database knows what was stored."""
    for arrival in arrivals:
        if arrival.counts_as_message:
            tally.messages[arrival.parsed.kind] += 1
        for rejection in arrival.parsed.rejections:
            tally.rejected[rejection.reason] += 1


def count(cursor: CursorWrapper, tally: Tally) -> None:
    """Add the tally to the counters. Last step of the transaction, because other workers wait for these rows until it
    ends."""
    rows = tally.rows()
    if not rows:
        return
    outcomes, reasons, counts = zip(*rows, strict=True)
    parameters: dict[str, Any] = {
        "outcomes": list(outcomes),
        "reasons": list(reasons),
        "counts": list(counts),
        # Workers of one machine have different process ids: each mostly has a slot of its own.
        "slot": os.getpid() % SLOT_COUNT,
    }
    cursor.execute(sql.load("mqtt_ingest", "count_outcomes"), parameters)
