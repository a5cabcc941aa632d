"""Decides the unit of a sheet's amounts: as given, in the header, in a column of units, or behind each number."""

import re
from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from logbook.sheets.layout import Sheet, filled, listed
from logbook.sheets.options import UnitFrom
from logbook.sheets.questions import Ask, SheetError, SheetQuestion
from logbook.sheets.read import Cell

# A unit's symbol as the product knows it, or None.
UnitOf = Callable[[str], str | None]
_WITH_UNIT = re.compile(r"([^A-Za-z]*\d)\s*([A-Za-z][A-Za-z .]*[³3]?)")
_UNITS_HEADER = re.compile(r"(?i)\b(units?|uom)\b")
# What headers name and what is no unit here: power, of which an hour is energy; apparent and reactive energy; money.
_NO_AMOUNT = {*"w kw mw kva mva kvar".split(), *"kvah mvah kvarh mvarh".split(), *"kes ksh inr rs usd".split()}


def split_units(cells: Sequence[Cell], unit_of: UnitOf) -> tuple[list[Cell], list[str]]:
    """Cells like `41 kWh` as number and unit; a cell without a known unit stays as it is."""
    matches = [_WITH_UNIT.fullmatch(cell.strip()) if isinstance(cell, str) else None for cell in cells]
    units = [match[2] if match and unit_of(match[2]) else "" for match in matches]
    numbers = [match[1] if match and unit else cell for cell, match, unit in zip(cells, matches, units, strict=True)]
    return numbers, units


def row_units(
    sheet: Sheet, beside: Sequence[str], value_at: int, *, given: str, unit_from: UnitFrom, unit_of: UnitOf, ask: Ask
) -> tuple[list[str], int | None]:
    """The unit of each line, and the column of units if there is one.

    Asks when the sheet names another unit than the one given. Raises SheetError when nobody names any.
    """
    units_at = _column_of_units(sheet, value_at, unit_of)
    of_column = [str(cell or "").strip() for cell in sheet.cells(units_at)]
    header = _of_header(sheet.columns[value_at], unit_of)
    said = [own or in_column or header for own, in_column in zip(beside, of_column, strict=True)]
    others = sorted({unit for unit in said if unit and (unit_of(unit) or unit) != (unit_of(given) or given)})
    if not given and not all(said):
        raise SheetError(_("The sheet does not name the unit of each amount: give unit."), "unit")
    if given and others and unit_from is UnitFrom.AUTO:
        words = _("The sheet says %(sheet)s where unit=%(given)s was given: which one is right?")
        params = {"sheet": listed(others), "given": given}
        choices = (UnitFrom.SHEET, UnitFrom.GIVEN)
        unit_from = ask(SheetQuestion("unit_from", "unit_differs", words % params, choices, params))
    if given and (unit_from is UnitFrom.GIVEN or not others):
        return [given] * len(said), units_at
    return [unit or given for unit in said], units_at


def _column_of_units(sheet: Sheet, value_at: int, unit_of: UnitOf) -> int | None:
    """A column headed `unit`, or one in which each cell is a unit; the nearest to the amounts, first behind them."""
    for at in sorted(range(len(sheet.columns)), key=lambda at: (abs(at - value_at), at < value_at)):
        name, cells = sheet.columns[at], filled(sheet.cells(at)) if at != value_at else []
        if not cells or not all(isinstance(cell, str) and not any(map(str.isdigit, cell[:1])) for cell in cells):
            continue
        if all(unit_of(str(cell)) for cell in cells) or _UNITS_HEADER.search(name.replace("_", " ")):
            return at
    return None


def _of_header(name: str, unit_of: UnitOf) -> str:
    """`kWh` of `kWh`, `Usage_kWh`, `Active energy (MWh)` or `Load [kW]`."""
    bracketed = re.findall(r"[(\[]([^)\]]+)[)\]]", name)
    words = re.split(r"[\s_/,()\[\]]+", name.strip(" )]"))
    for text in (name, *bracketed, words[-1]):
        unit = text.strip()
        if unit_of(unit) or unit.lower() in _NO_AMOUNT:
            return unit
    return ""
