"""All that a report says as sections in one order: its head, its own sections, charts, factors, evidence, changes.

PDF, XLSX and CSV print these parts, each in its way. Words are in the active language.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from compliance.formats import json
from compliance.formats.stamp import Stamp
from compliance.reports.content import FIGURE, Column, Content, Field, Section, Series, Table
from lib.decimals import plain
from lib.exports import cell

# As our decimals are written: 007 is a text, and so is what no cell of a workbook holds.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,30})?")
_NUMBER_KEYS = re.compile(r"value|bytes|before|after|difference|.*_(kg|pct)")


def is_number(text: str | None) -> bool:
    return text is not None and _NUMBER.fullmatch(text) is not None


def is_quantity(field: Field) -> bool:
    """Whether the value is a number to calculate with: a licence number of digits only is a text."""
    return is_number(field.value) and bool(field.unit or field.origin == FIGURE or field.low)


def grouped(text: str) -> str:
    """A number for people, 1,234.5, with all its digits; other texts as they are."""
    if not is_number(text):
        return text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"


def interval(field: Field) -> str:
    """The low and high of a figure, in words where there is no upper end."""
    if field.low is None:
        return ""
    if field.high is None:
        return _("at least %(low)s") % {"low": grouped(field.low)}
    return _("%(low)s to %(high)s") % {"low": grouped(field.low), "high": grouped(field.high)}


def sums(table: Table) -> tuple[str, list[str | None]]:
    """The exact sum of each summed column, and a label that says when rows without a value are left out.

    Empty label: no column is summed.
    """
    found: list[str | None] = []
    known = len(table.rows)
    for index, column in enumerate(table.columns):
        values = [Decimal(row[index] or 0) for row in table.rows if is_number(row[index])] if column.is_summed else []
        found.append(plain(sum(values, Decimal(0))) if values else None)
        if values:
            known = min(known, sum(row[index] is not None for row in table.rows))
    if not any(found):
        return "", found
    if known == len(table.rows):
        return _("Sum"), found
    return _("Sum, %(known)d of %(rows)d rows known") % {"known": known, "rows": len(table.rows)}, found


def status_words() -> dict[str, str]:
    return {
        "measured": _("measured"),
        "partial": _("partly measured"),
        "substituted": _("substituted"),
        "calculated": _("calculated"),
        "idle": _("idle"),
        "missing": _("no reading"),
    }


def target_words(content: Content) -> str:
    if content.target_met is None:
        return _("not enough data, or no target")
    return _("met") if content.target_met else _("not met")


def parts(content: Content, made_at: datetime, stamp: Stamp) -> tuple[Section, ...]:
    """Every section, the head first. A list without rows is left out."""
    charts = Section("charts", _("Charts"), tables=tuple(map(_points, content.series)))
    changes = _listed("changes", _("Changes from the version before"), content.changes)
    factors = _listed("factors", _("Factors used"), content.factors)
    evidence = _listed("evidence", _("Evidence"), content.evidence)
    return (
        Section("report", _("Report"), fields=head(content, made_at, stamp)),
        *changes,
        *content.sections,
        *factors,
        *evidence,
        *([charts] if content.series else []),
    )


def head(content: Content, made_at: datetime, stamp: Stamp) -> tuple[Field, ...]:
    facts = (
        ("title", _("Report"), content.title),
        ("place", _("Place"), content.place),
        ("period_start", _("First day"), content.period_start),
        ("period_end", _("Last day"), content.period_end),
        ("statement", _("What this report is"), content.statement),
        (
            "simulated",
            _("Figures"),
            _("SIMULATED DATA - not the real factory") if content.is_simulated else _("of a real site"),
        ),
        ("mark", _("State"), stamp.mark),
        ("target_met", _("Target"), target_words(content)),
        ("scheme", _("Scheme"), f"{content.scheme} {content.scheme_version}"),
        ("gwp_set", _("Global warming potentials"), content.gwp_set),
        ("method_version", _("Version of the method"), content.method_version),
        ("inputs_sha256", _("Digest of the inputs (SHA-256)"), content.inputs_sha256),
        ("sha256", _("Digest of the report (SHA-256)"), json.sha256(content)),
        ("verify_url", _("Check it at"), stamp.verify_url),
        ("made_at", _("Copy made at"), f"{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"),
    )
    total = Field("total_emissions_kg", _("Total emissions"), content.total_emissions_kg, "kg CO2e", FIGURE)
    return (total, *(Field(code, label, value) for code, label, value in facts if value))


def _points(series: Series) -> Table:
    words = status_words()
    columns = (
        Column("time", _("Time or name")),
        Column("value", _("Value"), series.unit, is_number=True),
        Column("status", _("Status")),
    )
    rows = tuple((time, value, words.get(status, status)) for time, value, status in series.points)
    return Table(series.code, series.title, columns, rows)


def _listed(code: str, title: str, rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    """A list of facts, a column for each name: the known ones in our order, because stored JSON has lost its own."""
    labels = {
        "id": _("No."),
        "what": _("What"),
        "name": _("Name"),
        "before": _("Before"),
        "after": _("After"),
        "cause": _("Cause"),
        "value": _("Value"),
        "unit": _("Unit"),
        "source": _("Source"),
        "valid_from": _("Valid from"),
        "valid_to": _("Valid until"),
        "version": _("Version"),
        "where": _("Belongs to"),
        "bytes": _("Size in bytes"),
        "sha256": "SHA-256",
    }
    used = {name for row in rows for name in row}
    names = [*(name for name in labels if name in used), *sorted(used - labels.keys())]
    columns = tuple(
        Column(name, labels.get(name, name), is_number=_NUMBER_KEYS.fullmatch(name) is not None) for name in names
    )
    table = Table(code, title, columns, tuple(tuple(_text(row.get(name)) for name in names) for row in rows))
    return [Section(code, title, tables=(table,))] if names else []


def _text(value: Any) -> str | None:
    if isinstance(value, Decimal):
        return plain(value)
    return None if value is None else str(value if isinstance(value, str) else cell(value))
