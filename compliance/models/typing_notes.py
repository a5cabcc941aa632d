"""What HQ wrote about a hint on how a log is typed."""

import pghistory
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class TypingNote(models.Model):
    """A hint that was put aside, with its reason. `typing_patterns.py` computes the hint itself from the entries."""

    factory = models.ForeignKey("factories.Factory", models.PROTECT, related_name="typing_notes")
    month = models.DateField(_("month"))  # its first day
    item = models.CharField(_("entries of"), max_length=90)
    pattern = models.CharField(_("pattern"), max_length=12)
    note = models.CharField(_("note"), max_length=300)
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    noted_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("note on a hint")
        verbose_name_plural = _("notes on hints")
        ordering = ["-month", "id"]
        constraints = [
            models.UniqueConstraint(fields=["factory", "month", "item", "pattern"], name="typing_note_once"),
            models.CheckConstraint(condition=~models.Q(note=""), name="typing_note_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} {self.month:%Y-%m} {self.item} {self.pattern}"
