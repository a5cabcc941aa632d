"""Writes of production: record, correct, delete and undo an entry, and the rows of a history at once.

The rules that energy has too are in `entries.py`, `periods.py` and `plausibility.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from factories.choices import Product, ProductionUnit
from factories.models import Factory
from factories.sectors import SECTORS
from lib.errors import invalid
from logbook.choices import Act, Origin
from logbook.entries import mark, request_digest, require_not_deleted, require_same, required_reason, take_back
from logbook.periods import period_of
from production import plausibility
from production.models import ProductionEntry

LARGEST_KG = Decimal(10) ** 10
# How people write the two; energy knows them by the same words.
UNIT_WORDS: dict[str, tuple[str, ...]] = {
    "kg": ("kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramme", "kilogrammes"),
    "t": ("tonne", "tonnes", "metric ton", "metric tons"),
}
KG_PER_UNIT = {ProductionUnit.KG: Decimal(1), ProductionUnit.T: Decimal(1000)}
_STEP = Decimal("0.001")
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionInput:
    """What a person says. `product` and `unit` in any spelling; zero says that nothing was made."""

    product: str
    amount: Decimal
    unit: str = ProductionUnit.KG
    timestamp: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    entry: ProductionEntry
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class ProductionRow:
    """A row of an import or of a simulated history: checked by whoever made it, and by the table's constraints."""

    factory_id: int
    product: str
    amount_kg: Decimal
    period_start: datetime
    period_end: datetime
    unit: str = ProductionUnit.KG
    note: str = ""
    recorded_at: datetime | None = None  # when it was told, where that is known; else now


# --- Record ------------------------------------------------------------------------------------
def record_production(
    user: User | None, factory: Factory, data: ProductionInput, *, client_id: UUID | None = None
) -> Recorded:
    """Store one entry. With `client_id`, the same call again answers the same row.

    Raises ApiError 400 (a field is wrong), 409 `key_conflict` (that client_id came with another body).
    """
    digest = request_digest(factory, data)
    if client_id is not None and (stored := _of_client(user, client_id)) is not None:
        return _replayed(stored, digest)
    now = timezone.now()
    entry = ProductionEntry(
        factory=factory,
        client_id=client_id,
        request_sha256=digest,
        recorded_by=user,
        changed_by=user,
        created_at=now,
        changed_at=now,
        **_derived(factory, data, now),
    )
    _look_twice(entry)
    try:
        with transaction.atomic():
            _save(entry)
    except IntegrityError as error:
        # The other tap of a double tap was faster: its row is the answer to both.
        is_double = client_id is not None and "production_client_id_once" in str(error)
        found = _of_client(user, client_id) if is_double and client_id else None
        if found is None:
            raise
        return _replayed(found, digest)
    return Recorded(entry)


def _of_client(user: User | None, client_id: UUID) -> ProductionEntry | None:
    return ProductionEntry.objects.filter(recorded_by=user, client_id=client_id).first()


def _replayed(stored: ProductionEntry, digest: str) -> Recorded:
    require_same(stored, digest)
    return Recorded(stored, is_replay=True)


def _derived(factory: Factory, data: ProductionInput, now: datetime) -> dict[str, Any]:
    """The columns of an entry. Raises ApiError 400 naming field, value, limit and remedy."""
    product, unit = find_product(factory, data.product), find_unit(data.unit)
    amount_kg = _checked_kg(data.amount, unit)
    period = period_of(factory, timestamp=data.timestamp, start=data.period_start, end=data.period_end, now=now)
    return {
        "product": product,
        "unit": unit,
        "amount_kg": amount_kg,
        "period_start": period.start,
        "period_end": period.end,
        "note": data.note,
    }


def find_product(factory: Factory, name: str) -> Product:
    """A product of the factory's sector by code or name, in any case: `made_tea`, `Made tea`.

    Raises ApiError 400 on `product` that lists what such a site makes.
    """
    wanted = "_".join(str(name).split()).casefold()
    sector = SECTORS[factory.sector]
    makes = sector.products
    found = next((product for product in makes if product.value == wanted), None)
    if found is None:
        known = ", ".join(makes)
        raise invalid(
            "product",
            "unknown_product",
            _("product=%(name)r is not made by %(factory)s (%(sector)s); use %(known)s.")
            % {"name": str(name)[:60], "factory": factory.name, "sector": sector.label, "known": known},
            product=str(name)[:60],
            known=list(makes),
        )
    return found


