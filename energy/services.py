"""Writes of energy: record, correct, delete and undo an entry; a factory's local units. Imports: `importing.py`."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from carbontrack.errors import ApiError, invalid
from energy import plausibility
from energy.choices import Act, EntryKind, Origin
from energy.factors import FactorBook, find_energy_type
from energy.models import MOISTURE_MAX_FRACTION, EnergyEntry, LocalUnit
from energy.notices import Notice
from energy.periods import period_of
from energy.quantities import LocalUnits, in_known_unit, plain
from energy.valuation import RESULT_FIELDS, value_amount
from factories.models import EmissionSource, Factory

UNDO_WITHIN = timedelta(minutes=10)
DEFAULT_MOISTURE_FRACTION = Decimal("0.300")
_NO_RESULTS: dict[str, Any] = dict.fromkeys(RESULT_FIELDS) | {"gwp_set": "", "method_version": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryInput:
    """What a person says. `energy_type` and `unit` in any spelling; amounts as written."""

    energy_type: str
    amount: Decimal
    unit: str
    timestamp: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    kind: str = EntryKind.USED
    source_id: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    moisture_fraction: Decimal | None = None
    factor_set: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    entry: EnergyEntry
    is_replay: bool = False


def local_units(factory: Factory, energy_type_id: int) -> LocalUnits:
    """The factory's own units for a type: name in lower case -> (how many, of which unit)."""
    rows = LocalUnit.objects.filter(factory=factory, energy_type_id=energy_type_id)
    return {name.lower(): (amount, unit) for name, amount, unit in rows.values_list("name", "amount", "unit")}


# --- Record ------------------------------------------------------------------------------------
def record_entry(
    user: User | None, factory: Factory, data: EntryInput, *, client_id: UUID | None = None
) -> Recorded:
    """Store one entry with what it emitted. With `client_id`, the same call again answers the same row.

    Raises ApiError 400 (a field is wrong), 409 `key_conflict` (that client_id came with another body).
    """
    digest = request_digest(factory, data)
    if client_id is not None and (stored := _of_client(user, client_id)) is not None:
        return _replayed(stored, digest)
    now = timezone.now()
    entry = EnergyEntry(
        factory=factory, origin=Origin.ENTRY, client_id=client_id, request_sha256=digest, recorded_by=user,
        changed_by=user, created_at=now, changed_at=now, **_derived(factory, data, now),
    )  # fmt: skip
    _look_twice(entry)
    try:
        with transaction.atomic():
            _save(entry)
    except IntegrityError as error:
        # The other tap of a double tap was faster: its row is the answer to both.
        stored = _of_client(user, client_id) if client_id and "entry_client_id_once" in str(error) else None
        if stored is None:
            raise
        return _replayed(stored, digest)
    return Recorded(entry)


def request_digest(factory: Factory, data: EntryInput) -> str:
    """What the body says, however it is written: 1.0 and 1.00 litres, and two offsets of one moment, are the same."""
    said = {name: _canonical(value) for name, value in asdict(data).items()} | {"factory": factory.pk}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def _of_client(user: User | None, client_id: UUID) -> EnergyEntry | None:
    return entries().filter(recorded_by=user, client_id=client_id).first()


def _replayed(stored: EnergyEntry, digest: str) -> Recorded:
    if stored.request_sha256 != digest:
        raise ApiError(
            409, "key_conflict",
            _("This Idempotency-Key came with another body before; use a new key for a new entry."),
            params={"entry": stored.pk},
        )  # fmt: skip
    return Recorded(stored, is_replay=True)


def entries() -> Any:
    """Entries with what an answer shows of them, in one query."""
    return EnergyEntry.objects.select_related(
        "energy_type", "factor", "ch4_factor", "n2o_factor", "factory__organisation", "source"
    )


