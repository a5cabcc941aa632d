"""A batch on its way into the database, in the parts that are committed one by one.

A batch is one part until the database cannot take something in it. What is committed is remembered here, outside
the attempt: when the database goes away between two parts, the next attempt goes on with what is left, and nothing
is counted twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mqtt_ingest.identify import Arrival
from mqtt_ingest.outcomes import Tally


@dataclass(frozen=True, slots=True)
class Stored:
    """What was committed: every arrival as it ended, and the counts."""

    arrivals: list[Arrival]
    tally: Tally


class Parts:
    """What is left of a batch, first part first, and what is done."""

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self._left: list[list[Arrival]] = [list(arrivals)]
        self._done = Stored([], Tally())

    def next(self) -> list[Arrival] | None:
        """The part to be stored next; None when all is done."""
        return self._left[0] if self._left else None

    def finish(self, stored: Stored) -> None:
        """The next part is committed."""
        del self._left[0]
        self._done.arrivals.extend(stored.arrivals)
        self._done.tally.add(stored.tally)

    def replace(self, parts: list[list[Arrival]]) -> None:
        """Store these instead of the next part."""
        self._left[:1] = parts

    @property
    def done(self) -> Stored:
        return self._done


def split(arrivals: Sequence[Arrival]) -> list[list[Arrival]] | None:
    """Two halves, by messages and then by the readings of a message; None when there is nothing to halve."""
    if len(arrivals) > 1:
        middle = len(arrivals) // 2
        return [list(arrivals[:middle]), list(arrivals[middle:])]
    (arrival,) = arrivals
    readings, rejections = arrival.parsed.readings, arrival.parsed.rejections
    if len(readings) + bool(rejections) < 2:
        return None
    # What was refused already goes with the first half, so that it is counted once.
    middle = len(readings) // 2
    first = replace(arrival.parsed, readings=readings[:middle])
    second = replace(arrival.parsed, readings=readings[middle:], rejections=())
    return [[replace(arrival, parsed=first)], [replace(arrival, parsed=second, counts_as_message=False)]]
