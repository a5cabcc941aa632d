"""Periods of the rank: twelve months to the last complete day, a calendar year, a month; and what to compare with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _

from leaderboard.sums import Window
from lib.errors import invalid

ROLLING = "12m"
_SHORT_DAYS = 30
_MIN_SHORT_DAYS = 20  # of which a comparison may be made when there are no thirty
_FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Period:
    code: str
    window: Window

    @property
    def label(self) -> str:
        first, last = self.window.first_day, self.window.last_day
        if self.code == ROLLING:
            return _("12 months to %(day)s") % {"day": dateformat.format(last, "j M Y")}
        return dateformat.format(first, "F Y" if "-" in self.code else "Y")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two windows of equal length, a year apart."""

    now: Window
    before: Window

    @property
    def days(self) -> int:
        return (self.now.last_day - self.now.first_day).days + 1


def parse_period(text: str, last_day: date) -> Period:
    """`12m`, `2026` or `2026-10`; `last_day` is the last complete one. Raises ApiError 400."""
    if not text or text == ROLLING:
        return Period(ROLLING, Window(_year_before(last_day) + timedelta(days=1), last_day))
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?", text, re.ASCII)
    year, month = (int(match[1]), int(match[2] or 1)) if match else (0, 0)
    if not (_FIRST_YEAR <= year <= last_day.year and 1 <= month <= 12):
        raise invalid(
            "period",
            "invalid_period",
            _("period=%(value)r is not a period that has begun; write 12m, a year like 2026 or a month like 2026-10.")
            % {"value": text[:20]},
            value=text[:20],
        )
    assert match is not None
    first = date(year, month, 1)
    if first > last_day:
        raise invalid(
            "period",
            "not_begun",
            _("period=%(value)r has no complete day yet; the last one is %(day)s.")
            % {"value": text, "day": last_day.isoformat()},
            value=text,
        )
    end = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1) if match[2] else date(year, 12, 31)
    return Period(text, Window(first, min(end, last_day)))


def comparison(period: Period, first_known: date) -> Comparison | None:
    """The period against itself a year before; where that reaches back too far, its last 30 days."""
    now = period.window
    before = Window(_year_before(now.first_day), _year_before(now.last_day))
    if before.first_day >= first_known:
        return Comparison(now, before)
    last = _year_before(now.last_day)
    days = min(_SHORT_DAYS, (last - first_known).days + 1, (now.last_day - now.first_day).days + 1)
    if days < _MIN_SHORT_DAYS:
        return None
    back = timedelta(days=days - 1)
    return Comparison(Window(now.last_day - back, now.last_day), Window(last - back, last))


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
