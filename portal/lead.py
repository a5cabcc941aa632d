"""The main figure of a factory's page: one logged day, compared with the median of the 28 days before it.

Pure functions over `compliance.queries.Sums` of single days. A log is complete only after its day, so the figure
shows its day.
"""

import statistics
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _

from compliance.explain import identity
from compliance.queries import Sums
from factories.days import day_label
from factories.sectors import Sector

DAYS_COMPARED = 28
FEWEST_DAYS = 5
_MJ_PER_GJ = 1000


class LeadKind(StrEnum):
    """What is divided by the product."""

    WOOD = "wood"  # kg of wood
    HEAT = "heat"  # MJ of all energy, where no wood is burned
    CO2E = "co2e"  # kg CO2e of scope 1 and 2


@dataclass(frozen=True, slots=True)
class LeadFigure:
    """`value` is `numerator` by `denominator`; `usual` the median of `usual_days` of the 28 days before."""

    kind: LeadKind
    sector: Sector
    day: date
    value: Decimal
    usual: Decimal | None
    usual_days: int
    numerator: Decimal
    denominator: Decimal

    def identity(self, factory_id: int) -> str:
        """Of the value, for "Why this number"."""
        of = {LeadKind.WOOD: "firewood_kg", LeadKind.HEAT: "energy_mj", LeadKind.CO2E: "co2e_kg"}[self.kind]
        return identity.site(factory_id, self.day, self.day, f"{of}_per_{self.sector.product_unit}")

    def formula_identity(self, factory_id: int) -> str:
        """Of the numerator, the first number of `formula`."""
        name = {LeadKind.WOOD: "wood_pair_kg", LeadKind.HEAT: "energy_pair_gj", LeadKind.CO2E: "co2e_pair_kg"}[
            self.kind
        ]
        return identity.site(factory_id, self.day, self.day, name)

    @property
    def sentence(self) -> str:
        if self.usual is None:
            return " ".join((self._first_sentence, _("Your usual value appears after five such days.")))
        return " ".join((self._first_sentence, _("Your usual: %s.") % figure(self.usual)))

    @property
    def _first_sentence(self) -> str:
        words = {
            LeadKind.WOOD: _("%(value)s kg wood per %(unit)s %(product)s."),
            LeadKind.HEAT: _("%(value)s MJ per %(unit)s %(product)s."),
            LeadKind.CO2E: _("%(value)s kg CO2e per %(unit)s %(product)s."),
        }
        product = {"unit": self.sector.product_unit, "product": self.sector.product_name}
        return words[self.kind] % (product | {"value": figure(self.value)})

    @property
    def day_sentence(self) -> str:
        """The same with its day and without "your", for an answer and for a message to others."""
        sentence = " ".join((self._first_sentence[:-1], _("on %(day)s.") % {"day": day_label(self.day)}))
        return sentence if self.usual is None else " ".join((sentence, _("Usual %s.") % figure(self.usual)))

    @property
    def formula(self) -> str:
        words = {
            LeadKind.WOOD: _("%(numerator)s kg wood ÷ %(denominator)s %(unit)s %(product)s = %(value)s"),
            LeadKind.HEAT: _(
                "%(numerator)s MJ of fuel and electricity ÷ %(denominator)s %(unit)s %(product)s = %(value)s"
            ),
            LeadKind.CO2E: _(
                "%(numerator)s kg CO2e (scope 1 and 2) ÷ %(denominator)s %(unit)s %(product)s = %(value)s"
            ),
        }
        return words[self.kind] % {
            "numerator": amount(self.numerator),
            "denominator": amount(self.denominator),
            "value": figure(self.value),
            "unit": self.sector.product_unit,
            "product": self.sector.product_word,
        }


def figure(value: Decimal) -> str:
    """Formats as people say it: 1.9, 0.35, 214."""
    places = 0 if value >= 100 else 1 if value >= 1 else 2
    return f"{value:,.{places}f}"


def amount(value: Decimal) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def _kind(sector: Sector, rows: Collection[Sums]) -> LeadKind:
    """The kind of figure for this sector and its fuels."""
    if sector.leads_with_co2e:
        return LeadKind.CO2E
    if any(row.heat_days for row in rows) and all(row.firewood_kg is None for row in rows):
        return LeadKind.HEAT
    return LeadKind.WOOD


def _parts(kind: LeadKind, sector: Sector, row: Sums | None) -> tuple[Decimal, Decimal] | None:
    """Numerator and denominator of a day; None if one is not logged or nothing was made."""
    if row is None:
        return None
    amount, made_kg = {
        LeadKind.WOOD: (row.wood_pair_kg, row.wood_made_kg),
        LeadKind.HEAT: (None if row.energy_pair_gj is None else row.energy_pair_gj * _MJ_PER_GJ, row.energy_made_kg),
        LeadKind.CO2E: (row.co2e_pair_kg, row.co2e_made_kg),
    }[kind]
    return None if amount is None or not made_kg else (amount, made_kg / sector.kg_per_unit)


def lead_of_day(sector: Sector, rows: Mapping[date, Sums], day: date) -> LeadFigure | None:
    """The figure of one day with its usual value; None without both sides of the ratio."""
    kind = _kind(sector, rows.values())
    parts = _parts(kind, sector, rows.get(day))
    if parts is None:
        return None
    before = [_parts(kind, sector, rows.get(day - timedelta(days=back))) for back in range(1, DAYS_COMPARED + 1)]
    ratios = [numerator / denominator for numerator, denominator in filter(None, before)]
    return LeadFigure(
        kind=kind,
        sector=sector,
        day=day,
        value=parts[0] / parts[1],
        usual=statistics.median(ratios) if len(ratios) >= FEWEST_DAYS else None,
        usual_days=len(ratios),
        numerator=parts[0],
        denominator=parts[1],
    )


def latest_lead(sector: Sector, rows: Mapping[date, Sums], last: date, *, look_back_days: int) -> LeadFigure | None:
    """The figure of the newest day up to `last` that has one."""
    days = (last - timedelta(days=back) for back in range(look_back_days))
    return next((lead for day in days if (lead := lead_of_day(sector, rows, day))), None)
