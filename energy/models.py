"""Energy that is burned or bought: energy types, emission factors, entries, and a factory's own units.

How an amount becomes kilograms is in `science/combustion.py`; the choice of the factor is in `factors.py`.
"""

from decimal import Decimal
from typing import Any

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from energy.choices import Carrier, EntryKind, FactorGas, FactorType, Instrument, UnitFamily
from factories.choices import FactorBasis, GwpSet
from logbook.choices import Origin
from logbook.models import LoggedEntry, with_history
from science.combustion import WOOD_MOISTURE_MAX_FRACTION, wet_wood_kg
from science.rounding import decimal_kg

# Products of published factors are kept to their last digit, so that a constraint can check them.
EXACT: dict[str, Any] = {"max_digits": 40, "decimal_places": 24}
CHAIN: dict[str, Any] = {"max_digits": 24, "decimal_places": 12, "null": True, "blank": True}
MASS: dict[str, Any] = {"max_digits": 26, "decimal_places": 6, "null": True, "blank": True}
_THOUSANDTH = models.Value(Decimal("0.001"), output_field=models.DecimalField(max_digits=4, decimal_places=3))


def moisture_is_plausible(of: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(moisture_fraction__isnull=True)
        | Q(moisture_fraction__gte=0, moisture_fraction__lte=WOOD_MOISTURE_MAX_FRACTION),
        name=f"{of}_moisture_plausible",
    )


class DateRange(Func):
    function = "DATERANGE"
    output_field = DateRangeField()


