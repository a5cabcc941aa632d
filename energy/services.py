"""Writes of energy: record, correct, delete and undo an entry; a factory's local units. Imports: `importing.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from energy import meters
from energy.factors import find_energy_type
from energy.inputs import EntryInput, columns_of, local_units, look_twice, said_by, save
from energy.models import EnergyEntry, LocalUnit
from energy.quantities import in_known_unit
from factories.models import Factory
from logbook.choices import Act, Origin
from logbook.entries import mark, request_digest, require_not_deleted, require_same, required_reason, take_back


@dataclass(frozen=True, slots=True)
class Recorded:
    entry: EnergyEntry
    is_replay: bool = False


# --- Record ------------------------------------------------------------------------------------
def record_entry(user: User | None, factory: Factory, data: EntryInput, *, client_id: UUID | None = None) -> Recorded:
    """Store one entry with what it emitted. With `client_id`, the same call again answers the same row.

    Raises ApiError 400 (a field is wrong), 409 `key_conflict` (that client_id came with another body).
    """
    digest = request_digest(factory, data)
    if client_id is not None and (stored := _of_client(user, client_id)) is not None:
        return _replayed(stored, digest)
    now = timezone.now()
    entry = EnergyEntry(
        factory=factory,
        origin=Origin.ENTRY,
        client_id=client_id,
        request_sha256=digest,
        recorded_by=user,
        changed_by=user,
        created_at=now,
        changed_at=now,
        **columns_of(factory, data, now),
    )
    look_twice(entry)
    try:
        with transaction.atomic():
            save(entry)
            meters.follow(user, entry, before=None)
    except IntegrityError as error:
        # The other tap of a double tap was faster: its row is the answer to both.
        stored = _of_client(user, client_id) if client_id and "energy_client_id_once" in str(error) else None
        if stored is None:
            raise
        return _replayed(stored, digest)
    return Recorded(entry)


def _of_client(user: User | None, client_id: UUID) -> EnergyEntry | None:
    return entries().filter(recorded_by=user, client_id=client_id).first()


def _replayed(stored: EnergyEntry, digest: str) -> Recorded:
    require_same(stored, digest)
    return Recorded(stored, is_replay=True)


def entries() -> Any:
    """Entries with what an answer shows of them, in one query."""
    return EnergyEntry.objects.select_related(
        "energy_type", "factor", "ch4_factor", "n2o_factor", "factory__organisation", "source", "consumption"
    )


# --- Correct, delete, undo ---------------------------------------------------------------------
_VALUED_BY = {
    "energy_type",
    "amount",
    "unit",
    "kind",
    "timestamp",
    "period_start",
    "period_end",
    "factor_set",
    "moisture_fraction",
}


@transaction.atomic
def correct_entry(user: User | None, entry_id: int, changes: Mapping[str, Any], reason: str) -> EnergyEntry:
    """Change what an entry says, and with it what it emitted; the history keeps what it was. `reason` is required.

    A note, a cost or a source leaves the results and their factors as they are.
    """
    entry = _locked(entry_id)
    before = meters.place_of(entry)
    reason = required_reason(reason)
    said = said_by(entry)
    data = replace(said, **changes)
    if "timestamp" in changes and not {"period_start", "period_end"} & set(changes):
        data = replace(data, period_start=None, period_end=None)
    now = timezone.now()
    changed = {f.name for f in fields(EntryInput) if getattr(data, f.name) != getattr(said, f.name)}
    columns = columns_of(entry.factory, data, now)
    if not changed & _VALUED_BY:
        columns = {
            name: value
            for name, value in columns.items()
            if name in ("source", "cost", "currency", "note", "meter_restarted")
        }
    for name, value in columns.items():
        setattr(entry, name, value)
    if changed & _VALUED_BY:
        look_twice(entry)
    mark(entry, user, Act.CORRECTED, reason, now)
    return _stored(user, entry, before)


@transaction.atomic
def delete_entry(user: User | None, entry_id: int, reason: str) -> EnergyEntry:
    """Take an entry out of all totals; the row and its history stay."""
    entry = _locked(entry_id)
    before = meters.place_of(entry)
    reason = required_reason(reason)
    entry.deleted_at = timezone.now()
    mark(entry, user, Act.DELETED, reason, entry.deleted_at)
    return _stored(user, entry, before)


@transaction.atomic
def undo(user: User | None, entry_id: int) -> EnergyEntry:
    """Take back the last thing done to an entry: what was recorded goes, what was corrected or deleted returns.

    Only whoever did it, within 10 minutes. Undone twice is undone once: a double tap brings nothing back.
    """
    entry = _locked(entry_id, deleted_too=True)
    if entry.last_act == Act.UNDONE:
        return entry
    before = meters.place_of(entry)
    take_back(entry, user)
    return _stored(user, entry, before)


def _locked(entry_id: int, *, deleted_too: bool = False) -> EnergyEntry:
    # Not the lock that a foreign key to the row would wait for: see `meters.follow`.
    entry = entries().select_for_update(of=("self",), no_key=True).get(pk=entry_id)
    meters.require_not_derived(entry)
    if not deleted_too:
        require_not_deleted(entry)
    return entry


def _stored(user: User | None, entry: EnergyEntry, before: meters.Place | None) -> EnergyEntry:
    save(entry)
    meters.follow(user, entry, before=before)
    return entries().get(pk=entry.pk)


# --- Local units -------------------------------------------------------------------------------
def set_local_unit(factory: Factory, energy_type: str, name: str, *, amount: Decimal, unit: str) -> LocalUnit:
    """Add or change what a unit of the factory is. Entries keep what they were valued by.

    Raises ApiError 400 when the unit it is made of is unknown.
    """
    found = find_energy_type(energy_type)
    words = " ".join(name.split())
    local = dict(local_units(factory, found.pk)) | {words.lower(): (amount, unit)}
    in_known_unit(Decimal(1), words, energy_type=found, local=local)
    record = LocalUnit.objects.filter(factory=factory, energy_type=found, name__iexact=words).first()
    record = record or LocalUnit(factory=factory, energy_type=found, name=words)
    record.amount, record.unit = amount, unit
    record.full_clean()
    record.save()
    return record
