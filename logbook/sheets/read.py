"""CSV and XLSX files as rows of cells with their row number in the file. The meaning of the cells is in
`time_axis.py` and `amounts.py`.

Hostile or broken files raise `SheetError` with a sentence that says what to do.
"""

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

LARGEST_ROWS = 200_000
LARGEST_UNPACKED_BYTES = 200 * 1024 * 1024
WIDEST_COLUMNS = 500
Cell = str | int | float | datetime | date | None


class SheetError(ValueError):
    """The file as a whole cannot be read; `field` names the argument at fault where there is one."""

    def __init__(self, message: str, field: str = "file") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a cell cannot be used."""

    message: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows`: (row number in the file, cells)."""

    columns: list[str]
    rows: list[tuple[int, list[Cell]]] = field(repr=False)

    def column(self, name: str, argument: str) -> int:
        """The position of a column by name, in upper or lower case. Raises SheetError that lists the columns."""
        wanted = name.strip().casefold()
        places = [i for i, column in enumerate(self.columns) if column.strip().casefold() == wanted]
        if len(places) == 1:
            return places[0]
        there = ", ".join(repr(column) for column in self.columns if column)
        problem = _("appears %d times") % len(places) if places else _("is not there")
        raise SheetError(
            _("%(argument)s=%(name)r %(problem)s; the columns are %(there)s.")
            % {"argument": argument, "name": name, "problem": problem, "there": there},
            argument,
        )


def read_sheet(file: BinaryIO) -> Sheet:
    """The first sheet of an XLSX file, or a CSV file with comma, semicolon or tab.

    Raises SheetError for another format, an empty file, or more than 200,000 rows.
    """
    start = file.read(4)
    file.seek(0)
    # The content decides the format, because file names and a browser's content type can be wrong.
    sheet = _read_xlsx(file) if start == b"PK\x03\x04" else _read_csv(file.read())
    if not sheet.rows:
        raise SheetError(_("The file has no rows below its header."))
    if len(sheet.rows) > LARGEST_ROWS:
        raise SheetError(_("The file has more than %d rows: split it.") % LARGEST_ROWS)
    return sheet


def _read_csv(data: bytes) -> Sheet:
    text = _decoded(data)
    if "\x00" in text:
        raise SheetError(_("The file is neither CSV nor XLSX: it holds binary data."))
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        numbered: list[tuple[int, list[Cell]]] = [
            (reader.line_num, [*cells]) for cells in islice(reader, LARGEST_ROWS + 2) if any(cells)
        ]
    except csv.Error as error:
        raise SheetError(
            _("Line %(line)d cannot be read as CSV: %(error)s.") % {"line": reader.line_num, "error": error}
        ) from None
    if not numbered:
        raise SheetError(_("The file is empty."))
    return Sheet([str(name).strip() for name in numbered[0][1]], numbered[1:])


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:  # a spreadsheet's "CSV" on Windows
        return data.decode("cp1252", errors="replace")


def _read_xlsx(file: BinaryIO) -> Sheet:
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
        worksheet = book.worksheets[0]
        numbered = list(_filled(worksheet.iter_rows(max_col=WIDEST_COLUMNS, values_only=True)))
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
    if not numbered:
        raise SheetError(_("The first sheet of the workbook is empty."))
    return Sheet(["" if cell is None else str(cell).strip() for cell in numbered[0][1]], numbered[1:])


def _filled(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[int, list[Cell]]]:
    for number, cells in enumerate(islice(rows, LARGEST_ROWS + 2), start=1):
        if any(cell not in (None, "") for cell in cells):
            yield number, list(cells)
