"""Recognises our own export of a log, `?as=csv`: its rows name their entries, periods and units themselves. A file of
the demo is refused elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from logbook.sheets.layout import Sheet, SheetLine
from logbook.sheets.questions import SheetError
from logbook.sheets.read import Cell

OWN_COLUMNS = {"id", "origin", "period_start", "period_end", "amount", "unit"}
_LARGEST_ID = 2**63 - 1
_SIMULATED = "simulated"  # the last column of every file of the demo


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """What an entry holds of a row. `is_of_kind`: it is of the type and kind that the import is about.
    `number`: among the entries of one imported period."""

    pk: int
    start: datetime | None
    end: datetime | None
    amount: Decimal
    unit: str
    is_of_kind: bool = True
    number: int = 1


def require_real(sheet: Sheet) -> None:
    """Raise SheetError for a file with simulated figures, except in the demo."""
    marks = [line.cell(at) for at in sheet.places(_SIMULATED) for line in sheet.lines]
    if not settings.DEMO and any(str(mark).strip().lower() in ("true", "yes", "1") for mark in marks):
        raise SheetError(
            _(
                "The column %(column)r says that these figures are simulated, so nothing was stored. Export the file "
                "from the system that measured them; if they are real, remove the column."
            )
            % {"column": _SIMULATED}
        )


def is_own_export(sheet: Sheet) -> bool:
    return {*sheet.columns} >= OWN_COLUMNS


def entry_id(sheet: Sheet, line: SheetLine) -> int | None:
    """The id of the entry that a row of our own export names."""
    text = str(_cell(sheet, line, "id") or "")
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID else None


def other_value(sheet: Sheet, line: SheetLine, expected: Mapping[str, Any]) -> tuple[str, str] | None:
    """Column and text of a row that is about something else than `expected`; columns that are not there say nothing."""
    for name, value in expected.items():
        if name in sheet.columns and (text := str(_cell(sheet, line, name) or "")) != str(value or ""):
            return name, text
    return None


def is_as_stored(sheet: Sheet, line: SheetLine, entry: StoredEntry) -> bool:
    """Whether the row says what the entry holds."""
    try:
        amount = Decimal(str(_cell(sheet, line, "amount")))
    except InvalidOperation:
        return False
    times = [_time(_cell(sheet, line, name)) for name in ("period_start", "period_end")]
    return (amount, _cell(sheet, line, "unit"), *times) == (entry.amount, entry.unit, entry.start, entry.end)


def _cell(sheet: Sheet, line: SheetLine, name: str) -> Cell:
    return line.cell(sheet.columns.index(name))


def _time(cell: Cell) -> datetime | str | None:
    try:
        return datetime.fromisoformat(str(cell)) if cell else None
    except ValueError:
        return str(cell)
