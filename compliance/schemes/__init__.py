"""What a reporting scheme is, and the register of those that a report can follow.

A scheme is one module of this package: it names its `SCHEME`. Adding the file adds the scheme. Here are the parts that
a scheme is made of; the life of a report is in `compliance/reports/`, what it says has the shapes of
`compliance/reports/content.py`.
"""

import importlib
import pkgutil
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache

from django.utils.functional import Promise

from compliance.inventory.lines import Inventory, Line, of_scopes
from compliance.reports.content import ENTERED, Content, Field, Section, Series
from compliance.targets import Verdict
from factories.models import Factory, Organisation
from lib.decimals import plain
from science.rounding import decimal_kg

LARGEST_ENTERED = Decimal(10) ** 15
Text = str | Promise


class Level(StrEnum):
    SITE = "site"
    ORGANISATION = "organisation"


class EnteredKind(StrEnum):
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    CHOICE = "choice"


class CheckSeverity(StrEnum):
    ERROR = "error"  # blocks signing
    WARNING = "warning"  # stated in the report


# --- When -------------------------------------------------------------------------------------
def month_after(first: date, months: int) -> date:
    """The first day of the month so many months later."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """Periods of whole calendar months. `months` long, the first of a year beginning in `starts_in`.

    at_least_months : other whole months are allowed from this length; 0: only the periods of the rule
    """

    months: int = 12
    starts_in: int = 1
    at_least_months: int = 0

    def allows(self, first: date, end: date) -> bool:
        """`end` is exclusive."""
        if first.day != 1 or end.day != 1 or end <= first:
            return False
        length = (end.year - first.year) * 12 + end.month - first.month
        is_regular = length == self.months and (first.month - self.starts_in) % self.months == 0
        return is_regular or (bool(self.at_least_months) and self.at_least_months <= length <= 12)

    def last_over(self, day: date) -> tuple[date, date]:
        """The last period of the rule that is over on a day; its end is exclusive."""
        end = date(day.year, day.month, 1)
        while (end.month - self.starts_in) % self.months:
            end = month_after(end, -1)
        return month_after(end, -self.months), end


@dataclass(frozen=True, slots=True)
class DueRule:
    """Due on a day of a month after the period, like 30 September: `DueRule(months_after=9, day=30)` of a year."""

    months_after: int
    day: int

    def due(self, end: date) -> date:
        """Of a period that ends before `end`. A day that the month does not have is its last."""
        month = month_after(end, self.months_after - 1)
        return month.replace(day=min(self.day, monthrange(month.year, month.month)[1]))


# --- What we do not measure -------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class EnteredField:
    """A value that a person types for the report. Left blank it is "not provided", never zero."""

    code: str
    label: Text
    unit: str = ""
    kind: EnteredKind = EnteredKind.NUMBER
    help: Text = ""
    choices: tuple[tuple[str, Text], ...] = ()
    least: Decimal = Decimal(0)
    largest: Decimal = LARGEST_ENTERED
    is_required: bool = False  # blank is an error of the draft, else a warning
    is_carried_over: bool = True  # the last report's value is proposed


# --- What a scheme gets -----------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """Everything that a report is a function of. The same inputs give the same content."""

    organisation: Organisation
    factories: tuple[Factory, ...]  # those that the report covers; of a site's report this one
    factory: Factory | None  # None: a report of the organisation
    first_day: date
    end_day: date  # exclusive
    inventory: Inventory
    verdict: Verdict | None  # on the target of the place; None: no target is set
    verdicts: Mapping[int, Verdict]  # on the own targets of the factories, by factory
    entered: Mapping[str, str]  # by code of the field; without those left blank
    language: str
    known_on: datetime  # figures as known on this moment; also "now" of the report
    is_simulated: bool = False

    @property
    def place(self) -> str:
        return self.factory.name if self.factory else self.organisation.name

    def field(self, entered: EnteredField) -> Field:
        """The entered value as a field of the report."""
        value = self.entered.get(entered.code)
        if value is not None and entered.kind == EnteredKind.CHOICE:
            value = str(dict(entered.choices).get(value, value))
        return Field(entered.code, str(entered.label), value, entered.unit, ENTERED)

    def number(self, code: str) -> Decimal | None:
        """An entered number; None: not provided."""
        return Decimal(self.entered[code]) if code in self.entered else None


# --- What a check says ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CheckFinding:
    """What stands between a draft and its signature, and where it is put right."""

    code: str
    severity: CheckSeverity
    sentence: str
    minutes: int  # about how long the fix takes
    link: str  # address of the page of the fix, below the site's root; empty: none


Check = Callable[[ReportInputs], Iterable[CheckFinding]]


# --- The scheme -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A reporting scheme. `fill` and `checks` are functions of the inputs alone, without the clock."""

    code: str
    version: str  # of our layout; a report keeps the one it was made with
    title: Text
    statement: Text  # binding for this product or voluntary, since when, by which source
    levels: frozenset[Level]
    fill: Callable[[ReportInputs], Content]
    checks: tuple[Check, ...] = ()
    entered: tuple[EnteredField, ...] = ()
    valid_from: date | None = None  # periods that begin on or after it
    valid_to: date | None = None  # and before it
    sectors: frozenset[str] = frozenset()  # empty: all
    country: str = ""  # ISO 3166-1; empty: all
    gwp_set: str = ""  # the default of the scheme wins; empty: the organisation's
    period: PeriodRule = PeriodRule()
    due: DueRule | None = None  # None: no date is set
    is_binding: bool = False  # a law asks it of this product; else voluntary
    formats: tuple[str, ...] = ()  # beside those of every report

    def covers(self, organisation: Organisation, factory: Factory | None) -> bool:
        """Whether a place can report by this scheme, at any period."""
        level = Level.SITE if factory else Level.ORGANISATION
        if level not in self.levels or self.country not in ("", (factory or organisation).country):
            return False
        if not self.sectors:
            return True
        if factory:
            return factory.sector in self.sectors
        return organisation.factories.filter(sector__in=self.sectors).exists()

    def is_valid_for(self, first: date) -> bool:
        return (not self.valid_from or self.valid_from <= first) and (not self.valid_to or first < self.valid_to)


