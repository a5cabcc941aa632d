"""One batch, one transaction: copy, decide new or duplicate, insert, mark minutes, count.

Redelivery changes nothing but the counters. The order of the steps is the order of the locks (streams,
devices, counters), each kind in key order: workers with the same devices wait for each other and never
deadlock. What device and broker are told comes after the commit, from `announce` and `acknowledge`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from carbontrack import sql
from emissions.partitions import ensure_partitions, forget_known_partitions, is_missing_partition
from mqtt_ingest.choices import Reason
from mqtt_ingest.device_state import write_device_state
from mqtt_ingest.identify import Arrival, refuse_all
from mqtt_ingest.messages import printable
from mqtt_ingest.outcomes import Tally, count, keep_rejected, tally_messages
from mqtt_ingest.staging import StagedBatch, notifications, stage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """What was committed: every arrival as it ended, and the counts."""

    arrivals: list[Arrival]
    tally: Tally


def store(arrivals: Sequence[Arrival]) -> Stored:
    """Write a batch; when this returns it is committed.

    A reading that the database cannot take is found by halving and refused alone.

    Raises
    ------
    OperationalError, InterfaceError
        when the database is gone; then nothing of the batch is known to be stored, and it may be tried again.
    """
    staged = stage(arrivals)
    if staged.keys:
        # Outside the transaction: making a table must not wait for, or hold up, the readings of other months.
        first_ms, last_ms = staged.first_and_last_ms()
        ensure_partitions(_moment(first_ms), _moment(last_ms))
    try:
        tally = _write(arrivals, staged)
        return Stored(list(arrivals), tally)
    except (DataError, IntegrityError) as error:
        if is_missing_partition(error):
            # Not the reading's fault: what this process remembered of the tables is out of date.
            forget_known_partitions()
            raise OperationalError(str(error)) from error
        parts = split(arrivals) or [_refuse_poison(arrivals, error)]
    ended: list[Arrival] = []
    tally = Tally()
    for part in parts:
        stored = store(part)
        ended.extend(stored.arrivals)
        tally.add(stored.tally)
    return Stored(ended, tally)


def _write(arrivals: Sequence[Arrival], staged: StagedBatch) -> Tally:
    is_nested = connection.in_atomic_block
    tally = Tally(duplicate=staged.repeated)
    tally_messages(tally, arrivals)
    with transaction.atomic(), connection.cursor() as cursor:
        if staged.keys:
            _write_readings(cursor, staged, tally, is_nested=is_nested)
        write_device_state(cursor, arrivals)
        keep_rejected(arrivals)
        count(cursor, tally)
    return tally


def _write_readings(cursor: CursorWrapper, staged: StagedBatch, tally: Tally, *, is_nested: bool) -> None:
    """1. copy; 2. lock the streams; 3. take duplicates out; 4. insert; 5. record, mark, notify; 6. tally."""
    now = timezone.now()
    stored_at = {"stored_at": now}
    _execute(cursor, "create_staging")
    if is_nested:  # in somebody's transaction, as in a test: no commit has emptied it yet
        cursor.execute("TRUNCATE ingest_staging")
    with connection.wrap_database_errors:
        cursor.copy_expert(sql.load("mqtt_ingest", "copy_staging"), staged.as_file())
    _execute(cursor, "make_streams", stored_at)
    _execute(cursor, "lock_streams")
    _execute(cursor, "delete_duplicates")
    duplicates = {position for (position,) in cursor.fetchall()} if cursor.rowcount else set()
    if len(duplicates) < len(staged.keys):
        _execute(cursor, "insert_new_readings", stored_at)
        tally.stored += cursor.rowcount
        _execute(cursor, "record_received", stored_at)
        _execute(cursor, "touch_minutes", stored_at)
        payloads = notifications(staged, duplicates, int(now.timestamp() * 1000))
        if payloads:
            _execute(cursor, "notify_readings", {"payloads": payloads})
    tally.duplicate += len(staged.keys) - tally.stored


def _execute(cursor: CursorWrapper, name: str, parameters: dict[str, Any] | None = None) -> None:
    cursor.execute(sql.load("mqtt_ingest", name), parameters)


def _moment(t_ms: int) -> datetime:
    return datetime.fromtimestamp(t_ms / 1000, UTC)


# --- Poison ------------------------------------------------------------------------------------
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


def _refuse_poison(arrivals: Sequence[Arrival], error: Exception) -> list[Arrival]:
    """The one reading or message that the database cannot take, refused."""
    (arrival,) = arrivals
    if arrival.parsed.rejections:
        raise error  # a refusal itself cannot be written: a fault of ours that must not be hidden
    logger.error("The database cannot take a message of device %r: %s", arrival.parsed.device_id, error)
    detail = printable(f"the database cannot take it: {' '.join(str(error).split())}", 300)
    return [replace(arrival, parsed=refuse_all(arrival.parsed, Reason.BAD_SCHEMA, detail))]
