"""Tables of writing itself: who asked a factory for its log."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from factories.models import Factory


class Reminder(models.Model):
    """Somebody at headquarters asked a factory for the log of one factory day, so that nobody asks twice."""

    factory = models.ForeignKey(Factory, models.PROTECT, related_name="reminders")
    day = models.DateField(_("factory day"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["factory", "day"], name="reminder_by_factory_and_day")]

    def __str__(self) -> str:
        return f"{self.factory} {self.day:%Y-%m-%d}"
