"""Each value of a report is found in its PDF, XLSX and CSV; and no content breaks a format."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.formats.json import canonical, read
from compliance.formats.parts import grouped, is_number
from compliance.formats.stamp import Stamp
from compliance.reports.content import (
    BARS,
    ENTERED,
    FIGURE,
    FIRE_LOG,
    SHARES,
    STATED,
    Column,
    Content,
    Field,
    Section,
    Series,
    Table,
)
from tests.compliance.formats.pdf_text import squeezed, text_of
from tests.compliance.formats.report_content import RENDER, make_content

AT = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)


def values_of(content: Content) -> Iterator[str]:
    """What JSON holds as values, but for the points of the fire log, which a page shows as a drawing."""
    for section in content.sections:
        for field in section.fields:
            yield from filter(None, (field.value, field.low, field.high))
        for table in section.tables:
            yield from (cell for row in table.rows for cell in row if cell)
    for series in content.series:
        yield from (value for _name, value, _status in series.points if value and series.chart != FIRE_LOG)
    for row in (*content.factors, *content.evidence, *content.changes):
        yield from map(str, row.values())
    yield from filter(None, (content.total_emissions_kg, content.inputs_sha256, content.gwp_set, content.statement))


def missing_values(content: Content) -> dict[str, list[str]]:
    """By format, the values of the JSON that are not in its file."""
    content = read(canonical(content))
    printed, book, table = (RENDER[suffix](content, AT, Stamp()) for suffix in ("pdf", "xlsx", "csv"))
    text = text_of(printed)
    words, in_pdf = set(text.split()), squeezed(text)
    sheets = openpyxl.load_workbook(io.BytesIO(book), data_only=True)
    in_book = {cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row}
    in_numbers = {
        float(f"{cell:.15g}") for cell in in_book if isinstance(cell, int | float)
    }  # what a spreadsheet keeps
    in_table = {cell.removeprefix("'") for row in csv.reader(io.StringIO(table.decode())) for cell in row}
    found: dict[str, list[str]] = {"pdf": [], "xlsx": [], "csv": []}
    for value in values_of(content):
        printed_as = (value, grouped(value))
        # A short number is a word of its own, or any page number would stand for it.
        is_short = is_number(value) and len(value) <= 12
        if not words.intersection(printed_as) and (is_short or not any(squeezed(v) in in_pdf for v in printed_as)):
            found["pdf"].append(value)
        if value not in in_book and not (is_number(value) and float(f"{float(value):.15g}") in in_numbers):
            found["xlsx"].append(value)
        if value not in in_table:
            found["csv"].append(value)
    return found


@pytest.mark.needs("pdftotext")
def test_each_value_of_the_json_is_in_every_other_file() -> None:
    assert missing_values(make_content(hours=48)) == {"pdf": [], "xlsx": [], "csv": []}


@pytest.mark.needs("pdftotext")
def test_a_value_that_a_format_leaves_out_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "compliance.formats.pdf._section",
        lambda section: {"title": "", "note": "", "fields": [], "tables": [], "wide": False},
    )

    assert "40311.125" in missing_values(make_content(hours=48))["pdf"]


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.sampled_from(
        ["=cmd|'/C calc'!A0", '#panic("x")', "$ * _ ` @ < > \\ [ ]", '"', "L" * 3_000, "-1", "0012", "  ", "9" * 400]
    ),
)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=6).map(lambda number: f"{number:f}")
VALUES = st.one_of(st.none(), TEXTS, NUMBERS)
FIELDS = st.builds(
    Field,
    TEXTS,
    TEXTS,
    VALUES,
    TEXTS,
    st.sampled_from([FIGURE, ENTERED, STATED]),
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    note=TEXTS,
    sum_of=st.lists(TEXTS, max_size=3).map(tuple),
)
COLUMNS = st.builds(Column, TEXTS, TEXTS, TEXTS, st.booleans(), st.booleans())


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=12))
    rows = draw(st.lists(st.tuples(*[VALUES] * len(columns)), max_size=4))
    return Table(draw(TEXTS), draw(TEXTS), tuple(columns), tuple(rows), note=draw(TEXTS))


@st.composite
def contents(draw: st.DrawFn) -> Content:
    sections = st.builds(
        Section, TEXTS, TEXTS, st.lists(FIELDS, max_size=4).map(tuple), st.lists(tables(), max_size=2).map(tuple), TEXTS
    )
    times = st.one_of(TEXTS, st.dates().map(str), st.datetimes().map(str))
    points = st.lists(st.tuples(times, VALUES, st.sampled_from(["measured", "missing", "idle", "x", ""])), max_size=9)
    series = st.builds(Series, TEXTS, TEXTS, TEXTS, points.map(tuple), st.sampled_from([FIRE_LOG, BARS, SHARES]))
    return replace(
        make_content(hours=0),
        language=draw(st.sampled_from(["en", "sw", "hi"])),
        title=draw(TEXTS),
        statement=draw(TEXTS),
        place=draw(TEXTS),
        total_emissions_kg=draw(st.none() | NUMBERS),
        target_met=draw(st.none() | st.booleans()),
        sections=draw(st.lists(sections, max_size=3).map(tuple)),
        series=draw(st.lists(series, max_size=3).map(tuple)),
        factors=draw(st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=3).map(tuple)),
    )


@settings(max_examples=25, deadline=None)
@given(contents())
def test_any_content_comes_in_every_format(content: Content) -> None:
    for suffix, render in RENDER.items():
        assert render(content, AT, Stamp("DRAFT", "https://carbontrack.example/")), suffix

    book = openpyxl.load_workbook(io.BytesIO(RENDER["xlsx"](content, AT, Stamp())))
    for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
        assert str(cell.value).startswith(("=SUM(", "='", "=S")), cell.value


@pytest.mark.needs("pdftotext")
@pytest.mark.parametrize("rows", [0, 2_000])
def test_a_long_table_is_whole(rows: int) -> None:
    columns = (Column("n", "Number"), Column("kg", "Mass", "kg", is_number=True, is_summed=True))
    table = Table("T", "Rows", columns, tuple((f"row-{n}", str(n)) for n in range(rows)))
    content = replace(make_content(hours=0), sections=(Section("S", "S", tables=(table,)),))

    assert missing_values(content) == {"pdf": [], "xlsx": [], "csv": []}
    assert ("1,999,000" in text_of(RENDER["pdf"](content, AT, Stamp()))) is (rows == 2_000)  # 1,999 x 2,000 / 2
