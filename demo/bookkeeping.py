"""Writes the simulated ledgers into the database: valued and stored like an import, each line once.

`ledger.py` and `mines.py` make the lines. A line for a time that somebody has already logged is left out, so a second
run adds only new lines. One transaction per factory, so a kill leaves its log complete or unchanged.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from demo.ledger import EnergyLine, Ledger, ProductionLine, recorded_at
from energy.choices import EntryKind
from energy.factors import FactorBook, sets_instead
from energy.models import EnergyEntry, EnergyType
from energy.services import EntryInput, energy_log
from energy.sheets import columns_to_insert
from energy.valuation import value_amount
from energy.wood import Moisture, moisture_of_site
from factories.choices import ProductionUnit
from factories.models import EmissionSource, Factory
from logbook.bulk import insert_entries
from logbook.choices import Origin
from production.models import ProductionEntry

_Line = TypeVar("_Line", EnergyLine, ProductionLine)
_Stored = tuple[str, str, str, datetime, datetime | None]  # energy type or product, kind, origin, start or moment, end
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Bookkeeper:
    """Writes ledgers as they are at the moment `now`: no entry is recorded later. Reads each factor once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._types = {energy_type.code: energy_type for energy_type in EnergyType.objects.all()}
        self._book = cache(self._make_book)
        self._instead = cache(sets_instead)

    def _make_book(self, energy_type: EnergyType, country: str, instead: tuple[str, ...]) -> FactorBook:
        return FactorBook(energy_type, country, instead=instead)

    @transaction.atomic
    def write(self, factory: Factory, user: User | None, ledger: Ledger, *, since: datetime | None = None) -> int:
        """Store the missing entries of the ledger; returns how many those were.

        `since`: entries that ended before it are known to be stored.
        """
        since = since or _LONG_AGO
        recent = [line for line in ledger.lines if (line.end or line.start) > since]
        lines = _missing(recent, _stored_energy(factory, since))
        sources = {str(source.kind): source for source in EmissionSource.objects.filter(factory=factory)}
        uses = [self._use(factory, line, sources) for line in lines if line.kind is EntryKind.USED]
        insert_entries(EnergyEntry, user, uses, origin=Origin.IMPORT)
        counts = [line for line in lines if line.kind not in (EntryKind.USED, EntryKind.METER_READING)]
        insert_entries(EnergyEntry, user, [self._count(factory, line) for line in counts], origin=Origin.ENTRY)
        _read_meter(factory, user, [line for line in lines if line.kind is EntryKind.METER_READING])
        made = _missing([one for one in ledger.made if one.end > since], _stored_production(factory, since))
        insert_entries(ProductionEntry, user, [self._made(factory, one) for one in made], origin=Origin.IMPORT)
        return len(lines) + len(made)

    def _use(self, factory: Factory, line: EnergyLine, sources: dict[str, EmissionSource]) -> dict[str, Any]:
        assert line.end is not None  # a use fills a period
        energy_type, source = self._types[line.energy_type], sources.get(line.source_kind or "")
        first_day = line.start.astimezone(factory.zone).date()
        last_day = (line.end - timedelta(microseconds=1)).astimezone(factory.zone).date()
        valued, notices = value_amount(
            line.amount,
            line.unit,
            book=self._book(energy_type, factory.country, self._instead(factory, energy_type, source)),
            local={},
            first_day=first_day,
            last_day=last_day,
            gwp_set=factory.organisation.gwp_set,
            moisture=Moisture(of_site=moisture_of_site(factory, energy_type)),
        )
        return columns_to_insert(
            factory,
            energy_type,
            amount=line.amount,
            unit=line.unit,
            start=line.start,
            end=line.end,
            valued=valued,
            source_id=source.pk if source else None,
            notices=notices,
        ) | {"created_at": min(recorded_at(line), self._now)}

    def _count(self, factory: Factory, line: EnergyLine) -> dict[str, Any]:
        """A delivery or a stock count: an amount at a moment, without emissions."""
        energy_type = self._types[line.energy_type]
        return columns_to_insert(
            factory, energy_type, amount=line.amount, unit=line.unit, start=line.start, kind=line.kind
        ) | {"created_at": min(recorded_at(line), self._now)}

    def _made(self, factory: Factory, one: ProductionLine) -> dict[str, Any]:
        return {
            "factory_id": factory.pk,
            "product": one.product,
            "amount_kg": one.amount_kg,
            "unit": ProductionUnit.KG.value,
            "period_start": one.start,
            "period_end": one.end,
            "created_at": min(recorded_at(one), self._now),
        }


def _read_meter(factory: Factory, user: User | None, lines: Iterable[EnergyLine]) -> None:
    """In order, because each meter reading makes a use together with the previous reading."""
    for line in sorted(lines, key=lambda line: line.start):
        reading = EntryInput(
            energy_type=line.energy_type,
            kind=line.kind,
            amount=line.amount,
            unit=line.unit,
            timestamp=line.start,
            note=line.note,
            meter_restarted=line.meter_restarted,
        )
        energy_log.record(user, factory, reading)


def _stored_energy(factory: Factory, since: datetime) -> Iterator[_Stored]:
    entries = EnergyEntry.objects.filter(Q(timestamp__gte=since) | Q(period_end__gte=since), factory=factory)
    rows = entries.values_list("energy_type__code", "kind", "origin", "timestamp", "period_start", "period_end")
    for code, kind, origin, moment, start, end in rows:
        yield code, kind, origin, start or moment, end


def _stored_production(factory: Factory, since: datetime) -> Iterator[_Stored]:
    entries = ProductionEntry.objects.filter(factory=factory, period_end__gte=since)
    for product, origin, start, end in entries.values_list("product", "origin", "period_start", "period_end"):
        yield product, ProductionLine.kind, origin, start, end


def _missing(lines: Iterable[_Line], entries: Iterable[_Stored]) -> list[_Line]:
    """Lines that are not stored, not even as deleted, and whose time nobody has logged by hand."""
    stored: set[tuple[str, str, datetime]] = set()
    by_hand: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for name, kind, origin, start, end in entries:
        if end and origin == Origin.ENTRY:
            by_hand[name].append((start, end))
        stored.add((name, kind, start))
    return [
        one
        for one in lines
        if (one.name, one.kind, one.start) not in stored
        and not (one.end and any(start < one.end and one.start < end for start, end in by_hand[one.name]))
    ]
