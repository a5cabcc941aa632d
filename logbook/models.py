"""What every entry of a log has in common; reminders: who asked a factory for its log; sheets that were uploaded."""

from typing import Any, ClassVar, TypeVar

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.utils.encoders import JSONEncoder

from factories.models import Factory
from lib.background import OPEN, BackgroundTask, Limits, Progress
from logbook.choices import Act, Origin

E = TypeVar("E", bound=models.Model)


def with_history(model: type[E]) -> type[E]:
    """Let the database keep every version of a row. Each model needs trackers of its own: they learn its columns."""
    # Inserts per statement: a trigger for each row, together with deferred foreign keys, takes time by the square of
    # an import's rows (35,040 rows: 96 s against 2 s).
    insert = pghistory.InsertEvent(level=pghistory.Statement)
    # The audit log reads the newest events: of all sites, of some, or the few that are no inserts.
    label = model._meta.app_label
    indexes = [
        models.Index(fields=["pgh_created_at"], name=f"{label}_history_by_time"),
        models.Index(fields=["factory", "pgh_created_at"], name=f"{label}_history_by_site"),
        models.Index(fields=["pgh_created_at"], name=f"{label}_history_changed", condition=~Q(pgh_label="insert")),
    ]
    track = pghistory.track(insert, pghistory.UpdateEvent(), pghistory.DeleteEvent(), meta={"indexes": indexes})
    tracked: type[E] = track(model)
    return tracked


class LoggedEntry(models.Model):
    """An amount that a factory logged for a period. The subclass defines what the amount measures.

    Only `logbook/services.py` writes it, each change with a reason; `with_history` keeps earlier versions.
    """

    factory = models.ForeignKey(Factory, models.PROTECT, related_name="%(app_label)s_entries")
    period_start = models.DateTimeField(_("from"))
    period_end = models.DateTimeField(_("to"))
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    origin = models.CharField(max_length=6, choices=Origin, default=Origin.ENTRY)
    # Several rows of an imported sheet may have one period, like fills of one day.
    number_in_period = models.PositiveSmallIntegerField(_("number in its period"), default=1, db_default=1)
    warnings = models.JSONField(_("needs attention"), default=list, blank=True)
    # --- Who, and what was done last.
    client_id = models.UUIDField(null=True, blank=True)
    request_sha256 = models.CharField(max_length=64, blank=True, default="")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    last_act = models.CharField(max_length=10, choices=Act, default=Act.RECORDED)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    change_reason = models.CharField(_("reason of the last change"), max_length=300, blank=True, default="")
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="%(app_label)s_known_origin"),
            models.CheckConstraint(condition=Q(last_act__in=Act.values), name="%(app_label)s_known_act"),
            models.CheckConstraint(
                # A comparison with null is neither true nor false, and a check accepts it, so both columns are named.
                condition=Q(period_start__isnull=True, period_end__isnull=True)
                | Q(period_start__isnull=False, period_end__isnull=False, period_start__lt=F("period_end")),
                name="%(app_label)s_period_forward",
            ),
            models.CheckConstraint(
                condition=~Q(last_act__in=[Act.CORRECTED, Act.DELETED]) | ~Q(change_reason=""),
                name="%(app_label)s_change_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(last_act=Act.DELETED) | Q(deleted_at__isnull=False),
                name="%(app_label)s_deleted_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["recorded_by", "client_id"],
                condition=Q(client_id__isnull=False),
                nulls_distinct=False,
                name="%(app_label)s_client_id_once",
            ),
        ]

    @property
    def all_warnings(self) -> list[dict[str, Any]]:
        """The warnings of the entry, and of what follows from it."""
        return list(self.warnings)


class Reminder(models.Model):
    """Headquarters asked a factory for the log of one factory day. It is stored so that nobody asks twice."""

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


class SheetImport(BackgroundTask):
    """An uploaded sheet: a background task whose outcome is the answer that the upload gets. `sheets/tasks.py` does it.

    The file is dropped when the task is over, the row 30 days later.
    """

    factory = models.ForeignKey(Factory, models.PROTECT, related_name="+")
    # It came with the upload. An integrator may write by a token only.
    token = models.ForeignKey("accounts.ApiToken", models.SET_NULL, null=True, related_name="+")
    app = models.CharField(max_length=20)  # of the log: energy, production
    path = models.CharField(max_length=100)  # of the upload, for the history of its entries
    arguments = models.JSONField()  # of the plan, as the form named them
    is_dry_run = models.BooleanField()
    language = models.CharField(max_length=10)  # of the messages
    content = models.BinaryField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)  # of the answer
    answer = models.JSONField(null=True, encoder=JSONEncoder)

    # Measured: 200,000 rows of two columns, with an open question: 41 s of processor time, 320 MB.
    limits: ClassVar[Limits] = Limits(cpu_s=180, wall_s=600, memory_bytes=800_000_000)

    class Meta(BackgroundTask.Meta):
        verbose_name = _("import of a sheet")
        verbose_name_plural = _("imports of sheets")
        constraints = [
            *BackgroundTask.Meta.constraints,
            models.UniqueConstraint(fields=["user"], condition=Q(state__in=OPEN), name="one_import_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.factory} {self.created_at:%Y-%m-%d %H:%M}"

    def perform(self, progress: Progress) -> None:
        from logbook.sheets.tasks import perform  # that imports this module

        perform(self, progress)

    def give_up(self, *, is_too_large: bool) -> None:
        from logbook.sheets.tasks import give_up

        give_up(self, is_too_large=is_too_large)


@pghistory.track()
class EvidenceFile(models.Model):
    """A file that proves something: a photo of the wood stack at an entry, a delivery note, a certificate.

    What it is about is a row of another room: `evidence.py` knows which. It is removed with a reason and stays stored,
    since a report may name its digest. The bytes are in `EvidenceContent`.
    """

    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="evidence_files")
    factory = models.ForeignKey(Factory, models.PROTECT, null=True, blank=True, related_name="evidence_files")
    about = models.CharField(_("about"), max_length=20)
    about_id = models.IntegerField()
    name = models.CharField(_("file"), max_length=120)
    content_type = models.CharField(_("type"), max_length=40)
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    sha256 = models.CharField("SHA-256", max_length=64)
    note = models.CharField(_("note"), max_length=300, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(_("added"), auto_now_add=True)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(_("removed"), null=True)
    removal_reason = models.CharField(_("why it was removed"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("evidence file")
        verbose_name_plural = _("evidence files")
        ordering = ["added_at", "id"]
        indexes = [
            models.Index(fields=["about", "about_id"], name="evidence_by_what_it_is_about"),
            models.Index(fields=["factory", "added_at"], name="evidence_by_site"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["about", "about_id", "sha256"], condition=Q(removed_at__isnull=True), name="evidence_once"
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True, removal_reason="")
                | Q(removed_at__isnull=False, removed_by__isnull=False) & ~Q(removal_reason=""),
                name="evidence_removal_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EvidenceContent(models.Model):
    """The bytes of a file as it was uploaded, and a small picture of it. Its digest is in the history."""

    file = models.OneToOneField(EvidenceFile, models.PROTECT, primary_key=True, related_name="stored")
    content = models.BinaryField()
    thumbnail = models.BinaryField(null=True)  # JPEG; null: a PDF

    class Meta:
        verbose_name = _("content of an evidence file")
        verbose_name_plural = _("contents of evidence files")
        triggers = [pgtrigger.Protect(name="evidence_is_kept", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(self.file_id)
