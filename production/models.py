"""Production entries."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from factories.choices import Product, ProductionUnit
from logbook.choices import Origin
from logbook.models import LoggedEntry, with_history

KG_PER_UNIT = {ProductionUnit.KG: Decimal(1), ProductionUnit.T: Decimal(1000)}


def in_unit(amount_kg: Decimal, unit: str) -> Decimal:
    """A stored mass in the unit of its entry."""
    return amount_kg / KG_PER_UNIT[ProductionUnit(unit)]


@with_history
class ProductionEntry(LoggedEntry):
    """How much of a product a factory made in a period; zero is a fact, too: nothing was made."""

    origin = models.CharField(
        max_length=6,
        choices=[choice for choice in Origin.choices if choice[0] in (Origin.ENTRY, Origin.IMPORT)],
        default=Origin.ENTRY,
    )
    product = models.CharField(_("product"), max_length=12, choices=Product)
    amount_kg = models.DecimalField(_("amount (kg)"), max_digits=14, decimal_places=3)
    unit = models.CharField(_("unit as entered"), max_length=4, choices=ProductionUnit, default=ProductionUnit.KG)

    class Meta(LoggedEntry.Meta):
        verbose_name = _("production entry")
        verbose_name_plural = _("production entries")
        ordering = ["-period_start", "-id"]
        indexes = [models.Index(fields=["factory", "product", "period_start"], name="production_by_factory_and_time")]
        constraints = [
            *LoggedEntry.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(origin__in=[Origin.METER, Origin.DEVICE]), name="production_is_not_of_a_meter"
            ),
            models.CheckConstraint(condition=Q(amount_kg__gte=0), name="production_not_negative"),
            models.CheckConstraint(condition=Q(product__in=Product.values), name="production_known_product"),
            models.CheckConstraint(condition=Q(unit__in=ProductionUnit.values), name="production_known_unit"),
            models.UniqueConstraint(
                fields=["factory", "product", "period_start", "period_end", "number_in_period"],
                condition=Q(origin=Origin.IMPORT, deleted_at__isnull=True),
                name="production_imported_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory}: {self.amount_kg} kg"

    @property
    def amount(self) -> Decimal:
        """As entered, in `unit`."""
        return in_unit(self.amount_kg, self.unit)
