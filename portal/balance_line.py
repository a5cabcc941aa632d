"""The verdict on stack and fuel log as one line, for the pages of a site. Reads only; refresh the site days first."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from accounts.permissions import may
from accounts.roles import Action
from compliance.balance import DAYS, balance, last_days
from compliance.balance_words import balance_sentence
from factories.days import ONE_DAY, last_day_over_everywhere
from factories.models import Factory


@dataclass(frozen=True, slots=True)
class BalanceLine:
    sentence: str  # empty: nothing found
    url: str


def balance_line(user: Any, factory: Factory, now: datetime, *, month: date | None = None) -> BalanceLine | None:
    """As of the last day that is over, or the last one of a month; None for who may not see the log, or without one."""
    if not may(user, Action.VIEW_ENERGY, factory):
        return None
    if month is None:
        found = last_days(factory, now)
    else:
        after = (month.replace(day=28) + 4 * ONE_DAY).replace(day=1)
        last = min(after - ONE_DAY, last_day_over_everywhere([factory], now))
        if last < month:
            return None
        found = balance(factory, max(month, last - (DAYS - 1) * ONE_DAY), last, now)
    return BalanceLine(balance_sentence(factory, found, now), reverse("balance", args=[factory.pk]))
