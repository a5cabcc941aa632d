"""Enums of places, shared by models, API and forms."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from science import coal_methane


class SubstitutionMethod(models.TextChoices):
    """How an hour without enough data is valued (`docs/method.md` 5)."""

    FUEL_BASED = "fuel_based", _("from the fuel logged")
    EPA = "epa", _("EPA style (40 CFR 75)")
    EU = "eu", _("EU style (mean plus two sigma)")


class FactorBasis(models.TextChoices):
    """What an electricity factor includes: the fuel that power stations burn, or also its supply and the stations."""

    DIRECT = "direct", _("direct")
    LIFE_CYCLE = "life-cycle", _("life-cycle")


# The sets of `science.gwp.GwpSet` that an organisation may choose: `science` has no Django.
class GwpSet(models.TextChoices):
    AR4 = "AR4", "AR4"
    AR5 = "AR5", "AR5"
    AR6 = "AR6", "AR6"


class Shape(models.TextChoices):
    CIRCLE = "circle", _("Round")
    RECTANGLE = "rectangle", _("Rectangular")


# The inner dimensions that a duct of each shape has; none while the geometry is not stated.
DIMENSIONS: dict[str, frozenset[str]] = {
    "": frozenset(),
    Shape.CIRCLE: frozenset({"diameter_m"}),
    Shape.RECTANGLE: frozenset({"width_m", "height_m"}),
}


class ProbePosition(models.TextChoices):
    """Where the velocity is measured. The profile factor turns it into the mean over the duct."""

    AXIS = "axis", _("one point on the axis")
    OTHER = "other", _("another point, or several")


# `science.readings.MoistureMethod` with the words of forms.
class MoistureMethod(models.TextChoices):
    FUEL_STOICHIOMETRIC = "fuel_stoichiometric", _("from the fuel burned")
    FIXED = "fixed", _("fixed fraction")
    MEASURED = "measured", _("measured")


class SourceKind(models.TextChoices):
    BOILER = "boiler", _("Boiler")
    DIRECT_FIRED_DRYER = "direct_fired_dryer", _("Direct-fired dryer")
    STEAM_DRYER_EXHAUST = "steam_dryer_exhaust", _("Steam dryer exhaust")
    GENSET = "genset", _("Generator set")
    VEHICLE = "vehicle", _("Vehicles")
    HAUL_TRUCK = "haul_truck", _("Haul trucks and machines off the road")
    GRID = "grid", _("Grid electricity")
    MINE_METHANE = "mine_methane", _("Mine methane")
    EXPLOSIVES = "explosives", _("Explosives")
    OTHER = "other", _("Other")


class DryerType(models.TextChoices):
    """Types of tea dryers; with the fuel they make a peer group."""

    FLUID_BED = "fluid_bed", _("fluid bed")
    VIBRO_FLUID_BED = "vibro_fluid_bed", _("vibrating fluid bed")
    ENDLESS_CHAIN = "endless_chain", _("endless chain")
    OTHER = "other", _("another type")


# `science.coal_methane.MethaneUnit` with the words of forms.
class MethaneUnit(models.TextChoices):
    M3_PER_T = coal_methane.MethaneUnit.M3_PER_T.value, _("m3 per t (20 °C, 1 atm)")
    KG_PER_T = coal_methane.MethaneUnit.KG_PER_T.value, _("kg per t")


class MineClass(models.TextChoices):
    """`science.coal_methane.MineClass`, where the factors are, with the words of forms."""

    UNDERGROUND_DEGREE_I = coal_methane.MineClass.UNDERGROUND_DEGREE_I.value, _("Underground, degree I")
    UNDERGROUND_DEGREE_II = coal_methane.MineClass.UNDERGROUND_DEGREE_II.value, _("Underground, degree II")
    UNDERGROUND_DEGREE_III = coal_methane.MineClass.UNDERGROUND_DEGREE_III.value, _("Underground, degree III")
    OPENCAST = coal_methane.MineClass.OPENCAST.value, _("Opencast")


class Product(models.TextChoices):
    MADE_TEA = "made_tea", _("Made tea")
    GREEN_LEAF = "green_leaf", _("Green leaf")
    COAL = "coal", _("Coal")


class Item(StrEnum):
    """The items in the log of a factory day; `other` is the fuel of engines."""

    HEAT = "heat"
    OTHER = "other"
    ELECTRICITY = "electricity"
    PRODUCTION = "production"


class ProductionUnit(models.TextChoices):
    KG = "kg", "kg"
    T = "t", "t"
