"""A report as a PDF by typst: cover with the fire log, charts, sections, factors, evidence. A4.

Here content becomes display-ready data; the look is in `typst/`. Nothing of a report is ever typst's markup. It is
PDF/A-2a and PDF/UA-1; with a text in a script that none of the fonts has, drawn as boxes, it is a plain PDF.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compliance.formats import chart
from compliance.formats.parts import grouped, head, interval, is_quantity, parts, sums, target_words
from compliance.formats.stamp import NONE, Stamp
from compliance.reports.content import ENTERED, FIRE_LOG, Column, Content, Field, Section, Table
from lib import qr_code

TEMPLATE = Path(__file__).parent / "typst" / "report.typ"
FONTS = [
    str(settings.BASE_DIR / "static" / "vendor" / name)
    for name in ("archivo-narrow-ttf-0.4.2", "noto-sans-devanagari-0.4.1")
]
STANDARDS: dict[str, Any] = {"pdf_standards": ["a-2a", "ua-1"]}
PLATES = 4  # figures on the cover
WIDEST_TEXT, PORTRAIT, LANDSCAPE = 28, 137, 205  # characters: of a column of words, of a row on a page
SIZE_PT = 8.5
FACTS = ("scheme", "gwp_set", "method_version", "inputs_sha256", "sha256", "verify_url", "made_at")


def render(content: Content, made_at: datetime, stamp: Stamp = NONE) -> bytes:
    with translation.override(content.language):
        data = json.dumps(_data(content, made_at, stamp))
    compiler = typst.Compiler(root=str(TEMPLATE.parent), font_paths=FONTS, ignore_system_fonts=True)
    given: dict[str, Any] = {"sys_inputs": {"data": data}, "timestamp": made_at.replace(microsecond=0)}
    try:
        made = compiler.compile(TEMPLATE, format="pdf", **STANDARDS, **given)
    except typst.TypstError:
        made = compiler.compile(TEMPLATE, format="pdf", **given)
    assert isinstance(made, bytes)
    return made


def _data(content: Content, made_at: datetime, stamp: Stamp) -> dict[str, Any]:
    facts = {field.code: field for field in head(content, made_at, stamp)}
    sections = [_section(part) for part in parts(content, made_at, stamp)[1 : -1 if content.series else None]]
    logs = [drawn for series in content.series if series.chart == FIRE_LOG and (drawn := chart.fire_log(series))]
    charts = [chart.bars_or_shares(series) for series in content.series if series.chart != FIRE_LOG and series.points]
    start, end = date.fromisoformat(content.period_start), date.fromisoformat(content.period_end)
    return {
        "language": content.language,
        "title": content.title,
        "place": content.place,
        "period": f"{date_format(start, 'j F Y')} – {date_format(end, 'j F Y')}",
        "statement": content.statement,
        "strip": facts["simulated"].value if content.is_simulated else "",
        "mark": stamp.mark,
        "sha256": facts["sha256"].value,
        "verify_url": stamp.verify_url,
        "qr": qr_code.image(stamp.verify_url, ".svg").decode() if stamp.verify_url else "",
        "plates": _plates(content),
        "facts": [[facts[code].label, facts[code].value or ""] for code in FACTS if code in facts],
        "fire": logs[0] if logs else None,
        "charts": [drawn | {"table": _table(drawn["table"])} for drawn in charts],
        "changes": sections.pop(0) if content.changes else None,
        "sections": sections,
        "words": {
            "page": _("Page %(number)s of %(pages)s") % {"number": "{n}", "pages": "{all}"},
            "digest": _("Digest"),
            "absent": _("not provided"),
            "entered": _("entered"),
            "statement": facts["statement"].label if content.statement else "",
            "columns": [_("Item"), _("Value"), _("Unit"), _("Low to high")],
        },
    }


def _plates(content: Content) -> list[dict[str, Any]]:
    """The total, short for the eye and exact below, and the first figures that have an interval."""
    fields = [f for section in content.sections for f in section.fields if f.low and is_quantity(f)]
    kg = Decimal(content.total_emissions_kg) if content.total_emissions_kg is not None else None
    scales = {"k": 1, "t": 1000}
    of_total = [f for f in fields if Decimal(f.value or 0) * scales.get(f.unit[:1], 0) == kg]
    more = [f"{_('Target')}: {target_words(content)}"]
    value = None
    if kg is not None:
        value = f"{kg / 1000:,.1f}" if kg >= 10_000 else f"{kg / 1000:,.3f}"
        range_of_it = f", {interval(of_total[0])} {of_total[0].unit}" if of_total else ""
        more.insert(0, f"{grouped(content.total_emissions_kg or '')} kg{range_of_it}")
    total = {"label": _("Total emissions"), "value": value, "unit": "t CO2e", "more": "\n".join(more)}
    others = [field for field in fields if field not in of_total][: PLATES - 1]
    return [total, *({**_field(field), "more": interval(field)} for field in others)]


def _section(section: Section) -> dict[str, Any]:
    tables = [_table(table) for table in section.tables]
    return {
        "title": section.title,
        "note": section.note,
        "fields": [_field(field) for field in section.fields],
        "tables": tables,
        "wide": any(table["wide"] for table in tables),
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "code": field.code,
        "label": field.label,
        "note": field.note,
        "value": grouped(field.value or "") if is_quantity(field) else field.value,
        "unit": field.unit,
        "interval": interval(field),
        "number": is_quantity(field),
        "entered": field.origin == ENTERED,
    }


def _table(table: Table) -> dict[str, Any]:
    numbers = [column.is_number for column in table.columns]
    rows = [
        [grouped(cell) if number and cell else cell for cell, number in zip(row, numbers, strict=True)]
        for row in table.rows
    ]
    label, found = sums(table)
    summed = ["" if total is None else grouped(total) for total in found] if label else []
    if summed and not summed[0]:
        summed[0] = label
    columns = [
        {"label": column.label, "unit": column.unit, "number": column.is_number, "weight": _weight(column, cells)}
        for column, *cells in zip(table.columns, *rows, strict=True)
    ]
    characters = sum(column["weight"] for column in columns) + len(columns)
    return {
        "title": table.title,
        "note": table.note,
        "columns": columns,
        "rows": rows,
        "sums": summed,
        "wide": characters > PORTRAIT,
        "size": SIZE_PT * min(1.0, max(0.6, LANDSCAPE / max(characters, 1))),
    }


def _weight(column: Column, cells: Sequence[str | None]) -> int:
    """How many characters wide it wants to be: numbers stay on one line, words wrap."""
    longest = max((len(_("not provided") if cell is None else cell) for cell in cells), default=0)
    header = max((len(word) for word in column.label.split()), default=0)
    return max(5, min(header, WIDEST_TEXT), longest if column.is_number else min(longest, WIDEST_TEXT))
