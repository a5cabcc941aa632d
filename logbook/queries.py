"""Reads of logged entries that hold for every kind."""

from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet

from logbook.models import LoggedEntry
from logbook.periods import LONGEST

E = TypeVar("E", bound=LoggedEntry)


def overlapping(entries: QuerySet[E], start: datetime, end: datetime) -> QuerySet[E]:
    """Entries that count and fill a part of [start, end).

    No period is longer than `LONGEST`: the bound on its start is what lets an index narrow a history of years.
    """
    return entries.filter(
        deleted_at__isnull=True, period_start__gt=start - LONGEST, period_start__lt=end, period_end__gt=start
    )
