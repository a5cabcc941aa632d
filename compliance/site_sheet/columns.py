"""The columns of the sheet, and a row of it as checked values. What is done with a row is in `store.py`."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from lib.numbers import NumberError, parse_number
from logbook.sheets.questions import SheetError
from logbook.sheets.read import Cell, Table

MOST_SITES = 2_000
LONGEST_SHOWN = 60
YES, NO = ("yes", "true", "1", "ndiyo"), ("no", "false", "0", "hapana")
_FORMULA = ("=", "@")


class CellError(ValueError):
    """A cell cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong with a row, beside its column (empty: the row as a whole)."""

    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class SiteSheetRow:
    """One filled row. `values` holds what stands in it, checked; `problems` what cannot be used."""

    number: int
    values: dict[str, Any]
    problems: list[CellProblem] = field(default_factory=list)

    @property
    def site(self) -> str:
        return str(self.values.get("site", ""))


def _text(longest: int) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        if isinstance(cell, (datetime, date, time, timedelta)):
            raise CellError(_("This cell holds a date; write it as text."))
        text = " ".join(_written(cell).split())
        if text.startswith(_FORMULA):
            raise CellError(_("This cell begins like a formula; write its text or number."))
        if len(text) > longest:
            raise CellError(_("Write at most %(limit)d characters.") % {"limit": longest})
        return text

    return read


def _written(cell: Cell) -> str:
    # Excel keeps a phone number or a year as a number: 712345678.0.
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _number(decimals: int) -> Callable[[Cell], Decimal]:
    def read(cell: Cell) -> Decimal:
        text = _text(40)(cell)
        try:
            # Not a bool, which Python counts among the integers: a workbook has cells TRUE.
            number = Decimal(text) if type(cell) in (int, float) else parse_number(text, decimals=decimals)
        except NumberError as error:
            raise CellError(str(error)) from None
        if not number.is_finite():
            raise CellError(_("Write a number, like 1960.5."))
        if -int(number.normalize().as_tuple().exponent) > decimals:
            raise CellError(_("Write at most %(limit)d decimals.") % {"limit": decimals})
        return number

    return read


def _metres(cell: Cell) -> float:
    return float(_number(3)(cell))


def _float(decimals: int) -> Callable[[Cell], float]:
    return lambda cell: float(_number(decimals)(cell))


def _whole(cell: Cell) -> int:
    return int(_number(0)(cell))


def _yes_or_no(cell: Cell) -> bool:
    word = _text(10)(cell).casefold()
    if word not in (*YES, *NO):
        raise CellError(_("Write yes or no."))
    return word in YES


def _code(cell: Cell) -> str:
    return _text(40)(cell).lower().replace(" ", "_")


# name -> how its cell is read, and an example for the template
COLUMNS: dict[str, tuple[Callable[[Cell], Any], str]] = {
    "site": (_text(120), "Litein Tea Factory"),
    "county": (_text(80), "Kericho"),
    "location": (_text(120), "Litein"),
    "country": (lambda cell: _text(2)(cell).upper(), "KE"),
    "sector": (_code, "tea"),
    "altitude_m": (_float(0), "1960"),
    "altitude_is_estimated": (_yes_or_no, "yes"),
    "latitude": (_float(6), "-0.58249"),
    "longitude": (_float(6), "35.18969"),
    "time_zone": (_text(40), "Africa/Nairobi"),
    "day_starts_at": (_whole, "6"),
    "mine_class": (_code, ""),
    "boiler_capacity_kw": (_float(1), "6000"),
    "chimney": (_text(80), "Chimney 1"),
    "diameter_m": (_metres, "0.9"),
    "width_m": (_metres, ""),
    "height_m": (_metres, ""),
    "velocity_profile_factor": (_float(4), "0.84"),
    "manager_phone": (_text(40), "0712 345 678"),
    "target_metric": (_code, "intensity"),
    "target_scope": (_text(3), "1+2"),
    "base_year": (_whole, "2025"),
    "base_value": (_number(6), "0.12"),
    "target_year": (_whole, "2030"),
    "target_value": (_number(6), "0.09"),
}


def find_table(tables: Sequence[Table]) -> tuple[Table, dict[int, str]]:
    """The only table with a header of ours, and the column of each of its cells. Raises SheetError."""
    found = [(table, header) for table in tables if (header := _header(table)) and "site" in header.values()]
    if not found:
        words = _("No row of column names with “site” was found. Download the template, and fill it in.")
        raise SheetError(words)
    if len(found) > 1:
        raise SheetError(_("Several sheets of the workbook have a column “site”: keep one, or save it as CSV."))
    table, header = found[0]
    if unknown := [name for name in header.values() if name not in COLUMNS]:
        known = ", ".join(COLUMNS)
        raise SheetError(
            _("These columns are unknown: %(unknown)s. Known are: %(known)s.")
            % {"unknown": ", ".join(name[:LONGEST_SHOWN] for name in unknown[:5]), "known": known}
        )
    if len(set(header.values())) < len(header):
        raise SheetError(_("A column stands there twice: keep one of them."))
    if len(table.rows) > MOST_SITES + 1:
        raise SheetError(_("The sheet has more than %d rows: split it.") % MOST_SITES)
    return table, header


def _header(table: Table) -> dict[int, str]:
    first = table.rows[0].cells
    names = {at: "_".join(str(cell).strip().casefold().split()) for at, cell in enumerate(first) if cell is not None}
    return {at: name for at, name in names.items() if name}


def rows_of(table: Table, header: dict[int, str]) -> Iterator[SiteSheetRow]:
    """The rows below the header, each with what is wrong in its cells."""
    for row in table.rows[1:]:
        found = SiteSheetRow(row.number, {})
        for at, cell in enumerate(row.cells):
            if cell is None or not str(cell).strip():
                continue
            name = header.get(at)
            if name is None:
                found.problems.append(CellProblem("", str(cell)[:LONGEST_SHOWN], _("This cell has no column name.")))
                continue
            try:
                found.values[name] = COLUMNS[name][0](cell)
            except CellError as error:
                found.problems.append(CellProblem(name, str(cell)[:LONGEST_SHOWN], str(error)))
        if not found.site and not any(one.column == "site" for one in found.problems):
            found.problems.append(CellProblem("site", "", _("Every row names its site.")))
        yield found


def template_csv() -> str:
    """The column names and one example, to fill in."""
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, [example for _read, example in COLUMNS.values()]])
    return "\ufeff" + out.getvalue()  # a spreadsheet reads UTF-8 by this mark
