"""Is this file a report of this installation, unchanged? By its digest, and by the signature of the installation."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from compliance.formats.json import read
from compliance.models import ComplianceReport, ReportState
from compliance.models.reports import OUT
from compliance.reports.build import digest_of
from compliance.reports.keys import is_signature

_DIGEST = re.compile("[0-9a-f]{64}")


class VerifiedAs(StrEnum):
    VALID = "valid"
    SUPERSEDED = "superseded"  # unchanged, and a later version is in force
    UNKNOWN_DIGEST = "unknown_digest"  # changed, never published, or of another installation
    NOT_A_REPORT = "not_a_report"
    BROKEN_SIGNATURE = "broken_signature"  # what is stored here was changed


@dataclass(frozen=True, slots=True)
class VerifiedReport:
    outcome: VerifiedAs
    digest: str
    report: ComplianceReport | None = None
    in_force: ComplianceReport | None = None  # of a superseded one

    @property
    def is_unchanged(self) -> bool:
        return self.outcome in (VerifiedAs.VALID, VerifiedAs.SUPERSEDED)


def verify_file(file: bytes) -> VerifiedReport:
    """The JSON of a report, whose bytes are what was signed."""
    digest = digest_of(file)
    verified = verify_digest(digest)
    if verified.report is None:
        try:
            read(file)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return VerifiedReport(VerifiedAs.NOT_A_REPORT, digest)
    return verified


def verify_digest(digest: str) -> VerifiedReport:
    """Of a published report; drafts are nobody's business here."""
    digest = digest.strip().lower()
    if not _DIGEST.fullmatch(digest):
        return VerifiedReport(VerifiedAs.UNKNOWN_DIGEST, digest)
    report = (
        ComplianceReport.objects.select_related("organisation", "factory", "key")
        .filter(digest=digest, state__in=OUT)
        .order_by("-pk")
        .first()
    )
    if report is None:
        return VerifiedReport(VerifiedAs.UNKNOWN_DIGEST, digest)
    statement = bytes(report.statement or b"")
    is_ours = report.key is not None and is_signature(statement, report.signature, report.key.public_key)
    # Only a statement that we signed is known to be JSON.
    if not is_ours or not json.loads(statement)["digest"] == digest == digest_of(bytes(report.content)):
        return VerifiedReport(VerifiedAs.BROKEN_SIGNATURE, digest, report)
    if report.state == ReportState.PUBLISHED:
        return VerifiedReport(VerifiedAs.VALID, digest, report)
    return VerifiedReport(VerifiedAs.SUPERSEDED, digest, report, in_force(report))


def in_force(report: ComplianceReport) -> ComplianceReport | None:
    """The published version of the same scheme, place and period."""
    same = {name: getattr(report, name) for name in ("organisation", "factory", "scheme", "period_start", "period_end")}
    return ComplianceReport.objects.filter(state=ReportState.PUBLISHED, **same).first()
