"""Writes entries of every kind: recorded once, corrected with a reason, deleted, undone.

`EntryLog` has the actions; energy and production each have one subclass, which defines its columns.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from factories.models import Factory
from factories.services import require_in_use
from lib.decimals import plain
from lib.errors import ApiError, invalid
from logbook.choices import Act, Origin
from logbook.models import LoggedEntry
from logbook.notices import Notice
from logbook.plausibility import PeriodAmount, Thing, judged, require_possible

UNDO_WITHIN = timedelta(minutes=10)
LONGEST_REASON = 300
# Columns that an undo does not change: identity and owner of the row.
_NEVER_RESTORED = {"id", "created_at", "recorded_by_id", "client_id", "request_sha256"}
E = TypeVar("E", bound=LoggedEntry)
Input = TypeVar("Input")


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E]):
    entry: E
    is_replay: bool = False


class EntryLog(ABC, Generic[E, Input]):
    """The actions on entries of one kind. `Input` is a frozen dataclass of a person's input for one entry."""

    model: type[E]
    input_class: type[Input]
    # Fields of `Input` that change no result: correcting them alone neither recomputes an entry nor warns again.
    plain_fields: frozenset[str] = frozenset({"note"})

    # --- What each kind defines ---------------------------------------------------------------
    @abstractmethod
    def columns_of(self, factory: Factory, data: Input, now: datetime) -> dict[str, Any]:
        """The columns computed from the input. Raises ApiError 400 with field, value, limit and remedy."""

    @abstractmethod
    def input_of(self, entry: E) -> Input:
        """The input that would give this entry."""

    @abstractmethod
    def thing_of(self, entry: E) -> Thing | None:
        """What the amount of an entry is compared with; None for one that counts nothing, like a meter reading."""

    @abstractmethod
    def notices_for(self, entry: E) -> list[Notice]:
        """Further warnings about an entry before it is stored, compared with other entries. Never refuses."""

    def entries(self) -> QuerySet[E]:
        """Entries with what an answer shows of them, in one query."""
        return self.model._default_manager.all()

    def history(self, entry: E) -> QuerySet[Any]:
        """The versions of an entry after each action, oldest first, from the history that database triggers write."""
        rows: Any = entry
        return rows.events.order_by("pgh_id")

    def require_changeable(self, entry: E) -> None:
        """Raise ApiError 409 for an entry that users cannot change directly."""

    def place_of(self, entry: E) -> Any:
        """The state of an entry before the action that `follow` needs."""

    def follow(self, user: User | None, entry: E, *, before: Any) -> None:
        """Update everything that depends on a stored entry, in the same transaction."""

    # --- The acts ----------------------------------------------------------------------------------
    def record(
        self,
        user: User | None,
        factory: Factory,
        data: Input,
        *,
        client_id: UUID | None = None,
        origin: Origin = Origin.ENTRY,
    ) -> Recorded[E]:
        """Store one entry. With `client_id`, a repeated call returns the same row.

        Raises ApiError 400 (a field is wrong), 409 `key_conflict` (the client_id was used with another body) and
        `factory_archived`.
        """
        require_in_use(factory)
        digest = request_digest(factory, data)
        if client_id is not None and (stored := self._of_client(user, client_id)) is not None:
            return _replayed(stored, digest)
        now = timezone.now()
        entry = self.model(
            factory=factory, origin=origin, client_id=client_id, request_sha256=digest, recorded_by=user, created_at=now
        )
        mark(entry, user, Act.RECORDED, "", now)
        self.write(entry, data, now)
        try:
            with transaction.atomic():
                save(entry)
                self.follow(user, entry, before=None)
        except IntegrityError as error:
            # The other tap of a double tap was faster, so both answers return its row.
            is_double = client_id is not None and f"{self.model._meta.app_label}_client_id_once" in str(error)
            stored = self._of_client(user, client_id) if is_double and client_id else None
            if stored is None:
                raise
            return _replayed(stored, digest)
        return Recorded(entry)

    @transaction.atomic
    def correct(self, user: User | None, entry_id: int, changes: Mapping[str, Any], reason: str) -> E:
        """Change the input of an entry and the columns computed from it. The history keeps the old values."""
        entry = self._locked(entry_id)
        before, reason = self.place_of(entry), required_reason(reason)
        old_input: Any = self.input_of(entry)
        data = replace(old_input, **changes)
        if "timestamp" in changes and not {"period_start", "period_end"} & set(changes):
            data = replace(data, period_start=None, period_end=None)
        now = timezone.now()
        changed = {f.name for f in fields(data) if getattr(data, f.name) != getattr(old_input, f.name)}
        if changed <= self.plain_fields:
            columns = self.columns_of(entry.factory, data, now)
            for name in self.plain_fields:
                setattr(entry, name, columns[name])
        else:
            self.write(entry, data, now)
        mark(entry, user, Act.CORRECTED, reason, now)
        return self._stored(user, entry, before)

    @transaction.atomic
    def delete(self, user: User | None, entry_id: int, reason: str) -> E:
        """Remove an entry from all totals; the row and its history stay."""
        entry = self._locked(entry_id)
        before, reason = self.place_of(entry), required_reason(reason)
        entry.deleted_at = timezone.now()
        mark(entry, user, Act.DELETED, reason, entry.deleted_at)
        return self._stored(user, entry, before)

    @transaction.atomic
    def undo(self, user: User | None, entry_id: int) -> E:
        """Undo the last action on an entry: a new entry is removed; a correction or deletion is reverted.

        Only the person who did it, within 10 minutes. A second undo changes nothing.
        """
        entry = self._locked(entry_id, deleted_too=True)
        if entry.last_act == Act.UNDONE:
            return entry
        before, now = self.place_of(entry), timezone.now()
        _require_undoable(entry, user, now)
        if entry.last_act == Act.RECORDED:
            entry.deleted_at = now
        else:
            _restore(entry)
        mark(entry, user, Act.UNDONE, _("undone"), now)
        return self._stored(user, entry, before)

    def write(self, entry: E, data: Input, now: datetime) -> None:
        """Set the computed columns and the warnings of an entry; the caller saves it.

        Raises ApiError 400 when a field is wrong, or the amount impossible at this site.
        """
        entry.warnings = []
        for name, value in self.columns_of(entry.factory, data, now).items():
            setattr(entry, name, value)
        notices = [*self._notices_of_amount(entry), *self.notices_for(entry)]
        entry.warnings = [*entry.warnings, *(notice.stored() for notice in notices)]

    def _notices_of_amount(self, entry: Any) -> list[Notice]:
        thing = self.thing_of(entry)
        if thing is None:
            return []
        use = PeriodAmount(entry.period_start, entry.period_end, entry.amount, entry.unit, getattr(entry, thing.column))
        require_possible(thing, use)
        return [notice for _use, notice in judged(thing, [use]) if notice is not None]

    # --- Rows --------------------------------------------------------------------------------------
    def _of_client(self, user: User | None, client_id: UUID) -> E | None:
        return self.entries().filter(recorded_by=user, client_id=client_id).first()

    def _locked(self, entry_id: int, *, deleted_too: bool = False) -> E:
        # NO KEY: a foreign key to the row would wait for the stronger lock, as entries derived from a meter do.
        entries = self.entries().select_related("factory__organisation")
        entry = entries.select_for_update(of=("self",), no_key=True).get(pk=entry_id)
        self.require_changeable(entry)
        if entry.deleted_at is not None and not deleted_too:
            raise ApiError(409, "entry_deleted", _("This entry is deleted; undo that, or log a new one."))
        return entry

    def _stored(self, user: User | None, entry: E, before: Any) -> E:
        try:
            with transaction.atomic():
                save(entry)
        except IntegrityError as error:
            if "_imported_once" not in str(error):
                raise
            words = _(
                "Another entry for exactly this time was imported from a sheet. Delete or correct that one first."
            )
            raise ApiError(409, "imported_twice", words) from None
        self.follow(user, entry, before=before)
        return self.entries().get(pk=entry.pk)


