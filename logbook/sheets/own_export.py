"""Recognises our own export of a log, `?as=csv`: its rows name their entries, periods and units themselves."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from logbook.sheets.layout import Line, Sheet
from logbook.sheets.read import Cell

OWN_COLUMNS = {"id", "origin", "period_start", "period_end", "amount", "unit"}
_LARGEST_ID = 2**63 - 1


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


def is_own_export(sheet: Sheet) -> bool:
    return {*sheet.columns} >= OWN_COLUMNS


def entry_id(sheet: Sheet, line: Line) -> int | None:
    """The id of the entry that a row of our own export names."""
    text = str(_cell(sheet, line, "id") or "")
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID else None


def is_as_stored(sheet: Sheet, line: Line, entry: StoredEntry) -> bool:
    """Whether the row says what the entry holds."""
    try:
        amount = Decimal(str(_cell(sheet, line, "amount")))
    except InvalidOperation:
        return False
    times = [_time(_cell(sheet, line, name)) for name in ("period_start", "period_end")]
    return (amount, _cell(sheet, line, "unit"), *times) == (entry.amount, entry.unit, entry.start, entry.end)


def _cell(sheet: Sheet, line: Line, name: str) -> Cell:
    return line.cell(sheet.columns.index(name))


def _time(cell: Cell) -> datetime | str | None:
    try:
        return datetime.fromisoformat(str(cell)) if cell else None
    except ValueError:
        return str(cell)
