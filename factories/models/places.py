"""Organisations, and their factories and mines."""

import functools
import zoneinfo
from typing import Any

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from factories.choices import FactorBasis, GwpSet, SubstitutionMethod
from factories.countries import COUNTRIES, country_choices
from factories.models.archive import Archivable
from factories.sectors import sector_choices
from science.combustion import WOOD_MOISTURE_MAX_FRACTION

HIGHEST_SITE_M = 3500  # above it air pressure is below the 65 kPa down to which the science holds
MOST_KW, MOST_KG_PER_DAY = 1e7, 1e9  # more than any site has: a typing error
A_CAPACITY_KW = [MinValueValidator(1), MaxValueValidator(MOST_KW)]


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
        _("substitution method"),
        max_length=12,
        choices=SubstitutionMethod,
        default=SubstitutionMethod.FUEL_BASED,
        help_text=_("for hours that were not measured for 80 % of their operating time"),
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
    report_schemes = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        verbose_name=_("voluntary reports"),
        help_text=_("schemes that you follow without a law: Reports shows when they are due"),
    )
    reports_need_two_people = models.BooleanField(
        _("who signed a report does not publish it"),
        default=False,
        help_text=_("another HQ manager approves it by publishing"),
    )
    dispute_days = models.PositiveSmallIntegerField(
        _("days to answer a dispute"), default=10, validators=[MinValueValidator(1), MaxValueValidator(90)]
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
class Factory(Archivable):  # type: ignore[django-manager-missing]  # knox is untyped
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
        _("electricity connection (kW)"), null=True, blank=True, validators=A_CAPACITY_KW
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
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """People and commands name a site without regard to capitals, so two names differ in more than these."""
        errors: dict[str, ValidationError] = {}
        others = Factory.objects.filter(organisation=self.organisation_id).exclude(pk=self.pk)
        if others.filter(name__iexact=self.name).exists():
            words = _("A factory %(name)s exists already; choose another name.") % {"name": self.name}
            errors["name"] = ValidationError(words, code="unique")
        moisture, most = self.wood_moisture_fraction, WOOD_MOISTURE_MAX_FRACTION
        if moisture is not None and not 0 <= moisture <= most:
            errors["wood_moisture_fraction"] = ValidationError(
                _("%(value)s is outside 0 to %(limit)s; give kg of water per kg of wet wood: 0.3 is 30 %%."),
                code="out_of_range",
                params={"value": f"{moisture:g}", "limit": f"{most:g}"},
            )
        if errors:
            raise ValidationError(errors)

    @property
    def chimneys_in_use(self) -> list[Any]:
        """From what was read ahead, if it was."""
        return [chimney for chimney in self.chimneys.all() if chimney.archived_at is None]

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def currency(self) -> str:
        """The organisation's; of a site in another country, that country's."""
        if self.country == self.organisation.country:
            return self.organisation.currency
        return COUNTRIES[self.country].currency