def content(
    scheme: Scheme,
    inputs: ReportInputs,
    sections: Iterable[Section],
    *,
    series: Iterable[Series] = (),
    of_total: Callable[[Line], bool] = of_scopes,
) -> Content:
    """A report of the scheme with the header that all have. Its total is that of the lines `of_total`.

    Factors, evidence, warnings and changes are added by the life of the report.
    """
    inventory = inputs.inventory
    total_kg = inventory.co2e(of_total).likely_kg if any(map(of_total, inventory.lines)) else None
    return Content(
        scheme=scheme.code,
        scheme_version=scheme.version,
        language=inputs.language,
        title=str(scheme.title),
        statement=str(scheme.statement),
        place=inputs.place,
        period_start=inputs.first_day.isoformat(),
        period_end=date.fromordinal(inputs.end_day.toordinal() - 1).isoformat(),
        gwp_set=inventory.gwp_set,
        method_version=inventory.method_version,
        inputs_sha256=inventory.inputs_sha256,
        total_emissions_kg=None if total_kg is None else plain(decimal_kg(total_kg)),
        target_met=inputs.verdict.met if inputs.verdict else None,
        is_simulated=inputs.is_simulated,
        sections=tuple(sections),
        series=tuple(series),
    )


# --- The register -----------------------------------------------------------------------------
@cache
def schemes() -> dict[str, Scheme]:
    """All schemes by code: each module of this package that has a `SCHEME`."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    found: list[Scheme] = [module.SCHEME for module in modules if hasattr(module, "SCHEME")]
    by_code = {scheme.code: scheme for scheme in found}
    if len(by_code) < len(found):
        raise RuntimeError("two schemes have one code")
    return by_code
