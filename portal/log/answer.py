"""The answer to a save: the effect of its entries on the figure of their day, and one line to forward. Reads only."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from compliance import queries, site_days
from compliance.schedule import BILL_LONGER_THAN
from energy.choices import EntryKind
from energy.models import EnergyEntry
from factories.days import FactoryDay, running_day
from factories.models import Factory
from factories.sectors import SECTORS
from logbook.notices import words
from logbook.services import may_undo
from portal.amounts import Entry, amount_label, entry_url
from portal.carbon_words import counts, wood_pair
from portal.lead import DAYS_COMPARED, LeadFigure, lead_of_day
from portal.log.saving import entries_of, spec_of

# Notices that stay with the entry and ask for no action.
_QUIET = {"moisture_default", "m3_taken_as_stacked", "factor_of_earlier_year"}


@dataclass(frozen=True, slots=True)
class SavedRow:
    label: str
    amount: str
    url: str
    look_again: tuple[str, ...]
    is_undone: bool


@dataclass(frozen=True, slots=True)
class LogAnswer:
    saved_at: str
    rows: tuple[SavedRow, ...]
    headline: str
    identity: str  # of the figure in it
    carbon: str
    is_undone: bool
    can_undo: bool
    whatsapp_url: str


def log_answer(factory: Factory, save_id: uuid.UUID, user: User, now: datetime) -> LogAnswer | None:
    """The result of a save; None if nothing was stored under that id."""
    entries = entries_of(factory, save_id)
    if not entries:
        return None
    site_days.refresh([factory.pk])
    kept = [entry for entry in entries if entry.deleted_at is None]
    day = _day_of(factory, kept or entries)
    lead = _lead(factory, day, now)
    carbon = _carbon(kept)
    headline = lead.day_sentence if lead and kept else _without_figure(kept, day)
    saved_at = max(entry.created_at for entry in entries).astimezone(factory.zone)
    return LogAnswer(
        saved_at=f"{saved_at:%H:%M}",
        rows=tuple(_saved_row(entry) for entry in entries),
        headline=headline,
        identity=lead.identity(factory.pk) if lead and kept else "",
        carbon=carbon,
        is_undone=not kept,
        can_undo=bool(kept) and all(may_undo(entry, user, now) for entry in kept),
        whatsapp_url=_whatsapp_url(factory, headline, carbon) if kept else "",
    )


def _day_of(factory: Factory, entries: Sequence[Entry]) -> FactoryDay:
    """The factory day of the entries: the day of the first entry that is not a bill."""
    moments = [
        entry.period_start
        for entry in entries
        if entry.period_start and entry.period_end and entry.period_end - entry.period_start <= BILL_LONGER_THAN
    ]
    first = entries[0]
    moment = moments[0] if moments else getattr(first, "timestamp", None) or first.period_start
    assert moment is not None
    return running_day(factory, moment)


def _lead(factory: Factory, day: FactoryDay, now: datetime) -> LeadFigure | None:
    first = day.day - timedelta(days=DAYS_COMPARED)
    series = queries.series([factory.pk], first, day.day, by="day", now=now)
    sums = {row.bucket: row for row in series if row.bucket is not None}
    return lead_of_day(SECTORS[factory.sector], sums, day.day)


def _without_figure(entries: Sequence[Entry], day: FactoryDay) -> str:
    if not entries:
        return _("Undone. None of it counts.")
    if any(isinstance(entry, EnergyEntry) and entry.kind != EntryKind.USED for entry in entries):
        return _("Saved. It counts when it is used.")
    return _("Saved for %(day)s. The figure per product appears when both energy and production are logged.") % {
        "day": day.label
    }


def _carbon(entries: Sequence[Entry]) -> str:
    """Emissions of the entries: both figures of wood together, and the CO2e of scope 1 and 2 of the rest."""
    used = [e for e in entries if isinstance(e, EnergyEntry) and e.kind == EntryKind.USED]
    wood = [entry for entry in used if entry.energy_type.is_wood]
    rest = [entry for entry in used if not entry.energy_type.is_wood]
    sentences = []
    if wood:
        sentences.append(wood_pair(_sum(wood, "biogenic_co2_kg"), _sum(wood, "co2e_kg")) + ".")
    if rest:
        names = ", ".join(dict.fromkeys(_(entry.energy_type.name) for entry in rest))
        sentences.append(f"{names}: {counts(_sum(rest, 'co2e_kg'))}.")
    return " ".join(sentences)


def _sum(entries: Sequence[EnergyEntry], column: str) -> Decimal:
    return sum((getattr(entry, column) or Decimal(0) for entry in entries), Decimal(0))


def _saved_row(entry: Entry) -> SavedRow:
    spec = spec_of(entry)
    amount = amount_label(entry)
    if isinstance(entry, EnergyEntry) and entry.kind != EntryKind.USED:
        amount = f"{amount}, {entry.get_kind_display()}"
    notices = [words(n["code"], n["params"]) for n in entry.warnings if n["code"] not in _QUIET]
    return SavedRow(
        label=str(spec.label) if spec else str(entry),
        amount=amount,
        url=entry_url(entry),
        look_again=tuple(notices),
        is_undone=entry.deleted_at is not None,
    )


def _whatsapp_url(factory: Factory, headline: str, carbon: str) -> str:
    """One line of plain text. In a demo it says so, so that nobody forwards an invented figure as fact."""
    parts = [f"{factory.name}:", headline, carbon]
    if settings.DEMO:
        parts.insert(0, _("SIMULATED DATA - not the real factory"))
    return f"https://wa.me/?text={quote(' '.join(part for part in parts if part))}"
