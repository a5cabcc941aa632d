"""The site day, and the marks of days that must be computed again."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from compliance.choices import HeatCo2Basis

AMOUNT: dict[str, Any] = {"max_digits": 26, "decimal_places": 6}
SUM: dict[str, Any] = AMOUNT | {"default": Decimal(0)}
KNOWN_OR_NULL: dict[str, Any] = AMOUNT | {"null": True, "blank": True}


class SiteDay(models.Model):
    """One factory day of one site: a function of its entries, its production and its hours of record, never edited.

    Null is "nothing logged" or "not known", never zero. A day about which nothing is known has no row. Entries can "
    "cover future days. Read through `queries.py`, which leaves these out.
    """

    pk = models.CompositePrimaryKey("factory", "day")
    factory = models.ForeignKey("factories.Factory", models.CASCADE, db_index=False, related_name="site_days")
    day = models.DateField()  # the date on which the factory day begins, at the site
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # exclusive; a day has 23, 24 or 25 hours
    # --- Production. `made_kg`: made tea, or of a mine coal. Covered: seconds of the day that entries cover.
    made_kg = models.DecimalField(**KNOWN_OR_NULL)
    green_leaf_kg = models.DecimalField(**KNOWN_OR_NULL)
    production_covered_s = models.IntegerField(default=0)
    has_production = models.BooleanField(default=False)  # logged for 80 % of the day; the same below
    production_entered_at = models.DateTimeField(null=True)  # when so much of the day was entered; the same below
    # --- Energy used. Heat: fuels burned for it, heat bought; other: engines, explosives, own generation.
    heat_covered_s = models.IntegerField(default=0)
    electricity_covered_s = models.IntegerField(default=0)
    has_heat = models.BooleanField(default=False)
    has_electricity = models.BooleanField(default=False)
    heat_entered_at = models.DateTimeField(null=True)
    electricity_entered_at = models.DateTimeField(null=True)
    other_entered_at = models.DateTimeField(null=True)  # fuel of engines; explosives do not count for it
    firewood_kg = models.DecimalField(**KNOWN_OR_NULL)  # wood of all kinds, in kg as burned
    electricity_kwh = models.DecimalField(**KNOWN_OR_NULL)  # from the grid
    heat_gj = models.DecimalField(**SUM)
    electricity_gj = models.DecimalField(**SUM)
    other_gj = models.DecimalField(**SUM)
    has_all_energy = models.BooleanField(default=True)  # false: something was burned by a factor without GJ
    # --- What it emitted by factors, in kg.
    heat_scope1_co2e_kg = models.DecimalField(**SUM)  # CH4 and N2O of wood, all gases of fossil fuel
    other_scope1_co2e_kg = models.DecimalField(**SUM)  # diesel of engines, explosives
    methane_co2e_kg = models.DecimalField(**KNOWN_OR_NULL)  # of a mine, from its coal; null: class unknown
    scope2_co2e_kg = models.DecimalField(**SUM)  # location-based
    electricity_co2e_kg = models.DecimalField(**SUM)  # its part from the grid
    market_gj = models.DecimalField(**SUM)  # electricity by contract or certificate, and its CO2e by the supplier
    market_co2e_kg = models.DecimalField(**SUM)
    biogenic_co2_kg = models.DecimalField(**SUM)  # outside the scopes
    heat_carbon_co2_kg = models.DecimalField(**KNOWN_OR_NULL)  # CO2 of the heat fuels, to set beside the stack
    fuel_fossil_co2_kg = models.DecimalField(**KNOWN_OR_NULL)  # its fossil part
    # "mixed" when entries differ. Of CO2e computed here, and of factors that their publisher gives as CO2e.
    gwp_set = models.CharField(max_length=8, blank=True)
    published_gwp_set = models.CharField(max_length=8, blank=True)
    scope2_basis = models.CharField(max_length=10, blank=True)  # of the electricity factors, direct or life-cycle
    # --- What the stacks measured: chimneys with a device of record on that day, and their hours.
    chimneys = models.SmallIntegerField(default=0)
    stack_h = models.SmallIntegerField(default=0)  # chimney hours of the whole day
    stack_measured_h = models.SmallIntegerField(default=0)
    stack_idle_h = models.SmallIntegerField(default=0)
    is_idle = models.BooleanField(default=False)  # every stack proved idle all day
    stack_substituted_h = models.SmallIntegerField(default=0)  # partial ones too; of days that are over
    stack_covered_s = models.IntegerField(default=0)
    # Sum of all hours of record, measured or substituted; null: one has no mass of record.
    stack_co2_kg = models.DecimalField(**KNOWN_OR_NULL)
    stack_filled_co2_kg = models.DecimalField(**KNOWN_OR_NULL)  # scaled to the operating hours, when measured
    is_stack_lower_bound = models.BooleanField(default=False)  # the two above: a sensor was at the end of its range
    # --- Of record: CO2 of heat by one basis, never both, and what follows from it.
    basis = models.CharField(max_length=8, choices=HeatCo2Basis, blank=True)  # empty: CO2 of heat is not known
    heat_co2_kg = models.DecimalField(**KNOWN_OR_NULL)
    record_scope1_co2e_kg = models.DecimalField(**SUM)  # heat and other, without the methane of mines
    record_biogenic_co2_kg = models.DecimalField(**SUM)
    # --- Standard errors in kg. Each adds up linearly over days; the variance adds up itself.
    heat_sigma_kg = models.FloatField(default=0)  # of the CO2 of heat
    scope1_sigma_kg = models.FloatField(default=0)
    scope2_sigma_kg = models.FloatField(default=0)
    biogenic_sigma_kg = models.FloatField(default=0)
    stack_sigma_kg = models.FloatField(default=0)  # of the hours of record: sensors
    fuel_sigma_kg = models.FloatField(default=0)  # of the substituted ones: fuel logged
    filling_bias_kg = models.FloatField(default=0)  # with its sign
    filling_variance_kg2 = models.FloatField(default=0)
    refreshed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("site day")
        verbose_name_plural = _("site days")
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="site_day_forward"),
            models.CheckConstraint(condition=Q(basis__in=["", *HeatCo2Basis.values]), name="site_day_known_basis"),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} {self.day:%Y-%m-%d}"


class TouchedSite(models.Model):
    """A stretch of time of a site whose days must be recomputed. Database triggers append it."""

    id = models.BigAutoField(primary_key=True)
    # No foreign key in the database: triggers of roll-ups write here and skip a site that no longer exists.
    factory = models.ForeignKey("factories.Factory", models.CASCADE, db_constraint=False, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name = _("touched site")
        verbose_name_plural = _("touched sites")

    def __str__(self) -> str:
        return f"{self.factory_id} {self.starts_at:%Y-%m-%dT%H:%M}"


class RecordedSite(models.Model):
    """Until when the hours of a site are recorded: the start of the factory day that ran then."""

    factory = models.OneToOneField("factories.Factory", models.CASCADE, primary_key=True, related_name="+")
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("recorded site")
        verbose_name_plural = _("recorded sites")

    def __str__(self) -> str:
        return f"{self.factory_id} {self.until:%Y-%m-%dT%H:%M}"
