"""Opens CSV and XLSX files as tables of cells, with row numbers and hidden rows. Where the header is, and what cells
mean, is decided elsewhere.

Hostile or broken files raise `SheetError` with a sentence that says what to do.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import islice
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.styles.numbers import is_datetime
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import WorkSheetParser

from logbook.sheets.questions import SheetError

LARGEST_ROWS = 200_000
LARGEST_UNPACKED_BYTES = 200 * 1024 * 1024
WIDEST_COLUMNS = 500
_LOOKED_AT_LINES = 50
Cell = str | int | float | datetime | date | time | timedelta | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a cell cannot be used."""

    message: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """`number` is that of the file, from 1."""

    number: int
    cells: list[Cell]
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet as it stands, without its empty rows. The name of a CSV file's only table is empty."""

    name: str
    rows: list[TableRow] = field(repr=False)
    is_hidden: bool = False


def read_sheet(file: BinaryIO) -> list[Table]:
    """The filled sheets of an XLSX file, or the table of a CSV file with comma, semicolon, tab or bar.

    Raises SheetError for another format, or an empty file.
    """
    start = file.read(4)
    file.seek(0)
    # The content decides the format, because file names and a browser's content type can be wrong.
    tables = _read_xlsx(file) if start == b"PK\x03\x04" else [_read_csv(file.read())]
    filled = [table for table in tables if table.rows]
    if not filled:
        raise SheetError(_("The file is empty."))
    if any(len(table.rows) > LARGEST_ROWS + 1 for table in filled):
        raise SheetError(_("The file has more than %d rows: split it.") % LARGEST_ROWS)
    return filled


# --- CSV ---------------------------------------------------------------------------------------
def _read_csv(data: bytes) -> Table:
    text = _decoded(data)
    if "\x00" in text:
        raise SheetError(_("The file is neither CSV nor XLSX: it holds binary data."))
    lines = [line for line in text.splitlines() if line.strip()][:_LOOKED_AT_LINES]
    delimiter = max(",;\t|", key=lambda mark: _fit(lines, mark))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [
            TableRow(reader.line_num, [*cells])
            for cells in islice(reader, LARGEST_ROWS + _LOOKED_AT_LINES)
            if any(map(str.strip, cells))
        ]
    except csv.Error as error:
        raise SheetError(
            _("Line %(line)d cannot be read as CSV: %(error)s.") % {"line": reader.line_num, "error": error}
        ) from None
    if rows and text.count('"') % 2 and any("\n" in cell for cell in rows[-1].cells if isinstance(cell, str)):
        raise SheetError(_("A quotation mark is not closed, so the rest of the file is one cell: correct the file."))
    return Table("", rows)


def _fit(lines: list[str], delimiter: str) -> tuple[int, int, int]:
    """How many of the first lines a delimiter splits into equally many cells, how many at all, and into how many."""
    counts: Counter[int] = Counter()
    for line in lines:
        try:
            counts.update(len(cells) for cells in csv.reader([line], delimiter=delimiter) if len(cells) > 1)
        except csv.Error:
            continue
    return max(((times, counts.total(), width) for width, times in counts.items()), default=(0, 0, 0))


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:  # a spreadsheet's "CSV" on Windows
        return data.decode("cp1252", errors="replace")


# --- XLSX --------------------------------------------------------------------------------------
def _read_xlsx(file: BinaryIO) -> list[Table]:
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked_bytes = sum(info.file_size for info in archive.infolist())
        if unpacked_bytes > LARGEST_UNPACKED_BYTES:
            raise SheetError(
                _("The workbook unpacks to %(size)d bytes, more than %(limit)d: split it.")
                % {"size": unpacked_bytes, "limit": LARGEST_UNPACKED_BYTES}
            )
        file.seek(0)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        tables = [
            Table(sheet.title, list(islice(_filled(sheet), LARGEST_ROWS + 2)), sheet.sheet_state != "visible")
            for sheet in book.worksheets
        ]
        book.close()
    except SheetError:
        raise
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        InvalidFileException,
        ParseError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ):
        raise SheetError(_("The file cannot be read as an XLSX workbook: save it again, or save it as CSV.")) from None
    return tables


def _filled(sheet: Any) -> Iterator[TableRow]:
    """The rows of a sheet, read as openpyxl's own `iter_rows` does: that one does not say which rows are hidden."""
    book = sheet.parent

    @cache
    def is_date(style: int) -> bool:
        return is_datetime(ReadOnlyCell(sheet, 1, 1, None, style_id=style).number_format) == "date"

    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, found in parser.parse():
            cells: list[Cell] = []
            for cell in found:
                at, value = cell["column"] - 1, cell["value"]
                if value in (None, "") or at >= WIDEST_COLUMNS:
                    continue
                # A date is a datetime in the file; the format of its cell tells the two apart.
                is_whole_day = isinstance(value, datetime) and value.time() == time() and is_date(cell["style_id"])
                cells += [None] * (at - len(cells)) + [value.date() if is_whole_day else value]
            hidden = parser.row_dimensions.pop(str(number), {}).get("hidden")
            if cells:
                yield TableRow(number, cells, is_hidden=hidden in ("1", "true"))
