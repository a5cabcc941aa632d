"""The basis on which an emission source's gas is counted in inventories, from a month on."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from compliance.choices import InventoryBasis, LockedGas


@pghistory.track()
class BasisLock(models.Model):
    """From a month on, until the next lock of its source, a gas is counted on one basis whatever devices there are.

    Set by `inventory/locks.py`, with a reason; never deleted. Sources that share a chimney always have the same.
    """

    factory = models.ForeignKey("factories.Factory", models.PROTECT, related_name="basis_locks")
    source = models.ForeignKey("factories.EmissionSource", models.PROTECT, related_name="basis_locks")
    gas = models.CharField(_("gas"), max_length=12, choices=LockedGas, default=LockedGas.CO2)
    from_month = models.DateField(_("from the month"))  # its first day
    basis = models.CharField(_("basis"), max_length=10, choices=InventoryBasis)
    reason = models.CharField(_("reason"), max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("basis lock")
        verbose_name_plural = _("basis locks")
        ordering = ["factory", "source", "gas", "from_month"]
        constraints = [
            models.UniqueConstraint(fields=["source", "gas", "from_month"], name="basis_lock_once_a_month"),
            models.CheckConstraint(condition=Q(from_month__day=1), name="basis_lock_from_a_first_day"),
            models.CheckConstraint(condition=Q(basis__in=InventoryBasis.values), name="basis_lock_known_basis"),
            models.CheckConstraint(condition=Q(gas__in=LockedGas.values), name="basis_lock_known_gas"),
            models.CheckConstraint(condition=~Q(reason=""), name="basis_lock_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.gas} {self.get_basis_display()} {self.from_month:%Y-%m}"
