"""Batches: one act on the reports of many sites, in the worker. A site that fails is listed and stops no other."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.models import BatchAct, ComplianceReport, ReportBatch, ReportState
from compliance.reports import life
from compliance.schemes import schemes
from factories.models import Factory, Organisation
from lib.background import Progress, TaskLostError
from lib.errors import ApiError, invalid

_STATE_BEFORE = {BatchAct.SIGN: ReportState.DRAFT, BatchAct.PUBLISH: ReportState.SIGNED}


def submit(
    user: User, organisation: Organisation, act: str, scheme_code: str, period: tuple[date, date], **given: Any
) -> ReportBatch:
    """`given`: name and role of who signs.

    Raises ApiError 400 (scheme, period_end, name, role), 409 `batch_running` while one of the organisation is not over.
    """
    if scheme_code not in schemes():
        raise life.unknown_scheme(scheme_code)
    if period[1] < period[0]:
        raise invalid("period_end", "before_start", _("The last day is before the first."))
    for field in ("name", "role") if act == BatchAct.SIGN else ():
        if not given.get(field, "").strip():
            raise life.unnamed(field)
    try:
        with transaction.atomic():
            return ReportBatch.objects.create(
                user=user,
                organisation=organisation,
                act=act,
                scheme=scheme_code,
                period_start=period[0],
                period_end=period[1],
                language=translation.get_language() or "en",
                given=given,
            )
    except IntegrityError as error:
        if "one_report_batch_at_a_time" not in str(error):
            raise
    raise ApiError(409, "batch_running", _("The last batch is not over yet, and one runs at a time: wait for it."))


def perform(batch: ReportBatch, progress: Progress) -> None:
    """Each site is a transaction of its own, so that a batch that is ended keeps what it did."""
    with translation.override(batch.language):
        work = _drafts(batch) if batch.act == BatchAct.DRAFT else _acts(batch)
        failures: list[dict[str, Any]] = []
        for number, (site, act) in enumerate(work):
            if progress(number, len(work)) is False:
                raise TaskLostError(str(batch))
            try:
                act()
            except ApiError as error:
                problems = [one["message"] for found in error.fields.values() for one in found]
                message = " ".join(problems) or error.message
                failures.append({"factory": site.pk, "name": site.name, "code": error.code, "message": message})
    batch.finish(done=len(work) - len(failures), failures=failures)


def _drafts(batch: ReportBatch) -> list[tuple[Factory, Any]]:
    """A site that has its report of the period already is done: the batch is safe twice."""
    period = batch.period_start, batch.period_end
    sites = Factory.objects.in_use().filter(organisation=batch.organisation_id).select_related("organisation")
    scheme = schemes()[batch.scheme]
    covered = [site for site in sites.order_by("name") if scheme.covers(site.organisation, site)]

    def make(site: Factory) -> None:
        try:
            life.draft(batch.user, batch.scheme, site.organisation, site, period)
        except ApiError as error:
            if error.code not in ("draft_exists", "published_exists"):
                raise

    return [(site, lambda site=site: make(site)) for site in covered]


def _acts(batch: ReportBatch) -> list[tuple[Factory, Any]]:
    reports = ComplianceReport.objects.filter(
        organisation=batch.organisation_id,
        scheme=batch.scheme,
        period_start=batch.period_start,
        period_end=batch.period_end,
        state=_STATE_BEFORE[BatchAct(batch.act)],
        factory__isnull=False,
    ).select_related("factory")

    def act(report: ComplianceReport) -> None:
        if batch.act == BatchAct.SIGN:
            life.sign(batch.user, report.pk, **batch.given)
        else:
            life.publish(batch.user, report.pk)

    found = reports.only("pk", "factory__name").order_by("factory__name")
    return [(report.factory, lambda report=report: act(report)) for report in found if report.factory]
