"""Was the log kept, and in time? What of a factory day is missing, and which days were entered before their deadline.

What the entries amount to is in `site_days.py`. A factory day is logged when heat (a mine: its engines' fuel),
electricity and production are entered for 80 % of it or more, as in `queries.py`; it is on schedule when that was so
before the next day ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import connection

from compliance.figures import ENGINE_FUELS, ENGINE_SOURCES, ENOUGH, HEAT_SOURCES
from energy.choices import Carrier, EntryKind
from energy.models import EnergyEntry
from factories.choices import Sector
from factories.days import running_day
from factories.models import Factory
from lib import sql

SCHEDULE_DAYS = 7  # a week of days whose time to be entered is up
# A bill of weeks comes once a month and some days after its end; a meter read each day is due each day.
BILL_LONGER_THAN = timedelta(days=2)
BILL_DUE_WITHIN = timedelta(days=35)


class Item(StrEnum):
    """What a factory day's log holds."""

    HEAT = "heat"
    OTHER = "other"
    ELECTRICITY = "electricity"
    PRODUCTION = "production"


REQUIRED: dict[str, tuple[Item, ...]] = {
    Sector.TEA: (Item.HEAT, Item.ELECTRICITY, Item.PRODUCTION),
    Sector.COAL_MINE: (Item.OTHER, Item.ELECTRICITY, Item.PRODUCTION),
    Sector.OTHER: (Item.ELECTRICITY,),
}


@dataclass(frozen=True, slots=True)
class LogDay:
    """One factory day of one factory, and what of it was not entered when it counted."""

    day: date
    starts_at: datetime
    ends_at: datetime
    missing: tuple[Item, ...]

    @property
    def is_complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class Log:
    """`yesterday`: the factory day just ended, as it stands now. `due`: the days before it, as of their deadlines."""

    factory_id: int
    yesterday: LogDay
    due: tuple[LogDay, ...]

    @property
    def is_on_schedule(self) -> bool:
        return all(day.is_complete for day in self.due)

    @property
    def days_on_schedule(self) -> int:
        return sum(day.is_complete for day in self.due)


def logs(factories: Sequence[Factory], now: datetime) -> dict[int, Log]:
    """The log of each factory: yesterday, and the seven days before it. Two queries for all of them."""
    running = {factory.pk: running_day(factory, now).starts_at for factory in factories}
    entered = _entered(factories, running, now)
    bills = _bills(running, now)
    found = {}
    for factory in factories:
        days = [
            _log_day(factory, running[factory.pk], back, entered=entered, bill_lasts_until=bills.get(factory.pk))
            for back in range(SCHEDULE_DAYS + 1, 0, -1)
        ]
        found[factory.pk] = Log(factory.pk, days[-1], tuple(days[:-1]))
    return found


def _log_day(
    factory: Factory,
    running: datetime,
    back: int,
    *,
    entered: set[tuple[int, date, str]],
    bill_lasts_until: datetime | None,
) -> LogDay:
    # By the site's clock: a day may have 23 or 25 hours.
    start, end = running - timedelta(days=back), running - timedelta(days=back - 1)
    missing = [item for item in REQUIRED[factory.sector] if (factory.pk, start.date(), item) not in entered]
    if bill_lasts_until is not None and end <= bill_lasts_until and Item.ELECTRICITY in missing:
        missing.remove(Item.ELECTRICITY)
    return LogDay(start.date(), start, end, tuple(missing))


def _entered(
    factories: Sequence[Factory], running: Mapping[int, datetime], now: datetime
) -> set[tuple[int, date, str]]:
    """Of which factory, day and item enough was entered: of yesterday until now, else until the day's deadline."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("compliance", "logged_before"),
            {
                "factory_ids": [factory.pk for factory in factories],
                "zones": [factory.time_zone for factory in factories],
                "starts": [running[factory.pk].replace(tzinfo=None) for factory in factories],
                "days": SCHEDULE_DAYS + 1,
                "now": now,
                "enough": float(ENOUGH),
                "engine_fuels": sorted(ENGINE_FUELS),
                "engine_sources": sorted(ENGINE_SOURCES),
                "heat_sources": sorted(HEAT_SOURCES),
            },
        )
        return {(factory_id, day, item) for factory_id, day, item in cursor.fetchall()}


def _bills(factory_ids: Iterable[int], now: datetime) -> dict[int, datetime]:
    """Until when a factory's last bill of electricity lets it wait for the next. Who reads a meter is left out."""
    latest = (
        EnergyEntry.objects.filter(
            factory__in=list(factory_ids),
            energy_type__carrier=Carrier.GRID,
            kind=EntryKind.USED,
            deleted_at=None,
            period_end__gt=now - BILL_DUE_WITHIN - timedelta(days=SCHEDULE_DAYS),
        )
        .order_by("factory_id", "-period_end")
        .distinct("factory_id")
        .values_list("factory_id", "period_start", "period_end")
    )
    return {
        factory_id: end + BILL_DUE_WITHIN
        for factory_id, start, end in latest
        if start is not None and end is not None and end - start > BILL_LONGER_THAN
    }
