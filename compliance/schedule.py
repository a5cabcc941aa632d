"""Was the log kept, and in time? Lists missing entries of a factory day and the days entered before their deadline.

Site days hold what is logged, and since when (`figures.py`). A day is on schedule when all items of its sector were
entered before the next day ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Min, Q
from django.utils.translation import gettext as _

from compliance import site_days
from compliance.models import SiteDay
from energy.choices import Carrier, EntryKind
from energy.models import EnergyEntry
from factories.choices import Item
from factories.days import ONE_DAY, FactoryDay, day_just_ended, day_label, days_until
from factories.models import Factory
from factories.sectors import SECTORS

SCHEDULE_DAYS = 7  # a week of days whose deadline has passed
MISSING_DAYS = 14  # how far back a page asks for what is missing
# A bill of weeks comes once a month and some days after its end; a meter read each day is due each day.
BILL_LONGER_THAN = timedelta(days=2)
BILL_DUE_WITHIN = timedelta(days=35)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogDay:
    """One factory day of one factory, with the entries that were missing at its deadline."""

    day: date
    starts_at: datetime
    missing: tuple[Item, ...]
    awaits_bill: bool = False  # its electricity comes with a bill that is not due yet

    @property
    def is_complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class AwaitedBill:
    """The next bill of electricity of a site: it begins where the last one ended, and is due 35 days after that."""

    since: datetime
    due_at: datetime

    def covers(self, day: FactoryDay, now: datetime) -> bool:
        """Whether the day may still wait for the bill. Today, Month, Morning and the leaderboard share this: an older
        gap is missing, and so are all days of an overdue bill."""
        return self.since < day.ends_at and now < self.due_at

    def sentence(self, factory: Factory) -> str:
        return _("The next bill is due by %(day)s.") % {"day": day_label(self.due_at.astimezone(factory.zone).date())}


@dataclass(frozen=True, slots=True)
class Log:
    """`yesterday`: the factory day just ended, as it stands now. `due`: earlier days, as they were at their
    deadlines."""

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
    """The log of each factory: yesterday, and the seven days before it.

    Brings the site days up to date first, and waits while a worker recomputes a batch of them. The number of queries
    does not grow with the factories.
    """
    ids = [factory.pk for factory in factories]
    site_days.refresh(ids)
    asked = {f.pk: days_until(f, day_just_ended(f, now).day, SCHEDULE_DAYS + 1) for f in factories}
    entered = _entered({day.day for days in asked.values() for day in days}, ids)
    bills = bills_awaited(ids, now)
    by_factory = {}
    for factory in factories:
        *due, yesterday = (_log_day(factory, day, entered, bills.get(factory.pk), now) for day in asked[factory.pk])
        by_factory[factory.pk] = Log(factory.pk, yesterday, tuple(due))
    return by_factory


def still_missing(factories: Sequence[Factory], now: datetime) -> dict[int, list[LogDay]]:
    """For each factory, the days of the last week whose deadline has passed and that still lack something, ascending.

    Factories without such a day are absent, and so are days before the first one with an entry.
    """
    ids = [factory.pk for factory in factories]
    site_days.refresh(ids)
    logged = Q(*((f"{item}_entered_at__isnull", False) for item in Item), _connector=Q.OR)
    first_days = dict(
        SiteDay.objects.filter(logged, factory__in=ids).values_list("factory_id").annotate(first=Min("day"))
    )
    asked = {
        factory: [
            day
            for day in days_until(factory, day_just_ended(factory, now).day - ONE_DAY, SCHEDULE_DAYS)
            if day.day >= first_days[factory.pk]
        ]
        for factory in factories
        if factory.pk in first_days
    }
    entered = _entered({day.day for days in asked.values() for day in days}, ids)
    bills = bills_awaited(ids, now)
    missing: dict[int, list[LogDay]] = {}
    for factory, days in asked.items():
        for day in days:
            found = _log_day(factory, day, entered, bills.get(factory.pk), now, late_counts=True)
            if not found.is_complete:
                missing.setdefault(factory.pk, []).append(found)
    return missing


def _log_day(
    factory: Factory,
    day: FactoryDay,
    entered: dict[tuple[int, date, Item], datetime],
    bill: AwaitedBill | None,
    now: datetime,
    *,
    late_counts: bool = False,
) -> LogDay:
    required = (needed.item for needed in SECTORS[factory.sector].required)
    due_at = dict.fromkeys(Item, _NEVER if late_counts else day.due_at)
    if bill is not None and not late_counts:
        due_at[Item.ELECTRICITY] = day.ends_at + BILL_DUE_WITHIN
    # The deadline of yesterday has not passed, so everything entered until now counts for it.
    missing = [item for item in required if entered.get((factory.pk, day.day, item), due_at[item]) >= due_at[item]]
    awaits_bill = Item.ELECTRICITY in missing and bill is not None and bill.covers(day, now)
    if awaits_bill:
        missing.remove(Item.ELECTRICITY)
    return LogDay(day.day, day.starts_at, tuple(missing), awaits_bill)


def _entered(days: Iterable[date], factory_ids: Iterable[int]) -> dict[tuple[int, date, Item], datetime]:
    """The time at which enough of an item was entered, for each factory and day that has it."""
    rows = SiteDay.objects.filter(factory__in=factory_ids, day__in=days).values(
        "factory_id", "day", *(f"{item}_entered_at" for item in Item)
    )
    return {
        (row["factory_id"], row["day"], item): row[f"{item}_entered_at"]
        for row in rows
        for item in Item
        if row[f"{item}_entered_at"] is not None
    }


def bills_awaited(factory_ids: Iterable[int], now: datetime) -> dict[int, AwaitedBill]:
    """The next electricity bill of each factory that pays by bill, due or overdue; with a meter it does not wait."""
    latest = (
        EnergyEntry.objects.filter(
            factory__in=factory_ids,
            energy_type__carrier=Carrier.GRID,
            kind=EntryKind.USED,
            deleted_at=None,
            period_end__gt=now - BILL_DUE_WITHIN - timedelta(days=MISSING_DAYS),
        )
        .order_by("factory_id", "-period_end")
        .distinct("factory_id")
        .values_list("factory_id", "period_start", "period_end")
    )
    return {
        factory_id: AwaitedBill(end, end + BILL_DUE_WITHIN)
        for factory_id, start, end in latest
        if start is not None and end is not None and end - start > BILL_LONGER_THAN
    }
