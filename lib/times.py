"""Times as programs write them. A moment has an offset from UTC; a bare date is a day of the site. Nothing is guessed:
a local time without an offset would be read in a zone that nobody named.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from rest_framework import serializers

from lib.errors import ApiError, invalid

FIRST_YEAR, LAST_YEAR = 1990, 2100
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_moment(name: str, text: str) -> datetime:
    """A time with its offset. Raises ApiError 400 on `name`: `offset_missing`, or `invalid_time` if it is no time."""
    try:
        # In a query string + means a space, so 2026-11-22T00:00:00+03:00 arrives with a space.
        moment = parse_datetime(re.sub(r"(T\S*) (\d\d:?\d\d)$", r"\1+\2", text.strip()))
    except ValueError:
        moment = None
    if moment is None:
        raise _refused(
            name, "invalid_time", _("%(name)s=%(value)r is not a time; write it like 2026-11-22T06:00:00+03:00."), text
        )
    if moment.tzinfo is None:
        raise _refused(
            name,
            "offset_missing",
            _("%(name)s=%(value)r has no offset from UTC; write it like 2026-11-22T06:00:00+03:00 or …Z."),
            text,
        )
    return moment


def read_day(name: str, text: str) -> date:
    """A bare date. Raises ApiError 400 on `name`."""
    try:
        day = parse_date(text.strip()) if is_day(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        words = _("%(name)s=%(value)r is not a day from %(first)d to %(last)d; write it like 2026-11-22.")
        raise _refused(name, "invalid_date", words, text, first=FIRST_YEAR, last=LAST_YEAR)
    return day


def read_moment_or_day(name: str, text: str) -> datetime | date:
    """A time with its offset, or a bare date. Raises ApiError 400 on `name`."""
    return read_day(name, text) if is_day(text) else read_moment(name, text)


def read_known_on(parameters: Any, zones: Iterable[tzinfo], name: str = "as_known_on") -> datetime | None:
    """The moment of which a figure is to say what was known then; None: now. Raises ApiError 400.

    A bare date is the end of that day at the last of the sites to end it; today's means now.
    """
    text = parameters.get(name, "").strip()
    if not text:
        return None
    now, found = timezone.now(), read_moment_or_day(name, text)
    if not isinstance(found, datetime):
        zones = list(zones) or [UTC]
        ends = [datetime.combine(found + timedelta(days=1), time(0), zone) for zone in zones]
        begun = any(found <= now.astimezone(zone).date() for zone in zones)
        found = min(max(ends) - timedelta(microseconds=1), now) if begun else max(ends)
    if found > now:
        raise _refused(
            name, "in_the_future", _("%(name)s=%(value)r is still to come: nothing is known of it yet."), text
        )
    return found


def is_day(text: str) -> bool:
    return _DAY.fullmatch(text.strip()) is not None


def _refused(name: str, code: str, words: str, text: str, **more: int) -> ApiError:
    values: dict[str, Any] = {"value": text[:40], **more}
    return invalid(name, code, words % {"name": name, **values}, **values)


class MomentField(serializers.DateTimeField):
    """A time of a body, with its offset. DRF would read a local time, and a bare date, as UTC."""

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            return super().to_internal_value(value)
        return self.enforce_timezone(read_moment(str(self.field_name), value))


class MomentOrDayField(MomentField):
    """The same, or a bare date: a day of the site, which the caller places."""

    def to_internal_value(self, value: Any) -> Any:
        if isinstance(value, str) and is_day(value):
            return read_day(str(self.field_name), value)
        return super().to_internal_value(value)
