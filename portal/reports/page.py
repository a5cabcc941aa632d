"""What the pages of reports show: rows of the list, what is due, and one report."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from compliance.formats.json import read
from compliance.models import ComplianceReport, ReportState
from compliance.reports.content import Content
from compliance.reports.files import formats_of
from compliance.reports.queries import DueReport
from compliance.reports.verify import in_force
from compliance.schemes import schemes

FORMS = {
    ReportState.DRAFT: "look",
    ReportState.SIGNED: "look",
    ReportState.PUBLISHED: "fine",
    ReportState.SUPERSEDED: "unknown",
    ReportState.WITHDRAWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class ReportRow:
    report: ComplianceReport
    title: str
    form: str
    target: str


@dataclass(frozen=True, slots=True)
class DueRow:
    """What is due, and the first thing to do about it."""

    title: str
    place: str
    due_on: date
    form: str
    blocker: str
    act_url: str
    act_label: str
    minutes: int | None


@dataclass(frozen=True, slots=True)
class ReportPage:
    row: ReportRow
    content: Content
    errors: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    total_t: Decimal | None
    formats: list[str]
    in_force: ComplianceReport | None  # of a superseded one


def report_row(report: ComplianceReport) -> ReportRow:
    target = {True: _("target met"), False: _("above its target"), None: _("not enough data for the target")}
    return ReportRow(report, title_of(report.scheme), FORMS[ReportState(report.state)], target[report.target_met])


def scheme_titles() -> list[tuple[str, str]]:
    return sorted(((code, str(scheme.title)) for code, scheme in schemes().items()), key=lambda one: one[1])


def title_of(code: str) -> str:
    """A report outlives its scheme."""
    return str(schemes()[code].title) if code in schemes() else code


def due_row(due: DueReport, today: date) -> DueRow:
    days, report, blocker = (due.due_on - today).days, due.report, due.blocker
    query = f"scheme={due.scheme.code}&factory={due.factory.pk if due.factory else ''}"
    period = f"&period_start={due.first_day}&period_end={due.last_day}"
    words, label, minutes = _("It is not begun."), _("Make the draft"), None
    url = f"{reverse('report-new')}?{query}{period}"
    if report is not None:
        own = reverse("report", args=[report.pk])
        words, label, url = _("No check blocks it: it waits for a signature."), _("Open"), own
        if report.state == ReportState.SIGNED:
            words = _("It is signed and waits to be published.")
        elif blocker:
            words, label, minutes = blocker["sentence"], _("Fix"), blocker["minutes"]
            url = f"{own}{blocker['link']}" if blocker["link"].startswith("#") else blocker["link"] or own
    return DueRow(
        title=str(due.scheme.title),
        place=str(due.factory or due.organisation),
        due_on=due.due_on,
        form="act" if days < 0 else "look" if days <= 30 else "fine",
        blocker=words,
        act_url=url,
        act_label=label,
        minutes=minutes,
    )


def report_page(report: ComplianceReport) -> ReportPage:
    kg = report.total_emissions_kg
    return ReportPage(
        row=report_row(report),
        content=read(bytes(report.content)),
        errors=[one for one in report.findings if one["severity"] == "error"],
        warnings=[one for one in report.findings if one["severity"] == "warning"],
        total_t=None if kg is None else kg / 1000,
        formats=formats_of(report),
        in_force=in_force(report) if report.state == ReportState.SUPERSEDED else None,
    )
