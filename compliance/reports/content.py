"""What a report says, as data: a scheme fills it, formats print it, its canonical JSON is what is signed.

Every value is a text that reads the same in each format: decimals without exponent, dates in ISO 8601. None is "not
provided", never zero. Labels are in the language in which the report was made.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

# Where a value comes from.
FIGURE = "figure"  # computed from what is stored; `figure` opens "Why this number"
ENTERED = "entered"  # typed by a person for this report
STATED = "stated"  # set-up of the site or organisation, text of the scheme

# What draws a series.
FIRE_LOG = "fire_log"  # hours or days of a period, as a ribbon a month
BARS = "bars"  # a bar a month; points of one month stand on each other
SHARES = "shares"  # one bar of 100 % by name


@dataclass(frozen=True, slots=True)
class Field:
    """One labelled value."""

    code: str  # of the scheme, like E.fossil_co2_t; once in a report
    label: str
    value: str | None
    unit: str = ""
    origin: str = STATED
    low: str | None = None
    high: str | None = None  # None beside a `low`: at least
    figure: str = ""  # identity for `/explain/?figure=`
    sum_of: tuple[str, ...] = ()  # codes of fields whose exact sum it is: a live formula in XLSX
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    code: str
    label: str
    unit: str = ""
    is_number: bool = False
    is_summed: bool = False  # the table ends with the sum of the column


@dataclass(frozen=True, slots=True)
class Table:
    code: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | None, ...], ...]
    figures: tuple[str, ...] = ()  # identity of each row's main figure, or none
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    code: str  # like E, or scope_1
    title: str
    fields: tuple[Field, ...] = ()
    tables: tuple[Table, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """What a chart or the fire log on the cover shows. A value of None is "no reading"."""

    code: str
    title: str
    unit: str
    points: tuple[tuple[str, str | None, str], ...]  # time or name, value, status (measured, substituted, missing, ...)
    chart: str = BARS


@dataclass(frozen=True, slots=True)
class Content:
    """A whole report. The same content gives the same bytes in each format."""

    scheme: str
    scheme_version: str
    language: str
    title: str
    statement: str  # binding for this product or voluntary, since when
    place: str  # name of the site or organisation
    period_start: str
    period_end: str  # inclusive
    gwp_set: str
    method_version: str
    inputs_sha256: str
    total_emissions_kg: str | None
    target_met: bool | None
    is_simulated: bool
    sections: tuple[Section, ...] = ()
    series: tuple[Series, ...] = ()
    factors: tuple[dict[str, Any], ...] = ()  # rows used: id, what, value, unit, source, validity, version
    evidence: tuple[dict[str, Any], ...] = ()  # files: name, sha256, bytes, where it hangs
    changes: tuple[dict[str, Any], ...] = field(default=())  # of a supplementary version, each with its cause

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
