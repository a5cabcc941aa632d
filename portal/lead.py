"""The main figure of a factory's page: of one logged day, beside the median of the 28 days before it.

Pure functions over `compliance.queries.Sums` of single days. A log is complete only after its day, so a
figure names its day.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _

from compliance.queries import Sums
from factories.days import day_label
from factories.sectors import SECTORS

DAYS_COMPARED = 28
FEWEST_DAYS = 5


class LeadKind(StrEnum):
    WOOD = "wood"  # kg wood per kg made tea
    HEAT = "heat"  # MJ of all energy per kg made tea, where no wood is burned
    COAL = "coal"  # kg CO2e (scope 1 and 2) per t coal


@dataclass(frozen=True, slots=True)
class LeadFigure:
    """`value` is `numerator` by `denominator`; `usual` the median of `usual_days` of the 28 days before."""

    kind: LeadKind
    day: date
    value: Decimal
    usual: Decimal | None
    usual_days: int
    numerator: Decimal
    denominator: Decimal

    @property
    def sentence(self) -> str:
        if self.usual is None:
            return " ".join((self._first_sentence, _("Your usual value appears after five such days.")))
        return " ".join((self._first_sentence, _("Your usual: %s.") % figure(self.usual)))

    @property
    def _first_sentence(self) -> str:
        return _WORDS[self.kind]() % {"value": figure(self.value)}

    @property
    def day_sentence(self) -> str:
        """The same with its day, and without "your": for an answer, and for a message to others."""
        sentence = " ".join((self._first_sentence[:-1], _("on %(day)s.") % {"day": day_label(self.day)}))
        return sentence if self.usual is None else " ".join((sentence, _("Usual %s.") % figure(self.usual)))

    @property
    def formula(self) -> str:
        numbers = {
            "numerator": amount(self.numerator),
            "denominator": amount(self.denominator),
            "value": figure(self.value),
        }
        return _FORMULAS[self.kind]() % numbers


_WORDS = {
    LeadKind.WOOD: lambda: _("%(value)s kg wood per kg tea."),
    LeadKind.HEAT: lambda: _("%(value)s MJ per kg tea."),
    LeadKind.COAL: lambda: _("%(value)s kg CO2e per t coal."),
}
_FORMULAS = {
    LeadKind.WOOD: lambda: _("%(numerator)s kg wood ÷ %(denominator)s kg made tea = %(value)s"),
    LeadKind.HEAT: lambda: _("%(numerator)s MJ of fuel and electricity ÷ %(denominator)s kg made tea = %(value)s"),
    LeadKind.COAL: lambda: _("%(numerator)s kg CO2e (scope 1 and 2) ÷ %(denominator)s t coal = %(value)s"),
}


def figure(value: Decimal) -> str:
    """As people say it: 1.9, 0.35, 214."""
    places = 0 if value >= 100 else 1 if value >= 1 else 2
    return f"{value:,.{places}f}"


def amount(value: Decimal) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def kind_for(sector: str, rows: Collection[Sums]) -> LeadKind:
    """The kind of figure for this sector and its fuels."""
    if SECTORS[sector].lead:
        return LeadKind(SECTORS[sector].lead)
    if any(row.firewood_kg is not None for row in rows):
        return LeadKind.WOOD
    return LeadKind.HEAT if any(row.heat_days for row in rows) else LeadKind.WOOD


def _parts(kind: LeadKind, row: Sums) -> tuple[Decimal, Decimal] | None:
    """Numerator and denominator of a day; None while one of them is not logged, or nothing was made."""
    amount, made_kg, size = {
        LeadKind.WOOD: (row.wood_pair_kg, row.wood_made_kg, Decimal(1)),
        LeadKind.HEAT: (row.energy_pair_gj, row.energy_made_kg, Decimal(1000)),
        LeadKind.COAL: (row.co2e_pair_kg, row.co2e_made_kg, Decimal(1000)),
    }[kind]
    if amount is None or not made_kg:
        return None
    return (amount, made_kg / size) if kind is LeadKind.COAL else (amount * size, made_kg)


def lead_of_day(kind: LeadKind, rows: Mapping[date, Sums], day: date) -> LeadFigure | None:
    """The figure of one day with its usual value; None without both sides of the ratio."""

    def parts(of_day: date) -> tuple[Decimal, Decimal] | None:
        row = rows.get(of_day)
        return None if row is None else _parts(kind, row)

    ratio = parts(day)
    if ratio is None:
        return None
    before = [parts(day - timedelta(days=back)) for back in range(1, DAYS_COMPARED + 1)]
    ratios = [numerator / denominator for numerator, denominator in filter(None, before)]
    return LeadFigure(
        kind=kind,
        day=day,
        value=ratio[0] / ratio[1],
        usual=statistics.median(ratios) if len(ratios) >= FEWEST_DAYS else None,
        usual_days=len(ratios),
        numerator=ratio[0],
        denominator=ratio[1],
    )


def latest_lead(kind: LeadKind, rows: Mapping[date, Sums], last: date, *, look_back_days: int) -> LeadFigure | None:
    """The figure of the newest day up to `last` that has one."""
    for back in range(look_back_days):
        lead = lead_of_day(kind, rows, last - timedelta(days=back))
        if lead is not None:
            return lead
    return None
