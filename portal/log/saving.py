"""Stores a log form, all rows or none, in one transaction; and undoes a whole save.

Entries, their checks and emissions are in `energy.services` and `production.services`. A form adds questions before
something unusual is stored, and one undo for all rows of a save.
"""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.services import EntryInput, energy_log
from factories.days import local_hour_start
from factories.models import Factory
from lib.errors import ApiError
from logbook.choices import Act
from logbook.notices import ASKED
from logbook.services import EntryLog, Recorded
from portal.amounts import Entry
from portal.log.questions import CHANGE, MINE, THEIRS, question_about, take_suggestion
from portal.log_form.form import LogForm, LogRow, client_id
from portal.log_form.rows import BILL, RowSpec, rows_of
from production.models import ProductionEntry
from production.services import ProductionInput, production_log

_FIELDS = {
    "cost": "cost",
    "currency": "cost",
    "moisture_fraction": "moisture",
    "period_start": "from",
    "period_end": "to",
}


def log_of(entry: Entry) -> EntryLog[Any, Any]:
    return production_log if isinstance(entry, ProductionEntry) else energy_log


class _NothingIsStored(Exception):
    """Rolls the transaction back: a row was refused, or a person has to decide something first."""


def save_log(user: User, form: LogForm, now: datetime) -> list[Entry] | None:
    """Store every filled row, or none (None): errors and questions are then beside their rows in `form`.

    The same form again (a double tap, a retry) finds its rows stored and gives the same answer.
    """
    if form.is_refused:
        return None
    entries: list[Entry] = []
    # Energy is checked against the production of its day, so production is stored first.
    rows = sorted(filter(lambda row: row.is_filled, form.rows), key=lambda row: row.spec.is_energy)
    try:
        with transaction.atomic():
            for row in rows:
                _store(user, form, row, entries, now)
            if form.is_refused or form.questions or _wants_change(form):
                raise _NothingIsStored
    except _NothingIsStored:
        return None
    return entries


def _wants_change(form: LogForm) -> bool:
    return any(form.answered(row, code) == CHANGE for row in form.rows for code in ASKED)


def _store(user: User, form: LogForm, row: LogRow, entries: list[Entry], now: datetime) -> None:
    take_suggestion(form, row)
    answer = form.answered(row, "overlaps")
    if answer == THEIRS:
        return
    if answer.startswith(f"{MINE}@"):
        _replace(user, form, row, answer)
    try:
        with transaction.atomic():
            recorded = _record(user, form, row, now)
    except ApiError as error:
        _refuse(form, row, error)
        return
    entries.append(recorded.entry)
    if not recorded.is_replay:
        row.question = question_about(user, form, row, recorded.entry)


def _record(user: User, form: LogForm, row: LogRow, now: datetime) -> Recorded[Any]:
    assert row.amount is not None
    key = form.client_id(row)
    if not row.spec.is_energy:
        made = ProductionInput(product=row.spec.product, amount=row.amount, unit=row.unit, timestamp=form.day.starts_at)
        return production_log.record(user, form.factory, made, client_id=key)
    kind = EntryKind.USED.value if row.kind == BILL else row.kind
    start, end = row.period or (None, None)
    counted_at = min(form.day.ends_at, local_hour_start(now, form.factory.zone))
    used = EntryInput(
        energy_type=row.spec.energy_type,
        amount=row.amount,
        unit=row.unit,
        timestamp=start or (form.day.starts_at if kind == EntryKind.USED else counted_at),
        period_start=start,
        period_end=end,
        kind=kind,
        cost=row.cost_amount,
        currency=form.currency if row.cost_amount is not None else "",
        moisture_fraction=row.moisture_fraction,
    )
    return energy_log.record(user, form.factory, used, client_id=key)


def _refuse(form: LogForm, row: LogRow, error: ApiError) -> None:
    """Put the message of an error beside its field."""
    if error.code == "key_conflict":
        form.save_id = uuid.uuid4()
        form.errors.append(
            _("This form already saved %(label)s with other values. Save again to add a new entry.")
            % {"label": row.spec.label}
        )
        return
    if not error.fields:
        row.refuse("amount", error.message)
    for name, problems in error.fields.items():
        for problem in problems:
            row.refuse(_FIELDS.get(name, "amount"), problem["message"])


def _replace(user: User, form: LogForm, row: LogRow, answer: str) -> None:
    """Delete the entry that the answer names, with a reason that refers to this save."""
    pk = answer.partition("@")[2]
    rows: Any = (EnergyEntry if row.spec.is_energy else ProductionEntry).objects.filter(
        factory=form.factory, deleted_at__isnull=True
    )
    if row.spec.is_energy:
        rows = rows.filter(energy_type__code=row.spec.energy_type)
    else:
        rows = rows.filter(product=row.spec.product)
    replaced = rows.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 10 else None
    if replaced is None:
        return  # already deleted by a retry of this save or by another person
    log_of(replaced).delete(user, replaced.pk, _reason(form.save_id))


def _reason(save_id: uuid.UUID) -> str:
    return _("replaced by another entry for the same time, save %s") % save_id


# --- A save as a whole -------------------------------------------------------------------------
def entries_of(factory: Factory, save_id: uuid.UUID) -> list[Entry]:
    """The rows that a save stored, also undone ones, in the order of the form. Two queries."""
    specs = rows_of(factory)
    keys = {client_id(save_id, spec.name): place for place, spec in enumerate(specs)}
    entries: list[Entry] = [
        *energy_log.entries().filter(factory=factory, client_id__in=keys),
        *ProductionEntry.objects.filter(factory=factory, client_id__in=keys),
    ]
    return sorted(entries, key=lambda entry: keys[entry.client_id] if entry.client_id else 0)


def spec_of(entry: Entry) -> RowSpec | None:
    if isinstance(entry, ProductionEntry):
        return next((spec for spec in rows_of(entry.factory) if spec.product == entry.product), None)
    return next((spec for spec in rows_of(entry.factory) if spec.energy_type == entry.energy_type.code), None)


@transaction.atomic
def undo_save(user: User, factory: Factory, save_id: uuid.UUID) -> int:
    """Undo all rows of a save and restore the entries that it replaced; returns the number of rows. Idempotent.

    Raises ApiError 409 `undo_expired` after ten minutes, or for anybody else.
    """
    entries = entries_of(factory, save_id)
    for entry in entries:
        log_of(entry).undo(user, entry.pk)
    replaced = Q(factory=factory, changed_by=user, last_act=Act.DELETED, change_reason__endswith=str(save_id))
    for model in (EnergyEntry, ProductionEntry):
        rows: Any = model
        for entry in rows.objects.filter(replaced):
            log_of(entry).undo(user, entry.pk)
    return len(entries)
