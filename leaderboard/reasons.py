"""Why a site has no place, and the shortest way to one: codes for programs, sentences for people."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from factories.choices import Item
from factories.sectors import Sector
from leaderboard.metrics import CO2E, Metric
from leaderboard.sums import RankedSums
from science.intensity import CONFIRMED_SHARE, KNOWN_SHARE, DaySums, Shortfall, shortfalls

NAMED_DAYS = 3
_MONTH_DAYS = 30.4
_A_LOT = 10_000  # work that nobody can do, because time has to pass


class ReasonCode(StrEnum):
    NOTHING_KNOWN = "nothing_known"
    TOO_NEW = "too_new"
    NOTHING_MADE = "nothing_made"
    PRODUCTION_MISSING = "production_missing"
    ENERGY_MISSING = "energy_missing"
    STACK_ABOVE_LOG = "stack_above_log"
    FUEL_UNCHECKED = "fuel_unchecked"
    MINE_CLASS_UNKNOWN = "mine_class_unknown"
    HEATING_VALUE_UNKNOWN = "heating_value_unknown"


@dataclass(frozen=True, slots=True)
class UnplacedReason:
    """One reason why a site has no place: first what is missing, then what to do."""

    code: ReasonCode
    sentence: str
    work: int = _A_LOT  # entries or counts that it takes
    days: tuple[date, ...] = ()  # the first of them


def reasons(sums: RankedSums | None, first_day: date, sector: Sector, metric: Metric) -> list[UnplacedReason]:
    """All reasons why a site has no place; empty for a site with a place."""
    if sums is None:
        text = _("Nothing is logged in this period. Write the first day.")
        return [UnplacedReason(ReasonCode.NOTHING_KNOWN, text)]
    days = sums.by_metric[CO2E]
    short = shortfalls(days)
    of_site = []
    if Shortfall.PRODUCTION_MISSING in short:
        of_site.append(_production_missing(sums, first_day))
    elif Shortfall.NOTHING_MADE in short:
        of_site.append(UnplacedReason(ReasonCode.NOTHING_MADE, _("Nothing was made in this period.")))
    if not sector.has_places:
        return of_site + _without_places(sums, sector, metric)
    if Shortfall.ENERGY_MISSING in short:
        of_site.append(_energy_missing(sums, days, sector))
    if Shortfall.FUEL_UNCONFIRMED in short:
        of_site.append(_fuel_unconfirmed(sums, days))
    return of_site


def _production_missing(sums: RankedSums, first_day: date) -> UnplacedReason:
    days = sums.production_missing
    if sums.first_day > first_day and all(day < sums.first_day for day in days):
        text = _("Began on %(day)s, within this period. Look at a month after that day.")
        return UnplacedReason(
            ReasonCode.TOO_NEW, text % {"day": dateformat.format(sums.first_day, "j M Y")}, days=(sums.first_day,)
        )
    text = _("Production missing on %(days)s. Add it.") % {"days": days_in_words(days[:NAMED_DAYS], len(days))}
    return UnplacedReason(ReasonCode.PRODUCTION_MISSING, text, len(days), days[:NAMED_DAYS])


def _energy_missing(sums: RankedSums, days: DaySums, sector: Sector) -> UnplacedReason:
    needed = math.ceil(KNOWN_SHARE * days.asked_days - days.known_days)
    item = Item.HEAT if len(sums.heat_missing) >= len(sums.electricity_missing) else Item.ELECTRICITY
    text = ngettext(
        "Energy is known on %(share)d %% of days; 80 %% are needed. Add %(what)s for %(count)d day.",
        "Energy is known on %(share)d %% of days; 80 %% are needed. Add %(what)s for %(count)d days.",
        needed,
    ) % {"share": math.floor(100.0 * days.known_days / days.asked_days), "what": sector.word_of(item), "count": needed}
    return UnplacedReason(ReasonCode.ENERGY_MISSING, text, needed)


def _fuel_unconfirmed(sums: RankedSums, days: DaySums) -> UnplacedReason:
    missing_days = math.ceil(CONFIRMED_SHARE * days.judged_days) - days.confirmed_days
    months = max(1, math.ceil(missing_days / _MONTH_DAYS))
    if sums.stack_above_days > days.judged_days / 4:
        text = _(
            "Stack shows more wood than the log on %(days)s. Is a delivery missing from the log? Count the stack at "
            "the end of each month."
        )
        words = days_in_words((), sums.stack_above_days)
        return UnplacedReason(ReasonCode.STACK_ABOVE_LOG, text % {"days": words}, months)
    text = ngettext(
        "Firewood cannot be checked yet. Count the stack at the end of %(months)d month.",
        "Firewood cannot be checked yet. Count the stack at the end of %(months)d months.",
        months,
    )
    return UnplacedReason(ReasonCode.FUEL_UNCHECKED, text % {"months": months}, months)


def _without_places(sums: RankedSums, sector: Sector, metric: Metric) -> list[UnplacedReason]:
    """Everything missing at a site whose gaps cannot be filled because no ceiling is known."""
    missing = {Item.HEAT: sums.heat_missing, Item.ELECTRICITY: sums.electricity_missing}
    lacking = []
    for required in sector.required:
        if days := missing.get(required.item, ()):
            text = _("%(what)s missing on %(days)s. Add it.") % {
                "what": required.label,
                "days": days_in_words(days[:NAMED_DAYS], len(days)),
            }
            lacking.append(UnplacedReason(ReasonCode.ENERGY_MISSING, text, len(days), days[:NAMED_DAYS]))
    if sums.methane_unknown_days:
        text = _("The class of the mine is not set. Set it at its methane source.")
        lacking.append(UnplacedReason(ReasonCode.MINE_CLASS_UNKNOWN, text, 1))
    if not lacking and sums.by_metric[metric].unfilled_days:
        text = _("A fuel was burned by a factor without a heating value. Add the heating value.")
        lacking.append(UnplacedReason(ReasonCode.HEATING_VALUE_UNKNOWN, text, 1))
    return lacking


def days_in_words(days: Sequence[date], count: int) -> str:
    """`14, 15 and 16 Nov`, and how many more there are."""
    named = [dateformat.format(day, "j M") for day in days]
    if count > len(named) or not named:
        more = ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
        return _("%(days)s and others, %(more)s in total") % {"days": ", ".join(named), "more": more} if named else more
    if len(named) == 1:
        return named[0]
    if len({(day.year, day.month) for day in days}) == 1:  # the month only once, after the last day
        named = [*(dateformat.format(day, "j") for day in days[:-1]), named[-1]]
    return _("%(days)s and %(last)s") % {"days": ", ".join(named[:-1]), "last": named[-1]}
