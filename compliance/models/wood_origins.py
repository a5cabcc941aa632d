"""Where the wood of a delivery comes from."""

import pghistory
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from compliance.choices import WoodSource


@pghistory.track()
class WoodOrigin(models.Model):
    """What is known of a delivery of wood. Evidence is a reference: a certificate, a contract, a plan of a plantation.
    Files hang at the entry itself."""

    entry = models.OneToOneField("energy.EnergyEntry", models.PROTECT, related_name="wood_origin")
    source = models.CharField(_("grown or bought"), max_length=6, choices=WoodSource)
    supplier = models.CharField(_("supplier"), max_length=120, blank=True)
    species = models.CharField(_("species"), max_length=80, blank=True)
    evidence = models.CharField(_("evidence that it grew sustainably"), max_length=200, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("origin of wood")
        verbose_name_plural = _("origins of wood")
        constraints = [
            models.CheckConstraint(condition=models.Q(source__in=WoodSource.values), name="wood_origin_known_source")
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.source}"
