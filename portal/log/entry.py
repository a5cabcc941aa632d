"""The page of one entry of energy or production: its amount, its emissions with their factors, and its history.

Holds the reads and the typed correction. The actions are in `energy.services` and `production.services`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.explain import identity
from energy.choices import Carrier, EntryKind
from energy.models import EmissionFactor, EnergyEntry
from factories.days import factory_day, running_day
from lib.decimals import plain
from lib.errors import ApiError
from lib.numbers import NumberError
from logbook.choices import Act
from logbook.notices import words
from logbook.services import may_undo
from portal.amounts import Entry, amount_label, read_amount
from portal.carbon_words import counts, wood_pair
from portal.log.questions import asked_of
from portal.log.saving import log_of
from portal.log_form.form import not_a_date


@dataclass(frozen=True, slots=True)
class HistoryRow:
    when: str
    act: str
    by: str
    amount: str
    reason: str


@dataclass(frozen=True, slots=True)
class FactorLine:
    label: str
    source: str
    url: str


@dataclass(slots=True)
class EntryForm:
    """A correction as it was typed, with its errors."""

    amount: str
    unit: str
    day: str  # empty for a bill: its period is not one day
    note: str
    reason: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)

    @property
    def typed(self) -> str:
        """What "save anyway" is about: for another amount the question is asked again."""
        return f"{self.amount} {self.unit} {self.day}"


@dataclass(frozen=True, slots=True)
class EntryPage:
    organisation_name: str
    entry: Entry
    name: str
    amount: str
    kind: str
    period: str
    cost: str
    moisture: str  # of wood, as it was burned
    carbon: str
    identity: str  # of its first mass
    factors: tuple[FactorLine, ...]
    notices: tuple[str, ...]
    recorded: str
    is_derived: bool
    can_undo: bool
    history: tuple[HistoryRow, ...]
    form: EntryForm
    month_url: str
    api_url: str


def entry_page(entry: Entry, user: User, now: datetime, form: EntryForm | None = None) -> EntryPage:
    """The page of an entry; four queries beside the entry's own."""
    factory = entry.factory
    energy = entry if isinstance(entry, EnergyEntry) else None
    moment = entry.period_start or getattr(entry, "timestamp", None) or entry.created_at
    return EntryPage(
        organisation_name=factory.organisation.name,
        entry=entry,
        name=_(entry.energy_type.name) if isinstance(entry, EnergyEntry) else entry.get_product_display(),
        amount=amount_label(entry),
        kind=energy.get_kind_display() if energy else "",
        period=_period(entry),
        cost=f"{energy.currency} {energy.cost:,.2f}" if energy and energy.cost is not None else "",
        moisture=f"{plain(energy.moisture_fraction * 100)} %"
        if energy and energy.moisture_fraction is not None
        else "",
        carbon=_carbon(energy) if energy else "",
        identity=_identity(energy) if energy else "",
        factors=_factors(energy) if energy else (),
        notices=tuple(words(notice["code"], notice["params"]) for notice in entry.warnings),
        recorded=_clock(entry.created_at, entry),
        is_derived=entry.origin == "meter",
        can_undo=may_undo(entry, user, now),
        history=_history(entry),
        form=form or form_of(entry),
        month_url=reverse("month", args=[factory.pk, f"{moment.astimezone(factory.zone):%Y-%m}"]),
        api_url=reverse("energy-entries-detail" if energy else "production-detail", args=[entry.pk]),
    )


def _clock(moment: datetime, entry: Entry) -> str:
    return dateformat.format(moment.astimezone(entry.factory.zone), "j M Y H:i")


def _period(entry: Entry) -> str:
    if entry.period_start is None or entry.period_end is None:
        return _clock(entry.timestamp, entry) if isinstance(entry, EnergyEntry) else ""
    return _("%(start)s to %(end)s") % {
        "start": _clock(entry.period_start, entry),
        "end": _clock(entry.period_end, entry),
    }


def _identity(entry: EnergyEntry) -> str:
    if entry.market_co2e_kg is not None:
        return identity.of_row("entry", entry.pk, "market_co2e_kg")
    if entry.kind != EntryKind.USED or entry.co2e_kg is None:
        return ""
    return identity.of_row("entry", entry.pk, "biogenic_co2_kg" if entry.energy_type.is_wood else "co2e_kg")


def _carbon(entry: EnergyEntry) -> str:
    if entry.market_co2e_kg is not None:
        return _("%(kg)s kg CO2e by the supplier's factor, in the market-based total only. Proof: %(evidence)s") % {
            "kg": plain(entry.market_co2e_kg),
            "evidence": entry.evidence,
        }
    if entry.kind != EntryKind.USED or entry.co2e_kg is None:
        return _("No emission yet. It counts when it is used.")
    if entry.energy_type.is_wood:
        return wood_pair(entry.biogenic_co2_kg or Decimal(0), entry.co2e_kg)
    return counts(entry.co2e_kg)


