"""Days of the last fortnight with a missing entry, as cells to tap. Reads only.

`compliance` decides what is logged (80 % of the day covered); a bill of several weeks that is not due yet is not
missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.urls import reverse

from compliance.queries import Sums
from compliance.schedule import bills_awaited
from energy.models import EnergyEntry
from factories.choices import Item
from factories.days import FactoryDay
from factories.models import Factory
from factories.sectors import SECTORS
from production.models import ProductionEntry


@dataclass(frozen=True, slots=True)
class MissingCell:
    day: date
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class MissingRow:
    """One kind of entry and the days without it; `note` says when a bill is due."""

    name: str
    label: str
    cells: tuple[MissingCell, ...]
    note: str = ""
    awaited: frozenset[date] = frozenset()  # days whose bill is not due yet: they are not missing


@dataclass(frozen=True, slots=True)
class Missing:
    """`days_counted`: the days of the 14 since the first entry of the site."""

    rows: tuple[MissingRow, ...]
    days_counted: int

    @property
    def count(self) -> int:
        return sum(len(row.cells) for row in self.rows)


def first_logged_at(factory: Factory) -> datetime | None:
    """When the site's log begins; None when nothing was ever logged. Two queries along their indexes."""
    entries = EnergyEntry.objects.filter(factory=factory, deleted_at__isnull=True)
    used_at = entries.order_by("timestamp").values_list("timestamp", flat=True).first()
    made = ProductionEntry.objects.filter(factory=factory, deleted_at__isnull=True)
    made_at = made.order_by("period_start").values_list("period_start", flat=True).first()
    return min((moment for moment in (used_at, made_at) if moment is not None), default=None)


def missing_days(
    factory: Factory, days: Sequence[FactoryDay], sums: Mapping[date, Sums], now: datetime, first: datetime
) -> Missing:
    """Those of `days` since the log began that have a missing entry. One query."""
    counted = [day for day in days if day.ends_at > first]
    bill = bills_awaited([factory.pk], now).get(factory.pk)
    rows = []
    sector = SECTORS[factory.sector]
    for required in sorted(sector.required, key=lambda required: sector.log_rows.index(required.log_row)):
        name = required.log_row
        logged = {day for day, row in sums.items() if getattr(row, f"{required.item}_days")}
        lacking = [day for day in counted if day.day not in logged]
        waiting: frozenset[date] = frozenset()
        if required.item is Item.ELECTRICITY and bill is not None:
            waiting = frozenset(day.day for day in lacking if bill.covers(day, now))
        cells = tuple(_cell(factory, day, name) for day in lacking if day.day not in waiting)
        note = bill.sentence(factory) if bill is not None and waiting else ""
        rows.append(MissingRow(name, required.label, cells, note, waiting))
    return Missing(tuple(rows), len(counted))


def _cell(factory: Factory, day: FactoryDay, row_name: str) -> MissingCell:
    url = f"{reverse('log', args=[factory.pk])}?{urlencode({'day': day.day.isoformat()})}#row-{row_name}"
    return MissingCell(day.day, day.label, url)
