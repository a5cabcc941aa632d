"""Opens CSV and XLSX files as tables of cells, with row numbers and hidden rows. Where the header is, and what cells
mean, is decided elsewhere.

Hostile or broken files raise `SheetError` with a sentence that says what to do. What no rule here bounds, the limits of
the process do (`lib/background_worker.py`).
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import islice
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import is_datetime
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import CELL_TAG, DATA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS
from openpyxl.xml.functions import iterparse

from logbook.sheets.questions import SheetError

LARGEST_ROWS = 200_000
LARGEST_CELLS = 4_000_000
LARGEST_SHEETS = 200
LARGEST_UNPACKED_BYTES = 200 * 1024 * 1024
# Parts that are read as a whole, before any row. 5 MB hold 60,000 formats.
LARGEST_PART_BYTES = 5 * 1024 * 1024
LARGEST_TEXTS_BYTES = 40 * 1024 * 1024
WIDEST_COLUMNS = 500  # further ones are not read
LONGEST_TEXT = 1_000  # further characters of a cell are not read
_WIDEST_EXCEL_COLUMNS, _LONGEST_EXCEL_ROWS = 16_384, 1_048_576
_REPORTED_EVERY_ROWS = 1_000
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
class SheetTable:
    """A sheet as it stands, without its empty rows. The name of a CSV file's only table is empty."""

    name: str
    rows: list[TableRow] = field(repr=False)
    is_hidden: bool = False


def read_sheet(file: BinaryIO, reported: Callable[[int], object] = lambda _rows: None) -> list[SheetTable]:
    """The filled sheets of an XLSX file, or the table of a CSV file with comma, semicolon, tab or bar. `reported` gets
    the number of rows from time to time.

    Raises SheetError for another format, an empty file, or one over a limit.
    """
    start = file.read(4)
    file.seek(0)
    budget = _Budget(reported)
    # The content decides the format, because file names and a browser's content type can be wrong.
    tables = _read_xlsx(file, budget) if start == b"PK\x03\x04" else [_read_csv(file.read(), budget)]
    filled = [table for table in tables if table.rows]
    if not filled:
        raise SheetError(_("The file is empty."))
    if any(len(table.rows) > LARGEST_ROWS + 1 for table in filled):
        raise SheetError(_("The file has more than %d rows: split it.") % LARGEST_ROWS)
    return filled


@dataclass(slots=True)
class _Budget:
    """What was read of a file, all its sheets together."""

    reported: Callable[[int], object]
    row_count: int = 0
    cell_count: int = 0

    def kept(self, rows: Iterable[TableRow]) -> Iterator[TableRow]:
        """The rows. Raises SheetError after the largest number of cells."""
        for row in rows:
            self.row_count += 1
            self.cell_count += len(row.cells)
            if self.cell_count > LARGEST_CELLS:
                raise SheetError(_("The file has more than %d cells: split it.") % LARGEST_CELLS)
            if self.row_count % _REPORTED_EVERY_ROWS == 0:
                self.reported(self.row_count)
            yield row


# --- CSV ---------------------------------------------------------------------------------------
def _read_csv(data: bytes, budget: _Budget) -> SheetTable:
    text = _decoded(data)
    if "\x00" in text:
        raise SheetError(_("The file is neither CSV nor XLSX: it holds binary data."))
    lines = [line for line in text.splitlines() if line.strip()][:_LOOKED_AT_LINES]
    delimiter = max(",;\t|", key=lambda mark: _fit(lines, mark))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        found = (
            TableRow(reader.line_num, [cell[:LONGEST_TEXT] for cell in cells[:WIDEST_COLUMNS]])
            for cells in islice(reader, LARGEST_ROWS + _LOOKED_AT_LINES)
            if any(map(str.strip, cells))
        )
        rows = [*budget.kept(found)]
    except csv.Error as error:
        raise SheetError(
            _("Line %(line)d cannot be read as CSV: %(error)s.") % {"line": reader.line_num, "error": error}
        ) from None
    if rows and text.count('"') % 2 and any("\n" in str(cell) for cell in rows[-1].cells):
        raise SheetError(_("A quotation mark is not closed, so the rest of the file is one cell: correct the file."))
    return SheetTable("", rows)


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
def _read_xlsx(file: BinaryIO, budget: _Budget) -> list[SheetTable]:
    try:
        book = _Workbook(file)
        book.read()
        # Several sheets may name one part of the file, and it is read for each.
        read_bytes = sum(book.archive.getinfo(sheet._worksheet_path).file_size for sheet in book.sheets)
        if len(book.sheets) > LARGEST_SHEETS or read_bytes > LARGEST_UNPACKED_BYTES:
            words = _("The workbook has %d sheets, too many or too large together: save the one to import as CSV.")
            raise SheetError(words % len(book.sheets))
        tables = [
            SheetTable(
                sheet.title[:LONGEST_TEXT],
                [*islice(budget.kept(_filled(sheet)), LARGEST_ROWS + 2)],
                sheet.sheet_state != "visible",
            )
            for sheet in book.sheets
        ]
        book.archive.close()
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


