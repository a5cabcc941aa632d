"""Reports: their life from draft to superseded, signatures, entered values, batches, and whom they are mailed to.

What never may happen is refused by the database: a signed content that changes, a state that goes backward, a second
published report of one scheme, place and period. The acts are in `compliance/reports/life.py`.
"""

import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import ClassVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from factories.choices import GwpSet
from lib.background import OPEN, BackgroundTask, Limits, Progress


class ReportState(models.TextChoices):
    DRAFT = "draft", _("draft")
    SIGNED = "signed", _("signed")
    PUBLISHED = "published", _("published")
    SUPERSEDED = "superseded", _("superseded")
    WITHDRAWN = "withdrawn", _("withdrawn")


OPEN_REPORT = (ReportState.DRAFT, ReportState.SIGNED)
OUT = (ReportState.PUBLISHED, ReportState.SUPERSEDED)  # what was published stays readable
TRANSITIONS: list[tuple[str, str]] = [
    (ReportState.DRAFT, ReportState.SIGNED),
    (ReportState.DRAFT, ReportState.WITHDRAWN),
    (ReportState.SIGNED, ReportState.PUBLISHED),
    (ReportState.SIGNED, ReportState.WITHDRAWN),
    (ReportState.PUBLISHED, ReportState.SUPERSEDED),
]
# What a signature is on, and what the installation's signature is on.
SIGNED_COLUMNS = (
    *("organisation", "factory", "scheme", "scheme_version", "period_start", "period_end", "version", "supersedes"),
    *("content", "digest", "total_emissions_kg", "target_met", "gwp_set", "language", "known_on", "is_simulated"),
    *("reasons", "verdicts", "created_by"),
)
PUBLISHED_COLUMNS = ("statement", "signature", "key", "published_at", "published_by")


def _any_changes(columns: Iterable[str]) -> pgtrigger.Q:
    """pgtrigger's own `AnyChange` cannot be combined with a state."""
    return reduce(or_, (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in columns))


class SigningKey(models.Model):
    """The Ed25519 key of this installation. The private one is sealed by SECRET_KEY; old public ones stay."""

    public_key = models.CharField(max_length=64, unique=True)  # 32 bytes in hexadecimal
    sealed_private_key = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")

    def __str__(self) -> str:
        return self.public_key[:16]


