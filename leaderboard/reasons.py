"""Why a site is not placed, and the shortest way in: codes for programs, sentences for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaderboard.site_sums import Metric, SiteSums
from science import intensity
from science.intensity import CONFIRMED_SHARE, KNOWN_SHARE

NAMED_DAYS = 3
_MONTH_DAYS = 30.4
_A_LOT = 10_000  # days of work that nobody can do: time has to pass


class Code(StrEnum):
    NOTHING_KNOWN = "nothing_known"
    TOO_NEW = "too_new"
    NOTHING_MADE = "nothing_made"
    PRODUCTION_MISSING = "production_missing"
    ENERGY_MISSING = "energy_missing"
    STACK_ABOVE_LOG = "stack_above_log"
    FUEL_UNCHECKED = "fuel_unchecked"
    MINE_CLASS_UNKNOWN = "mine_class_unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that stands in the way, and how many entries or counts it takes."""

    code: Code
    work: int
    days: tuple[date, ...] = ()
    day_count: int = 0
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What is missing first, what to do second."""
        return _sentence(self)


def reasons(sums: SiteSums | None, first_day: date, *, is_tea: bool) -> list[Reason]:
    """All that stands in the way of a place; empty for a site that has one."""
    if sums is None:
        return [Reason(Code.NOTHING_KNOWN, _A_LOT)]
    of_days = sums.sums[Metric.CO2E]
    found = []
    if sums.unmade and sums.first_day > first_day and all(day < sums.first_day for day in sums.unmade):
        found.append(Reason(Code.TOO_NEW, _A_LOT, (sums.first_day,)))
    elif sums.unmade:
        found.append(Reason(Code.PRODUCTION_MISSING, len(sums.unmade), sums.unmade[:NAMED_DAYS], len(sums.unmade)))
    elif of_days.made_kg <= 0:
        found.append(Reason(Code.NOTHING_MADE, _A_LOT))
    if not is_tea:
        return found + _of_a_mine(sums)
    if not intensity.is_known(of_days):
        needed = math.ceil(KNOWN_SHARE * of_days.asked_days - of_days.known_days)
        share_pct = 100.0 * of_days.known_days / of_days.asked_days if of_days.asked_days else 0.0
        params = {
            "share_pct": math.floor(share_pct),
            "heat_days": len(sums.heat_missing),
            "electricity_days": len(sums.electricity_missing),
        }
        found.append(Reason(Code.ENERGY_MISSING, needed, (), needed, params))
    if not intensity.is_confirmed(of_days):
        missing_days = math.ceil(CONFIRMED_SHARE * of_days.judged_days) - of_days.confirmed_days
        months = max(1, math.ceil(missing_days / _MONTH_DAYS))
        is_above = sums.stack_above_days > of_days.judged_days / 4
        code = Code.STACK_ABOVE_LOG if is_above else Code.FUEL_UNCHECKED
        found.append(Reason(code, months, (), sums.stack_above_days if is_above else missing_days, {"months": months}))
    return found


def _of_a_mine(sums: SiteSums) -> list[Reason]:
    found = []
    if sums.electricity_missing:
        days = sums.electricity_missing
        params = {"share_pct": None, "heat_days": 0, "electricity_days": len(days)}
        found.append(Reason(Code.ENERGY_MISSING, len(days), days[:NAMED_DAYS], len(days), params))
    if sums.methane_unknown_days:
        found.append(Reason(Code.MINE_CLASS_UNKNOWN, 1))
    return found


def days_in_words(days: Sequence[date], count: int) -> str:
    """`14, 15 and 16 Nov`, and how many more there are."""
    named = [dateformat.format(day, "j M") for day in days]
    if count > len(named) or not named:
        more = ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
        return _("%(days)s and more, %(more)s in all") % {"days": ", ".join(named), "more": more} if named else more
    if len(named) == 1:
        return named[0]
    if len({(day.year, day.month) for day in days}) == 1:  # the month once, behind the last
        named = [*(dateformat.format(day, "j") for day in days[:-1]), named[-1]]
    return _("%(days)s and %(last)s") % {"days": ", ".join(named[:-1]), "last": named[-1]}


def _sentence(reason: Reason) -> str:
    days = days_in_words(reason.days, reason.day_count)
    if reason.code == Code.PRODUCTION_MISSING:
        return _("Production missing on %(days)s. Add it.") % {"days": days}
    if reason.code == Code.ENERGY_MISSING:
        return _energy_sentence(reason, days)
    if reason.code == Code.STACK_ABOVE_LOG:
        return _(
            "Stack shows more wood than the log on %(days)s. Was a delivery not written? Count the stack at the end of "
            "each month."
        ) % {"days": days}
    if reason.code == Code.FUEL_UNCHECKED:
        text = ngettext(
            "Firewood cannot be checked yet. Count the stack at the end of %(months)d month.",
            "Firewood cannot be checked yet. Count the stack at the end of %(months)d months.",
            reason.params["months"],
        )
        return text % reason.params
    if reason.code == Code.TOO_NEW:
        return _("Began on %(day)s, within this period. Look at a month after that day.") % {
            "day": dateformat.format(reason.days[0], "j M Y")
        }
    if reason.code == Code.MINE_CLASS_UNKNOWN:
        return _("How gassy the mine is has not been said. Set the class of its methane source.")
    if reason.code == Code.NOTHING_MADE:
        return _("Nothing was made in this period.")
    return _("Nothing is logged in this period. Write the first day.")


def _energy_sentence(reason: Reason, days: str) -> str:
    if reason.params["share_pct"] is None:
        return _("Electricity missing on %(days)s. Add it.") % {"days": days}
    what = _("firewood") if reason.params["heat_days"] >= reason.params["electricity_days"] else _("electricity")
    text = ngettext(
        "Energy is known on %(share)d %% of days; 80 %% are needed. Add %(what)s of %(count)d day.",
        "Energy is known on %(share)d %% of days; 80 %% are needed. Add %(what)s of %(count)d days.",
        reason.day_count,
    )
    return text % {"share": reason.params["share_pct"], "what": what, "count": reason.day_count}
