"""Reads of logged entries of every kind."""

from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet

from logbook.models import LoggedEntry
from logbook.periods import LONGEST

E = TypeVar("E", bound=LoggedEntry)


def overlapping(entries: QuerySet[E], start: datetime, end: datetime) -> QuerySet[E]:
    """Entries that count and overlap [start, end).

    No period is longer than `LONGEST`, so a bound on its start lets an index limit the search in years of history.
    """
    return entries.filter(
        deleted_at__isnull=True, period_start__gt=start - LONGEST, period_start__lt=end, period_end__gt=start
    )