@pghistory.track(exclude=["content", "statement", "verdicts", "findings"])
class ComplianceReport(models.Model):
    """A version of a report of one scheme, place and period. `content` is canonical JSON, frozen at the signature."""

    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="reports")
    factory = models.ForeignKey("factories.Factory", models.PROTECT, null=True, blank=True, related_name="reports")
    scheme = models.CharField(_("scheme"), max_length=40)
    scheme_version = models.CharField(max_length=20)
    period_start = models.DateField(_("first day"))
    period_end = models.DateField(_("last day"))
    version = models.PositiveSmallIntegerField(default=1)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="supplements")
    reasons = models.TextField(_("reasons"), blank=True, max_length=2000)  # of a supplementary version
    withdrawn_because = models.TextField(blank=True, max_length=2000)
    state = models.CharField(_("state"), max_length=10, choices=ReportState, default=ReportState.DRAFT)
    gwp_set = models.CharField(max_length=8, choices=GwpSet)
    language = models.CharField(max_length=8)
    is_simulated = models.BooleanField(default=False)
    # --- What it says, as known on a moment.
    known_on = models.DateTimeField()
    content = models.BinaryField()
    digest = models.CharField(max_length=64)  # SHA-256 of the content
    verdicts = models.JSONField(default=dict)  # on targets, as judged then: they are not known as of a moment
    findings = models.JSONField(default=list)  # of the checks, then
    total_emissions_kg = models.DecimalField(max_digits=26, decimal_places=6, null=True)
    target_met = models.BooleanField(null=True)
    # --- What the installation signs: digest, version, signatures, time.
    statement = models.BinaryField(null=True)
    signature = models.CharField(max_length=128, blank=True)
    key = models.ForeignKey(SigningKey, models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-period_end", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_start__lte=F("period_end")), name="report_period_forward"),
            models.CheckConstraint(condition=Q(state__in=ReportState.values), name="report_known_state"),
            models.CheckConstraint(
                condition=~Q(state__in=OUT)
                | Q(statement__isnull=False, key__isnull=False, published_at__isnull=False) & ~Q(signature=""),
                name="report_published_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(version=1, supersedes__isnull=True)
                | Q(version__gt=1, supersedes__isnull=False) & ~Q(reasons=""),
                name="report_supplement_has_reasons",
            ),
            *(
                models.UniqueConstraint(
                    fields=["organisation", "factory", "scheme", "period_start", "period_end"],
                    condition=Q(state__in=states),
                    nulls_distinct=False,
                    name=f"report_one_{name}",
                )
                for name, states in (("published", [ReportState.PUBLISHED]), ("open", list(OPEN_REPORT)))
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.FSM(name="life", field="state", transitions=TRANSITIONS),
            pgtrigger.Protect(
                name="signed_is_frozen",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state=ReportState.DRAFT) & _any_changes(SIGNED_COLUMNS),
            ),
            pgtrigger.Protect(
                name="published_is_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=list(OUT)) & _any_changes(PUBLISHED_COLUMNS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.factory or self.organisation} {self.period_start:%Y-%m-%d} v{self.version}"

    @property
    def end_day(self) -> date:
        """Exclusive."""
        return self.period_end + timedelta(days=1)

    @property
    def is_out(self) -> bool:
        return self.state in OUT

    @property
    def place(self) -> str:
        return str(self.factory or self.organisation)


@pghistory.track()
class EnteredValue(models.Model):
    """What a person typed for a report. It can change while the report is a draft; blank has no row."""

    report = models.ForeignKey(ComplianceReport, models.PROTECT, related_name="entered")
    field = models.CharField(max_length=60)  # of the scheme
    value = models.CharField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("entered value")
        verbose_name_plural = _("entered values")
        constraints = [
            models.UniqueConstraint(fields=["report", "field"], name="entered_value_once"),
            models.CheckConstraint(condition=~Q(value=""), name="entered_value_not_blank"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="of_a_draft_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("state_now", "text")],
                func="""
                SELECT state INTO state_now FROM compliance_compliancereport
                WHERE id = COALESCE(NEW.report_id, OLD.report_id) FOR SHARE;
                IF state_now <> 'draft' THEN
                    RAISE EXCEPTION 'entered values of a % report cannot change', state_now;
                END IF;
                RETURN COALESCE(NEW, OLD);
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.field} = {self.value}"


class Signature(models.Model):
    """A person's declaration on the digest of a report. Never changed or deleted: the table is its own history."""

    report = models.ForeignKey(ComplianceReport, models.PROTECT, related_name="signatures")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=120)  # both as typed
    role = models.CharField(_("role"), max_length=120)
    declaration = models.TextField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.name}, {self.role}"

    def as_stated(self) -> dict[str, str]:
        """In what the installation signs."""
        at = self.at.isoformat()
        return {"name": self.name, "role": self.role, "declaration": self.declaration, "digest": self.digest, "at": at}


class BatchAct(models.TextChoices):
    DRAFT = "draft", _("make drafts")
    SIGN = "sign", _("sign the drafts without errors")
    PUBLISH = "publish", _("publish what is signed")


class ReportBatch(BackgroundTask):
    """One act on the reports of many sites, of one scheme and period. `reports/tasks.py` does it."""

    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="+")
    act = models.CharField(max_length=7, choices=BatchAct)
    scheme = models.CharField(max_length=40)
    period_start = models.DateField()
    period_end = models.DateField()
    language = models.CharField(max_length=8)
    given = models.JSONField(default=dict)  # name, role and declaration of a signature
    done = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=list)  # factory, name, code, message of each site without an outcome

    limits: ClassVar[Limits] = Limits(cpu_s=900, wall_s=1800, memory_bytes=800_000_000)

    class Meta(BackgroundTask.Meta):
        verbose_name = _("batch of reports")
        verbose_name_plural = _("batches of reports")
        constraints = [
            *BackgroundTask.Meta.constraints,
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(state__in=OPEN), name="one_report_batch_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.act} {self.created_at:%Y-%m-%d %H:%M}"

    def perform(self, progress: Progress) -> None:
        from compliance.reports.tasks import perform  # that imports this module

        perform(self, progress)

    def give_up(self, *, is_too_large: bool) -> None:
        self.finish(done=self.done_count)


def _token() -> str:
    return secrets.token_urlsafe(24)


@pghistory.track(exclude=["token"])
class ReportRecipient(models.Model):
    """An address to which an organisation mails what it publishes: at once, or on a day of each month."""

    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="report_recipients")
    email = models.EmailField(_("e-mail"))
    scheme = models.CharField(_("scheme"), max_length=40, blank=True)  # empty: all
    day_of_month = models.PositiveSmallIntegerField(
        _("day of the month"), default=0, help_text=_("0: as soon as a report is published")
    )
    attaches_pdf = models.BooleanField(_("attach the PDF"), default=False)
    token = models.CharField(max_length=40, unique=True, default=_token)  # of the link that unsubscribes
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("recipient of reports")
        verbose_name_plural = _("recipients of reports")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "email", "scheme"], name="report_recipient_once"),
            models.CheckConstraint(condition=Q(day_of_month__lte=28), name="report_recipient_day_of_every_month"),
        ]

    def __str__(self) -> str:
        return self.email


class MailState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")


class ReportMail(models.Model):
    """One report to one recipient, and what came of it."""

    recipient = models.ForeignKey(ReportRecipient, models.CASCADE, related_name="mails")
    report = models.ForeignKey(ComplianceReport, models.PROTECT, related_name="mails")
    state = models.CharField(max_length=7, choices=MailState, default=MailState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("mail of a report")
        verbose_name_plural = _("mails of reports")
        constraints = [models.UniqueConstraint(fields=["recipient", "report"], name="report_mailed_once")]

    def __str__(self) -> str:
        return f"{self.report_id} to {self.recipient_id}: {self.state}"
