"""Uploaded sheets of sites."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lib.background import OPEN, BackgroundTask, Limits, Progress


class SiteSheet(BackgroundTask):
    """An uploaded sheet of sites, chimneys, managers and targets. `site_sheet/tasks.py` reads and stores it."""

    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="+")
    token = models.ForeignKey("accounts.ApiToken", models.SET_NULL, null=True, related_name="+")
    path = models.CharField(max_length=100)  # of the upload, for the history of what it creates
    is_dry_run = models.BooleanField()
    language = models.CharField(max_length=10)  # of the messages
    content = models.BinaryField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)  # of the answer
    answer = models.JSONField(null=True)

    limits: ClassVar[Limits] = Limits(cpu_s=180, wall_s=600, memory_bytes=800_000_000)

    class Meta(BackgroundTask.Meta):
        verbose_name = _("sheet of sites")
        verbose_name_plural = _("sheets of sites")
        constraints = [
            *BackgroundTask.Meta.constraints,
            models.UniqueConstraint(fields=["user"], condition=Q(state__in=OPEN), name="one_site_sheet_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.created_at:%Y-%m-%d %H:%M}"

    def perform(self, progress: Progress) -> None:
        from compliance.site_sheet.tasks import perform  # that imports this module

        perform(self, progress)

    def give_up(self, *, is_too_large: bool) -> None:
        from logbook.sheets.tasks import give_up

        give_up(self, is_too_large=is_too_large)
