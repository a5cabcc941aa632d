"""What stands at a site: chimneys, emission sources, and the events that explain its figures."""

from collections.abc import Mapping
from typing import Any

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from factories.choices import (
    DIMENSIONS,
    DryerType,
    MethaneUnit,
    MineClass,
    MoistureMethod,
    ProbePosition,
    Shape,
    SourceKind,
)
from factories.fuels import DRYERS, checked_fuels, fuel_codes
from factories.models.archive import Archivable
from factories.models.places import A_CAPACITY_KW, Factory
from lib.numbers import outside_words
from science.coal_methane import CH4_DENSITY_KG_PER_M3, MOST_M3_PER_T
from science.limits import VELOCITY_MAX_MS
from science.readings import ROUND_AXIS_PROFILE_FACTOR
from science.stack import FEWEST_TRAVERSE_POINTS, circle_area_m2, rectangle_area_m2, traverse_profile_factor

_A_VELOCITY = [MinValueValidator(0.01), MaxValueValidator(VELOCITY_MAX_MS)]
SMALLEST_DUCT_M, LARGEST_DUCT_M = 0.01, 5.0  # docs/method.md 1: another inner dimension is a typing error
_PROFILE_FACTORS, _MOST_MOISTURE = (0.5, 1.2), 0.5
_OWN_METHANE = ("methane_per_t", "methane_unit", "methane_reference")


def _raise_all(errors: Mapping[str, ValidationError]) -> None:
    """All at once, each beside its field."""
    if errors:
        raise ValidationError(dict(errors))


def _outside(value: float, *, low: float, high: float, unit: str = "") -> ValidationError:
    return ValidationError(outside_words(value, low=low, high=high, unit=unit), code="out_of_range")


def _fits(shape: str) -> Q:
    """The dimensions of a duct of this shape, and no other. NULL > 0 is unknown, which a check accepts."""
    conditions: dict[str, Any] = {}
    for name in ("diameter_m", "width_m", "height_m"):
        has = name in DIMENSIONS[shape]
        conditions[f"{name}__isnull"] = not has
        conditions |= {f"{name}__gt": 0, f"{name}__lte": LARGEST_DUCT_M} if has else {}
    return Q(shape=shape, **conditions)


