"""The one definition of a site's hours and days. A factory day begins at the site's own hour, and its date names it.

Moments are in the site's zone, so date arithmetic follows the site's clock: one day later is the same hour, after 23,
24 or 25 hours. Therefore compute durations with `start_us` and `end_us`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, F, Func, Value
from django.db.models.functions import Least
from django.utils import dateformat
from django.utils.translation import gettext as _

from factories.models import Factory

ONE_DAY = timedelta(days=1)
_ONE_HOUR = timedelta(hours=1)
# How far from midnight in UTC the day of any site begins: zones are from UTC-12 to UTC+14, hours from 0 to 23.
EARLIEST_START, LATEST_START = timedelta(hours=14), timedelta(hours=35)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class FactoryDay:
    """A half-open day of a site; the times are in its zone."""

    day: date
    starts_at: datetime
    ends_at: datetime

    @property
    def start_us(self) -> int:
        return microseconds(self.starts_at)

    @property
    def end_us(self) -> int:
        return microseconds(self.ends_at)

    @property
    def due_at(self) -> datetime:
        """The end of the next factory day, which is the deadline of the log."""
        return self.ends_at + ONE_DAY

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


def microseconds(moment: datetime) -> int:
    """Since 1970; exact, whatever the zone."""
    return (moment - _EPOCH) // _MICROSECOND


# --- Factory days --------------------------------------------------------------------------------
def factory_day(factory: Factory, day: date) -> FactoryDay:
    start = datetime.combine(day, time(factory.day_starts_at), factory.zone)
    return FactoryDay(day, start, start + ONE_DAY)


def start_of_day(day: date) -> Func:
    """The same start in a query, of the `factory` of each row: its zone and its hour."""
    parts = (Value(day.year), Value(day.month), Value(day.day), F("factory__day_starts_at"), Value(0), Value(0.0))
    local = Func(*parts, function="make_timestamp", output_field=DateTimeField())

    def at_site(clock: Any) -> Func:
        return Func(F("factory__time_zone"), clock, function="timezone", output_field=DateTimeField())

    # Where summer time ends, an hour comes twice: PostgreSQL takes the second one, Python and we the first.
    return Least(at_site(local), at_site(local - _ONE_HOUR) + _ONE_HOUR)


def running_day(factory: Factory, moment: datetime) -> FactoryDay:
    """The factory day at a moment."""
    return factory_day(factory, local_day_start(moment, factory.zone, factory.day_starts_at).date())


def day_just_ended(factory: Factory, now: datetime) -> FactoryDay:
    """The last factory day that is over; the log form asks for it."""
    return factory_day(factory, running_day(factory, now).day - ONE_DAY)


def last_day_over_everywhere(factories: Iterable[Factory], now: datetime) -> date:
    """The last day that is over at every site, because sites in other zones end their day at other hours."""
    return min((day_just_ended(factory, now).day for factory in factories), default=now.date() - ONE_DAY)


def days_between(factory: Factory, first: date, last: date) -> list[FactoryDay]:
    """The factory days from `first` to `last`, both included."""
    return [factory_day(factory, first + timedelta(days=n)) for n in range((last - first).days + 1)]


def days_until(factory: Factory, last: date, count: int) -> list[FactoryDay]:
    """`count` factory days up to and including `last`, ascending."""
    return days_between(factory, last - timedelta(days=count - 1), last)


def month_days(factory: Factory, first: date) -> list[FactoryDay]:
    """The factory days that begin in the month of `first`."""
    first = first.replace(day=1)
    return days_between(factory, first, (first + timedelta(days=31)).replace(day=1) - ONE_DAY)


def days_touched(factory: Factory, windows: Iterable[tuple[datetime, datetime]]) -> list[FactoryDay]:
    """The factory days that overlap any of the half-open windows, ascending."""
    days: dict[date, FactoryDay] = {}
    for start, end in windows:
        first, last = running_day(factory, start).day, running_day(factory, end - _MICROSECOND).day
        days |= {day.day: day for day in days_between(factory, first, last)}
    return [days[day] for day in sorted(days)]


# --- Hours and days of the clock ------------------------------------------------------------------
def local_hour_start(moment: datetime, zone: ZoneInfo) -> datetime:
    """The start of the site's whole hour that contains `moment`, in the site's zone."""
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    # Through UTC, because arithmetic on local time loses which of two repeated hours it was.
    return (moment.astimezone(UTC) - past).astimezone(zone)


def local_day_start(moment: datetime, zone: ZoneInfo, starts_at_hour: int = 0) -> datetime:
    """The start of the calendar day that contains `moment`, or of a day that begins at another hour."""
    local = moment.astimezone(zone)
    start = local.replace(hour=starts_at_hour, minute=0, second=0, microsecond=0, fold=0)
    return start if start <= local else start - ONE_DAY
