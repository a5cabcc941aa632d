"""Verification of reports, disputes about figures, and links that show a published report to a buyer.

An auditor writes four things alone: the sample, findings, materiality and opinion. Each has its history.
"""

from decimal import Decimal

import pghistory
import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from compliance.models.reports import ComplianceReport


def _was_set(column: str) -> pgtrigger.Q:
    return ~pgtrigger.Q(**{f"old__{column}": ""})


class Opinion(models.TextChoices):
    UNMODIFIED = "unmodified", _("unmodified: the report states its figures fairly, within materiality")
    QUALIFIED = "qualified", _("qualified: fair but for what the findings say")
    ADVERSE = "adverse", _("adverse: the report does not state its figures fairly")
    DISCLAIMER = "disclaimer", _("disclaimer: there was too little evidence to judge")


@pghistory.track()
class Verification(models.Model):
    """An auditor's work on one version of a report."""

    report = models.OneToOneField(ComplianceReport, models.PROTECT, related_name="verification")
    auditor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    materiality_pct = models.DecimalField(
        _("materiality (%)"),
        max_digits=4,
        decimal_places=1,
        default=Decimal(5),
        validators=[MinValueValidator(Decimal("0.1")), MaxValueValidator(Decimal(20))],
    )
    # The sample: `verification/sample.py` draws it again from these alone.
    seed = models.CharField(_("seed"), max_length=64, blank=True)
    sample_size = models.PositiveSmallIntegerField(_("records of each kind"), default=0)
    sample = models.JSONField(default=list)  # identities of figures, in the order in which they were drawn
    population = models.JSONField(default=dict)  # records by kind from which it was drawn
    opinion = models.CharField(_("opinion"), max_length=10, choices=Opinion, blank=True)
    opinion_text = models.TextField(_("basis of the opinion"), max_length=4000, blank=True)
    body = models.CharField(_("body and accreditation number"), max_length=200, blank=True)
    opined_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        constraints = [
            models.CheckConstraint(condition=Q(opinion__in=["", *Opinion.values]), name="opinion_known"),
            models.CheckConstraint(
                condition=Q(opinion="", opined_at__isnull=True)
                | ~Q(opinion="") & ~Q(opinion_text="") & Q(opined_at__isnull=False),
                name="opinion_has_basis_and_time",
            ),
            models.CheckConstraint(
                condition=Q(materiality_pct__gt=0, materiality_pct__lte=20), name="materiality_in_range"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="opinion_stands", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__opinion="")
            ),
            pgtrigger.Protect(name="verification_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.opinion or 'open'}"


@pghistory.track()
class AuditFinding(models.Model):
    """What an auditor found, about one figure or the whole; the site or HQ answers, the auditor closes it."""

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="findings")
    figure = models.CharField(_("figure"), max_length=1000, blank=True)  # empty: of the report as a whole
    text = models.TextField(_("finding"), max_length=4000)
    effect_kg = models.DecimalField(_("effect (kg CO2e)"), max_digits=20, decimal_places=6, null=True)  # null: unknown
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    found_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(_("answer"), max_length=4000, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_by__isnull=True, answered_at__isnull=True)
                | ~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False),
                name="finding_answer_is_whole",
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]


class DisputeSubject(models.TextChoices):
    READINGS = "readings", _("readings of a sensor")
    GAP = "gap", _("a gap")
    PLACE = "place", _("the place in the ranking")


class DisputeOutcome(models.TextChoices):
    UPHELD = "upheld", _("upheld")
    REJECTED = "rejected", _("rejected")


@pghistory.track()
class Dispute(models.Model):
    """A site contests readings, a gap or its place. HQ answers by a day that both see."""

    factory = models.ForeignKey("factories.Factory", models.PROTECT, related_name="disputes")
    subject = models.CharField(_("about"), max_length=8, choices=DisputeSubject)
    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, null=True, blank=True, related_name="disputes")
    period_start = models.DateTimeField(_("from"))
    period_end = models.DateTimeField(_("to"))
    statement = models.TextField(_("what is wrong"), max_length=4000)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    due_on = models.DateField(_("answer due on"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=DisputeOutcome, blank=True)
    decision = models.TextField(_("decision"), max_length=4000, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["factory", "opened_at"], name="dispute_by_site")]
        constraints = [
            models.CheckConstraint(condition=Q(period_start__lt=F("period_end")), name="dispute_period_forward"),
            models.CheckConstraint(
                condition=Q(subject=DisputeSubject.READINGS, device__isnull=False)
                | ~Q(subject=DisputeSubject.READINGS) & Q(device__isnull=True),
                name="dispute_of_readings_names_a_device",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decision="", decided_by__isnull=True, decided_at__isnull=True)
                | Q(outcome__in=DisputeOutcome.values, decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decision=""),
                name="dispute_decision_is_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="decision_stands", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__outcome="")
            ),
            pgtrigger.Protect(name="dispute_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.factory} {self.subject} {self.opened_at:%Y-%m-%d}"


@pghistory.track(exclude=["token_sha256", "opened_count", "last_opened_at"])
class ReportLink(models.Model):
    """An address that shows one published report to whoever has it, until a day. Only its hash is kept."""

    report = models.ForeignKey(ComplianceReport, models.PROTECT, related_name="links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    label = models.CharField(_("for whom"), max_length=120)
    expires_at = models.DateTimeField(_("until"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    opened_count = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("link to a report")
        verbose_name_plural = _("links to reports")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="report_link_revoked_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return self.label