@pghistory.track()
class Chimney(Archivable):
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
    # Of a traverse: velocities at the centres of parts of equal area, and at the probe meanwhile. They decide the
    # factor; without them `profile_factor_reason` says where a stated one comes from.
    traverse_ms = ArrayField(
        models.FloatField(validators=_A_VELOCITY),
        verbose_name=_("velocities of the traverse (m/s)"),
        null=True,
        blank=True,
    )
    traverse_probe_ms = models.FloatField(
        _("velocity at the probe meanwhile (m/s)"), null=True, blank=True, validators=_A_VELOCITY
    )
    profile_factor_reason = models.CharField(_("where the factor comes from"), max_length=200, blank=True, default="")
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
                condition=_fits("") | _fits(Shape.CIRCLE) | _fits(Shape.RECTANGLE),
                name="chimney_dimensions_fit_shape",
            ),
            models.CheckConstraint(
                condition=Q(shape="") | Q(velocity_profile_factor__isnull=False), name="chimney_profile_factor_stated"
            ),
            models.CheckConstraint(
                condition=Q(velocity_profile_factor__gte=0.5, velocity_profile_factor__lte=1.2),
                name="chimney_profile_factor_plausible",
            ),
            models.CheckConstraint(
                condition=Q(moisture_fraction__gte=0, moisture_fraction__lte=0.5),
                name="chimney_moisture_fraction_plausible",
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

    @property
    def has_usual_factor(self) -> bool:
        """Whether its profile factor is the default of one point on the axis of a round duct."""
        return self._is_round_axis and self.velocity_profile_factor == ROUND_AXIS_PROFILE_FACTOR

    @property
    def _is_round_axis(self) -> bool:
        return (self.shape, self.probe_position) == (Shape.CIRCLE, ProbePosition.AXIS)

    def clean(self) -> None:
        """What does not fit, each beside its field. A traverse decides the profile factor; without one, one point on
        the axis of a round duct has a default."""
        errors = self._errors_of_name() | self._errors_of_dimensions() | self._errors_of_traverse()
        moisture = self.moisture_fraction
        if moisture is not None and not 0 <= moisture <= _MOST_MOISTURE:
            errors["moisture_fraction"] = _outside(moisture, low=0, high=_MOST_MOISTURE)
        if self.velocity_profile_factor is None and self._is_round_axis:
            self.velocity_profile_factor = ROUND_AXIS_PROFILE_FACTOR
        factor, (low, high) = self.velocity_profile_factor, _PROFILE_FACTORS
        if factor is not None and not low <= factor <= high:
            errors["velocity_profile_factor"] = _outside(factor, low=low, high=high)
        elif factor is None and self.shape:
            words = gettext(
                "State the velocity profile factor: only one point on the axis of a round duct has a default."
            )
            errors["velocity_profile_factor"] = ValidationError(words, code="not_stated")
        _raise_all(errors)

    def _errors_of_name(self) -> dict[str, ValidationError]:
        others = Chimney.objects.filter(factory=self.factory_id, name=self.name).exclude(pk=self.pk)
        if not others.exists():
            return {}
        words = gettext("A chimney %(name)s exists already; choose another name.") % {"name": self.name}
        return {"name": ValidationError(words, code="unique")}

    def _errors_of_dimensions(self) -> dict[str, ValidationError]:
        errors = {}
        needed = DIMENSIONS.get(self.shape, frozenset())
        for name in ("diameter_m", "width_m", "height_m"):
            value = getattr(self, name)
            if name not in needed:
                if value is not None:
                    words = gettext("A duct of this shape does not have it: leave it empty, or choose another shape.")
                    errors[name] = ValidationError(words, code="other_shape")
            elif value is None:
                errors[name] = ValidationError(gettext("State it: the area follows from it."), code="not_stated")
            elif not SMALLEST_DUCT_M <= value <= LARGEST_DUCT_M:
                errors[name] = _outside(value, low=SMALLEST_DUCT_M, high=LARGEST_DUCT_M, unit="m")
        return errors

    def _errors_of_traverse(self) -> dict[str, ValidationError]:
        """The factor is computed where the traverse is whole; validators name velocities that cannot be."""
        points, probe_ms = self.traverse_ms or [], self.traverse_probe_ms
        if not points and probe_ms is None:
            return {}
        # Not asked for besides: it follows from the traverse.
        self.velocity_profile_factor = self.velocity_profile_factor or ROUND_AXIS_PROFILE_FACTOR
        errors = {}
        if len(points) < FEWEST_TRAVERSE_POINTS:
            words = gettext("A traverse needs at least %(limit)d points, and %(count)d are given; measure more.")
            shown = {"limit": FEWEST_TRAVERSE_POINTS, "count": len(points)}
            errors["traverse_ms"] = ValidationError(words % shown, code="too_few")
        if probe_ms is None:
            words = gettext("State the velocity at the probe meanwhile.")
            errors["traverse_probe_ms"] = ValidationError(words, code="not_stated")
        elif not errors and all(0 < value <= VELOCITY_MAX_MS for value in (*points, probe_ms)):
            self.velocity_profile_factor = traverse_profile_factor(points, probe_ms=probe_ms)
        return errors


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
        _("fuel input at full load (kW)"), null=True, blank=True, validators=A_CAPACITY_KW
    )  # of fuel, not of steam; empty: the default of the sector
    mine_class = models.CharField(
        _("class of the mine"), max_length=24, choices=MineClass, blank=True, default=""
    )  # of mine methane; without it the methane of a mine is unknown, never zero
    # A mine's own factor of methane goes before that of the class, on the days of this source. One measured later is
    # another source from its day on.
    methane_per_t = models.DecimalField(
        _("the mine's own methane per t of coal"),
        max_digits=9,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("mining and post-mining together; empty: by the class"),
    )
    methane_unit = models.CharField(
        _("unit of the methane"), max_length=10, choices=MethaneUnit, blank=True, default=""
    )
    methane_reference = models.CharField(
        _("source of the methane"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("the report or measurement, with its date"),
    )
    dryer_type = models.CharField(_("type of dryer"), max_length=20, choices=DryerType, blank=True, default="")
    first_day = models.DateField(
        _("first day in use"), null=True, blank=True, help_text=_("empty: as long as the site is known")
    )
    last_day = models.DateField(_("last day in use"), null=True, blank=True, help_text=_("empty: in use"))

    class Meta:
        verbose_name = _("emission source")
        verbose_name_plural = _("emission sources")
        ordering = ["factory", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["factory", "name"], condition=Q(last_day=None), name="emission_source_name_once"
            ),
            models.CheckConstraint(
                condition=Q(methane_per_t=None, methane_unit="", methane_reference="")
                | Q(methane_per_t__gt=0, methane_unit__in=MethaneUnit.values, kind=SourceKind.MINE_METHANE)
                & ~Q(methane_reference=""),
                name="emission_source_own_methane_whole",
            ),
            models.CheckConstraint(
                condition=Q(dryer_type="") | Q(kind__in=sorted(DRYERS)), name="emission_source_dryer_type_of_dryer"
            ),
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
        return set(fuel_codes(self.fuels))

    def clean(self) -> None:
        """What does not fit, each beside its field: fuels and chimney, name, days, type of a dryer, own methane."""
        errors = self._errors_of_methane()
        try:
            self.fuels = checked_fuels(self.kind, self.fuels)
        except ValidationError as error:
            errors |= {name: ValidationError(rows) for name, rows in error.error_dict.items()}
        if self.chimney is not None and self.chimney.factory_id != self.factory_id:
            words = gettext("chimney=%(id)s is not a chimney of this site.") % {"id": self.chimney_id}
            errors["chimney"] = ValidationError(words, code="other_site")
        others = EmissionSource.objects.filter(factory=self.factory_id, name=self.name, last_day=None)
        if self.last_day is None and others.exclude(pk=self.pk).exists():
            words = gettext("A source of this name is in use; choose another name.")
            errors["name"] = ValidationError(words, code="unique")
        if self.first_day and self.last_day and self.last_day < self.first_day:
            words = gettext("%(last)s is before the first day, %(first)s; change one of them.")
            shown = {"last": self.last_day.isoformat(), "first": self.first_day.isoformat()}
            errors["last_day"] = ValidationError(words % shown, code="before_first")
        if self.dryer_type and self.kind not in DRYERS:
            errors["dryer_type"] = ValidationError(gettext("Only a dryer has a type of dryer."), code="other_kind")
        _raise_all(errors)

    def _errors_of_methane(self) -> dict[str, ValidationError]:
        """Number, unit and source stand together, and at mine methane only."""
        stated = [name for name in _OWN_METHANE if getattr(self, name) not in (None, "")]
        if stated and self.kind != SourceKind.MINE_METHANE:
            words = gettext("Only a source of mine methane has a factor of its own; leave it empty.")
            return {name: ValidationError(words, code="other_kind") for name in stated}
        words = gettext("State it too: a mine's own methane needs its number, its unit and its source.")
        missing = set(_OWN_METHANE) - set(stated) if stated else set()
        errors = {name: ValidationError(words, code="not_stated") for name in missing}
        if self.methane_per_t is not None and self.methane_unit:
            most = MOST_M3_PER_T * (1 if self.methane_unit == MethaneUnit.M3_PER_T else CH4_DENSITY_KG_PER_M3)
            if not 0 < self.methane_per_t <= most:
                words = gettext("%(value)s %(unit)s is outside 0 to %(limit)s; check the number and its unit.")
                shown = {"value": self.methane_per_t, "unit": self.get_methane_unit_display(), "limit": f"{most:f}"}
                errors["methane_per_t"] = ValidationError(words % shown, code="out_of_range")
        return errors


@pghistory.track()
class SiteEvent(Archivable):
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

    def clean(self) -> None:
        if self.happened_at and self.happened_at > timezone.now():
            words = gettext("%(time)s is in the future; write what has happened.")
            shown = {"time": self.happened_at.astimezone(self.factory.zone).strftime("%Y-%m-%d %H:%M")}
            raise ValidationError({"happened_at": ValidationError(words % shown, code="future_time")})
