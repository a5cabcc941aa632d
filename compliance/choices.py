"""Enums of figures and targets, shared by models, API and forms."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class HeatCo2Basis(models.TextChoices):
    """The source of a day's CO2 of heat. One of them, never both (`docs/method.md` 9)."""

    MEASURED = "measured", _("measured in the stacks")
    FUEL = "fuel", _("from the fuel logged")


class InventoryBasis(models.TextChoices):
    """On which a source's CO2 is counted in inventories."""

    MEASURED = "measured", _("measured in the chimney")
    CALCULATED = "calculated", _("calculated from the fuel")


class LockedGas(models.TextChoices):
    """Gases that can be measured. CH4 and N2O stay those of the fuel."""

    CO2 = "CO2", "CO2"


class WoodSource(models.TextChoices):
    """Where a delivery of wood grew."""

    OWN = "own", _("own plantation")
    BOUGHT = "bought", _("bought")


class TargetScope(models.TextChoices):
    BOTH = "1+2", _("scopes 1 and 2")
    ONE = "1", _("scope 1")
    TWO = "2", _("scope 2")


class TargetMetric(models.TextChoices):
    """Absolute targets lead to neutrality, intensity targets are fair to sites of any size. Show both: one can rise
    alone."""

    ABSOLUTE_T = "absolute_t", _("tonnes a year")
    INTENSITY = "intensity", _("per product")


class TargetPath(models.TextChoices):
    LINEAR = "linear", _("a straight line")


class TargetStatus(models.TextChoices):
    IN_FORCE = "in_force", _("in force")
    ENDED = "ended", _("ended")
