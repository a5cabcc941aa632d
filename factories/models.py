"""Places: organisations, their factories and mines, chimneys, emission sources, site events."""

import functools
import zoneinfo

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from factories.choices import (
    FactorBasis,
    GwpSet,
    MineClass,
    MoistureMethod,
    ProbePosition,
    Shape,
    SourceKind,
    SubstitutionMethod,
)
from factories.countries import COUNTRIES, country_choices
from factories.sectors import sector_choices
from science.combustion import WOOD_MOISTURE_MAX_FRACTION
from science.readings import ROUND_AXIS_PROFILE_FACTOR
from science.stack import circle_area_m2, rectangle_area_m2

HIGHEST_SITE_M = 3500  # above it air pressure is below the 65 kPa down to which the science holds
_ROUND_AXIS = (Shape.CIRCLE, ProbePosition.AXIS)
MOST_KW, MOST_KG_PER_DAY = 1e7, 1e9  # more than any site has: a typing error
_A_CAPACITY_KW = [MinValueValidator(1), MaxValueValidator(MOST_KW)]
LARGEST_DUCT_M = 5.0  # docs/method.md 1: a larger inner dimension is a typing error


@functools.cache  # zoneinfo reads every file of the zones again each time: 10 ms of a new factory's 20
def _time_zones() -> set[str]:
    # "localtime" is whatever a machine is set to, and PostgreSQL has no such zone.
    return zoneinfo.available_timezones() - {"localtime"}


def validate_time_zone(name: str) -> None:
    if name not in _time_zones():
        raise ValidationError(
            _("%(name)s is not an IANA time zone; use a name like Africa/Nairobi."), params={"name": name}
        )


@pghistory.track()
class Organisation(models.Model):
    """A group of sites with one set of accounting choices. Currency and languages follow from its country."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    country = models.CharField(_("country"), max_length=2, choices=country_choices)
    currency = models.CharField(
        _("currency"),
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Write the currency as three letters (ISO 4217)."))],
        help_text=_("empty: that of the country"),
    )
    languages = ArrayField(
        models.CharField(max_length=8),
        default=list,
        blank=True,
        verbose_name=_("languages"),
        help_text=_("codes, the first one is used where a person has not chosen; empty: those of the country"),
    )
    substitution_method = models.CharField(
        _("substitution method"), max_length=12, choices=SubstitutionMethod, default=SubstitutionMethod.FUEL_BASED
    )
    gwp_set = models.CharField(_("GWP set"), max_length=4, choices=GwpSet, default=GwpSet.AR6)
    factor_set = models.CharField(
        _("emission factors preferred"),
        max_length=40,
        blank=True,
        default="",
        help_text=_("name of a set; it is used where it has a factor, and the default elsewhere"),
    )
    electricity_basis = models.CharField(
        _("basis of electricity"),
        max_length=10,
        choices=FactorBasis,
        blank=True,
        default="",
        help_text=_("empty: the usual factor of each country; direct and life-cycle do not add up"),
    )
    publishes_names = models.BooleanField(_("factories see each other's names in rankings"), default=False)
    second_factor_required = models.BooleanField(
        _("HQ managers need a second step at sign-in"),
        default=False,
        help_text=_("a passkey or an authenticator app; who has none sets one up before anything else"),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="organisation_country_code"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="organisation_currency_code"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What was left empty follows from the country. Pages speak some languages only, and English is one."""
        row = COUNTRIES.get(self.country)
        spoken = {code for code, _name in settings.LANGUAGES}
        if not spoken.issuperset(self.languages):
            words = _("Pages speak these languages: %(codes)s.") % {"codes": ", ".join(sorted(spoken))}
            raise ValidationError({"languages": words})
        if row is not None:
            self.currency = self.currency or row.currency
            self.languages = self.languages or [code for code in row.languages if code in spoken] or ["en"]


