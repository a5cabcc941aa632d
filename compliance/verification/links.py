"""A buyer's link: one published report, without a sign-in, until a day, and revocable at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.links import link_digest, new_link_token
from accounts.models import User
from compliance.models import ComplianceReport, ReportLink
from compliance.models.reports import OUT
from compliance.reports.build import digest_of, rebuilt
from lib.errors import ApiError, invalid

LONGEST_DAYS = 730


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What the figures of a report are if they are computed again from what was known when it was made."""

    digest: str
    is_identical: bool
    at: datetime


def share(user: User, report: ComplianceReport, label: str, days: int) -> tuple[ReportLink, str]:
    """The link and its token, shown this once. Raises ApiError 400 (label, days), 409 `not_published`."""
    if report.state not in OUT:
        raise ApiError(409, "not_published", _("Only a published report can be shown to others."))
    if not label.strip():
        raise invalid("label", "required", _("Say for whom the link is: the list shows it."))
    if not 1 <= days <= LONGEST_DAYS:
        words = _("days=%(days)d is outside 1 to %(most)d.") % {"days": days, "most": LONGEST_DAYS}
        raise invalid("days", "out_of_range", words)
    token, digest = new_link_token()
    until = timezone.now() + timedelta(days=days)
    fields = {"label": label.strip(), "token_sha256": digest, "expires_at": until, "created_by": user}
    return ReportLink.objects.create(report=report, **fields), token


def revoke(user: User, link: ReportLink) -> None:
    mine = ReportLink.objects.filter(pk=link.pk, revoked_at__isnull=True)
    mine.update(revoked_at=timezone.now(), revoked_by=user)


def open_link(token: str, *, is_counted: bool = True) -> ReportLink | None:
    """The link of an address, counted as opened; None for one that is unknown, over or revoked."""
    now = timezone.now()
    links = ReportLink.objects.filter(token_sha256=link_digest(token), revoked_at__isnull=True, expires_at__gt=now)
    if is_counted:
        links.update(opened_count=F("opened_count") + 1, last_opened_at=now)
    rows = links.select_related("report__organisation", "report__factory__organisation", "report__supersedes")
    return rows.first()


def recomputed(report: ComplianceReport) -> Recomputed:
    """Takes as long as making the report."""
    digest = digest_of(rebuilt(report))
    return Recomputed(digest, digest == report.digest, timezone.now())
