"""The auditor's room: one verification of one version of a report, with sample, findings, materiality and opinion.

Who may do what is asked by the doors: pages and API. An auditor sees the organisation for a limited time (the
membership ends by itself), and everything they open is in the audit log.
"""

import secrets
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.models import AuditFinding, ComplianceReport, Opinion, ReportState, Verification
from compliance.verification.sample import drawn, records_of
from lib.errors import ApiError, invalid

LARGEST_SAMPLE = 200
VERIFIED_STATES = (ReportState.SIGNED, ReportState.PUBLISHED)


@transaction.atomic
def open_room(auditor: User, report: ComplianceReport) -> Verification:
    """Begin to verify a signed or published version, as somebody who had no part in it.

    Raises ApiError 409 `not_signed`, `own_report`, `verified_by_another`.
    """
    if report.state not in VERIFIED_STATES:
        words = _("Only a signed or published report can be verified; this report is %(state)s.")
        raise ApiError(409, "not_signed", words % {"state": report.get_state_display()})
    had_part = {report.created_by_id, report.published_by_id, *report.signatures.values_list("user", flat=True)}
    if auditor.pk in had_part | set(report.entered.values_list("by", flat=True)):
        words = _("You made, signed or published this report, or entered values of it: another auditor verifies it.")
        raise ApiError(409, "own_report", words)
    try:
        with transaction.atomic():
            return Verification.objects.create(report=report, auditor=auditor)
    except IntegrityError:
        return own_room(auditor, report)


def own_room(auditor: User, report: ComplianceReport) -> Verification:
    """Locked. Raises ApiError 409 `not_begun`, `verified_by_another`, `opinion_given`."""
    room = _locked(report)
    if room.auditor_id != auditor.pk:
        words = _("%(auditor)s verifies this report: ask them.") % {"auditor": room.auditor}
        raise ApiError(409, "verified_by_another", words)
    return room


def _locked(report: ComplianceReport) -> Verification:
    room = Verification.objects.select_for_update().filter(report=report).first()
    if room is None:
        raise ApiError(409, "not_begun", _("Begin the verification first."))
    return room


def _open_room(auditor: User, report: ComplianceReport) -> Verification:
    return _undecided(own_room(auditor, report))


def _undecided(room: Verification) -> Verification:
    if room.opinion:
        words = _("The opinion is given, so nothing of this verification changes any more.")
        raise ApiError(409, "opinion_given", words)
    return room


@transaction.atomic
def draw_sample(auditor: User, report: ComplianceReport, *, size: int, seed: str = "") -> Verification:
    """Draw so many records of each kind; without a seed by a random one. Each draw stays in the history.

    Raises ApiError 400 (size, seed) and those of `own_room`.
    """
    room = _open_room(auditor, report)
    if not 1 <= size <= LARGEST_SAMPLE:
        words = _("size=%(size)d is outside 1 to %(most)d records of each kind.")
        raise invalid("size", "out_of_range", words % {"size": size, "most": LARGEST_SAMPLE})
    records = records_of(report)
    room.seed, room.sample_size = seed.strip() or secrets.token_hex(16), size
    room.sample = [one for kind in records.values() for one in drawn(room.seed, kind, size)]
    room.population = {kind: len(all_of_kind) for kind, all_of_kind in records.items()}
    room.save()
    return room


@transaction.atomic
def set_materiality(auditor: User, report: ComplianceReport, percent: Decimal) -> Verification:
    room = _open_room(auditor, report)
    room.materiality_pct = percent
    room.save()
    return room


@transaction.atomic
def find(
    auditor: User, report: ComplianceReport, text: str, *, figure: str = "", effect_kg: Decimal | None = None
) -> AuditFinding:
    """Raises ApiError 400 (text) and those of `own_room`."""
    room = _open_room(auditor, report)
    return AuditFinding.objects.create(
        verification=room, figure=figure, text=_said("text", text), effect_kg=effect_kg, found_by=auditor
    )


@transaction.atomic
def answer(user: User, report: ComplianceReport, finding_id: int, text: str) -> AuditFinding:
    """Of the site or HQ; the last answer counts, the earlier ones stay in the history.

    Raises ApiError 400 (text), 404, 409 `not_begun`, `opinion_given`, `finding_closed`.
    """
    _undecided(_locked(report))
    finding = _finding(report, finding_id)
    finding.answer, finding.answered_by, finding.answered_at = _said("text", text), user, timezone.now()
    finding.save()
    return finding


@transaction.atomic
def close(auditor: User, report: ComplianceReport, finding_id: int) -> AuditFinding:
    """Raises ApiError 404, 409 `finding_closed` and those of `own_room`."""
    _open_room(auditor, report)
    finding = _finding(report, finding_id)
    finding.closed_at = timezone.now()
    finding.save()
    return finding


@transaction.atomic
def give_opinion(auditor: User, report: ComplianceReport, opinion: str, text: str, body: str = "") -> Verification:
    """The last act: nothing of the verification changes any more.

    Raises ApiError 400 (opinion, text), 409 `no_sample`, `findings_open` and those of `own_room`.
    """
    room = _open_room(auditor, report)
    if opinion not in Opinion.values:
        raise invalid("opinion", "unknown", _("Use one of %(known)s.") % {"known": ", ".join(Opinion.values)})
    if not room.sample:
        raise ApiError(409, "no_sample", _("Draw a sample first: the opinion rests on it."))
    open_count = room.findings.filter(closed_at__isnull=True).count()
    if opinion == Opinion.UNMODIFIED and open_count:
        words = _("%(count)d findings are open. Close them, or give another opinion.") % {"count": open_count}
        raise ApiError(409, "findings_open", words)
    room.opinion, room.opinion_text = opinion, _said("text", text)
    room.body, room.opined_at = body.strip(), timezone.now()
    room.save()
    return room


def as_stated(report: ComplianceReport) -> dict[str, Any] | None:
    """The opinion on a version, for its pages, files and the statement that is signed; None without one."""
    room = Verification.objects.select_related("auditor").filter(report=report).exclude(opinion="").first()
    if room is None or room.opined_at is None:
        return None
    return {
        "auditor": str(room.auditor),
        "body": room.body,
        "materiality_pct": str(room.materiality_pct),
        "seed": room.seed,
        "sample_size": room.sample_size,
        "opinion": room.opinion,
        "text": room.opinion_text,
        "at": room.opined_at.isoformat(),
    }


def _finding(report: ComplianceReport, finding_id: int) -> AuditFinding:
    rows = AuditFinding.objects.select_for_update(of=("self",)).select_related("verification")
    finding = rows.filter(verification__report=report, pk=finding_id).first()
    if finding is None:
        raise ApiError(404, "not_found", _("This report has no such finding."))
    if finding.closed_at is not None:
        raise ApiError(409, "finding_closed", _("This finding is closed."))
    return finding


def _said(field: str, text: str) -> str:
    if not text.strip():
        raise invalid(field, "required", _("Write at least a sentence."))
    return text.strip()
