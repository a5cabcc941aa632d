"""The checks of every report, beside those of its scheme. An error blocks the signature, the report states a warning.

A check says what is wrong, how many minutes the fix takes, and where it is made.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance.queries import Sums, series
from compliance.reports.content import Column, Content, Section, Table
from compliance.schemes import CheckFinding, CheckSeverity, ReportInputs, Scheme, month_after
from compliance.schemes.checks import differing_sums
from factories.days import ONE_DAY
from factories.models import Factory
from factories.sectors import SECTORS
from science.intensity import KNOWN_SHARE

ENTERED_LINK = "#entered"  # on the page of the report itself
MINUTES_PER_DAY = 2  # to log a forgotten day
MINUTES_PER_FIELD = 3
_ERROR, _WARNING = CheckSeverity.ERROR, CheckSeverity.WARNING


def findings_of(scheme: Scheme, inputs: ReportInputs, content: Content) -> tuple[CheckFinding, ...]:
    """Errors first, the quickest fix first. A scheme's own finding replaces ours of the same code."""
    own = [finding for check in scheme.checks for finding in check(inputs)]
    words = _("%(code)s is not the sum of its parts.")
    own += [CheckFinding("sum_differs", _ERROR, words % {"code": code}, 30, "") for code in differing_sums(content)]
    known = {finding.code for finding in own}
    ours = [finding for finding in _of_all(scheme, inputs) if finding.code not in known]
    return tuple(sorted([*own, *ours], key=lambda one: (one.severity != _ERROR, one.minutes, one.code, one.link)))


def stated(findings: Iterable[CheckFinding]) -> tuple[Section, ...]:
    """The warnings, as the last section of the report; none where there is none."""
    rows = tuple((finding.code, finding.sentence) for finding in findings if finding.severity == _WARNING)
    if not rows:
        return ()
    columns = (Column("code", _("Check")), Column("sentence", _("What it found")))
    table = Table("warnings.found", _("Warnings of the checks"), columns, rows)
    return (Section("warnings", _("What to know about these figures"), tables=(table,)),)


def _of_all(scheme: Scheme, inputs: ReportInputs) -> Iterator[CheckFinding]:
    if inputs.known_on < _ended_at(inputs):
        words = _("The period is not over: the report can be signed from %(day)s.")
        day = inputs.end_day.isoformat()
        yield CheckFinding("period_not_over", _ERROR, words % {"day": day}, 0, "")
    if not inputs.factories:
        yield CheckFinding("no_sites", _ERROR, _("No site was in use in this period."), 5, reverse("network"))
    yield from _completeness(inputs)
    blank = [field for field in scheme.entered if field.code not in inputs.entered]
    for field in blank:
        if field.is_required:
            words = _("%(field)s is required and not provided.") % {"field": field.label}
            yield CheckFinding(f"required.{field.code}", _ERROR, words, MINUTES_PER_FIELD, ENTERED_LINK)
    count = sum(not field.is_required for field in blank)
    if count:
        words = ngettext(
            "%(count)d entered value is not provided.", "%(count)d entered values are not provided.", count
        )
        words = words % {"count": count}
        yield CheckFinding("not_provided", _WARNING, words, MINUTES_PER_FIELD * count, ENTERED_LINK)


def _ended_at(inputs: ReportInputs) -> datetime:
    """When the last calendar day is over at all sites."""
    ends = [datetime.combine(inputs.end_day, datetime.min.time(), site.zone) for site in inputs.factories]
    return max(ends, default=inputs.known_on)


def _completeness(inputs: ReportInputs) -> Iterator[CheckFinding]:
    sites = {site.pk: site for site in inputs.factories}
    last_day = inputs.end_day - ONE_DAY
    monthly = series(sites, inputs.first_day, last_day, by="month", now=inputs.known_on)
    by_month = {(row.factory_id, row.bucket): row for row in monthly}
    for found in inputs.inventory.completeness:
        site = sites[found.factory_id]
        names = ["electricity_days", "production_days"]
        if SECTORS[site.sector].burns_for_heat:
            names.insert(0, "heat_days")
        for name in names:
            if getattr(found, name) < found.days:
                month = _first_gap(inputs, site.pk, name, by_month)
                yield _unlogged(site, name, found.days, getattr(found, name), month)
        if found.hours.missing:
            words = _("%(site)s: %(count)d chimney hours have no mass of record.")
            words = words % {"site": site.name, "count": found.hours.missing}
            yield CheckFinding("hours_missing", _WARNING, words, 10, reverse("factory", args=[site.pk]))


def _first_gap(inputs: ReportInputs, pk: int, name: str, by_month: dict[tuple[int, date | None], Sums]) -> date:
    """The first month that lacks a day, which is where the log is filled in."""
    months = [inputs.first_day.replace(day=1)]
    while month_after(months[-1], 1) < inputs.end_day:
        months.append(month_after(months[-1], 1))
    for month in months:
        row = by_month.get((pk, month))
        if row is None or getattr(row, name) < monthrange(month.year, month.month)[1]:
            return month
    return months[-1]


def _unlogged(site: Factory, name: str, days: int, logged: int, month: date) -> CheckFinding:
    """What is known for fewer than 80 % of the days is no basis of a report."""
    items = {"heat_days": _("heat"), "electricity_days": _("electricity"), "production_days": _("production")}
    blocks = name != "production_days" and logged < Decimal(str(KNOWN_SHARE)) * days
    words = _("%(site)s: %(item)s is logged on %(logged)d of %(days)d days.")
    words = words % {"site": site.name, "item": items[name], "logged": logged, "days": days}
    link = reverse("month", args=[site.pk, f"{month:%Y-%m}"])
    code = f"{name.removesuffix('_days')}_missing"
    return CheckFinding(code, _ERROR if blocks else _WARNING, words, MINUTES_PER_DAY * (days - logged), link)
