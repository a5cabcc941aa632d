"""Writes the simulated ledgers into the database: valued and stored like an import, each line once.

`ledger.py` and `mines.py` make the lines. A line for a time that somebody has already logged is left out, so a second
run adds only new lines. One transaction per factory, so a kill leaves its log complete or unchanged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from demo.ledger import Ledger, Line, Made
from energy.bulk import NewCount, NewRow, insert_counts, insert_rows
from energy.choices import EntryKind
from energy.factors import FactorBook
from energy.models import EnergyEntry, EnergyType
from energy.services import DEFAULT_MOISTURE_FRACTION, EntryInput, energy_log
from energy.valuation import value_amount
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from logbook.choices import Origin
from production.models import ProductionEntry
from production.services import ProductionRow, add_production_bulk

_Alike = tuple[str, EntryKind, str, SourceKind | None, str]
_Period = tuple[datetime, datetime]
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Bookkeeper:
    """Writes ledgers as of one moment, `now`: no entry is recorded later. Reads each factor once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._types = {found.code: found for found in EnergyType.objects.all()}
        self._book = cache(self._make_book)

    def _make_book(self, energy_type: str, country: str, factor_set: str) -> FactorBook:
        return FactorBook(self._types[energy_type], country, factor_set)

    @transaction.atomic
    def write(self, factory: Factory, user: User | None, ledger: Ledger, *, since: datetime | None = None) -> int:
        """Store the missing entries of the ledger; returns how many those were.

        `since`: entries that ended before it are known to be stored.
        """
        since = since or _LONG_AGO
        alike: dict[_Alike, list[Line]] = defaultdict(list)
        lines = _new_lines(factory, [line for line in ledger.lines if (line.end or line.start) > since], since)
        for line in lines:
            key = (line.energy_type, line.kind, line.unit, line.source_kind, line.factor_set)
            alike[key].append(line)
        sources = {str(source.kind): source for source in EmissionSource.objects.filter(factory=factory)}
        for (energy_type, kind, unit, source_kind, factor_set), group in alike.items():
            if kind is EntryKind.METER_READING:
                _read_meter(factory, user, group)
                continue
            if kind is not EntryKind.USED:
                rows = [self._count(line) for line in group]
                insert_counts(user, factory, self._types[energy_type], kind=kind, rows=rows, unit=unit)
                continue
            insert_rows(
                user,
                factory,
                self._types[energy_type],
                sources.get(source_kind or ""),
                rows=[self._use(factory, line) for line in group],
                unit=unit,
                factor_set=factor_set,
            )
        made = _new_production(factory, [one for one in ledger.made if one.end > since], since)
        add_production_bulk(user, [self._made(factory, one) for one in made])
        return len(lines) + len(made)

    def _use(self, factory: Factory, line: Line) -> NewRow:
        assert line.end is not None  # a use fills a period
        first_day = line.start.astimezone(factory.zone).date()
        last_day = (line.end - timedelta(microseconds=1)).astimezone(factory.zone).date()
        valued, notices = value_amount(
            line.amount,
            line.unit,
            book=self._book(line.energy_type, factory.country, line.factor_set),
            local={},
            first_day=first_day,
            last_day=last_day,
            gwp_set=factory.organisation.gwp_set,
        )
        moisture = DEFAULT_MOISTURE_FRACTION if self._types[line.energy_type].is_wood else None
        stored = [notice.stored() for notice in notices]
        return NewRow(line.amount, line.start, line.end, valued, moisture, stored, self._not_yet(line))

    def _count(self, line: Line) -> NewCount:
        moisture = DEFAULT_MOISTURE_FRACTION if self._types[line.energy_type].is_wood else None
        return NewCount(line.amount, line.start, moisture, self._not_yet(line))

    def _made(self, factory: Factory, one: Made) -> ProductionRow:
        return ProductionRow(factory.pk, one.product, one.amount_kg, one.start, one.end, recorded_at=self._not_yet(one))

    def _not_yet(self, told: Line | Made) -> datetime:
        return min(told.recorded_at, self._now)


def _read_meter(factory: Factory, user: User | None, lines: Iterable[Line]) -> None:
    """One after the other: each reading makes a use from the one before."""
    for line in sorted(lines, key=lambda line: line.start):
        said = EntryInput(
            energy_type=line.energy_type,
            kind=line.kind,
            amount=line.amount,
            unit=line.unit,
            timestamp=line.start,
            note=line.note,
            meter_restarted=line.meter_restarted,
        )
        energy_log.record(user, factory, said)


def _new_lines(factory: Factory, lines: Sequence[Line], since: datetime) -> list[Line]:
    """Lines that are not stored, not even as deleted, for times that nobody has logged by hand."""
    if not lines:
        return []
    stored: set[tuple[str, str, datetime]] = set()
    by_hand: dict[str, list[_Period]] = defaultdict(list)
    recent = EnergyEntry.objects.filter(Q(timestamp__gte=since) | Q(period_end__gte=since), factory=factory)
    rows = recent.values_list("energy_type__code", "kind", "origin", "timestamp", "period_start", "period_end")
    for code, kind, origin, timestamp, start, end in rows:
        if start and end and origin == Origin.ENTRY:
            by_hand[code].append((start, end))
        stored.add((code, kind, start or timestamp))
    return [
        line
        for line in lines
        if (line.energy_type, line.kind, line.start) not in stored
        and not (line.end and _overlaps(by_hand[line.energy_type], line.start, line.end))
    ]


def _new_production(factory: Factory, made: Sequence[Made], since: datetime) -> list[Made]:
    if not made:
        return []
    stored: set[tuple[str, datetime]] = set()
    by_hand: dict[str, list[_Period]] = defaultdict(list)
    rows = ProductionEntry.objects.filter(factory=factory, period_end__gte=since).values_list(
        "product", "origin", "period_start", "period_end"
    )
    for product, origin, start, end in rows:
        if origin == Origin.ENTRY:
            by_hand[product].append((start, end))
        stored.add((product, start))
    return [
        one
        for one in made
        if (one.product, one.start) not in stored and not _overlaps(by_hand[one.product], one.start, one.end)
    ]


def _overlaps(periods: Iterable[_Period], start: datetime, end: datetime) -> bool:
    return any(other_start < end and start < other_end for other_start, other_end in periods)
