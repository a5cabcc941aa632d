"""Enums of energy, shared by models, API and forms."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from science.units import Dimension


class EntryKind(models.TextChoices):
    """The meaning of an amount. Only `used` is in totals; `market` makes a second total of scope 2 beside them."""

    USED = "used", _("used")
    RECEIVED = "received", _("received")
    STOCK_COUNT = "stock_count", _("stock count")
    METER_READING = "meter_reading", _("meter reading")
    MARKET = "market", _("contract or certificate")


class Instrument(models.TextChoices):
    """What gives electricity another factor than the grid's in the market-based total of scope 2."""

    CONTRACT = "contract", _("supply contract")
    CERTIFICATE = "certificate", _("certificate")


class UnitFamily(models.TextChoices):
    """The dimension of a type's usual unit, as in `science.units`."""

    MASS = Dimension.MASS.value, _("mass")
    VOLUME = Dimension.VOLUME.value, _("volume")
    NORMAL_VOLUME = Dimension.NORMAL_VOLUME.value, _("normal volume")
    STACKED_VOLUME = Dimension.STACKED_VOLUME.value, _("stacked volume")
    ENERGY = Dimension.ENERGY.value, _("energy")


class Carrier(models.TextChoices):
    """How a factor turns an amount into gases: by burning, or by what the supplier's plant emitted."""

    FUEL = "fuel", _("fuel")
    GRID = "grid", _("grid electricity")
    OWN = "own", _("own generation without fuel")
    HEAT = "heat", _("purchased heat")
    EXPLOSIVE = "explosive", _("explosive")
    REFRIGERANT = "refrigerant", _("refrigerant that leaked")


class FactorGas(models.TextChoices):
    """CO2e: the publisher gives one sum of all gases, by the set of potentials that the row names."""

    CO2 = "CO2", "CO2"
    CH4 = "CH4", "CH4"
    N2O = "N2O", "N2O"
    CO2E = "CO2e", "CO2e"


class FactorType(models.TextChoices):
    """For grids. Margins (OM, BM, CM) are for offset projects: entries never use them."""

    AVERAGE = "average", _("average")
    OM = "OM", _("operating margin")
    BM = "BM", _("build margin")
    CM = "CM", _("combined margin")
