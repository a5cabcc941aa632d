"""A batch while it is stored, in parts that are committed one by one.

A batch is one part as long as the database refuses nothing in it. The committed parts are remembered here, outside the
attempt: when the database fails between two parts, the next attempt continues with the rest, and nothing is counted
twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mqtt_ingest.identify import Arrival
from mqtt_ingest.outcomes import Tally


@dataclass(frozen=True, slots=True)
class Stored:
    """The committed part: every arrival with its outcome, and the counts."""

    arrivals: list[Arrival]
    tally: Tally


class Parts:
    """The remaining parts of a batch, in order, and the committed ones."""

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self._left: list[list[Arrival]] = [list(arrivals)]
        self.done = Stored([], Tally())

    def next(self) -> list[Arrival] | None:
        """The part to be stored next; None when all is done."""
        return self._left[0] if self._left else None

    def finish(self, stored: Stored) -> None:
        """The next part is committed."""
        del self._left[0]
        self.done.arrivals.extend(stored.arrivals)
        self.done.tally.add(stored.tally)

    def replace(self, parts: list[list[Arrival]]) -> None:
        """Store these instead of the next part."""
        self._left[:1] = parts


def split(arrivals: Sequence[Arrival]) -> list[list[Arrival]] | None:
    """Two halves, by messages and then by the readings of a message; None when there is nothing to halve."""
    if len(arrivals) > 1:
        middle = len(arrivals) // 2
        return [list(arrivals[:middle]), list(arrivals[middle:])]
    (arrival,) = arrivals
    readings, rejections = arrival.parsed.readings, arrival.parsed.rejections
    if len(readings) + bool(rejections) < 2:
        return None
    # Readings already refused go with the first half, so that they are counted once.
    middle = len(readings) // 2
    first = replace(arrival.parsed, readings=readings[:middle])
    second = replace(arrival.parsed, readings=readings[middle:], rejections=())
    return [[replace(arrival, parsed=first)], [replace(arrival, parsed=second, counts_as_message=False)]]
