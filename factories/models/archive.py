"""Rows that can be archived: they leave every list of what is in use and keep their history, figures and reports."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class ArchivableQuerySet(models.QuerySet):
    def in_use(self) -> Self:
        """Without what is archived. Lists of sites to look at, log for or rank begin here; history does not."""
        return self.filter(archived_at=None)


class Archivable(models.Model):
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    objects = ArchivableQuerySet.as_manager()

    class Meta:
        abstract = True
