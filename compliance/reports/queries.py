"""Reads of reports: who sees which, when the next ones are due, and what blocks each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.permissions import AnyUser, organisations_of, token_of, visible_to
from accounts.roles import Action
from compliance.models import ComplianceReport, ReportState
from compliance.models.reports import OPEN_REPORT, OUT
from compliance.schemes import CheckSeverity, Scheme, schemes
from factories.models import Factory, Organisation

HEAVY = ("content", "statement", "verdicts")


def visible_reports(user: AnyUser, action: Action = Action.VIEW_REPORTS) -> QuerySet[ComplianceReport]:
    """Of the user's sites, and of organisations that the user sees as a whole; drafts only with the right to them."""
    found = _within(user, action)
    if action == Action.VIEW_REPORTS:
        drafts = _within(user, Action.VIEW_REPORT_DRAFTS)
        found = Q(state__in=OUT) & found | drafts
    rows = ComplianceReport.objects.select_related("organisation", "factory", "supersedes", "created_by")
    return rows.filter(found).defer(*HEAVY).order_by("-period_end", "-pk")


def report_of(user: AnyUser, pk: int, action: Action) -> ComplianceReport:
    """A report on which the user has the right: 404 out of scope, 403 without it."""
    report = visible_reports(user).filter(pk=pk).first()
    if report is None:
        raise Http404
    if not visible_reports(user, action).filter(pk=pk).exists():
        raise PermissionDenied(str(action))
    return report


def _within(user: AnyUser, action: Action) -> Q:
    sites = visible_to(user, Factory.objects.all(), factory_path="", action=action)
    found = Q(factory__in=sites)
    token = token_of(user)
    if token is None or not token.factory_id:
        found |= Q(factory__isnull=True, organisation__in=organisations_of(user, action))
    return found


# --- Due --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DueReport:
    """The last period of a scheme that is over at a place, and what stands between it and its publication."""

    scheme: Scheme
    organisation: Organisation
    factory: Factory | None
    first_day: date
    end_day: date  # exclusive
    due_on: date
    report: ComplianceReport | None  # None: not begun

    @property
    def is_done(self) -> bool:
        return self.report is not None and self.report.is_out

    @property
    def last_day(self) -> date:
        return self.end_day - timedelta(days=1)

    @property
    def blocker(self) -> dict[str, Any] | None:
        """The first error of the draft's checks, which has the quickest fix."""
        if self.report is None or self.report.state != ReportState.DRAFT:
            return None
        return next((one for one in self.report.findings if one["severity"] == CheckSeverity.ERROR), None)


def due_reports(
    organisations: Iterable[Organisation], today: date, factories: Iterable[Factory] | None = None
) -> list[DueReport]:
    """By scheme and place, what is due first before the rest: what a law asks, and what the organisation follows.

    With `factories` of these alone. One query for all reports.
    """
    by_id = {organisation.pk: organisation for organisation in organisations}
    sites = Factory.objects.in_use().filter(organisation__in=by_id) if factories is None else factories
    places: list[tuple[Organisation, Factory | None]] = [(by_id[site.organisation_id], site) for site in sites]
    if factories is None:
        places += [(organisation, None) for organisation in by_id.values()]
    reports = ComplianceReport.objects.filter(organisation__in=by_id, state__in=[*OPEN_REPORT, ReportState.PUBLISHED])
    known: dict[tuple[Any, ...], ComplianceReport] = {}
    for report in reports.defer(*HEAVY).order_by("pk"):
        key = (report.organisation_id, report.factory_id, report.scheme, report.period_start, report.end_day)
        if key not in known or not known[key].is_out:  # a supplementary draft does not undo what was published
            known[key] = report
    found = [
        DueReport(scheme, *place, first, end, due_on, known.get((*_ids(*place), scheme.code, first, end)))
        for place in places
        for scheme, first, end, due_on in _asked(*place, today)
    ]
    return sorted(found, key=lambda one: (one.is_done, one.due_on, one.scheme.code, str(one.factory or "")))


def _ids(organisation: Organisation, site: Factory | None) -> tuple[int, int | None]:
    return organisation.pk, site.pk if site else None


def _asked(organisation: Organisation, site: Factory | None, today: date) -> Iterator[tuple[Scheme, date, date, date]]:
    for scheme in schemes().values():
        is_followed = scheme.is_binding or scheme.code in organisation.report_schemes
        if scheme.due and is_followed and scheme.covers(organisation, site):
            first, end = scheme.period.last_over(today)
            # A place that was added after the period owes nothing for it.
            if scheme.is_valid_for(first) and (site or organisation).created_at.date() < end:
                yield scheme, first, end, scheme.due.due(end)
