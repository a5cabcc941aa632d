"""Targets of sites and organisations."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from compliance.choices import TargetMetric, TargetPath, TargetScope, TargetStatus
from factories.choices import GwpSet


@pghistory.track()
class Target(models.Model):
    """The yearly emissions that a site or an organisation aims for, on a line from a base year to a target year.

    Set, corrected and ended by `services.py`; never deleted. Absolute targets are in t CO2e, intensities in kg CO2e
    a kg of product (of a mine: a tonne of coal).
    """

    organisation = models.ForeignKey(
        "factories.Organisation", models.PROTECT, related_name="targets", verbose_name=_("organisation")
    )
    factory = models.ForeignKey(
        "factories.Factory", models.PROTECT, null=True, blank=True, related_name="targets", verbose_name=_("factory")
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    scope = models.CharField(_("scope"), max_length=4, choices=TargetScope, default=TargetScope.BOTH)
    metric = models.CharField(_("metric"), max_length=10, choices=TargetMetric)
    unit = models.CharField(_("unit"), max_length=20)
    base_year = models.PositiveSmallIntegerField(_("base year"))
    base_value = models.DecimalField(_("base value"), max_digits=20, decimal_places=6)
    target_year = models.PositiveSmallIntegerField(_("target year"))
    target_value = models.DecimalField(_("target value"), max_digits=20, decimal_places=6)
    path = models.CharField(_("path"), max_length=8, choices=TargetPath, default=TargetPath.LINEAR)
    gwp_set = models.CharField(_("GWP set"), max_length=4, choices=GwpSet)
    status = models.CharField(_("status"), max_length=8, choices=TargetStatus, default=TargetStatus.IN_FORCE)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    change_reason = models.CharField(_("reason of the last change"), max_length=300, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["organisation", "factory", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(base_year__lt=F("target_year"), base_year__gte=1990, target_year__lte=2100),
                name="target_years_forward",
            ),
            models.CheckConstraint(
                condition=Q(base_value__gt=0, target_value__gte=0), name="target_values_not_negative"
            ),
            models.CheckConstraint(condition=Q(metric__in=TargetMetric.values), name="target_known_metric"),
            models.CheckConstraint(condition=Q(scope__in=TargetScope.values), name="target_known_scope"),
            models.CheckConstraint(
                condition=Q(status=TargetStatus.IN_FORCE, ended_at__isnull=True)
                | Q(status=TargetStatus.ENDED, ended_at__isnull=False) & ~Q(change_reason=""),
                name="target_end_has_time_and_reason",
            ),
            models.UniqueConstraint(
                fields=["organisation", "factory", "metric", "scope"],
                condition=Q(status=TargetStatus.IN_FORCE),
                nulls_distinct=False,
                name="target_one_in_force",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.factory or self.organisation}: {self.get_metric_display()}"
