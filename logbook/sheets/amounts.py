"""Converts the amounts of a sheet's column, as people and programs write them, into numbers. Pure: no database.

`2,070` is 2070 or 2.07. Other cells of the column, such as `3.5` or `1,234,567`, decide it; if none does, the user
must give the mark of the whole column. A cell is never guessed on its own. A number in a workbook is not a text, so
it has one reading.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite

from django.utils.translation import gettext as _

from lib.numbers import NumberError, parse_number
from logbook.sheets.options import DecimalMark
from logbook.sheets.questions import Ask, SheetError, SheetQuestion, refuse
from logbook.sheets.read import Cell, Problem

# Forms that programs write and nobody types, which `parse_number` does not accept.
_OF_A_PROGRAM = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_OTHER_MARK = {".": ",", ",": "."}


def amounts(cells: Sequence[Cell], mark: DecimalMark = DecimalMark.AUTO, ask: Ask = refuse) -> list[Decimal | Problem]:
    """The number of each cell, or its problem, in the order of the file.

    Asks for the decimal mark when a cell has two readings and the column shows no mark. Raises SheetError when the
    column shows both marks, or another one than `mark`.
    """
    texts = ["" if cell is None else str(cell).strip() for cell in cells]
    numbers = [_read(cell, text) for cell, text in zip(cells, texts, strict=True)]
    unclear = next((number for number in numbers if isinstance(number, NumberError)), None)
    decimal = ""
    if unclear is not None:
        # A number of a workbook says nothing about the marks in texts.
        clear = [
            text
            for cell, text, number in zip(cells, texts, numbers, strict=True)
            if isinstance(cell, str) and isinstance(number, Decimal)
        ]
        decimal = _mark(clear, mark, unclear, ask)
    return [
        parse_number(text, decimals=3 if decimal in text else 0) if isinstance(number, NumberError) else number
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


def _mark(clear: Sequence[str], mark: DecimalMark, unclear: NumberError, ask: Ask) -> str:
    """The decimal mark of the column, from its numbers with one reading."""
    shown = {_shown(text): text for text in clear}
    shown.pop("", None)
    said = {DecimalMark.POINT: ".", DecimalMark.COMMA: ","}.get(mark, "")
    if len({*shown, said} - {""}) > 1:
        words = _(
            "The numbers are mixed: %(cells)s do not have one decimal mark, or not that of decimal_mark. Nothing was "
            "stored; correct the column."
        )
        raise SheetError(words % {"cells": ", ".join(map(repr, shown.values()))}, "decimal_mark")
    if mark is DecimalMark.AUTO:
        if shown:
            return next(iter(shown))
        words = f"{unclear} " + _("Or give the decimal mark of the whole column: decimal_mark, point or comma.")
        mark = ask(SheetQuestion("decimal_mark", "two_readings", words, (DecimalMark.POINT, DecimalMark.COMMA)))
    return "." if mark is DecimalMark.POINT else ","


def _shown(text: str) -> str:
    """The decimal mark that a number with one reading shows: its last mark if it appears once, else the other one."""
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return ""
    return text[last] if text.count(text[last]) == 1 else _OTHER_MARK[text[last]]