# --- Double taps -------------------------------------------------------------------------------
def request_digest(factory: Factory, data: Any) -> str:
    """A digest of the body's values: 1.0 and 1.00 litres, or one moment with two offsets, give the same digest."""
    values = {name: _canonical(value) for name, value in asdict(data).items()} | {"factory": factory.pk}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def _replayed(stored: E, digest: str) -> Recorded[E]:
    if stored.request_sha256 != digest:
        raise ApiError(
            409,
            "key_conflict",
            _("This Idempotency-Key was used with another body before; use a new key for a new entry."),
            params={"entry": stored.pk},
        )
    return Recorded(stored, is_replay=True)


# --- Changes -----------------------------------------------------------------------------------
def required_reason(reason: str) -> str:
    """The reason in one line. Raises ApiError 400 when it is missing or too long."""
    text = " ".join(str(reason or "").split())
    if not text:
        raise invalid("reason", "required", _("Say why: a change without a reason is not stored."))
    if len(text) > LONGEST_REASON:
        words = _("reason has %(length)d characters, more than %(limit)d.")
        raise invalid("reason", "too_long", words % {"length": len(text), "limit": LONGEST_REASON})
    return text


def checked_amount(amount: Decimal, unit: str, *, below: Decimal) -> Decimal:
    """An amount from 0 to the limit of its column. Raises ApiError 400 on `amount`."""
    if not amount.is_finite() or not 0 <= amount < below:
        raise invalid(
            "amount",
            "out_of_range",
            _(
                "amount=%(amount)s %(unit)s is outside 0 to %(limit)s %(unit)s; write 0 for none. What was sent out is "
                "logged apart, never as less than 0."
            )
            % {"amount": amount, "unit": unit[:40], "limit": f"{below:,.0f}"},
        )
    return amount


def mark(entry: LoggedEntry, user: User | None, act: Act, reason: str, now: datetime) -> None:
    """Set the last action and its person on an entry; the caller saves it."""
    entry.last_act, entry.change_reason, entry.changed_by, entry.changed_at = act, reason, user, now


def save(entry: LoggedEntry) -> None:
    """The checks of the model's own fields (lengths, choices); the rest is the database's."""
    unchecked = [f.name for f in entry._meta.fields if f.is_relation]
    entry.full_clean(exclude=unchecked, validate_unique=False, validate_constraints=False)
    entry.save()


def may_undo(entry: LoggedEntry, user: User | None, now: datetime) -> bool:
    is_by_user = entry.changed_by_id == (user.pk if user else None)
    return is_by_user and entry.last_act != Act.UNDONE and now - entry.changed_at <= UNDO_WITHIN


def _require_undoable(entry: LoggedEntry, user: User | None, now: datetime) -> None:
    if not may_undo(entry, user, now):
        raise ApiError(
            409,
            "undo_expired",
            _(
                "Only the person who made the last change can undo it, within %(minutes)d minutes: correct the entry "
                "with a reason."
            )
            % {"minutes": UNDO_WITHIN.total_seconds() // 60},
        )


def _restore(entry: Any) -> None:
    """The columns as they were before the last change, from the history that the triggers wrote."""
    before = entry.events.order_by("-pgh_id")[1]
    for column in entry._meta.fields:
        if column.attname not in _NEVER_RESTORED:
            setattr(entry, column.attname, getattr(before, column.attname))
