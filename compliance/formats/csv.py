"""A report as one long table: a row for each field, and for each cell of a table with the number of its row.

Texts that a spreadsheet would run as a formula are defused as in every CSV file of ours.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from django.utils import translation

from compliance.formats.parts import parts
from compliance.formats.stamp import NONE, Stamp
from compliance.reports.content import Content
from lib.exports import cell

COLUMNS = ("section", "code", "row", "label", "value", "unit", "low", "high", "origin", "figure", "note", "simulated")


def render(content: Content, made_at: datetime, stamp: Stamp = NONE) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    with translation.override(content.language):
        simulated = str(content.is_simulated).lower()
        writer.writerows([*map(cell, row), simulated] for row in _rows(content, made_at, stamp))
    return out.getvalue().encode()


def _rows(content: Content, made_at: datetime, stamp: Stamp) -> Iterator[tuple[str | int | None, ...]]:
    for section in parts(content, made_at, stamp):
        if section.note:
            yield section.code, "note", None, section.title, section.note, *[None] * 6
        for f in section.fields:
            yield section.code, f.code, None, f.label, f.value, f.unit, f.low, f.high, f.origin, f.figure, f.note
        for table in section.tables:
            for number, row in enumerate(table.rows, 1):
                # Its main figure is named in the row's first cell.
                figures = [table.figures[number - 1] if table.figures else "", *[""] * len(row)]
                for column, value, figure in zip(table.columns, row, figures, strict=False):
                    code, label = f"{table.code}.{column.code}", f"{table.title}: {column.label}"
                    yield section.code, code, number, label, value, column.unit, None, None, None, figure, table.note
