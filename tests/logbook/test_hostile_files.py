"""Hostile files of at most 2 MB: each ends with an answer, within seconds and some memory, and stores nothing wrong."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from itertools import pairwise

import pytest

from logbook.sheets.layout import listed
from logbook.sheets.questions import SheetError
from logbook.sheets.read import LONGEST_TEXT, WIDEST_COLUMNS, read_sheet

LARGEST_BYTES = 2 * 1024 * 1024
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHEET_TYPE}.sharedStrings+xml"/></Types>'
)
RELATIONS = '<Relationships xmlns="{0}/relationships">{1}</Relationships>'
RELATION = '<Relationship Id="rId{0}" Type="{1}/{2}" Target="{3}"/>'
HEADER = "<row><c t='inlineStr'><is><t>Date</t></is></c><c t='inlineStr'><is><t>kWh</t></is></c></row>"
ROW = "<row><c t='inlineStr'><is><t>2026-11-01</t></is></c><c><v>5</v></c></row>"
ONE_SHEET = '<sheet name="S" sheetId="1" r:id="rId1"/>'


def book(
    rows: str = "",
    *,
    tail: str = "",
    prolog: str = "",
    sheets: str = ONE_SHEET,
    names: str = "",
    styles: str = "",
    texts: str = "",
    renamed: str = "",
) -> bytes:
    """A workbook of one sheet with header, one row, and what is said; `renamed`: a part that gets the name of none."""
    parts = [RELATION.format(1, OFFICE, "worksheet", "worksheets/sheet1.xml")]
    parts += [RELATION.format(2, OFFICE, "sharedStrings", "sharedStrings.xml")]
    parts += [RELATION.format(3, OFFICE, "styles", "styles.xml")]
    of_package = RELATION.format(1, OFFICE, "officeDocument", "xl/workbook.xml")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in {
            "[Content_Types].xml": TYPES,
            "_rels/.rels": RELATIONS.format(PACKAGE, of_package),
            "xl/_rels/workbook.xml.rels": RELATIONS.format(PACKAGE, "".join(parts)),
            "xl/workbook.xml": (
                f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets>{names}</workbook>'
            ),
            "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>',
            "xl/worksheets/sheet1.xml": (
                f'{prolog}<worksheet xmlns="{MAIN}"><sheetData>{HEADER}{ROW}{rows}</sheetData>{tail}</worksheet>'
            ),
        }.items():
            if renamed:
                name, text = name.replace(renamed, "part.bin"), text.replace(renamed, "part.bin")
            archive.writestr(name, text)
    return file.getvalue()


def around(tag: str, inside: str) -> str:
    return f"<{tag}>{inside}</{tag}>"


TEXT_ROW = "<row><c t='inlineStr'><is><t>{0}</t></is></c></row>"
TENFOLD = "".join('<!ENTITY {1} "{2}">'.format(*pair, f"&{pair[0]};" * 10) for pair in pairwise("abcdefghij"))
BILLION = f'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">{TENFOLD}]>'
OWN_FILE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a text of 41 MB": (lambda: book(texts=f"<si><t>{'x' * 43_000_000}</t></si>"), "sharedStrings.xml"),
    "a text of 41 MB in a part of another name": (
        lambda: book(texts=f"<si><t>{'x' * 43_000_000}</t></si>", renamed="sharedStrings.xml"),
        "part.bin in the workbook unpacks",
    ),
    "300,000 formats": (lambda: book(styles=around("cellXfs", '<xf numFmtId="0"/>' * 300_000)), "styles.xml"),
    "150,000 names": (
        lambda: book(names=around("definedNames", '<definedName name="n">S!$A$1</definedName>' * 150_000)),
        "workbook.xml",
    ),
    "150,000 names in a part of another name": (
        lambda: book(
            names=around("definedNames", '<definedName name="n">S!$A$1</definedName>' * 150_000), renamed="workbook.xml"
        ),
        "part.bin in the workbook unpacks",
    ),
    "201 sheets": (lambda: book(sheets=ONE_SHEET * 201), "201 sheets"),
    "one part read 150 times": (lambda: book(ROW * 20_000, sheets=ONE_SHEET * 150), "150 sheets"),
    "a row of 20,000 cells": (lambda: book(f"<row>{'<c><v>1</v></c>' * 20_000}</row>"), "more rows or columns"),
    "1,048,577 rows": (lambda: book("<row/>" * 1_048_577), "more rows or columns"),
    "a billion letters": (lambda: book(TEXT_ROW.format("&j;"), prolog=BILLION), "cannot be read"),
    "a file of the server": (lambda: book(TEXT_ROW.format("&x;"), prolog=OWN_FILE), "cannot be read"),
    "a number of a million digits": (lambda: book(f"<row><c><v>{'9' * 1_000_000}</v></c></row>"), "cannot be read"),
    "a CSV line of 2 MB": (lambda: b"a" * LARGEST_BYTES, "field larger than field limit"),
    "a quote that never closes": (lambda: b'Date,kWh\n"' + b"2026-11-01,5\n" * 150_000, "field larger"),
    "NUL": (lambda: b"Date,kWh\n\x00" * 200_000, "binary data"),
}
READ: dict[str, Callable[[], bytes]] = {
    "300,000 merged cells": lambda: book(tail=around("mergeCells", '<mergeCell ref="A1:B1"/>' * 300_000)),
    "100,000 validations": lambda: book(tail=around("dataValidations", '<dataValidation sqref="A1"/>' * 100_000)),
    "200,000 conditional formats": lambda: book(tail='<conditionalFormatting sqref="A1"/>' * 200_000),
    "a sheet as large as can be": lambda: book('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "a formula of 1 MB": lambda: book(f"<row><c><f>{'SUM(' * 250_000}</f><v>1</v></c></row>"),
}


def rows_of(data: bytes) -> list[list[object]]:
    assert len(data) <= LARGEST_BYTES
    began_s = time.process_time()
    (table,) = read_sheet(io.BytesIO(data))
    assert time.process_time() - began_s < 20
    return [row.cells for row in table.rows]


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_with_a_remedy(name: str) -> None:
    make_file, said = REFUSED[name]

    with pytest.raises(SheetError, match=said):
        rows_of(make_file())


@pytest.mark.parametrize("name", READ)
def test_what_a_sheet_has_beside_its_cells_is_not_read(name: str) -> None:
    rows = rows_of(READ[name]())

    assert rows[:2] == [["Date", "kWh"], ["2026-11-01", 5]]


def test_columns_and_texts_beyond_any_real_ones_are_cut() -> None:
    wide, long = rows_of(b"Date,kWh" + b",a" * 1_000_000), rows_of(b"Date,kWh\n" + b"x" * 100_000 + b",5\n")

    assert len(wide[0]) == WIDEST_COLUMNS
    assert [len(str(cell)) for cell in long[1]] == [LONGEST_TEXT, 1]


def test_a_file_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logbook.sheets.read.LARGEST_CELLS", 1_000)

    with pytest.raises(SheetError, match="more than 1000 cells"):
        rows_of(b"a,b,c\n" * 334)
    assert len(rows_of(b"a,b,c\n" * 333)) == 333


def test_a_message_lists_a_few_names_shortened() -> None:
    said = listed(["x" * 1_000] * 500)

    assert said.endswith("and 450 more")
    assert len(said) < 4_000
