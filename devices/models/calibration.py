"""Calibrations of a device's CO2 sensor, with the files of their certificates."""

import pghistory
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from devices.choices import CalibrationKind
from devices.models.registry import MCUDevice
from factories.models import Factory


@pghistory.track()
class Calibration(models.Model):
    """A calibration with the air pressure at which it was done: the sensor's pressure effect starts from there."""

    device = models.ForeignKey(MCUDevice, models.PROTECT, related_name="calibrations")
    calibrated_at = models.DateTimeField(_("when"))
    kind = models.CharField(_("kind"), max_length=8, choices=CalibrationKind)
    pressure_pa = models.FloatField(_("air pressure (Pa)"))
    reference_ppm = models.FloatField(_("reference gas (ppm)"), null=True, blank=True)
    certificate_number = models.CharField(_("certificate number of the gas"), max_length=80, blank=True)
    reading_ppm = models.FloatField(_("reading before (ppm)"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    done_by = models.CharField(_("by"), max_length=120, blank=True)
    certificate_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("calibration")
        verbose_name_plural = _("calibrations")
        ordering = ["-calibrated_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pressure_pa__gte=65_000, pressure_pa__lte=108_000),
                name="calibration_pressure_plausible",
                violation_error_message=_("Air pressure must be between 65,000 and 108,000 Pa."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("calibrated_at")),
                name="calibration_valid_after_it_was_done",
                violation_error_message=_("It would have expired before it was done: check both times."),
            ),
            models.CheckConstraint(
                condition=(Q(reference_ppm__isnull=True) | Q(reference_ppm__gte=0, reference_ppm__lte=1_000_000))
                & (Q(reading_ppm__isnull=True) | Q(reading_ppm__gte=-10_000, reading_ppm__lte=1_000_000)),
                name="calibration_ppm_plausible",
                violation_error_message=_("A concentration is from 0 to 1,000,000 ppm: 20 %% is 200,000."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device}: {self.calibrated_at:%Y-%m-%d}"

    @property
    def factory(self) -> Factory:
        """The site whose figures it decides (`factories.corrections`)."""
        return self.device.factory

    def clean(self) -> None:
        if self.calibrated_at and self.calibrated_at > timezone.now():
            words = _("It has not been done yet: check the time.")
            raise ValidationError({"calibrated_at": ValidationError(words, code="future")})
        if self.kind in (CalibrationKind.ZERO, CalibrationKind.SPAN) and self.valid_until is None:
            words = _("Say until when it is valid: then everybody sees when the next one is due.")
            raise ValidationError({"valid_until": ValidationError(words, code="required")})
        if self.kind == CalibrationKind.SPAN and self.reference_ppm is None:
            words = _("State the concentration of the span gas in ppm: 15 % is 150,000.")
            raise ValidationError({"reference_ppm": ValidationError(words, code="required")})


class CalibrationCertificate(models.Model):
    """The certificate's file as it was uploaded. Its SHA-256 stands at the calibration and in its history."""

    calibration = models.OneToOneField(Calibration, models.CASCADE, primary_key=True, related_name="certificate")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    content = models.BinaryField()

    class Meta:
        verbose_name = _("calibration certificate")
        verbose_name_plural = _("calibration certificates")

    def __str__(self) -> str:
        return self.name
