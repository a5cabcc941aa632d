"""The time of an entry: the period it covers, its days, and the earliest and latest date allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from factories.days import factory_day, running_day
from factories.models import Factory
from lib.errors import invalid

LONGEST = timedelta(days=400)
AHEAD = timedelta(hours=1)
END_AHEAD = timedelta(days=1)  # the running day may be logged whole
EARLIEST_YEAR = 1990


@dataclass(frozen=True, slots=True)
class Period:
    """`timestamp` for people, and the half-open period that the amount covers; a count or a reading may have no
    period."""

    timestamp: datetime
    start: datetime | None
    end: datetime | None

    def days(self, factory: Factory) -> tuple[date, date]:
        """The site's first and last calendar day."""
        start = self.start or self.timestamp
        last = self.end - timedelta(microseconds=1) if self.end else start
        return start.astimezone(factory.zone).date(), last.astimezone(factory.zone).date()


def period_of(
    factory: Factory,
    *,
    timestamp: datetime | None,
    start: datetime | None,
    end: datetime | None,
    now: datetime,
    fills_day: bool = True,
) -> Period:
    """The given period; without one and with `fills_day`, the factory day that contains `timestamp`.

    Raises ApiError 400 naming the field, its value and the limit.
    """
    if (start is None) != (end is None):
        missing = "period_start" if start is None else "period_end"
        raise invalid(missing, "required", _("Give period_start and period_end together, or neither."))
    moment = timestamp or start
    if moment is None:
        raise invalid("timestamp", "required", _("Give timestamp, or period_start and period_end."))
    for name, value in (("timestamp", moment), ("period_start", start), ("period_end", end)):
        if value is not None:
            require_on_earth(name, value, now)
    if start is None and fills_day:
        day = running_day(factory, moment)
        start, end = day.starts_at, day.ends_at
    if start is not None and end is not None:
        _require_forward(start, end)
    if start is not None and start > now + AHEAD:
        raise _in_future("period_start", start)
    return Period(moment, start, end)


def with_days_placed(factory: Factory, given: Mapping[str, Any]) -> dict[str, Any]:
    """Input in which a bare date has become the start of that factory day."""
    return {
        name: factory_day(factory, value).starts_at
        if isinstance(value, date) and not isinstance(value, datetime)
        else value
        for name, value in given.items()
    }


def require_on_earth(name: str, value: datetime, now: datetime) -> None:
    """Raise ApiError 400 for a time without offset, before 1990, or in the future."""
    if value.tzinfo is None or value.year < EARLIEST_YEAR:
        raise invalid(
            name,
            "invalid_time",
            _("%(name)s=%(value)s needs an offset and a year from %(year)d; write it like 2026-11-22T06:00:00+03:00.")
            % {"name": name, "value": value.isoformat(), "year": EARLIEST_YEAR},
        )
    latest = now + (END_AHEAD if name == "period_end" else AHEAD)
    if value > latest:
        raise _in_future(name, value)


def _in_future(name: str, value: datetime) -> Exception:
    return invalid(
        name,
        "in_future",
        _("%(name)s=%(value)s is in the future; log it when it has happened.")
        % {"name": name, "value": value.isoformat()},
    )


def _require_forward(start: datetime, end: datetime) -> None:
    if end <= start:
        raise invalid(
            "period_end",
            "period_backward",
            _("period_end=%(end)s is not after period_start=%(start)s.")
            % {"end": end.isoformat(), "start": start.isoformat()},
        )
    if end - start > LONGEST:
        raise invalid(
            "period_end",
            "period_too_long",
            _("The period has %(days)d days, more than %(limit)d: split it.")
            % {"days": (end - start).days, "limit": LONGEST.days},
        )
