"""A report as a PDF by typst: cover with the fire log, charts, sections, factors, evidence. A4.

Here content becomes display-ready data; the look is in `typst/`. Nothing of a report is ever typst's markup. It is
PDF/A-2a and PDF/UA-1; with a text in a script that none of the fonts has, drawn as boxes, it is a plain PDF.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
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
WIDEST_TEXT, PORTRAIT, LANDSCAPE = 28, 135, 202  # characters: of a column of words, of a row on a page
SIZE_PT, SMALLEST = 8.5, 0.78  # of a table's text, and the share of it that can still be read
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
            "none": _("none"),
            "statement": facts["statement"].label if content.statement else "",
            "columns": [_("Item"), _("Value"), _("Unit"), _("Low to high")],
        },
    }


def _plates(content: Content) -> list[dict[str, Any]]:
    """The total and the first figures that have an interval, to four digits for the eye; what is exact stands below."""
    fields = [f for section in content.sections for f in section.fields if f.low and is_quantity(f)]
    kg = content.total_emissions_kg
    scales = {"k": Decimal("0.001"), "t": Decimal(1)}
    total_t = None if kg is None else _short(str(Decimal(kg) / 1000))
    of_total = [f for f in fields if _short(str(Decimal(f.value or 0) * scales.get(f.unit[:1], 0))) == total_t]
    total = {
        "label": _("Total emissions"),
        "value": total_t,
        "unit": "t CO2e",
        "more": "\n".join(
            [
                *([f"{grouped(kg)} kg"] if kg else []),
                *(f"{_short_interval(field)} {field.unit}" for field in of_total[:1]),
                ": ".join([_("Target"), target_words(content)]),
            ]
        ),
    }
    others = [field for field in fields if field not in of_total][: PLATES - 1]
    short = [{"value": _short(field.value or "0"), "more": _short_interval(field)} for field in others]
    return [total, *({**_field(field), **shown} for field, shown in zip(others, short, strict=True))]


def _short(text: str) -> str:
    number = Decimal(text)
    return f"{number:,.{min(max(3 - number.adjusted(), 0), 6)}f}" if number else "0"


def _short_interval(field: Field) -> str:
    return interval(replace(field, low=_short(field.low or "0"), high=field.high and _short(field.high)))


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
        "entered": field.origin == ENTERED and field.value is not None,
    }


def _table(table: Table) -> dict[str, Any]:
    numbers = [column.is_number for column in table.columns]
    rows = [
        [grouped(cell) if number and cell else cell for cell, number in zip(row, numbers, strict=True)]
        for row in table.rows
    ]
    label, found = sums(table)
    totals = [total and grouped(total) for total in found]
    first = next((index for index, total in enumerate(found) if total is not None), 0)
    columns = [
        {
            "label": column.label,
            "unit": column.unit,
            "number": column.is_number,
            "weight": _weight(column, cells, total),
        }
        for column, total, *cells in zip(table.columns, totals, *rows, strict=True)
    ]
    characters = sum(column["weight"] for column in columns)
    is_wide = characters > PORTRAIT / SMALLEST
    return {
        "title": table.title,
        "note": table.note,
        "columns": columns,
        "rows": rows,
        "sum": label,
        "sum_after": first,
        "sums": [total or "" for total in totals[first:]] if label else [],
        "wide": is_wide,
        "size": SIZE_PT * min(1.0, max(SMALLEST, (LANDSCAPE if is_wide else PORTRAIT) / max(characters, 1))),
    }


def _weight(column: Column, cells: Sequence[str | None], total: str | None) -> int:
    """How many characters wide it wants to be, with its margins: numbers stay on one line, words wrap."""
    longest = max(len(_("not provided") if cell is None else cell) for cell in (*cells, total or ""))
    header = max((len(word) for word in column.label.split()), default=0)
    return 2 + max(4, min(header, WIDEST_TEXT), longest if column.is_number else min(longest, WIDEST_TEXT))
