"""What is made: entries of production."""

from decimal import Decimal

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from factories.choices import Act, Product, ProductionOrigin, ProductionUnit
from factories.models import Factory


@pghistory.track(
    # Per statement, as for energy entries: a history of years comes in at once.
    pghistory.InsertEvent(level=pghistory.Statement),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
)
class ProductionEntry(models.Model):
    """How much of a product a factory made in a period; zero is a fact, too: nothing was made.

    Corrected and deleted by `production.py` alone, each time with a reason; history rows keep what it was before.
    """

    factory = models.ForeignKey(Factory, models.PROTECT, related_name="production_entries")
    product = models.CharField(_("product"), max_length=12, choices=Product)
    amount_kg = models.DecimalField(_("amount (kg)"), max_digits=14, decimal_places=3)
    unit = models.CharField(_("unit it was told in"), max_length=4, choices=ProductionUnit, default=ProductionUnit.KG)
    period_start = models.DateTimeField(_("from"))
    period_end = models.DateTimeField(_("to"))
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    origin = models.CharField(max_length=6, choices=ProductionOrigin, default=ProductionOrigin.ENTRY)
    warnings = models.JSONField(_("to be looked at"), default=list, blank=True)
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
        verbose_name = _("production entry")
        verbose_name_plural = _("production entries")
        ordering = ["-period_start", "-id"]
        indexes = [models.Index(fields=["factory", "product", "period_start"], name="production_by_factory_and_time")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_kg__gte=0), name="production_not_negative"),
            models.CheckConstraint(condition=Q(period_start__lt=F("period_end")), name="production_period_forward"),
            models.CheckConstraint(condition=Q(product__in=Product.values), name="production_known_product"),
            models.CheckConstraint(condition=Q(unit__in=ProductionUnit.values), name="production_known_unit"),
            models.CheckConstraint(condition=Q(origin__in=ProductionOrigin.values), name="production_known_origin"),
            models.CheckConstraint(condition=Q(last_act__in=Act.values), name="production_known_act"),
            models.CheckConstraint(
                condition=~Q(last_act__in=[Act.CORRECTED, Act.DELETED]) | ~Q(change_reason=""),
                name="production_change_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(last_act=Act.DELETED) | Q(deleted_at__isnull=False), name="production_deleted_has_a_time"
            ),
            models.UniqueConstraint(
                fields=["recorded_by", "client_id"],
                condition=Q(client_id__isnull=False),
                nulls_distinct=False,
                name="production_client_id_once",
            ),
            models.UniqueConstraint(
                fields=["factory", "product", "period_start", "period_end"],
                condition=Q(origin=ProductionOrigin.IMPORT, deleted_at__isnull=True),
                name="production_imported_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory}: {self.amount_kg} kg"

    @property
    def amount(self) -> Decimal:
        """As it was told, in `unit`."""
        return self.amount_kg / 1000 if self.unit == ProductionUnit.T else self.amount_kg
