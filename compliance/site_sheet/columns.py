"""The columns of the sheet, and a row of it as checked values. What is done with a row is in `store.py`."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from factories.forms import CHIMNEY_NUMBERS, SITE_NUMBERS, SOURCE_NUMBERS
from lib.decimals import plain
from lib.forms import ExactNumberField, NumberField, WholeNumberField
from logbook.sheets.questions import SheetError
from logbook.sheets.read import Cell, SheetTable

MOST_SITES = 2_000
LONGEST_SHOWN = 60
YES, NO = ("yes", "true", "1", "ndiyo"), ("no", "false", "0", "hapana")
_FORMULA = ("=", "@")


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong with a row, beside its column (empty: the row as a whole)."""

    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class SiteSheetRow:
    """One filled row. `values` holds what stands in it, checked; `problems` what cannot be used."""

    number: int
    values: dict[str, Any]
    problems: list[CellProblem] = field(default_factory=list)

    @property
    def site(self) -> str:
        return str(self.values.get("site", ""))


class _Text(forms.CharField):
    def to_python(self, value: Any) -> str:
        text = " ".join(str(value).split())
        if text.startswith(_FORMULA):
            raise ValidationError(_("This cell begins like a formula; write its text or number."))
        return text


class _Code(_Text):
    def to_python(self, value: Any) -> str:
        return super().to_python(value).lower().replace(" ", "_")


class _Country(_Text):
    def to_python(self, value: Any) -> str:
        return super().to_python(value).upper()


class _YesOrNo(_Text):
    def to_python(self, value: Any) -> Any:
        word = super().to_python(value).casefold()
        if word not in (*YES, *NO):
            raise ValidationError(_("Write yes or no."))
        return word in YES


# name -> how its cell is read, and an example for the template
COLUMNS: dict[str, tuple[forms.Field, str]] = {
    "site": (_Text(max_length=120), "Litein Tea Factory"),
    "county": (_Text(max_length=80), "Kericho"),
    "location": (_Text(max_length=120), "Litein"),
    "country": (_Country(max_length=2), "KE"),
    "sector": (_Code(max_length=40), "tea"),
    "altitude_m": (SITE_NUMBERS["altitude_m"](), "1960"),
    "altitude_is_estimated": (_YesOrNo(), "yes"),
    "latitude": (SITE_NUMBERS["latitude"](), "-0.58249"),
    "longitude": (SITE_NUMBERS["longitude"](), "35.18969"),
    "time_zone": (_Text(max_length=40), "Africa/Nairobi"),
    "day_starts_at": (WholeNumberField(), "6"),
    "mine_class": (_Code(max_length=40), ""),
    "boiler_capacity_kw": (SOURCE_NUMBERS["capacity_kw"](), "6000"),
    "chimney": (_Text(max_length=80), "Chimney 1"),
    "diameter_m": (CHIMNEY_NUMBERS["diameter_m"](), "0.9"),
    "width_m": (CHIMNEY_NUMBERS["width_m"](), ""),
    "height_m": (CHIMNEY_NUMBERS["height_m"](), ""),
    "velocity_profile_factor": (CHIMNEY_NUMBERS["velocity_profile_factor"](), "0.84"),
    "manager_phone": (_Text(max_length=40), "0712 345 678"),
    "target_metric": (_Code(max_length=40), "intensity"),
    "target_scope": (_Text(max_length=3), "1+2"),
    "base_year": (WholeNumberField(), "2025"),
    "base_value": (ExactNumberField(decimals=6), "0.12"),
    "target_year": (WholeNumberField(), "2030"),
    "target_value": (ExactNumberField(decimals=6), "0.09"),
}


def _value(column: str, cell: Cell) -> Any:
    """The checked value of a cell. Raises ValidationError, which says why it cannot be used and what to do."""
    if isinstance(cell, (datetime, date, time, timedelta)):
        raise ValidationError(_("This cell holds a date; write it as text."))
    field, written = COLUMNS[column][0], str(cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):  # a workbook has cells TRUE
        if not isfinite(cell):
            raise ValidationError(_("Write a number, like 1960.5."))
        number = Decimal(written)
        # Excel keeps a phone number or a year as a number: 712345678.0.
        return field.clean(number if isinstance(field, NumberField) else plain(number))
    return field.clean(written)


def find_table(tables: Sequence[SheetTable]) -> tuple[SheetTable, dict[int, str]]:
    """The only table with a header of ours, and the column of each of its cells. Raises SheetError."""
    found = [(table, header) for table in tables if (header := _header(table)) and "site" in header.values()]
    if not found:
        words = _("No row of column names with “site” was found. Download the template, and fill it in.")
        raise SheetError(words)
    if len(found) > 1:
        raise SheetError(_("Several sheets of the workbook have a column “site”: keep one, or save it as CSV."))
    table, header = found[0]
    if unknown := [name for name in header.values() if name not in COLUMNS]:
        known = ", ".join(COLUMNS)
        raise SheetError(
            _("These columns are unknown: %(unknown)s. Known are: %(known)s.")
            % {"unknown": ", ".join(name[:LONGEST_SHOWN] for name in unknown[:5]), "known": known}
        )
    if len(set(header.values())) < len(header):
        raise SheetError(_("A column stands there twice: keep one of them."))
    if len(table.rows) > MOST_SITES + 1:
        raise SheetError(_("The sheet has more than %d rows: split it.") % MOST_SITES)
    return table, header


def _header(table: SheetTable) -> dict[int, str]:
    first = table.rows[0].cells
    names = {at: "_".join(str(cell).strip().casefold().split()) for at, cell in enumerate(first) if cell is not None}
    return {at: name for at, name in names.items() if name}


def rows_of(table: SheetTable, header: dict[int, str]) -> Iterator[SiteSheetRow]:
    """The rows below the header, each with what is wrong in its cells."""
    for row in table.rows[1:]:
        found = SiteSheetRow(row.number, {})
        for at, cell in enumerate(row.cells):
            if cell is None or not str(cell).strip():
                continue
            name = header.get(at)
            if name is None:
                found.problems.append(CellProblem("", str(cell)[:LONGEST_SHOWN], _("This cell has no column name.")))
                continue
            try:
                found.values[name] = _value(name, cell)
            except ValidationError as error:
                found.problems.append(CellProblem(name, str(cell)[:LONGEST_SHOWN], " ".join(error.messages)))
        if not found.site and not any(one.column == "site" for one in found.problems):
            found.problems.append(CellProblem("site", "", _("Every row names its site.")))
        yield found


def template_csv() -> str:
    """The column names and one example, to fill in."""
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, [example for _field, example in COLUMNS.values()]])
    return "\ufeff" + out.getvalue()  # a spreadsheet reads UTF-8 by this mark
