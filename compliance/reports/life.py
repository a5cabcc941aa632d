"""The life of a report: draft, signed, published, superseded; a draft or a signed one can be withdrawn.

Each function is one act in one transaction, with the report locked. The database refuses what these forget. Who may do
what is asked by the doors: pages, API, batches.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.models import ComplianceReport, EnteredValue, ReportState, Signature
from compliance.models.reports import OPEN_REPORT
from compliance.reports import entered
from compliance.reports.build import made
from compliance.reports.keys import signed
from compliance.schemes import CheckSeverity, Scheme, schemes
from compliance.verification.room import as_stated
from factories.choices import GwpSet
from factories.models import Factory, Organisation
from lib import history
from lib.errors import ApiError, invalid
from logbook.services import required_reason


def declaration() -> str:
    """What a person declares by the signature, in the reader's language."""
    return _("I declare that this report is complete and correct to the best of my knowledge.")


# --- Draft ------------------------------------------------------------------------------------
@transaction.atomic
def draft(
    user: User,
    scheme_code: str,
    organisation: Organisation,
    factory: Factory | None,
    period: tuple[date, date],
    *,
    language: str = "",
    gwp_set: str = "",
) -> ComplianceReport:
    """Make a draft with its checks; `period` has the first and the last day.

    Raises ApiError 400 (scheme, place, period), 409 `draft_exists` or `published_exists` with its id.
    """
    scheme = _scheme(scheme_code, organisation, factory)
    first, last = period
    end = date.fromordinal(last.toordinal() + 1)
    if not scheme.period.allows(first, end) or not scheme.is_valid_for(first):
        example = [day.isoformat() for day in scheme.period.last_over(timezone.now().date())]
        words = _("%(first)s to %(last)s is no period of this scheme; the last one begins on %(example)s.")
        words = words % {"first": first, "last": last, "example": example[0]}
        raise invalid("period_start", "not_a_period", words, last_period_start=example[0])
    if first > timezone.now().date():
        raise invalid("period_start", "in_the_future", _("This period has not begun."))
    if gwp_set and gwp_set not in GwpSet.values:
        raise invalid("gwp_set", "unknown_gwp_set", _("Use one of %(known)s.") % {"known": ", ".join(GwpSet.values)})
    same: dict[str, Any] = {"organisation": organisation, "factory": factory, "scheme": scheme.code}
    same |= {"period_start": first, "period_end": last}
    found = ComplianceReport.objects.filter(state__in=[*OPEN_REPORT, ReportState.PUBLISHED], **same).first()
    if found is not None:
        raise _exists(found)
    report = ComplianceReport(
        **same,
        gwp_set=scheme.gwp_set or gwp_set or organisation.gwp_set,
        language=language or translation.get_language() or "en",
        created_by=user,
    )
    return _rebuilt(report)


@transaction.atomic
def supersede(user: User, report_id: int, reasons: str) -> ComplianceReport:
    """Make the draft of a supplementary version; the published one stays in force until that is published.

    Raises ApiError 400 (reasons), 409 `not_published`, `draft_exists`.
    """
    old = _locked(report_id, (ReportState.PUBLISHED,), "not_published")
    reasons = required_reason(reasons)
    same = {name: getattr(old, name) for name in ("organisation", "factory", "scheme", "period_start", "period_end")}
    found = ComplianceReport.objects.filter(state__in=OPEN_REPORT, **same).first()
    if found is not None:
        raise _exists(found)
    report = ComplianceReport(
        **same,
        version=old.version + 1,
        supersedes=old,
        reasons=reasons,
        gwp_set=old.gwp_set,
        language=old.language,
        created_by=user,
    )
    _rebuilt(report)
    known = {field.code for field in schemes()[report.scheme].entered}
    EnteredValue.objects.bulk_create(
        EnteredValue(report=report, field=row.field, value=row.value, by=row.by, at=row.at)
        for row in old.entered.filter(field__in=known)
    )
    return _rebuilt(report)


@transaction.atomic
def check(report_id: int) -> ComplianceReport:
    """Fill a draft again with what is known now, and check it. Raises ApiError 409 `not_a_draft`."""
    return _rebuilt(_locked(report_id, (ReportState.DRAFT,), "not_a_draft"))


@transaction.atomic
def enter(user: User, report_id: int, typed: Mapping[str, Any]) -> ComplianceReport:
    """Store entered values of a draft, and check it. Raises ApiError 400 by field, 409 `not_a_draft`."""
    report = _locked(report_id, (ReportState.DRAFT,), "not_a_draft")
    entered.store(user, report, typed)
    return _rebuilt(report)


@transaction.atomic
def withdraw(report_id: int, reason: str) -> ComplianceReport:
    """Raises ApiError 400 (reason), 409 `not_open`: what is published can only be superseded."""
    report = _locked(report_id, OPEN_REPORT, "not_open")
    report.state, report.withdrawn_because = ReportState.WITHDRAWN, required_reason(reason)
    report.save(update_fields=["state", "withdrawn_because"])
    return report


