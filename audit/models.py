"""Reads of raw data and exports, and the history of two tables of allauth: addresses and second factors.

Every other tracked table is declared beside its model; `sources.py` lists them all.
"""

import pghistory
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lib.reads import ReadKind


class DataRead(models.Model):
    """That a person read raw readings, took a file, or as an auditor opened a page; one row for each hour of it."""

    id = models.BigAutoField(primary_key=True)
    # No constraint: what was read stays known when the person's account is gone.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, related_name="+", verbose_name=_("by")
    )
    token = models.CharField(_("API token"), max_length=80, blank=True)
    organisation = models.ForeignKey("factories.Organisation", models.CASCADE, related_name="+")
    factory = models.ForeignKey("factories.Factory", models.CASCADE, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=ReadKind)
    path = models.CharField(_("address"), max_length=200)
    device = models.CharField(_("device"), max_length=64, blank=True)
    hour = models.DateTimeField()
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    times = models.IntegerField(_("times"))
    # Null: not counted, or of more than one organisation.
    rows = models.BigIntegerField(_("rows"), null=True)
    # From the earliest to the latest moment asked for in the hour; null: without a limit.
    period_start = models.DateTimeField(_("from"), null=True)
    period_end = models.DateTimeField(_("to"), null=True)

    class Meta:
        verbose_name = _("reading of data")
        verbose_name_plural = _("readings of data")
        indexes = [
            models.Index(fields=["organisation", "-first_at"], name="dataread_by_organisation"),
            models.Index(fields=["-first_at"], name="dataread_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "hour", "organisation", "factory", "kind", "path", "device", "token"],
                nulls_distinct=False,
                name="dataread_once_an_hour",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.path}"


@pghistory.track()
class Address(EmailAddress):
    """An e-mail address of a person, with whether it is verified and the primary one."""

    class Meta:
        proxy = True
        verbose_name = _("e-mail address")
        verbose_name_plural = _("e-mail addresses")


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent(), exclude=["data", "last_used_at"])
class SecondFactor(Authenticator):
    """A second factor of a person, without its secret. It changes with every use, so only begin and end are events."""

    class Meta:
        proxy = True
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