def _derived(factory: Factory, data: EntryInput, now: datetime) -> dict[str, Any]:
    """The columns of an entry, results included. Raises ApiError 400 naming field, value, limit and remedy."""
    energy_type = find_energy_type(data.energy_type)
    _check(data)
    period = period_of(
        factory, data.kind, timestamp=data.timestamp, start=data.period_start, end=data.period_end, now=now
    )
    local = local_units(factory, energy_type.pk)
    columns = {name: value for name, value in asdict(data).items() if name != "energy_type"}
    columns |= {
        "energy_type": energy_type, "timestamp": period.timestamp, "period_start": period.start,
        "period_end": period.end, "source": find_source(factory, data.source_id), **_NO_RESULTS,
    }  # fmt: skip
    del columns["source_id"]
    notices: tuple[Notice, ...] = ()
    if data.kind == EntryKind.USED:
        first_day, last_day = period.days(factory)
        valued, notices = value_amount(
            data.amount, data.unit, book=FactorBook(energy_type, factory.country, data.factor_set), local=local,
            first_day=first_day, last_day=last_day, gwp_set=factory.organisation.gwp_set,
        )  # fmt: skip
        columns |= asdict(valued)
    else:
        notices = in_known_unit(data.amount, data.unit, energy_type=energy_type, local=local).notices
    if energy_type.is_wood and data.moisture_fraction is None:
        columns |= {"moisture_fraction": DEFAULT_MOISTURE_FRACTION, "moisture_is_default": True}
        notices += (Notice("moisture_default"),)
    else:
        columns["moisture_is_default"] = False
    return columns | {"warnings": [notice.stored() for notice in notices]}


def _check(data: EntryInput) -> None:
    if not data.amount.is_finite() or not 0 <= data.amount < Decimal(10) ** 12:
        raise invalid(
            "amount", "out_of_range",
            _("amount=%(amount)s %(unit)s is outside 0 to 1e12 %(unit)s; correct an entry, never log less than 0.")
            % {"amount": data.amount, "unit": data.unit[:40]},
        )  # fmt: skip
    if (data.cost is None) != (not data.currency):
        raise invalid(
            "currency" if data.cost is not None else "cost", "required",
            _("Give cost and currency together; the currency as three letters, like KES."),
        )  # fmt: skip
    moisture = data.moisture_fraction
    if moisture is not None and not 0 <= moisture <= MOISTURE_MAX_FRACTION:
        raise invalid(
            "moisture_fraction", "out_of_range",
            _("moisture_fraction=%(value)s is outside 0 to %(limit)s; give kg water a kg of wet wood, 0.30 if unknown.")
            % {"value": moisture, "limit": MOISTURE_MAX_FRACTION},
        )  # fmt: skip


def find_source(factory: Factory, source_id: int | None) -> EmissionSource | None:
    if source_id is None:
        return None
    found = EmissionSource.objects.filter(factory=factory, pk=source_id).first()
    if found is None:
        raise invalid(
            "source", "unknown_source",
            _("source=%(source)d is no emission source of %(factory)s.") % {"source": source_id, "factory": factory},
        )  # fmt: skip
    return found


def _look_twice(entry: EnergyEntry) -> None:
    per_unit_kg = entry.factor.kg_per_unit if entry.factor else None
    entry.warnings = [*entry.warnings, *(n.stored() for n in plausibility.notices_for(entry, per_unit_kg))]


def _save(entry: EnergyEntry) -> None:
    """The checks of the model's own fields (lengths, choices); the rest is the database's."""
    unchecked = [f.name for f in EnergyEntry._meta.fields if f.is_relation]
    entry.full_clean(exclude=unchecked, validate_unique=False, validate_constraints=False)
    entry.save()


# --- Correct, delete, undo ---------------------------------------------------------------------
_VALUED_BY = {
    "energy_type", "amount", "unit", "kind", "timestamp", "period_start", "period_end", "factor_set",
    "moisture_fraction",
}  # fmt: skip