class EnergyType(models.Model):
    """A fuel, electricity, heat, an explosive. Loaded from `data/energy_types.csv`."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    aliases = ArrayField(models.CharField(max_length=60), default=list, verbose_name=_("also called"))
    carrier = models.CharField(_("carrier"), max_length=12, choices=Carrier)
    unit_family = models.CharField(_("unit family"), max_length=20, choices=UnitFamily)
    default_unit = models.CharField(_("usual unit"), max_length=12)
    scope = models.PositiveSmallIntegerField(_("scope"))
    is_biogenic = models.BooleanField(_("biogenic"), default=False)
    is_wood = models.BooleanField(_("wood: its moisture gives carbon and heating value"), default=False)

    class Meta:
        verbose_name = _("energy type")
        verbose_name_plural = _("energy types")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=[1, 2, 3]), name="energy_type_scope"),
            models.CheckConstraint(condition=Q(code__regex=r"^[a-z][a-z0-9_]*$"), name="energy_type_code"),
            models.CheckConstraint(condition=Q(carrier__in=Carrier.values), name="energy_type_carrier"),
            models.CheckConstraint(condition=Q(unit_family__in=UnitFamily.values), name="energy_type_family"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_stacked(self) -> bool:
        """Firewood: counted as stacks, so that an m3 of it is a stere; not pellets."""
        return self.is_wood and self.unit_family == UnitFamily.STACKED_VOLUME


# By statement: a release loads its whole table at once. Rows are never changed.
@pghistory.track(pghistory.InsertEvent(level=pghistory.Statement))
class EmissionFactor(models.Model):
    """Kilograms of one gas per unit of one energy type, valid between two dates, from one publication. Never
    overwritten.

    A row that changes in the table becomes the next `version`. `valid_to` is exclusive. Rows of an organisation are
    its own: `own_factors.py` adds them, and no other organisation sees or uses them.
    """

    organisation = models.ForeignKey(
        "factories.Organisation", models.PROTECT, null=True, blank=True, related_name="emission_factors"
    )
    energy_type = models.ForeignKey(EnergyType, models.PROTECT, related_name="factors")
    gas = models.CharField(_("gas"), max_length=4, choices=FactorGas)
    per_unit = models.CharField(_("per"), max_length=12)
    country = models.CharField(_("country"), max_length=2, blank=True)
    set_name = models.CharField(_("set"), max_length=40)
    factor_type = models.CharField(_("factor type"), max_length=8, choices=FactorType, default=FactorType.AVERAGE)
    basis = models.CharField(_("basis"), max_length=10, choices=FactorBasis, default=FactorBasis.DIRECT)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    is_default = models.BooleanField(_("used when no set is named"), default=False)
    value = models.DecimalField(_("value (kg of gas per unit)"), **EXACT)
    unit = models.CharField(_("unit"), max_length=24)
    # Of a sum of gases (CO2e): the potentials with which its publisher made it.
    gwp_set = models.CharField(_("GWP set of the publisher"), max_length=4, choices=GwpSet, blank=True, default="")
    # The inputs from which `value` is computed, if there are any: value = gj_per_unit x gas_kg_per_tj / 1000 +
    # inherent.
    kg_per_unit = models.DecimalField(_("kg per unit"), **CHAIN)
    ncv_gj_per_t = models.DecimalField(_("net calorific value (GJ/t)"), **CHAIN)
    gj_per_unit = models.DecimalField(_("GJ per unit"), max_digits=36, decimal_places=20, null=True, blank=True)
    gas_kg_per_tj = models.DecimalField(_("kg of gas per TJ"), **CHAIN)
    # Gas that the fuel already contains and that passes through the flame, such as the CO2 of raw biogas.
    inherent_kg_per_unit = models.DecimalField(
        _("contained in the fuel (kg/unit)"), max_digits=24, decimal_places=12, default=0
    )
    source = models.CharField(_("source"), max_length=200)
    publication = models.CharField(_("publication"), max_length=200, blank=True)
    confidence = models.CharField(_("confidence"), max_length=12, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    loaded_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("emission factor")
        verbose_name_plural = _("emission factors")
        ordering = ["energy_type", "set_name", "per_unit", "valid_from", "gas", "version"]
        triggers = [pgtrigger.Protect(name="never_overwritten", operation=pgtrigger.Update | pgtrigger.Delete)]
        constraints = [
            ExclusionConstraint(
                name="one_factor_at_any_date",
                expressions=[
                    (Coalesce("organisation", 0), RangeOperators.EQUAL),
                    ("energy_type", RangeOperators.EQUAL),
                    ("gas", RangeOperators.EQUAL),
                    ("per_unit", RangeOperators.EQUAL),
                    ("country", RangeOperators.EQUAL),
                    ("set_name", RangeOperators.EQUAL),
                    ("factor_type", RangeOperators.EQUAL),
                    ("basis", RangeOperators.EQUAL),
                    ("version", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("A factor of this set and version exists already for this time."),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__lt=F("valid_to")), name="factor_validity_forward"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="factor_not_negative"),
            models.CheckConstraint(condition=Q(gas__in=FactorGas.values), name="factor_known_gas"),
            models.CheckConstraint(
                condition=Q(gas=FactorGas.CO2E, gwp_set__in=GwpSet.values) | ~Q(gas=FactorGas.CO2E) & Q(gwp_set=""),
                name="factor_of_co2e_names_its_gwp_set",
            ),
            models.CheckConstraint(condition=Q(factor_type__in=FactorType.values), name="factor_known_factor_type"),
            models.CheckConstraint(condition=Q(basis__in=FactorBasis.values), name="factor_known_basis"),
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex="^[A-Z]{2}$"), name="factor_country_code"
            ),
            models.CheckConstraint(
                condition=Q(kg_per_unit__isnull=True)
                | Q(ncv_gj_per_t__isnull=True)
                | Q(gj_per_unit=F("kg_per_unit") * F("ncv_gj_per_t") * _THOUSANDTH),
                name="factor_energy_is_mass_times_ncv",
            ),
            models.CheckConstraint(
                condition=Q(gas_kg_per_tj__isnull=True)
                | Q(value=F("gj_per_unit") * F("gas_kg_per_tj") * _THOUSANDTH + F("inherent_kg_per_unit")),
                name="factor_value_is_energy_times_gas",
            ),
            models.CheckConstraint(
                condition=~Q(is_default=True) | Q(factor_type=FactorType.AVERAGE),
                name="factor_default_is_an_average",
                violation_error_message=_("Marginal factors are for offset projects, never for an inventory."),
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=True) | Q(is_default=False, factor_type=FactorType.AVERAGE),
                name="factor_of_an_organisation_is_never_default",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.energy_type.code} {self.gas} {self.set_name} {self.valid_from} v{self.version}"


@pghistory.track()
class LocalUnit(models.Model):
    """A factory's own unit: 1 lorry = 12 stere, 1 stere = 480 kg as weighed here at 22 % moisture."""

    factory = models.ForeignKey("factories.Factory", models.PROTECT, related_name="local_units")
    energy_type = models.ForeignKey(EnergyType, models.PROTECT, related_name="local_units")
    name = models.CharField(_("name"), max_length=40)
    amount = models.DecimalField(_("is how many"), max_digits=18, decimal_places=6)
    unit = models.CharField(_("of the unit"), max_length=40)
    # Null: the kg of a unit that was weighed are as moist as what is burned, or the unit has no kg.
    moisture_fraction = models.DecimalField(
        _("moisture of the wood when it was weighed"), max_digits=4, decimal_places=3, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("local unit")
        verbose_name_plural = _("local units")
        ordering = ["factory", "energy_type", "name"]
        constraints = [
            models.UniqueConstraint("factory", "energy_type", Lower("name"), name="local_unit_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="local_unit_above_zero"),
            models.CheckConstraint(condition=~Q(name=F("unit")), name="local_unit_of_another_unit"),
            moisture_is_plausible("local_unit"),
        ]

    def __str__(self) -> str:
        return f"1 {self.name} = {self.amount.normalize():f} {self.unit}"


_RESULTS: tuple[str, ...] = ("factor", "scope", "co2e_kg", "biogenic_co2_kg", "factor_amount")


@with_history
class EnergyEntry(LoggedEntry):
    """An amount of energy in a period, with its emissions and the factors used."""

    source = models.ForeignKey(
        "factories.EmissionSource",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="energy_entries",
        verbose_name=_("burned in"),
    )
    energy_type = models.ForeignKey(EnergyType, models.PROTECT, related_name="entries")
    kind = models.CharField(_("kind"), max_length=14, choices=EntryKind, default=EntryKind.USED)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6)
    unit = models.CharField(_("unit"), max_length=40)
    timestamp = models.DateTimeField(_("when"))
    # A delivery, a count and a reading have a moment, and may have no period.
    period_start = models.DateTimeField(_("from"), null=True, blank=True)  # type: ignore[assignment]
    period_end = models.DateTimeField(_("to"), null=True, blank=True)  # type: ignore[assignment]
    cost = models.DecimalField(_("cost"), max_digits=16, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    moisture_fraction = models.DecimalField(
        _("moisture of the wood"), max_digits=4, decimal_places=3, null=True, blank=True
    )
    moisture_is_default = models.BooleanField(_("moisture was not stated"), default=False)
    factor_set = models.CharField(_("set asked for"), max_length=40, blank=True)
    # --- Meters. The use between two readings is an entry of its own, which only `meters.py` makes.
    # --- Electricity of kind `market`: what is bought by a contract or certificate, with the supplier's factor.
    instrument = models.CharField(
        _("contract or certificate"), max_length=12, choices=Instrument, blank=True, default="", db_default=""
    )
    supplier_factor_kgco2e_per_kwh = models.DecimalField(
        _("supplier's factor (kg CO2e/kWh)"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    evidence = models.CharField(_("evidence"), max_length=200, blank=True, default="", db_default="")
    market_co2e_kg = models.DecimalField(_("CO2e by the supplier's factor (kg)"), **MASS)
    meter_restarted = models.BooleanField(_("first reading of a new or reset meter"), default=False, db_default=False)
    register_digits = models.PositiveSmallIntegerField(
        _("digits of a register that passed its end"), null=True, blank=True
    )
    meter_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    meter_to = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="consumption")
    # --- Its emissions by these factors and this method; null unless kind is `used`.
    scope = models.PositiveSmallIntegerField(_("scope"), null=True, blank=True)
    factor_amount = models.DecimalField(
        _("amount in the factor's unit"), max_digits=40, decimal_places=12, null=True, blank=True
    )
    energy_gj = models.DecimalField(_("energy (GJ)"), **MASS)
    co2_kg = models.DecimalField(_("fossil CO2 (kg)"), **MASS)
    biogenic_co2_kg = models.DecimalField(_("biogenic CO2, outside the scopes (kg)"), **MASS)
    ch4_kg = models.DecimalField(_("CH4 (kg)"), **MASS)
    n2o_kg = models.DecimalField(_("N2O (kg)"), **MASS)
    co2e_kg = models.DecimalField(_("CO2e in its scope (kg)"), **MASS)
    factor = models.ForeignKey(EmissionFactor, models.PROTECT, null=True, blank=True, related_name="+")
    ch4_factor = models.ForeignKey(EmissionFactor, models.PROTECT, null=True, blank=True, related_name="+")
    n2o_factor = models.ForeignKey(EmissionFactor, models.PROTECT, null=True, blank=True, related_name="+")
    gwp_set = models.CharField(_("GWP set"), max_length=4, choices=GwpSet, blank=True)
    method_version = models.CharField(_("method version"), max_length=10, blank=True)

    class Meta(LoggedEntry.Meta):
        verbose_name = _("energy entry")
        verbose_name_plural = _("energy entries")
        ordering = ["-timestamp", "-id"]
        indexes = [
            models.Index(fields=["factory", "energy_type", "period_start"], name="entry_by_factory_and_period"),
            models.Index(fields=["factory", "timestamp"], name="entry_by_factory_and_time"),
            # A partial index, because stock counts and meter readings are rare and are searched by their moment.
            models.Index(
                fields=["factory", "energy_type", "timestamp"],
                name="entry_counted_or_read",
                condition=Q(kind__in=[EntryKind.STOCK_COUNT, EntryKind.METER_READING]),
            ),
        ]
        constraints = [
            *LoggedEntry.Meta.constraints,
            models.CheckConstraint(condition=Q(amount__gte=0), name="entry_not_negative"),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="entry_known_kind"),
            models.CheckConstraint(
                condition=~Q(kind=EntryKind.USED) | Q(period_start__isnull=False, period_end__isnull=False),
                name="entry_use_has_a_period",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.USED, **{f"{name}__isnull": False for name in _RESULTS})
                & ~Q(gwp_set="")
                & ~Q(method_version="")
                | ~Q(kind=EntryKind.USED) & Q(**{f"{name}__isnull": True for name in _RESULTS}),
                name="entry_use_has_results_and_others_none",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.MARKET, instrument__in=Instrument.values, energy_gj__isnull=False)
                & Q(supplier_factor_kgco2e_per_kwh__gte=0, market_co2e_kg__isnull=False, period_end__isnull=False)
                & ~Q(evidence="")
                | ~Q(kind=EntryKind.MARKET)
                & Q(instrument="", supplier_factor_kgco2e_per_kwh=None, evidence="", market_co2e_kg=None),
                name="entry_of_a_contract_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(cost__isnull=True, currency="")
                | Q(cost__gte=0, cost__isnull=False, currency__regex="^[A-Z]{3}$"),
                name="entry_cost_has_a_currency",
                violation_error_message=_("Give cost and currency together; the currency as three letters, like KES."),
            ),
            moisture_is_plausible("entry"),
            models.CheckConstraint(
                condition=Q(origin=Origin.METER, kind=EntryKind.USED, meter_from__isnull=False, meter_to__isnull=False)
                | ~Q(origin=Origin.METER) & Q(meter_from__isnull=True, meter_to__isnull=True),
                name="entry_of_a_meter_names_two_readings",
            ),
            models.CheckConstraint(
                condition=Q(meter_restarted=False, register_digits__isnull=True) | Q(kind=EntryKind.METER_READING),
                name="entry_restart_is_of_a_reading",
            ),
            # Checked when the transaction ends, because a reading that moves in time swaps the pairs of its neighbours.
            ExclusionConstraint(
                name="entry_meter_span_once",
                expressions=[("meter_from", RangeOperators.EQUAL)],
                condition=Q(origin=Origin.METER, deleted_at__isnull=True),
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["factory", "energy_type", "source", "period_start", "period_end", "number_in_period"],
                condition=Q(origin=Origin.IMPORT, deleted_at__isnull=True),
                nulls_distinct=False,
                name="entry_imported_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory}: {self.amount.normalize():f} {self.unit} {self.energy_type}"

    @property
    def wood_kg(self) -> Decimal | None:
        """Kg of wood as burned; None for what is not wood or not used."""
        if self.biogenic_co2_kg is None or self.moisture_fraction is None:
            return None
        return decimal_kg(wet_wood_kg(self.biogenic_co2_kg, moisture_fraction=self.moisture_fraction))

    @property
    def all_warnings(self) -> list[dict[str, Any]]:
        """Of a meter reading also those of the use that it ends."""
        derived = getattr(self, "consumption", None)
        if derived is None or derived.deleted_at is not None:
            return list(self.warnings)
        return [*self.warnings, *derived.warnings]

    @property
    def factors(self) -> list[Any]:
        return [factor for factor in (self.factor, self.ch4_factor, self.n2o_factor) if factor is not None]