@pghistory.track()
class Factory(models.Model):  # type: ignore[django-manager-missing]  # knox is untyped
    """An industrial site: a tea factory, a mine. Its time zone and factory day decide where days begin."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="factories", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=120)
    location = models.CharField(_("place"), max_length=120, blank=True)
    county = models.CharField(_("county"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, choices=country_choices)
    sector = models.CharField(_("sector"), max_length=12, choices=sector_choices)
    altitude_m = models.FloatField(
        _("altitude (m)"), validators=[MinValueValidator(-430), MaxValueValidator(HIGHEST_SITE_M)]
    )
    altitude_is_estimated = models.BooleanField(_("altitude is an estimate"), default=True)
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    time_zone = models.CharField(_("time zone"), max_length=40, validators=[validate_time_zone])
    day_starts_at = models.PositiveSmallIntegerField(
        _("factory day starts at (hour)"), default=6, validators=[MaxValueValidator(23)]
    )
    # The limits of what may be logged, checked in `capacity.py`; empty: the default of the sector.
    electricity_capacity_kw = models.FloatField(
        _("electricity connection (kW)"), null=True, blank=True, validators=_A_CAPACITY_KW
    )
    product_capacity_kg_per_day = models.FloatField(
        _("most that can be made (kg a day)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_KG_PER_DAY)],
    )
    # Of the firewood as burned, where an entry states none; null: the usual 30 %.
    wood_moisture_fraction = models.DecimalField(
        _("moisture of the firewood"), max_digits=4, decimal_places=3, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("factory")
        verbose_name_plural = _("factories")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="factory_name_once"),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="factory_country_code"),
            models.CheckConstraint(condition=Q(day_starts_at__lte=23), name="factory_day_starts_at_hour"),
            models.CheckConstraint(
                condition=Q(altitude_m__gte=-430, altitude_m__lte=HIGHEST_SITE_M), name="factory_altitude_on_earth"
            ),
            models.CheckConstraint(
                condition=Q(wood_moisture_fraction__isnull=True)
                | Q(wood_moisture_fraction__gte=0, wood_moisture_fraction__lte=WOOD_MOISTURE_MAX_FRACTION),
                name="factory_wood_moisture_plausible",
                violation_error_message=_("Moisture is kg of water per kg of wet wood, 0 to 0.65: 0.3 is 30 %%."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """People and commands name a site without regard to capitals, so two names differ in more than these."""
        others = Factory.objects.filter(organisation=self.organisation_id).exclude(pk=self.pk)
        if others.filter(name__iexact=self.name).exists():
            words = _("A factory %(name)s exists already; choose another name.") % {"name": self.name}
            raise ValidationError({"name": words})

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def currency(self) -> str:
        """The organisation's; of a site in another country, that country's."""
        if self.country == self.organisation.country:
            return self.organisation.currency
        return COUNTRIES[self.country].currency


@pghistory.track()
class Chimney(models.Model):
    """A duct whose gas is measured. Dimensions are inner ones: lining and soot narrow it."""

    factory = models.ForeignKey(Factory, models.PROTECT, related_name="chimneys", verbose_name=_("factory"))
    name = models.CharField(_("name"), max_length=80)
    # Without a shape the geometry is not stated: readings are stored and have no mass.
    shape = models.CharField(_("shape"), max_length=10, choices=Shape, blank=True, default="")
    diameter_m = models.FloatField(_("inner diameter (m)"), null=True, blank=True)
    width_m = models.FloatField(_("inner width (m)"), null=True, blank=True)
    height_m = models.FloatField(_("inner height (m)"), null=True, blank=True)
    probe_height_m = models.FloatField(_("probe height above the inlet (m)"), null=True, blank=True)
    probe_position = models.CharField(
        _("position of the velocity probe"), max_length=10, choices=ProbePosition, default=ProbePosition.AXIS
    )
    velocity_profile_factor = models.FloatField(
        _("velocity profile factor"),
        null=True,
        blank=True,
        help_text=_("for one point on the axis of a round duct 0.84 unless measured; for any other, stated"),
    )
    moisture_method = models.CharField(
        _("moisture method"), max_length=20, choices=MoistureMethod, default=MoistureMethod.FIXED
    )
    moisture_fraction = models.FloatField(_("water vapour fraction of the gas"), default=0.13)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("chimney")
        verbose_name_plural = _("chimneys")
        ordering = ["factory", "name"]
        constraints = [
            models.UniqueConstraint(fields=["factory", "name"], name="chimney_name_once"),
            # The target of composite foreign keys: an assignment cannot join places of two factories.
            models.UniqueConstraint(fields=["id", "factory"], name="chimney_of_factory"),
            models.CheckConstraint(
                # NULL > 0 is unknown, and a check accepts unknown, so the check also requires each dimension.
                condition=Q(shape="", diameter_m__isnull=True, width_m__isnull=True, height_m__isnull=True)
                | Q(
                    shape=Shape.CIRCLE,
                    diameter_m__isnull=False,
                    diameter_m__gt=0,
                    diameter_m__lte=LARGEST_DUCT_M,
                    width_m__isnull=True,
                    height_m__isnull=True,
                )
                | Q(
                    shape=Shape.RECTANGLE,
                    width_m__isnull=False,
                    width_m__gt=0,
                    width_m__lte=LARGEST_DUCT_M,
                    height_m__isnull=False,
                    height_m__gt=0,
                    height_m__lte=LARGEST_DUCT_M,
                    diameter_m__isnull=True,
                ),
                name="chimney_dimensions_fit_shape",
                violation_error_message=_(
                    "A round chimney needs a diameter, a rectangular chimney a width and a height; each is above 0 "
                    "and at most 5 m. Without a shape leave them empty."
                ),
            ),
            models.CheckConstraint(
                condition=Q(shape="") | Q(velocity_profile_factor__isnull=False),
                name="chimney_profile_factor_stated",
                violation_error_message=_(
                    "State the velocity profile factor: only one point on the axis of a round duct has a default."
                ),
            ),
            models.CheckConstraint(
                condition=Q(velocity_profile_factor__gte=0.5, velocity_profile_factor__lte=1.2),
                name="chimney_profile_factor_plausible",
                violation_error_message=_("The velocity profile factor must be between 0.5 and 1.2."),
            ),
            models.CheckConstraint(
                condition=Q(moisture_fraction__gte=0, moisture_fraction__lte=0.5),
                name="chimney_moisture_fraction_plausible",
                violation_error_message=_("The water vapour fraction must be between 0 and 0.5."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory}: {self.name}"

    @property
    def area_m2(self) -> float | None:
        """Of the inner cross-section; None: not stated."""
        if self.shape == Shape.CIRCLE:
            return circle_area_m2(self.diameter_m or 0.0)
        if self.shape == Shape.RECTANGLE:
            return rectangle_area_m2(width_m=self.width_m or 0.0, height_m=self.height_m or 0.0)
        return None

    def clean(self) -> None:
        """One point on the axis of a round duct has a profile factor by default; any other needs a stated one."""
        if self.velocity_profile_factor is None and (self.shape, self.probe_position) == _ROUND_AXIS:
            self.velocity_profile_factor = ROUND_AXIS_PROFILE_FACTOR


@pghistory.track()
class EmissionSource(models.Model):
    """An emission source: a boiler, a genset, the grid. Totals take one basis per source, gas and period.

    It counts on the factory days of its time in use. A source that is added later counts from the day it is added, so
    that no figure of the past changes.
    """

    factory = models.ForeignKey(Factory, models.PROTECT, related_name="emission_sources")
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=20, choices=SourceKind)
    chimney = models.ForeignKey(Chimney, models.PROTECT, null=True, blank=True, related_name="emission_sources")
    fuels = models.CharField(_("fuels"), max_length=200, blank=True)
    capacity_kw = models.FloatField(
        _("fuel input at full load (kW)"), null=True, blank=True, validators=_A_CAPACITY_KW
    )  # of fuel, not of steam; empty: the default of the sector
    mine_class = models.CharField(
        _("class of the mine"), max_length=24, choices=MineClass, blank=True, default=""
    )  # of mine methane; without it the methane of a mine is unknown, never zero
    first_day = models.DateField(
        _("first day in use"), null=True, blank=True, help_text=_("empty: as long as the site is known")
    )
    last_day = models.DateField(_("last day in use"), null=True, blank=True, help_text=_("empty: in use"))

    class Meta:
        verbose_name = _("emission source")
        verbose_name_plural = _("emission sources")
        ordering = ["factory", "name"]
        constraints = [
            models.UniqueConstraint(fields=["factory", "name"], name="emission_source_name_once"),
            models.CheckConstraint(
                condition=Q(mine_class__in=["", *MineClass.values]), name="emission_source_known_mine_class"
            ),
            models.CheckConstraint(
                condition=Q(first_day__isnull=True) | Q(last_day__isnull=True) | Q(first_day__lte=F("last_day")),
                name="emission_source_days_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory}: {self.name}"

    @property
    def listed_fuels(self) -> set[str]:
        return {name.strip().lower() for name in self.fuels.split(",") if name.strip()}


@pghistory.track()
class SiteEvent(models.Model):
    """Something that happened at a site and explains its figures: new fan blades, a boiler cleaned."""

    factory = models.ForeignKey(Factory, models.PROTECT, related_name="site_events")
    happened_at = models.DateTimeField(_("when"))
    text = models.CharField(_("what"), max_length=300)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("site event")
        verbose_name_plural = _("site events")
        ordering = ["-happened_at"]

    def __str__(self) -> str:
        return f"{self.factory}: {self.text}"
