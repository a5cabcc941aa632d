"""What an import answers: counts, totals, changes, refused rows and notices."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from lib.decimals import plain
from logbook.notices import Notice, shown
from logbook.sheets.own_export import StoredEntry
from logbook.sheets.rows import RowError, RowWarning, SheetRow

SHOWN_ERRORS = 1_000


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that was imported before with another amount."""

    row: SheetRow
    entry: StoredEntry

    def as_shown(self) -> dict[str, Any]:
        before, now = self.entry, self.row
        has_moved = (before.start, before.end) != (now.slot.start, now.slot.end)
        return {
            "row": now.number,
            "entry": before.pk,
            "period_start": now.slot.start,
            "period_end": now.slot.end,
            "before": _said(before.amount, before.unit, (before.start, before.end) if has_moved else ()),
            "now": _said(now.amount, now.unit, (now.slot.start, now.slot.end) if has_moved else ()),
        }


def _said(amount: Decimal, unit: str, period: tuple[datetime | None, ...]) -> str:
    """The amount, and its period where that is what changed."""
    times = " – ".join(f"{moment:%Y-%m-%d %H:%MZ}" if moment else "?" for moment in period)
    return " ".join(filter(None, (plain(amount), unit, times)))


@dataclass(slots=True)
class ImportResult:
    """received = stored + duplicate + len(errors); `changed` are those of `stored` that corrected an entry.

    `totals` are of rows stored now or before, by unit, `sums` of new rows.
    """

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    changed: int = 0
    changes: list[dict[str, Any]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    row_warnings: list[RowWarning] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    is_dry_run: bool = False
    totals: dict[str, Decimal] = field(default_factory=dict)
    unit: str = ""
    sums: dict[str, Decimal] = field(default_factory=dict)
    period_start: datetime | None = None
    period_end: datetime | None = None

    @property
    def rejected(self) -> int:
        return len(self.errors)

    @property
    def amount(self) -> Decimal | None:
        """The total, where all rows have one unit."""
        return None if len(self.totals) > 1 else next(iter(self.totals.values()), Decimal(0))

    @property
    def shown_errors(self) -> list[RowError]:
        return self.errors[:SHOWN_ERRORS]

    @property
    def shown_row_warnings(self) -> list[RowWarning]:
        return self.row_warnings[:SHOWN_ERRORS]

    @property
    def shown_changes(self) -> list[dict[str, Any]]:
        return self.changes[:SHOWN_ERRORS]

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return shown(notice.stored() for notice in self.notices)

    def count(self, amount: Decimal, unit: str) -> None:
        self.totals[unit] = self.totals.get(unit, Decimal(0)) + amount

    def reject(self, row: SheetRow, column: str, value: str, message: str) -> None:
        self.errors.append(RowError(row.number, column, value[:60], message, row.sheet))
