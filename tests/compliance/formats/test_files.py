"""A report as JSON, CSV and XLSX: read back, valid against the schema, without a cell that runs."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import formulas
import jsonschema
import openpyxl
import pytest

from compliance.formats.json import SCHEMA, canonical, read, sha256
from compliance.formats.stamp import NONE, Stamp
from compliance.reports.content import FIGURE, Column, Content, Field, Section, Table
from tests.compliance.formats.report_content import GASES, RENDER, make_content

AT = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
SUM_KG = 125_731.875  # 24,180.5 + 61,240.25 + 40,311.125
WOOD_STERE = 14_322  # 12 months: 12 x 1,100 + 17 x (0 + 1 + ... + 11)


@pytest.fixture(scope="module")
def content() -> Content:
    return make_content(hours=100)


def book_of(content: Content, stamp: Stamp = NONE) -> Any:
    return openpyxl.load_workbook(io.BytesIO(RENDER["xlsx"](content, AT, stamp)))


def csv_of(content: Content) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(RENDER["csv"](content, AT, NONE).decode())))


def test_canonical_json_is_the_file_and_its_digest(content: Content) -> None:
    file = RENDER["json"](content, AT, Stamp("DRAFT", "https://example.org/"))

    again = json.dumps(json.loads(file), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert file == again == canonical(read(file))
    assert hashlib.sha256(file).hexdigest() == sha256(content)
    assert json.loads(file)["factors"][0]["value"] == "0.03"


def test_json_is_valid_against_its_schema_and_a_number_for_a_text_is_not(content: Content) -> None:
    schema = json.loads(SCHEMA.read_text())
    validator = jsonschema.Draft202012Validator(schema)
    data = json.loads(canonical(content))

    validator.validate(data)
    data["total_emissions_kg"] = 125_731.875
    assert not validator.is_valid(data)


def test_schema_has_the_fields_of_the_shapes() -> None:
    schema = json.loads(SCHEMA.read_text())

    assert set(schema["properties"]) == set(schema["required"]) == {f.name for f in fields_of(Content)}
    for shape in (Section, Field, Table, Column):
        stated = schema["$defs"][shape.__name__.lower()] if shape is not Column else None
        stated = stated or schema["$defs"]["table"]["properties"]["columns"]["items"]
        assert set(stated["properties"]) == set(stated["required"]) == {f.name for f in fields_of(shape)}


@pytest.mark.parametrize("suffix", RENDER)
def test_same_content_and_time_give_the_same_bytes(suffix: str, content: Content) -> None:
    stamp = Stamp("NOT VERIFIED", "https://carbontrack.example/r/1/")

    assert RENDER[suffix](content, AT, stamp) == RENDER[suffix](read(canonical(content)), AT, stamp)


def test_sums_of_the_workbook_are_formulas_with_their_values(content: Content) -> None:
    file = RENDER["xlsx"](content, AT, NONE)

    live, cached = (openpyxl.load_workbook(io.BytesIO(file), data_only=only) for only in (False, True))
    name = "Direct emissions calculation"
    assert live[name]["C8"].value == "='Direct emissions calculation'!C5+" + "+".join(
        f"'Direct emissions calculation'!C{row}" for row in (6, 7)
    )
    assert cached[name]["C8"].value == SUM_KG
    assert live[name]["D25"].value == "=SUM(D12:D24)"
    assert cached[name]["D25"].value == WOOD_STERE
    assert live[name]["C5"].number_format == "#,##0.0"
    assert live[name].freeze_panes == "C5"


def by_formulas(file: Path) -> Callable[[str, str], float]:
    book = formulas.ExcelModel().loads(str(file)).finish()
    solution = book.calculate()
    return lambda sheet, cell: float(solution[f"'[{file.name}]{sheet.upper()}'!{cell}"].value[0, 0])


def by_libreoffice(file: Path) -> Callable[[str, str], float]:
    out = file.parent / "recalculated"
    command = ["soffice", f"-env:UserInstallation=file://{file.parent}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(out), str(file)], check=True, capture_output=True, timeout=120)
    book = openpyxl.load_workbook(out / file.name, data_only=True)
    return lambda sheet, cell: float(book[sheet][cell].value)


@pytest.mark.parametrize("calculate", [by_formulas, *([by_libreoffice] if shutil.which("soffice") else [])])
def test_workbook_recalculated_by_another_program_has_equal_sums(
    content: Content, tmp_path: Path, calculate: Callable[[Path], Callable[[str, str], float]]
) -> None:
    file = tmp_path / "report.xlsx"
    file.write_bytes(RENDER["xlsx"](content, AT, NONE))

    value = calculate(file)

    assert value("Direct emissions calculation", "C8") == pytest.approx(SUM_KG, rel=1e-12)
    assert value("Direct emissions calculation", "D25") == pytest.approx(WOOD_STERE, rel=1e-12)


def test_a_sum_that_its_parts_do_not_make_is_no_formula() -> None:
    parts = [Field(gas, gas, value, "kg", FIGURE) for gas, value in GASES.items()]
    codes = tuple(GASES)
    wrong = Field("wrong", "Rounded", "125732", "kg", FIGURE, sum_of=codes)
    missing = Field("missing", "Without a part", "125731.875", "kg", FIGURE, sum_of=(*codes, "HFC"))
    content = make_content(hours=0)

    sheet = book_of(Content(**{**shallow(content), "sections": (Section("S", "S", (*parts, wrong, missing)),)}))["S"]

    assert (sheet["C8"].value, sheet["C9"].value) == (125_732, SUM_KG)


def shallow(content: Content) -> dict[str, Any]:
    return {f.name: getattr(content, f.name) for f in fields_of(Content)}


def test_blank_is_not_provided_and_a_licence_number_is_a_text(content: Content) -> None:
    sheet = book_of(content)["Operator and site"]

    cells = {row[0].value: [cell.value for cell in row[1:7]] for row in sheet.iter_rows(min_row=5)}
    assert cells["A.water_m3"][1:3] == ["not provided", "m3"]
    assert cells["A.water_m3"][5] == "entered"
    assert cells["A.licence"][1] == "0012345"
    assert cells["A.stack_t"][1:5] == [812, "t", 790, "no upper end"]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("x")'])
def test_a_text_that_looks_like_a_formula_stays_a_text(text: str) -> None:
    table = Table(
        "T", text, (Column("a", text), Column("n", text, text, is_number=True)), ((text, text),), (text,), text
    )
    section = Section(text, text, (Field(text, text, text, text, note=text),), (table,), text)
    content = Content(
        **{**shallow(make_content(hours=0)), "title": text, "place": text, "sections": (section,), "series": ()}
    )

    for sheet in book_of(content, Stamp(text)):
        kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value == text}
        assert kinds <= {"s"}
    for row in csv_of(content):
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_simulated_is_said_in_each_file(content: Content) -> None:
    first = book_of(content, Stamp("DRAFT")).worksheets[0]

    texts = [cell.value for row in first.iter_rows() for cell in row]
    assert "SIMULATED DATA - not the real factory · DRAFT" in texts
    assert {row["simulated"] for row in csv_of(content)} == {"true"}


def test_csv_has_a_row_for_each_field_and_cell(content: Content) -> None:
    rows = {(row["code"], row["row"]): row for row in csv_of(content)}

    scope1 = rows["E.scope1_kg", ""]
    assert (Decimal(scope1["value"]), scope1["unit"], scope1["low"]) == (Decimal("125731.875"), "kg CO2e", "113000")
    assert rows["E.months.co2", "2"]["value"] == "812346.5"
    assert rows["E.months.month", "2"]["figure"] == "month:2025-12"
    assert rows["factors.source", "2"]["value"].startswith("IPCC 2006")
