"""Compares the rows of a sheet with stored entries: new, duplicate, changed, or of another kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lib.decimals import plain
from logbook.choices import Origin
from logbook.sheets.own_export import StoredEntry
from logbook.sheets.results import ChangedRow, ImportResult
from logbook.sheets.rows import SheetRow
from logbook.sheets.time_axis import Slot

if TYPE_CHECKING:
    from logbook.sheets.importing import SheetPlan


@dataclass(slots=True)
class Plan:
    """What becomes of the rows that are not duplicates."""

    new: list[SheetRow] = field(default_factory=list)
    changed: list[ChangedRow] = field(default_factory=list)


def compare(
    sheet: SheetPlan,
    rows: Sequence[SheetRow],
    identity: dict[str, Any],
    own: dict[int, StoredEntry],
    result: ImportResult,
) -> Plan:
    """Rows of periods that are not imported yet, and those that are with another amount; the rest is counted.

    A period may have several rows, like fills of one day: equal ones are matched first. `own`: the entries that rows
    of our own export name.
    """
    known, plan = _known(sheet, rows, identity), Plan()
    numbers = {slot: {entry.number for entry in entries} for slot, entries in known.items()}
    left: list[SheetRow] = []
    for row in rows:
        named, of_period = own.get(row.entry_id or 0), known.get(row.slot, [])
        candidates = [named] if named is not None and named.start == row.slot.start else of_period
        same = next((entry for entry in candidates if _is_same(sheet, row, entry)), None)
        if named is not None and not named.is_of_kind:
            words = _("entry %(entry)d is of another kind than this import; leave its row out, or import it apart")
            result.reject(row, sheet.value_column, plain(row.amount), words % {"entry": named.pk})
        elif same is not None:
            if same in of_period:
                of_period.remove(same)
            result.duplicate += 1
            result.count(row.amount, row.unit)
        elif named is not None:
            plan.changed.append(ChangedRow(row, named))
        else:
            left.append(row)
    for row in left:
        if of_period := known.get(row.slot, []):
            plan.changed.append(ChangedRow(row, of_period.pop(0)))
            continue
        taken = numbers.setdefault(row.slot, set())
        number = next(number for number in count(1) if number not in taken)
        taken.add(number)
        plan.new.append(replace(row, number_in_period=number))
    return plan


def _is_same(sheet: SheetPlan, row: SheetRow, entry: StoredEntry) -> bool:
    return entry.amount == row.amount and (sheet.unit_of(entry.unit) or entry.unit) == (
        sheet.unit_of(row.unit) or row.unit
    )


def _known(sheet: SheetPlan, rows: Sequence[SheetRow], identity: dict[str, Any]) -> dict[Slot, list[StoredEntry]]:
    """Period -> what was imported before; columns, since rows take twice the time."""
    if not rows:
        return {}
    entries = sheet.model._default_manager.filter(
        **identity,
        factory=sheet.factory,
        origin=Origin.IMPORT,
        deleted_at__isnull=True,
        period_start__gte=min(row.slot.start for row in rows),
        period_start__lte=max(row.slot.start for row in rows),
    ).order_by("period_start", "number_in_period")
    columns = entries.values_list("period_start", "period_end", "pk", sheet.amount_column, "unit", "number_in_period")
    known: dict[Slot, list[StoredEntry]] = {}
    for start, end, pk, amount, unit, number in columns.iterator(chunk_size=10_000):
        entry = StoredEntry(pk, start, end, sheet.in_entered_unit(amount, unit), unit, number=number)
        known.setdefault(Slot(start, end), []).append(entry)
    return known
