"""Figures of record across apps: what a site used, made and emitted each factory day, its targets and reports.

How the figures of a day are computed is in `site_days.py`; ranking sites by them is in `leaderboard/places.py`.
"""

from compliance.models.basis_locks import BasisLock
from compliance.models.reports import (
    BatchAct,
    ComplianceReport,
    EnteredValue,
    ReportBatch,
    ReportMail,
    ReportRecipient,
    ReportState,
    Signature,
    SigningKey,
)
from compliance.models.site_days import RecordedSite, SiteDay, TouchedSite
from compliance.models.site_sheets import SiteSheet
from compliance.models.targets import Target
from compliance.models.typing_notes import TypingNote
from compliance.models.verification import (
    AuditFinding,
    Dispute,
    DisputeOutcome,
    DisputeSubject,
    Opinion,
    ReportLink,
    Verification,
)
from compliance.models.wood_origins import WoodOrigin

__all__ = [
    "AuditFinding",
    "BasisLock",
    "BatchAct",
    "ComplianceReport",
    "Dispute",
    "DisputeOutcome",
    "DisputeSubject",
    "EnteredValue",
    "Opinion",
    "RecordedSite",
    "ReportBatch",
    "ReportLink",
    "ReportMail",
    "ReportRecipient",
    "ReportState",
    "Signature",
    "SigningKey",
    "SiteDay",
    "SiteSheet",
    "Target",
    "TouchedSite",
    "TypingNote",
    "Verification",
    "WoodOrigin",
]
