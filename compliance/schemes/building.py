"""Short ways to write what a scheme is made of: entered fields, columns, tables, sections. Labels may be lazy."""

from collections.abc import Iterable
from decimal import Decimal

from compliance.reports.content import Column, Field, Section, Table
from compliance.schemes import LARGEST_ENTERED, EnteredField, EnteredKind, ReportInputs, Text
from compliance.schemes.figures import printed

PERCENT = Decimal(100)
NOT_APPLICABLE = "–"  # of a cell that no value belongs in; None is a value that nobody gave


# --- Entered
def text(code: str, label: Text, *, required: bool = False, kept: bool = True) -> EnteredField:
    return EnteredField(code, label, kind=EnteredKind.TEXT, is_required=required, is_carried_over=kept)


def day(code: str, label: Text, *, required: bool = False, kept: bool = True) -> EnteredField:
    return EnteredField(code, label, kind=EnteredKind.DATE, is_required=required, is_carried_over=kept)


def number(code: str, label: Text, unit: str = "", *, required: bool = False, kept: bool = True) -> EnteredField:
    """Of a period, unless it is `kept` for the next report. A percentage is at most 100."""
    largest = PERCENT if unit == "%" else LARGEST_ENTERED
    return EnteredField(code, label, unit, largest=largest, is_required=required, is_carried_over=kept)


# --- Printed
def stated(code: str, label: Text, value: object, unit: str = "", *, note: Text = "") -> Field:
    """Set-up, or words of the scheme."""
    return Field(code, str(label), None if value in (None, "") else str(value), unit, note=str(note))


def section(
    code: str, title: Text, fields: Iterable[Field] = (), tables: Iterable[Table] = (), *, note: Text = ""
) -> Section:
    return Section(code, str(title), tuple(fields), tuple(tables), str(note))


def entered(
    inputs: ReportInputs, code: str, title: Text, fields: Iterable[EnteredField], *, note: Text = ""
) -> Section:
    return section(code, title, map(inputs.field, fields), note=note)


def words(code: str, label: Text, unit: str = "") -> Column:
    return Column(code, str(label), unit)


def numbers(code: str, label: Text, unit: str = "") -> Column:
    return Column(code, str(label), unit, is_number=True)


def summed(code: str, label: Text, unit: str) -> Column:
    """The table ends with the sum of the column."""
    return Column(code, str(label), unit, is_number=True, is_summed=True)


def table(code: str, title: Text, columns: Iterable[Column], rows: Iterable[Iterable[object]]) -> Table:
    return Table(code, str(title), tuple(columns), tuple(tuple(map(cell, row)) for row in rows))


def cell(value: object) -> str | None:
    if value is None:
        return None
    return printed(value) if isinstance(value, Decimal) else str(value)
