"""Finds readings that come again with another time or other values than those stored under their identity.

Only duplicates are compared, so a new reading costs nothing. A conflict means two devices with one login, or a device
that does not draw its stream number at each boot: called a duplicate, the reading would be freed and lost.
"""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from lib import sql
from mqtt_ingest.choices import Reason
from mqtt_ingest.rules import Problem
from mqtt_ingest.staging import StagedBatch

WHY = "two devices use this login, or the device does not draw a new stream number at each boot"


def find_conflicts(
    cursor: CursorWrapper, staged: StagedBatch, duplicates: Sequence[int], *, key_decides: bool
) -> dict[int, Problem]:
    """Position and refusal of each staged reading that is stored already, and differently.

    `key_decides`: the record of received numbers is incomplete, so all are compared with the readings at their time.
    """
    found = {at: _problem(staged, at, is_at_that_time=is_same_time) for at, is_same_time in staged.repeats.items()}
    compared = range(len(staged.keys)) if key_decides else duplicates
    if not compared:
        return found
    known = set(duplicates)
    for position in known & found.keys():
        del found[position]  # compared with what is stored, not with the first of the batch
    cursor.execute(sql.load("mqtt_ingest", "compare_stored"), {"positions": list(compared)})
    for position, is_at_that_time in cursor.fetchall():
        if is_at_that_time or position in known:
            found[position] = _problem(staged, position, is_at_that_time=is_at_that_time)
    return found


def _problem(staged: StagedBatch, position: int, *, is_at_that_time: bool) -> Problem:
    reading = staged.readings[position]
    name = f"seq={reading.seq}" if reading.seq else f"t={reading.t} without seq"
    other = "other values at the same t" if is_at_that_time else f"another t than {reading.t}"
    return Reason.CONFLICT, f"{name} is stored already with {other}: {WHY}"
