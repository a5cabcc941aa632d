"""Converts the amounts of a sheet's column, as people and programs write them, into numbers. Pure: no database.

`2,070` is 2070 or 2.07. Other cells of the column, such as `3.5` or `1,234,567`, decide it; if none does, the user
must give the mark of the whole column. A cell is never guessed on its own. A number in a workbook is not a text, so
it has one reading.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from math import isfinite

from django.utils.translation import gettext as _

from lib.numbers import NumberError, parse_number
from logbook.sheets.read import Cell, Problem, SheetError

# Forms that programs write and nobody types, which `parse_number` does not accept.
_OF_A_PROGRAM = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_MARKS = ".,"


class DecimalMark(StrEnum):
    AUTO = "auto"
    POINT = "point"
    COMMA = "comma"


def amounts(cells: Sequence[Cell], mark: DecimalMark = DecimalMark.AUTO) -> list[Decimal | Problem]:
    """The number of each cell, or its problem, in the order of the file.

    Raises SheetError when no cell shows the decimal mark of the column.
    """
    texts = ["" if cell is None else str(cell).strip() for cell in cells]
    decimals: set[str] = set()  # marks used as decimal mark somewhere in the column
    thousands: set[str] = set()
    if mark is not DecimalMark.AUTO:
        decimals, thousands = ({"."}, {","}) if mark is DecimalMark.POINT else ({","}, {"."})
    numbers: list[Decimal | Problem | NumberError] = []
    for cell, text in zip(cells, texts, strict=True):
        number = _read(cell, text)
        # A number of a workbook says nothing about the marks in texts.
        if isinstance(number, Decimal) and isinstance(cell, str) and mark is DecimalMark.AUTO:
            _learn(text, decimals, thousands)
        numbers.append(number)
    return [
        _decided(text, number, decimals, thousands) if isinstance(number, NumberError) else number
        for text, number in zip(texts, numbers, strict=True)
    ]


def _read(cell: Cell, text: str) -> Decimal | Problem | NumberError:
    if isinstance(cell, (int, float)):  # a bool is an int, too
        return Decimal(repr(cell)) if not isinstance(cell, bool) and isfinite(cell) else Problem(_no_number())
    if not text:
        return Problem(_("the value is missing; fill it in, or delete the row: a missing value is not zero"))
    try:
        return parse_number(text)
    except NumberError as error:
        if error.code == "two_readings":
            return error
    return Decimal(text) if _OF_A_PROGRAM.fullmatch(text) else Problem(_no_number())


def _no_number() -> str:
    return _("is not a number; write it without a unit, like 1234.5")


def _learn(text: str, decimals: set[str], thousands: set[str]) -> None:
    """What a number with one reading shows about its marks: the last mark, if it appears once, is the decimal mark."""
    last = max(text.rfind(mark) for mark in _MARKS)
    for mark in _MARKS:
        if mark in text:
            (decimals if text.count(mark) == 1 and text.rfind(mark) == last else thousands).add(mark)


def _decided(text: str, error: NumberError, decimals: set[str], thousands: set[str]) -> Decimal | Problem:
    mark = "," if "," in text else "."
    if (mark in decimals) != (mark in thousands):
        return parse_number(text, decimals=3 if mark in decimals else 0)
    if decimals or thousands:
        return Problem(str(error))
    remedy = _("Or give the decimal mark of the whole column: decimal_mark, point or comma.")
    raise SheetError(f"{error} {remedy}", "decimal_mark")