# --- Signed and published ---------------------------------------------------------------------
@transaction.atomic
def sign(user: User, report_id: int, *, name: str, role: str, digest: str = "") -> ComplianceReport:
    """Freeze what the report says, with a person's declaration. The door has confirmed who the person is.

    `digest` is that of what the person read: 409 `changed_meanwhile` when the figures are not those any more.
    Raises ApiError 400 (name, role), 409 `not_a_draft`, `checks_failed`, `figures_are_written`.
    """
    report = _locked(report_id, (ReportState.DRAFT,), "not_a_draft")
    typed = {"name": name.strip(), "role": role.strip()}
    for field, text in typed.items():
        if not text:
            raise unnamed(field)
    _rebuilt(report, is_final=True)
    if digest and digest != report.digest:
        words = _("The figures changed since you read the draft: read it again, then sign.")
        raise ApiError(409, "changed_meanwhile", words, params={"digest": report.digest})
    errors = [one for one in report.findings if one["severity"] == CheckSeverity.ERROR]
    if errors:
        words = _("%(count)d checks do not let it be signed. The first: %(sentence)s")
        words = words % {"count": len(errors), "sentence": errors[0]["sentence"]}
        raise ApiError(409, "checks_failed", words, params={"findings": errors})
    with translation.override(report.language):
        text = declaration()
    Signature.objects.create(report=report, user=user, declaration=text, digest=report.digest, **typed)
    report.state = ReportState.SIGNED
    report.save(update_fields=["state"])
    return report


@transaction.atomic
def publish(user: User, report_id: int) -> ComplianceReport:
    """Publish what was signed, under the signature of the installation; it supersedes the version before.

    Raises ApiError 409 `not_signed`, 403 `second_person_needed`.
    """
    report = _locked(report_id, (ReportState.SIGNED,), "not_signed")
    signature = report.signatures.latest("pk")
    if report.organisation.reports_need_two_people and signature.user_id == user.pk:
        words = _("You signed it. Your organisation asks another HQ manager to publish it.")
        raise ApiError(403, "second_person_needed", words)
    if report.supersedes_id:
        old = _locked(report.supersedes_id, (ReportState.PUBLISHED,), "not_published")
        old.state = ReportState.SUPERSEDED
        old.save(update_fields=["state"])
    report.state, report.published_by, report.published_at = ReportState.PUBLISHED, user, timezone.now()
    report.statement = _canonical(
        {
            "digest": report.digest,
            "scheme": report.scheme,
            "version": report.version,
            "supersedes": report.supersedes.digest if report.supersedes else "",
            "reasons": report.reasons,
            "signed": [one.as_stated() for one in report.signatures.order_by("pk")],
            "verified": as_stated(report),
            "published_at": report.published_at.isoformat(),
        }
    )
    report.key, report.signature = signed(report.statement)
    report.save(update_fields=["state", "published_by", "published_at", "statement", "key", "signature"])
    return report


def _canonical(statement: dict[str, Any]) -> bytes:
    """In the form of the content: `formats/json.py`."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# --- Shared -----------------------------------------------------------------------------------
def _scheme(code: str, organisation: Organisation, factory: Factory | None) -> Scheme:
    scheme = schemes().get(code)
    if scheme is None:
        raise unknown_scheme(code)
    if not scheme.covers(organisation, factory):
        words = _("%(place)s cannot report by this scheme: it is for another country, sector or kind of place.")
        raise invalid("scheme", "not_for_this_place", words % {"place": factory or organisation})
    return scheme


def unnamed(field: str) -> ApiError:
    return invalid(field, "required", _("Type your name and your role, as they stand in the report."))


def unknown_scheme(code: str) -> ApiError:
    known = ", ".join(sorted(schemes()))
    return invalid("scheme", "unknown_scheme", _("Use one of %(known)s.") % {"known": known}, value=code)


def _exists(found: ComplianceReport) -> ApiError:
    params = {"report": found.pk}
    if found.state == ReportState.PUBLISHED:
        words = _("This period has a published report: make a supplementary version of it.")
        return ApiError(409, "published_exists", words, params=params)
    return ApiError(
        409, "draft_exists", _("This period has a report that is not published yet: go on with it."), params=params
    )


_WRONG_STATE = {
    "not_a_draft": lambda: _("Only a draft can be changed or signed; this report is %(state)s."),
    "not_open": lambda: _("Only what is not published can be withdrawn; this report is %(state)s."),
    "not_signed": lambda: _("Only a signed report can be published; this report is %(state)s."),
    "not_published": lambda: _("Only a published report gets a supplementary version; this report is %(state)s."),
}


def _locked(report_id: int, states: tuple[ReportState, ...], code: str) -> ComplianceReport:
    rows = ComplianceReport.objects.select_related("organisation", "factory__organisation", "supersedes")
    report = rows.select_for_update(of=("self",)).get(pk=report_id)
    if report.state not in states:
        words = _WRONG_STATE[code]() % {"state": report.get_state_display()}
        raise ApiError(409, code, words, params={"state": report.state})
    return report


def _rebuilt(report: ComplianceReport, *, is_final: bool = False) -> ComplianceReport:
    """Store a draft as it is with what is known now. What is signed must be found again: it waits for writers."""
    known_on = timezone.now()
    if is_final and not history.wait_until_settled(known_on):
        words = _("Figures are being written just now, such as an import: sign again in a minute.")
        raise ApiError(409, "figures_are_written", words)
    for name, value in {**made(report, known_on).columns, "known_on": known_on}.items():
        setattr(report, name, value)
    try:
        with transaction.atomic():
            report.save()
    except IntegrityError as error:
        if "report_one_open" not in str(error):
            raise
        raise ApiError(409, "draft_exists", _("Somebody made this draft just now: go on with it.")) from error
    return report