def find_unit(name: str) -> ProductionUnit:
    """kg or t, however it is written. Raises ApiError 400 on `unit`."""
    wanted = " ".join(str(name).split()).lower()
    for unit in ProductionUnit:
        if wanted == unit.value or wanted in UNIT_WORDS[unit.value]:
            return unit
    raise invalid(
        "unit",
        "unknown_unit",
        _("unit=%(unit)r is unknown for production; use kg or t.") % {"unit": str(name)[:40]},
        unit=str(name)[:40],
    )


def _checked_kg(amount: Decimal, unit: ProductionUnit) -> Decimal:
    limit = LARGEST_KG / KG_PER_UNIT[unit]
    if not amount.is_finite() or not 0 <= amount < limit:
        raise invalid(
            "amount",
            "out_of_range",
            _("amount=%(amount)s %(unit)s is outside 0 to %(limit)s %(unit)s; 0 says that nothing was made.")
            % {"amount": amount, "unit": unit.value, "limit": f"{limit:,.0f}"},
        )
    return (amount * KG_PER_UNIT[unit]).quantize(_STEP, rounding=ROUND_HALF_EVEN)


def _look_twice(entry: ProductionEntry) -> None:
    entry.warnings = [notice.stored() for notice in plausibility.notices_for(entry)]


def _save(entry: ProductionEntry) -> None:
    """The checks of the model's own fields (lengths, choices); the rest is the database's."""
    unchecked = [f.name for f in ProductionEntry._meta.fields if f.is_relation]
    entry.full_clean(exclude=unchecked, validate_unique=False, validate_constraints=False)
    entry.save()


# --- Correct, delete, undo ---------------------------------------------------------------------
@transaction.atomic
def correct_production(user: User | None, entry_id: int, changes: Mapping[str, Any], reason: str) -> ProductionEntry:
    """Change what an entry says; the history keeps what it was. `reason` is required."""
    entry = _locked(entry_id)
    reason = required_reason(reason)
    said = said_by(entry)
    data = replace(said, **changes)
    if "timestamp" in changes and not {"period_start", "period_end"} & set(changes):
        data = replace(data, period_start=None, period_end=None)
    now = timezone.now()
    for name, value in _derived(entry.factory, data, now).items():
        setattr(entry, name, value)
    changed = {f.name for f in fields(ProductionInput) if getattr(data, f.name) != getattr(said, f.name)}
    if changed - {"note"}:
        _look_twice(entry)
    mark(entry, user, Act.CORRECTED, reason, now)
    _save(entry)
    return entry


def said_by(entry: ProductionEntry) -> ProductionInput:
    """An entry as if it were told again."""
    return ProductionInput(
        product=entry.product,
        amount=entry.amount,
        unit=entry.unit,
        period_start=entry.period_start,
        period_end=entry.period_end,
        note=entry.note,
    )


@transaction.atomic
def delete_production(user: User | None, entry_id: int, reason: str) -> ProductionEntry:
    """Take an entry out of all totals; the row and its history stay."""
    entry = _locked(entry_id)
    reason = required_reason(reason)
    entry.deleted_at = timezone.now()
    mark(entry, user, Act.DELETED, reason, entry.deleted_at)
    _save(entry)
    return entry


@transaction.atomic
def undo_production(user: User | None, entry_id: int) -> ProductionEntry:
    """Take back the last thing done to an entry: what was recorded goes, what was corrected or deleted returns.

    Only whoever did it, within 10 minutes. Undone twice is undone once: a double tap brings nothing back.
    """
    entry = _locked(entry_id, deleted_too=True)
    if entry.last_act != Act.UNDONE:
        take_back(entry, user)
        _save(entry)
    return entry


def _locked(entry_id: int, *, deleted_too: bool = False) -> ProductionEntry:
    rows = ProductionEntry.objects.select_related("factory").select_for_update(of=("self",))
    entry = rows.get(pk=entry_id)
    if not deleted_too:
        require_not_deleted(entry)
    return entry


# --- Many at once ------------------------------------------------------------------------------
@transaction.atomic
def add_production_bulk(user: User | None, rows: Iterable[ProductionRow]) -> int:
    """Store rows that are known to be new, marked as imported; the history triggers fire as for any insert.

    Raises IntegrityError where a constraint of the table says no: then nothing is stored. Answers how many.
    """
    now = timezone.now()
    entries = [
        ProductionEntry(
            factory_id=row.factory_id,
            product=row.product,
            amount_kg=row.amount_kg,
            unit=row.unit,
            period_start=row.period_start,
            period_end=row.period_end,
            note=row.note,
            origin=Origin.IMPORT,
            recorded_by=user,
            changed_by=user,
            created_at=row.recorded_at or now,
            changed_at=row.recorded_at or now,
        )
        for row in rows
    ]
    return len(ProductionEntry.objects.bulk_create(entries, batch_size=_ROWS_AT_ONCE))
