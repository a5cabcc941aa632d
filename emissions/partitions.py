"""Monthly partitions of the readings table, made in advance and for any month that a late reading needs."""

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import sql

TABLE = "emissions_emission"
MONTHS_AHEAD = 2
OLDEST_READING = timedelta(days=366)
_LOCK = 0x43415242  # advisory lock of partition making: two processes would race for the same name

_known: set[tuple[int, int]] = set()


def _month(moment: datetime) -> tuple[int, int]:
    moment = moment.astimezone(UTC)
    return moment.year, moment.month


def _next(month: tuple[int, int]) -> tuple[int, int]:
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def partition_name(month: tuple[int, int]) -> str:
    return f"{TABLE}_y{month[0]:04d}m{month[1]:02d}"


def existing_partitions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", [TABLE]
        )
        return [name for (name,) in cursor.fetchall()]


def ensure_partitions(first: datetime | None = None, last: datetime | None = None) -> list[str]:
    """Make every missing partition from the month of `first` to that of `last`; returns the names made.

    Without arguments: from the oldest reading that ingest takes to two months ahead. Months known to exist
    cost nothing, so ingest calls this for every batch, outside its transaction.
    """
    now = timezone.now()
    month = _month(first or now - OLDEST_READING)
    end = _month(last or now + timedelta(days=31 * MONTHS_AHEAD))
    wanted = []
    while month <= end:
        wanted.append(month)
        month = _next(month)
    missing = [m for m in wanted if m not in _known]
    return _create(missing) if missing else []


def _create(months: list[tuple[int, int]]) -> list[str]:
    made = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        existing = set(existing_partitions())
        for month in months:
            name = partition_name(month)
            if name in existing:
                continue
            bounds = [datetime(*m, 1, tzinfo=UTC) for m in (month, _next(month))]
            cursor.execute(
                sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                    sql.Identifier(name), sql.Identifier(TABLE), *map(sql.Literal, bounds)
                )
            )
            made.append(name)
        # Only after they are visible to everybody, because an outer transaction may still roll back.
        transaction.on_commit(lambda: _known.update(months))
    return made


def is_missing_partition(error: Exception) -> bool:
    """Whether the database refused a row because its month has no partition."""
    return "no partition of relation" in str(error)


def forget_known_partitions() -> None:
    """After partitions were dropped, or made in a transaction that was rolled back: the next call looks again."""
    _known.clear()
