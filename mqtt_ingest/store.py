"""One batch, one transaction: copy, decide new or duplicate, insert, mark minutes, count.

Redelivery changes nothing but the counters. The order of the steps is the order of the locks (streams, devices,
channels, meters, groups of refusals, counters), each kind in key order: workers with the same devices wait for each
other and never deadlock. `announce` and `acknowledge` answer device and broker after the commit.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg2.errors import UniqueViolation

from emissions.channels import store_channels
from emissions.derive import moment
from emissions.partitions import ensure_partitions, forget_known_partitions, is_missing_partition
from lib import sql
from mqtt_ingest.choices import Reason
from mqtt_ingest.conflicts import find_conflicts
from mqtt_ingest.crowding import delete_crowding
from mqtt_ingest.device_meters import touch_meters
from mqtt_ingest.device_state import write_device_state
from mqtt_ingest.identify import Arrival, refuse_all
from mqtt_ingest.messages import printable
from mqtt_ingest.outcomes import Tally, count, tally_messages
from mqtt_ingest.parts import Parts, Stored, split
from mqtt_ingest.refusals import refuse_staged
from mqtt_ingest.rejected import keep_rejected
from mqtt_ingest.rules import Problem
from mqtt_ingest.staging import StagedBatch, notifications, stage

logger = logging.getLogger(__name__)


def store(arrivals: Sequence[Arrival]) -> Stored:
    """Write a batch; when this returns it is committed. `store_parts` handles a retry after a failure."""
    return store_parts(Parts(arrivals))


def store_parts(parts: Parts) -> Stored:
    """Write the remaining parts of a batch; when this returns, the whole batch is committed.

    If the database refuses a reading, halving finds it, and only it is refused.

    Raises
    ------
    OperationalError, InterfaceError
        when the database is gone. Call again with the same `parts`: committed parts stay committed.
    """
    while (arrivals := parts.next()) is not None:
        try:
            stored = _store_once(arrivals)
        except (DataError, IntegrityError) as error:
            if is_missing_partition(error):
                # Not the reading's fault: this process remembered partitions that no longer exist.
                forget_known_partitions()
                raise OperationalError(str(error)) from error
            parts.replace(split(arrivals) or [_refuse_poison(arrivals, error)])
        else:
            parts.finish(stored)
    return parts.done


def _store_once(arrivals: list[Arrival]) -> Stored:
    """Stores everything in one transaction, or nothing; a stored reading never changes.

    New readings are known before the insert. If the primary key still finds a duplicate, the record of received
    numbers was lost: the batch is stored again, and the key decides.
    """
    try:
        return _store_together(arrivals)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        logger.warning("Readings are stored that no stream has on record; it is put right: %s", error)
        return _store_together(arrivals, key_decides=True)


def _store_together(arrivals: list[Arrival], *, key_decides: bool = False) -> Stored:
    staged, tally = stage(arrivals), Tally()
    if staged.keys:
        first_ms, last_ms = staged.first_and_last_ms()
        tally.note_times(first_ms, last_ms)
        # Outside the transaction: creating a table must not wait for, or delay, the readings of other months.
        ensure_partitions(moment(first_ms), moment(last_ms))
    is_nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if staged.keys:
            _copy(cursor, staged, is_nested=is_nested)
            tally.stored, problems = _write_readings(cursor, staged, key_decides=key_decides)
            if problems:
                arrivals = refuse_staged(arrivals, staged, problems)
        tally.duplicate = sum(len(arrival.parsed.readings) for arrival in arrivals) - tally.stored
        tally_messages(tally, arrivals)
        write_device_state(cursor, arrivals)
        with_channels = [a.parsed for a in arrivals if a.parsed.channels and not a.parsed.rejections]
        counters = store_channels(cursor, [value for parsed in with_channels for value in parsed.channels])
        touch_meters(counters)
        keep_rejected(cursor, arrivals)
        count(cursor, tally)
    return Stored(arrivals, tally)


def _copy(cursor: CursorWrapper, staged: StagedBatch, *, is_nested: bool) -> None:
    _execute(cursor, "create_staging")
    if is_nested:  # in an outer transaction, as in a test, no commit has emptied it yet
        cursor.execute("TRUNCATE ingest_staging")
    with connection.wrap_database_errors:
        cursor.copy_expert(sql.load("mqtt_ingest", "copy_staging"), staged.as_file())


def _write_readings(cursor: CursorWrapper, staged: StagedBatch, *, key_decides: bool) -> tuple[int, dict[int, Problem]]:
    """For the copied rows: 1. lock the streams; 2. take out duplicates, conflicts and crowding readings; 3. insert;
    4. record, mark, notify.

    Returns how many are new, and why which others are refused, by position.
    """
    now = timezone.now()
    stored_at = {"stored_at": now}
    _execute(cursor, "make_streams", stored_at)
    _execute(cursor, "lock_streams")
    largest_bytes = max((size for (size,) in cursor.fetchall()), default=0)
    _execute(cursor, "find_duplicates")
    duplicates = [position for (position,) in cursor.fetchall()]
    problems = find_conflicts(cursor, staged, duplicates, key_decides=key_decides)
    left_out = {*duplicates, *problems}
    if left_out:
        _execute(cursor, "unstage", {"positions": list(left_out)})
    problems |= delete_crowding(cursor, staged, largest_bytes)
    left_out |= problems.keys()
    if len(left_out) == len(staged.keys):
        return 0, problems
    insert = sql.load("mqtt_ingest", "insert_new_readings")
    cursor.execute(f"{insert}\nON CONFLICT DO NOTHING" if key_decides else insert, stored_at)
    new_count = cursor.rowcount
    _execute(cursor, "record_received", stored_at)
    _execute(cursor, "touch_minutes", stored_at)
    payloads = notifications(staged, left_out, int(now.timestamp() * 1000))
    if payloads:
        _execute(cursor, "notify_readings", {"payloads": payloads})
    return new_count, problems


def _execute(cursor: CursorWrapper, name: str, parameters: dict[str, Any] | None = None) -> None:
    cursor.execute(sql.load("mqtt_ingest", name), parameters)


# --- Poison ------------------------------------------------------------------------------------
def _refuse_poison(arrivals: Sequence[Arrival], error: Exception) -> list[Arrival]:
    """Refuse the one reading or message that the database does not take."""
    (arrival,) = arrivals
    if arrival.parsed.rejections:
        raise error  # a refusal itself cannot be written: a fault of ours that must not be hidden
    logger.error("The database cannot take a message of device %r: %s", arrival.parsed.device_id, error)
    detail = printable(f"the database cannot take it: {' '.join(str(error).split())}", 300)
    return [replace(arrival, parsed=refuse_all(arrival.parsed, Reason.BAD_SCHEMA, detail))]
