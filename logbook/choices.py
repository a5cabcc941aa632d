"""Enums of all logs, shared by models, API and pages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Act(models.TextChoices):
    """The last action on an entry; `undone` cannot be undone again."""

    RECORDED = "recorded", _("recorded")
    CORRECTED = "corrected", _("corrected")
    DELETED = "deleted", _("deleted")
    UNDONE = "undone", _("undone")


class Origin(models.TextChoices):
    """The source of an entry."""

    ENTRY = "entry", _("entered")
    IMPORT = "import", _("imported")
    METER = "meter", _("between two meter readings")
    DEVICE = "device", _("read by a device")
