"""What a change of a site's set-up makes of its figures of record, before it is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compliance import site_days
from compliance.choices import HeatCo2Basis
from compliance.models import SiteDay
from factories.corrections import PastFigure
from factories.models import Factory
from factories.sectors import SECTORS

_FIGURES: dict[str, tuple[Promise, str, Callable[[SiteDay], Decimal | int]]] = {
    "scope_1": (gettext_lazy("Scope 1"), "kg CO2e", lambda day: day.record_scope1_co2e_kg + (day.methane_co2e_kg or 0)),
    "scope_2": (gettext_lazy("Scope 2"), "kg CO2e", lambda day: day.scope2_co2e_kg),
    "biogenic_co2": (gettext_lazy("Biogenic CO2, outside the scopes"), "kg", lambda day: day.record_biogenic_co2_kg),
    "methane_unknown": (
        gettext_lazy("Days whose methane is not known"),
        "",
        lambda day: int(day.methane_co2e_kg is None),
    ),
    "measured_days": (
        gettext_lazy("Days whose CO2 of heat is measured"),
        "",
        lambda day: int(day.basis == HeatCo2Basis.MEASURED),
    ),
}


@dataclass(frozen=True, slots=True)
class RecordedDays:
    """The ledger of the site days that are over."""

    by_day: dict[date, SiteDay]
    has_methane: bool

    def figures(self, after: "RecordedDays") -> list[PastFigure]:
        days = sorted(self.by_day.keys() | after.by_day.keys())
        found = []
        for code, (label, unit, amount) in _FIGURES.items():
            if code == "methane_unknown" and not (self.has_methane or after.has_methane):
                continue
            old = {day: amount(row) for day, row in self.by_day.items()}
            new = {day: amount(row) for day, row in after.by_day.items()}
            changed = [day for day in days if old.get(day, 0) != new.get(day, 0)]
            if changed:
                sums = [float(sum(one.get(day, 0) for day in days if day >= changed[0])) for one in (old, new)]
                found.append(PastFigure(code, str(label), unit, sums[0], sums[1], changed[0]))
        both = sorted(self.by_day.keys() & after.by_day.keys())
        moved = [day for day in both if _hours(self.by_day[day]) != _hours(after.by_day[day])]
        if moved:  # sums may stay, and no day is what it was
            words = _("Days that begin or end at another hour")
            found.append(PastFigure("moved_days", words, "", 0.0, float(len(moved)), moved[0]))
        return found


def _hours(day: SiteDay) -> tuple[datetime, datetime]:
    return day.starts_at, day.ends_at


def recorded_days(factory: Factory, until: datetime) -> RecordedDays:
    """Brought up to date first, so that only the change makes the difference."""
    site_days.refresh([factory.pk])
    rows = SiteDay.objects.filter(factory=factory, ends_at__lte=until)
    # Read again: a change of the sector may be on trial in this transaction.
    sector = Factory.objects.values_list("sector", flat=True).get(pk=factory.pk)
    return RecordedDays({row.day: row for row in rows}, SECTORS[sector].has_methane)