def _factors(entry: EnergyEntry) -> tuple[FactorLine, ...]:
    return tuple(
        FactorLine(
            label=", ".join(_terms(entry, factor)),
            source=factor.source,
            url=reverse("emission-factors-detail", args=[factor.pk]),
        )
        for factor in entry.factors
    )


def _terms(entry: EnergyEntry, factor: EmissionFactor) -> Iterator[str]:
    """The factor, its set, the basis of a grid's, and of CO2e the potentials."""
    yield f"{plain(factor.value)} {factor.unit}"
    yield f"{factor.set_name} v{factor.version}"
    if entry.energy_type.carrier == Carrier.GRID:
        yield factor.get_basis_display()
    yield entry.gwp_set


def _history(entry: Entry) -> tuple[HistoryRow, ...]:
    """The entry after each change, newest first, from the rows that the triggers of the database wrote."""
    rows: Any = entry
    events = list(rows.events.order_by("-pgh_id"))
    people = User.objects.in_bulk({event.changed_by_id for event in events if event.changed_by_id})
    return tuple(
        HistoryRow(
            when=_clock(event.pgh_created_at, entry),
            act=str(Act(event.last_act).label),
            by=_name(people.get(event.changed_by_id)),
            amount=_amount_then(event),
            reason=event.change_reason,
        )
        for event in events
    )


def _name(user: User | None) -> str:
    return "" if user is None else (user.get_short_name() or str(user))


def _amount_then(event: Any) -> str:
    if hasattr(event, "amount_kg"):
        return f"{plain(event.amount_kg)} kg"
    return f"{plain(event.amount)} {event.unit}"


# --- Correcting --------------------------------------------------------------------------------
_TYPED = ("amount", "unit", "day", "note", "reason")


class _Asked(Exception):
    """Rolls a correction back: somebody has to say first that it is right."""


def form_of(entry: Entry) -> EntryForm:
    return EntryForm(plain(entry.amount), entry.unit, _day_of(entry), entry.note)


def _day_of(entry: Entry) -> str:
    """The factory day that the entry fills exactly; nothing for a bill or a shift."""
    if entry.period_start is None or entry.period_end is None:
        return ""
    day = running_day(entry.factory, entry.period_start)
    fills_day = (day.starts_at, day.ends_at) == (entry.period_start, entry.period_end)
    return day.day.isoformat() if fills_day else ""


def correct(user: User, entry: Entry, typed: QueryDict) -> EntryForm:
    """Correct an entry with the typed values. The returned form has errors when nothing was changed."""
    now = form_of(entry)
    amount, unit, day, note, reason = ((typed.get(name) or "").replace("\x00", "").strip()[:300] for name in _TYPED)
    form = EntryForm(amount, unit, day, note, reason)
    try:
        # An unchanged text means the stored amount with all its decimals.
        is_unchanged = form.amount == now.amount
        value = entry.amount if is_unchanged else read_amount(form.amount, form.unit, stored=entry.amount)
    except NumberError as error:
        form.errors["amount"] = [str(error)]
        return form
    columns: dict[str, Any] = {"amount": value, "unit": form.unit or entry.unit, "note": form.note}
    changes = {name: column for name, column in columns.items() if column != getattr(entry, name)}
    if now.day and form.day != now.day:
        try:
            moved = factory_day(entry.factory, date.fromisoformat(form.day))
        except ValueError:
            form.errors["day"] = [not_a_date(form.day)]
            return form
        changes["timestamp"] = moved.starts_at
    if not changes:
        form.errors["amount"] = [_("Nothing has changed. Change the amount, the unit, the day or the note.")]
        return form
    known = asked_of(entry)

    def correct_unless_asked() -> None:
        with transaction.atomic():
            corrected = log_of(entry).correct(user, entry.pk, changes, form.reason)
            form.questions = [
                words(notice["code"], notice["params"]) for notice in asked_of(corrected) if notice not in known
            ]
            if form.questions and typed.get("keep") != form.typed:
                raise _Asked

    _attempt(form, correct_unless_asked)
    return form


def delete(user: User, entry: Entry, typed: QueryDict) -> EntryForm:
    form = form_of(entry)
    form.reason = (typed.get("reason") or "").replace("\x00", "").strip()[:400]
    _attempt(form, lambda: log_of(entry).delete(user, entry.pk, form.reason), reason_field="delete_reason")
    return form


def undo(user: User, entry: Entry) -> EntryForm:
    form = form_of(entry)
    _attempt(form, lambda: log_of(entry).undo(user, entry.pk))
    return form


def _attempt(form: EntryForm, act: Any, *, reason_field: str = "reason") -> None:
    """Run a service and put the messages of an error beside their fields."""
    try:
        act()
    except _Asked:
        form.errors["amount"] = form.questions
    except ApiError as error:
        if not error.fields:
            form.errors["form"] = [error.message]
        for name, problems in error.fields.items():
            known = {"reason": reason_field, "amount": "amount", "unit": "unit", "timestamp": "day", "note": "note"}
            form.errors.setdefault(known.get(name, "form"), []).extend(p["message"] for p in problems)
