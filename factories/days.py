"""Factory days as pages name and step through them: by the date on which they begin at the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _

from factories.models import Factory
from factories.queries import local_day_start, next_local_day


@dataclass(frozen=True, slots=True)
class FactoryDay:
    """A half-open day of a site; the times are in its zone."""

    day: date
    starts_at: datetime
    ends_at: datetime

    @property
    def label(self) -> str:
        return day_label(self.day)

    @property
    def hours_label(self) -> str:
        """Both ends as the site's clock shows them: `21 Nov 06:00 to 22 Nov 06:00`."""
        start, end = (dateformat.format(moment, "j M H:i") for moment in (self.starts_at, self.ends_at))
        return _("%(start)s to %(end)s") % {"start": start, "end": end}


def day_label(day: date) -> str:
    return dateformat.format(day, "j M")


def factory_day_start(factory: Factory, now: datetime) -> datetime:
    return local_day_start(now, factory.zone, factory.day_starts_at)


def factory_day(factory: Factory, day: date) -> FactoryDay:
    start = datetime.combine(day, time(factory.day_starts_at), factory.zone)
    return FactoryDay(day, start, next_local_day(start))


def running_day(factory: Factory, now: datetime) -> FactoryDay:
    return factory_day(factory, factory_day_start(factory, now).date())


def day_just_ended(factory: Factory, now: datetime) -> FactoryDay:
    """The last factory day that is over: what a log is written for."""
    return factory_day(factory, running_day(factory, now).day - timedelta(days=1))


def days_until(factory: Factory, last: date, count: int) -> list[FactoryDay]:
    """`count` factory days up to and including `last`, ascending."""
    return [factory_day(factory, last - timedelta(days=back)) for back in range(count - 1, -1, -1)]


def month_days(factory: Factory, first: date) -> list[FactoryDay]:
    """The factory days that begin in the month of `first`."""
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    count = (following - first.replace(day=1)).days
    return days_until(factory, following - timedelta(days=1), count)