class _Archive(zipfile.ZipFile):
    """Refuses by the unpacked sizes of the parts, before any is unpacked; no part gives more bytes than it declares.
    A hostile file names its parts as it likes, so what counts is how a part is read."""

    def require_bounded(self) -> None:
        unpacked_bytes = sum(self.getinfo(name).file_size for name in {*self.namelist()})
        if unpacked_bytes > LARGEST_UNPACKED_BYTES:
            words = _("The workbook unpacks to %(size)d bytes, more than %(limit)d: split it.")
            raise SheetError(words % {"size": unpacked_bytes, "limit": LARGEST_UNPACKED_BYTES})

    def require_small(self, name: str, limit_bytes: int) -> None:
        size_bytes = self.getinfo(name).file_size
        if size_bytes > limit_bytes:
            words = _("%(part)s in the workbook unpacks to %(size)d bytes, more than %(limit)d: save the sheet as CSV.")
            raise SheetError(words % {"part": name[:60], "size": size_bytes, "limit": limit_bytes})

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        """A whole part: content types, workbook, relations, styles."""
        self.require_small(name, LARGEST_PART_BYTES)
        return super().read(name, pwd)


class _Sheet(ReadOnlyWorksheet):
    def _get_size(self) -> None:
        """Not read: openpyxl parses a sheet that does not tell its size a second time for it."""


class _Workbook(ExcelReader):
    """What rows need of a workbook: texts, formats, and where its sheets are."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.archive: Any = _Archive(file)

    def read(self) -> None:
        self.archive.require_bounded()
        self.read_manifest()
        texts = self.package.find(SHARED_STRINGS)
        if texts is not None:
            self.archive.require_small(texts.PartName[1:], LARGEST_TEXTS_BYTES)
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)
        self.sheets: list[Any] = []
        for sheet, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                found = _Sheet(self.wb, sheet.name, relation.target, self.shared_strings)
                found.sheet_state = sheet.state
                self.sheets.append(found)


class _Rows(WorkSheetParser):
    """Reads rows and cells only: openpyxl's own `parse` builds an object for each merged cell, validation and format,
    300 MB of a file of 400 kB."""

    def parse(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        row_count = cell_count = 0
        for _event, element in iterparse(self.source):
            if element.tag == CELL_TAG:
                cell_count += 1
            elif element.tag == ROW_TAG:
                row_count, cell_count = row_count + 1, 0
                yield self.parse_row(element)
                element.clear()
            elif element.tag == DATA_TAG:
                return
            if cell_count > _WIDEST_EXCEL_COLUMNS or row_count > _LONGEST_EXCEL_ROWS:
                raise SheetError(_("A sheet has more rows or columns than Excel allows: save it as CSV."))


def _filled(sheet: Any) -> Iterator[TableRow]:
    """The filled rows of a sheet; openpyxl's own `iter_rows` does not say which rows are hidden."""
    book = sheet.parent

    @cache
    def is_date(style: int) -> bool:
        return is_datetime(ReadOnlyCell(sheet, 1, 1, None, style_id=style).number_format) == "date"

    with sheet._get_source() as source:
        parser = _Rows(
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
                if isinstance(value, str):
                    value = value[:LONGEST_TEXT]
                # A date is a datetime in the file; the format of its cell tells the two apart.
                is_whole_day = isinstance(value, datetime) and value.time() == time() and is_date(cell["style_id"])
                cells += [None] * (at - len(cells)) + [value.date() if is_whole_day else value]
            hidden = parser.row_dimensions.pop(str(number), {}).get("hidden")
            if cells:
                yield TableRow(number, cells, is_hidden=hidden in ("1", "true"))
