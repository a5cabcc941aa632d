"""Hours of record of a whole site, chimneys added up: what a day so far is compared by. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from factories.models import Factory
from lib import sql


@dataclass(frozen=True, slots=True)
class SiteHour:
    """One hour of a site. Its mass is known only when every chimney that had a device of record has one."""

    starts_at: datetime
    chimneys: int
    record_kg: float | None


def site_hours(factory: Factory, start: datetime, end: datetime) -> list[SiteHour]:
    """Hours that begin in [start, end), both whole hours of the site; one query. Those before any device are absent."""
    if start >= end:
        return []
    with connection.cursor() as cursor:
        # In UTC: PostgreSQL steps by elapsed hours, whatever the clocks of the site did.
        cursor.execute(
            sql.load("emissions", "site_hours"),
            {"factory_id": factory.pk, "start": start.astimezone(UTC), "end_": end.astimezone(UTC)},
        )
        return [
            SiteHour(starts_at, chimneys, int(record_ug) / 1e9 if known == chimneys else None)
            for starts_at, chimneys, known, record_ug in cursor.fetchall()
        ]
