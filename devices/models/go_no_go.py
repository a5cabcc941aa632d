"""Runs of go / no-go with their evidence, and the certificates that they end in."""

import pghistory
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from devices.choices import GoVerdict
from devices.go_no_go import CheckLine


@pghistory.track()
class GoNoGoRun(models.Model):
    """Ten checks of a device, by whom and when. While it is open its lines are computed from what is stored.

    `evidence` and `lines` are those of its end, as shown then; `lines` are (check, state, fact, remedy).
    """

    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, related_name="go_no_go_runs")
    started_at = models.DateTimeField(_("from"))
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    leak_started_at = models.DateTimeField(_("leak test"), null=True)
    plug_started_at = models.DateTimeField(_("pulled-plug test"), null=True)
    ended_at = models.DateTimeField(_("to"), null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    verdict = models.CharField(_("verdict"), max_length=8, choices=GoVerdict, blank=True)
    words = models.CharField(max_length=300, blank=True)
    evidence = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    lines = models.JSONField(default=list)

    class Meta:
        verbose_name = _("go / no-go run")
        verbose_name_plural = _("go / no-go runs")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["device"], condition=Q(ended_at=None), name="go_no_go_one_open"),
            models.CheckConstraint(
                condition=Q(ended_at=None, verdict="") | (Q(ended_at__isnull=False) & ~Q(verdict="")),
                name="go_no_go_ended_has_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device}: {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def check_lines(self) -> list[CheckLine]:
        """The lines of an ended run, as they were."""
        return [CheckLine(*line) for line in self.lines]


@pghistory.track(exclude=["pdf"])
class InstallationCertificate(models.Model):
    """The certificate of a run that ended in GO: its content, and the PDF as it was issued, with its SHA-256."""

    run = models.OneToOneField(GoNoGoRun, models.PROTECT, primary_key=True, related_name="certificate")
    issued_at = models.DateTimeField(_("issued"))
    content = models.JSONField()
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("installation certificate")
        verbose_name_plural = _("installation certificates")

    def __str__(self) -> str:
        return f"{self.run}: {self.sha256[:12]}"
