"""Hours of record of a whole site, summed over chimneys, to compare a day so far. Reads only."""

from dataclasses import dataclass
from datetime import UTC, datetime

from factories.models import Factory
from lib import sql


@dataclass(frozen=True, slots=True)
class SiteHour:
    """One hour of a site. Its mass is known only when every chimney that had a device of record has one."""

    starts_at: datetime
    chimneys: int
    known_chimneys: int
    record_ug: int | None
    over_range_ms: int = 0  # with it the mass is a lower bound

    @property
    def record_kg(self) -> float | None:
        return self.record_ug / 1e9 if self.record_ug is not None and self.known_chimneys == self.chimneys else None


def site_hours(factory: Factory, start: datetime, end: datetime) -> list[SiteHour]:
    """Hours that begin in [start, end), both whole hours of the site; one query. Hours before the first device are
    absent."""
    if start >= end:
        return []
    # In UTC, so that PostgreSQL steps by elapsed hours, also over a change of clocks.
    parameters = {"factory_id": factory.pk, "start": start.astimezone(UTC), "end_": end.astimezone(UTC)}
    return sql.fetch(sql.load("emissions", "site_hours"), parameters, SiteHour)
