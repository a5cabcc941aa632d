"""Enums of everything that is written down, shared by models, API and pages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Act(models.TextChoices):
    """What was done to an entry last; `undone` cannot be undone again."""

    RECORDED = "recorded", _("recorded")
    CORRECTED = "corrected", _("corrected")
    DELETED = "deleted", _("deleted")
    UNDONE = "undone", _("undone")


class Origin(models.TextChoices):
    """How an entry came in."""

    ENTRY = "entry", _("entered")
    IMPORT = "import", _("imported")
    METER = "meter", _("between two meter readings")
