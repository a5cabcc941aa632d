"""A report as a workbook: a sheet a section, numbers as numbers, sums as live formulas.

A formula stands only where it gives the figure that the report states; it comes with that value, for readers that do
not calculate. Texts are written as texts, so none can run.
"""

import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils import translation
from django.utils.translation import gettext as _
from xlsxwriter.utility import quote_sheetname, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from compliance.formats.parts import is_number, is_quantity, parts, sums
from compliance.formats.stamp import NONE, Stamp
from compliance.reports.content import ENTERED, Content, Field, Section, Table
from lib.exports import FORMULA_STARTS

CELL_CHARACTERS = 32_767  # most that a cell holds
FORMULA_CHARACTERS = 8_192
NAME_CHARACTERS = 31
WIDTHS = (22, 46, 18, 14, 16, 16, 16, 40, 40)
FIRST_ROW = 3  # below title and note: the header of fields
VALUE_COLUMN, INTERVAL_COLUMNS = 2, (4, 5)


def render(content: Content, made_at: datetime, stamp: Stamp = NONE) -> bytes:
    with translation.override(content.language):
        return _Book(content, made_at, stamp).bytes()


class _Book:
    def __init__(self, content: Content, made_at: datetime, stamp: Stamp) -> None:
        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True})
        self._book.set_properties(
            {"title": content.title, "subject": content.place, "created": made_at.astimezone(UTC).replace(tzinfo=None)}
        )
        self._formats: dict[frozenset[tuple[str, Any]], Any] = {}
        marks = [_("SIMULATED DATA - not the real factory") if content.is_simulated else "", stamp.mark]
        self._banner = " · ".join(filter(None, marks))
        self._sections = parts(content, made_at, stamp)
        self._names = _sheet_names(section.title for section in self._sections)
        #: Where each field's value stands, for formulas.
        self._places = {
            field.code: (field, f"{quote_sheetname(name)}!{xl_rowcol_to_cell(row, VALUE_COLUMN)}")
            for section, name in zip(self._sections, self._names, strict=True)
            for row, field in enumerate(section.fields, FIRST_ROW + 1)
        }

    def bytes(self) -> bytes:
        for section, name in zip(self._sections, self._names, strict=True):
            self._write_section(self._book.add_worksheet(name), section)
        self._book.close()
        return self._file.getvalue()

    def _format(self, **properties: Any) -> Any:
        key = frozenset(properties.items())
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"valign": "top", **properties})
        return self._formats[key]

    def _write_section(self, sheet: Worksheet, section: Section) -> None:
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{_in_footer(self._banner)}&C{_in_footer(section.title)}&R&P / &N")
        self._text(sheet, 0, 0, section.title, bold=True, font_size=14)
        self._text(sheet, 0, 4, self._banner, bold=True, font_color="#A3162A")
        self._text(sheet, 1, 0, section.note, italic=True)
        row = FIRST_ROW
        if section.fields:
            self._write_fields(sheet, section.fields)
            sheet.freeze_panes(row + 1, 2)
            sheet.repeat_rows(row)
            row += len(section.fields) + 2
        for table in section.tables:
            row = self._write_table(sheet, row, table)
        if not section.fields and len(section.tables) == 1:
            sheet.freeze_panes(FIRST_ROW + 2, 2)
            sheet.repeat_rows(FIRST_ROW + 1)

    def _write_fields(self, sheet: Worksheet, fields: Iterable[Field]) -> None:
        titles = (_("Code"), _("Item"), _("Value"), _("Unit"), _("Low"), _("High"), _("Origin"), _("Note"), _("Figure"))
        for column, title in enumerate(titles):
            self._header(sheet, FIRST_ROW, column, title)
        for row, field in enumerate(fields, FIRST_ROW + 1):
            high = _("no upper end") if field.low is not None and field.high is None else field.high or ""
            origin = _("entered") if field.origin == ENTERED else ""
            rest = (field.unit, field.low or "", high, origin, field.note, field.figure)
            self._text(sheet, row, 0, field.code)
            self._text(sheet, row, 1, field.label)
            if formula := self._formula(field):
                sheet.write_formula(row, VALUE_COLUMN, formula, *self._number(field.value or "", bold=True))
            else:
                self._cell(sheet, row, VALUE_COLUMN, field.value, is_number=is_quantity(field), bold=True)
            for column, text in enumerate(rest, VALUE_COLUMN + 1):
                self._cell(sheet, row, column, text, is_number=column in INTERVAL_COLUMNS and is_number(text))

    def _formula(self, field: Field) -> str:
        """Empty where a part is missing, of another unit, or where the parts do not make the stated figure."""
        found = [self._places[code] for code in field.sum_of if code in self._places]
        parts_of_it = [part for part, _place in found if is_quantity(part) and part.unit == field.unit]
        if not field.sum_of or len(parts_of_it) < len(field.sum_of) or not is_quantity(field):
            return ""
        gives_it = sum(Decimal(part.value or 0) for part in parts_of_it) == Decimal(field.value or 0)
        formula = f"={'+'.join(place for _part, place in found)}"
        return formula if gives_it and len(formula) <= FORMULA_CHARACTERS else ""

    def _write_table(self, sheet: Worksheet, row: int, table: Table) -> int:
        """Returns the row below it. The first column counts the rows."""
        self._text(sheet, row, 0, table.title, bold=True)
        self._text(sheet, row, 4, table.note, italic=True)
        for index, column in enumerate(table.columns, 1):
            self._header(sheet, row + 1, index, f"{column.label} [{column.unit}]" if column.unit else column.label)
        first = row + 2
        figures = table.figures or [""] * len(table.rows)
        for number, (values, figure) in enumerate(zip(table.rows, figures, strict=True)):
            sheet.write_number(first + number, 0, number + 1)
            for index, (column, value) in enumerate(zip(table.columns, values, strict=True), 1):
                self._cell(sheet, first + number, index, value, is_number=column.is_number and is_number(value))
            self._text(sheet, first + number, len(table.columns) + 1, figure)
        end = first + len(table.rows)
        label, summed = sums(table)
        self._text(sheet, end, 0, label, bold=True)
        for index, total in enumerate(summed, 1):
            if total is not None:
                cells = f"{xl_rowcol_to_cell(first, index)}:{xl_rowcol_to_cell(end - 1, index)}"
                sheet.write_formula(end, index, f"=SUM({cells})", *self._number(total, bold=True, top=1))
        return end + 3

    def _header(self, sheet: Worksheet, row: int, column: int, title: str) -> None:
        self._text(sheet, row, column, title, bold=True, bottom=1, bg_color="#F1F4F2")

    def _cell(
        self, sheet: Worksheet, row: int, column: int, value: str | None, *, is_number: bool, **look: Any
    ) -> None:
        if value is None:
            self._text(sheet, row, column, _("not provided"), italic=True, font_color="#666D73")
        elif is_number:
            number, look_of_number = self._number(value, **look)[::-1]
            sheet.write_number(row, column, number, look_of_number)
        else:
            self._text(sheet, row, column, value, **look)

    def _number(self, text: str, **look: Any) -> tuple[Any, float]:
        """Its format, with the decimals that it is stated with, and its value."""
        decimals = len(text.partition(".")[2])
        return self._format(num_format="#,##0" + ("." + "0" * decimals if decimals else ""), **look), float(text)

    def _text(self, sheet: Worksheet, row: int, column: int, text: str, **look: Any) -> None:
        if text:
            # A text that looks like a formula stays a text even when somebody edits its cell.
            quoted = {"quote_prefix": True} if text.startswith(FORMULA_STARTS) else {}
            is_wide = row < 2 or look.get("italic")
            form = self._format(text_wrap=not is_wide, **quoted, **look)
            sheet.write_string(row, column, text[:CELL_CHARACTERS], form)


def _sheet_names(titles: Iterable[str]) -> list[str]:
    """Names that Excel allows, each once."""
    names: dict[str, str] = {}
    for title in titles:
        plain = " ".join(re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).split()).strip("'") or "-"
        name, copy = plain[:NAME_CHARACTERS].rstrip("'"), 1
        while name.casefold() in names:
            copy += 1
            name = f"{plain[: NAME_CHARACTERS - 4]} {copy}"
        names[name.casefold()] = name
    return list(names.values())


def _in_footer(text: str) -> str:
    """`&` begins a code there, and a footer holds 255 characters."""
    return text[:60].replace("&", "&&")