@transaction.atomic
def correct_entry(user: User | None, entry_id: int, changes: Mapping[str, Any], reason: str) -> EnergyEntry:
    """Change what an entry says, and with it what it emitted; the history keeps what it was. `reason` is required.

    A note, a cost or a source leaves the results and their factors as they are.
    """
    entry = _locked(entry_id)
    reason = _required(reason)
    said = said_by(entry)
    data = replace(said, **changes)
    if "timestamp" in changes and not {"period_start", "period_end"} & set(changes):
        data = replace(data, period_start=None, period_end=None)
    now = timezone.now()
    changed = {f.name for f in fields(EntryInput) if getattr(data, f.name) != getattr(said, f.name)}
    columns = _derived(entry.factory, data, now)
    if not changed & _VALUED_BY:
        columns = {
            name: value for name, value in columns.items() if name in ("source", "cost", "currency", "note")
        }
    for name, value in columns.items():
        setattr(entry, name, value)
    if changed & _VALUED_BY:
        _look_twice(entry)
    return _changed(entry, user, Act.CORRECTED, reason, now)


def said_by(entry: EnergyEntry) -> EntryInput:
    """An entry as if it were told again; a moisture that stood in stays one."""
    return EntryInput(
        energy_type=entry.energy_type.code, amount=entry.amount, unit=entry.unit, timestamp=entry.timestamp,
        period_start=entry.period_start, period_end=entry.period_end, kind=entry.kind, source_id=entry.source_id,
        cost=entry.cost, currency=entry.currency,
        moisture_fraction=None if entry.moisture_is_default else entry.moisture_fraction,
        factor_set=entry.factor_set, note=entry.note,
    )  # fmt: skip


@transaction.atomic
def delete_entry(user: User | None, entry_id: int, reason: str) -> EnergyEntry:
    """Take an entry out of all totals; the row and its history stay."""
    entry = _locked(entry_id)
    reason = _required(reason)
    entry.deleted_at = timezone.now()
    return _changed(entry, user, Act.DELETED, reason, entry.deleted_at)


@transaction.atomic
def undo(user: User | None, entry_id: int) -> EnergyEntry:
    """Take back the last thing done to an entry: what was recorded goes, what was corrected or deleted returns.

    Only whoever did it, within 10 minutes. Undone twice is undone once: a double tap brings nothing back.
    """
    entry = _locked(entry_id, deleted_too=True)
    if entry.last_act == Act.UNDONE:
        return entry
    now = timezone.now()
    if entry.changed_by_id != (user.pk if user else None) or now - entry.changed_at > UNDO_WITHIN:
        raise ApiError(
            409, "undo_expired",
            _("Only who made the last change can undo it, within %(minutes)d minutes: correct it with a reason.")
            % {"minutes": UNDO_WITHIN.total_seconds() // 60},
        )  # fmt: skip
    if entry.last_act == Act.RECORDED:
        entry.deleted_at = now
    else:
        _restore(entry)
    return _changed(entry, user, Act.UNDONE, _("undone"), now)


def _restore(entry: EnergyEntry) -> None:
    """The columns as they were before the last change, from the history that the triggers wrote."""
    history: Any = entry
    before = history.events.order_by("-pgh_id")[1]
    kept = {"id", "created_at", "recorded_by_id", "client_id", "request_sha256"}
    for column in EnergyEntry._meta.fields:
        if column.attname not in kept:
            setattr(entry, column.attname, getattr(before, column.attname))


def _locked(entry_id: int, *, deleted_too: bool = False) -> EnergyEntry:
    entry = entries().select_for_update(of=("self",)).get(pk=entry_id)
    if entry.deleted_at is not None and not deleted_too:
        raise ApiError(409, "entry_deleted", _("This entry is deleted; undo that, or log a new one."))
    return entry


def _required(reason: str) -> str:
    text = " ".join(str(reason or "").split())
    if not text:
        raise invalid("reason", "required", _("Say why: a change without a reason is not stored."))
    if len(text) > 300:
        raise invalid("reason", "too_long", _("reason has %d characters, more than 300.") % len(text))
    return text


def _changed(entry: EnergyEntry, user: User | None, act: Act, reason: str, now: datetime) -> EnergyEntry:
    entry.last_act, entry.change_reason, entry.changed_by, entry.changed_at = act, reason, user, now
    _save(entry)
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
