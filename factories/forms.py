"""Forms of places: decimals, unit and limits of each number, and what a change makes of the past."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from factories.choices import MineClass
from factories.corrections import CorrectionForm
from factories.models import HIGHEST_SITE_M, MOST_KG_PER_DAY, MOST_KW, Chimney, EmissionSource, Factory
from factories.services import check_mine_class
from lib.forms import NumberField

# Without a barometer the altitude decides the pressure and so every mass: 1.96 m instead of 1,960 m makes each 1.268
# times as large.
SITE_NUMBERS = {
    "altitude_m": partial(NumberField, decimals=0, unit="m", low=-430, high=HIGHEST_SITE_M),
    "latitude": partial(NumberField, decimals=6, unit="°", low=-90, high=90),
    "longitude": partial(NumberField, decimals=6, unit="°", low=-180, high=180),
    "electricity_capacity_kw": partial(NumberField, decimals=1, unit="kW", low=1, high=MOST_KW),
    "product_capacity_kg_per_day": partial(NumberField, decimals=0, unit="kg", low=1, high=MOST_KG_PER_DAY),
}
_METRES = partial(NumberField, decimals=3, unit="m")
GEOMETRY = ("shape", "diameter_m", "width_m", "height_m", "probe_position", "velocity_profile_factor")


class FactoryAdminForm(CorrectionForm):
    """A new site gets the sources of its sector, and a mine is asked for its class."""

    mine_class = forms.ChoiceField(
        label=_("class of the mine"),
        choices=[("", "---------"), *MineClass.choices],
        required=False,
        help_text=_("of a new mine: its methane follows from it; later it is changed at the source"),
    )

    decides = ("sector", "altitude_m", "time_zone", "day_starts_at")

    class Meta:
        model = Factory
        fields = "__all__"
        field_classes = SITE_NUMBERS

    def assignments(self, data: dict[str, Any]) -> QuerySet[Any]:
        return self.instance.assignments.all()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance._state.adding:
            check_mine_class(data.get("sector", ""), data.get("mine_class", ""))
        return data


class ChimneyAdminForm(CorrectionForm):
    """The limits are in the constraints of the table, which name the dimension that does not fit."""

    decides = (*GEOMETRY, "moisture_method", "moisture_fraction")

    class Meta:
        model = Chimney
        fields = "__all__"
        field_classes = {
            "diameter_m": _METRES,
            "width_m": _METRES,
            "height_m": _METRES,
            "probe_height_m": _METRES,
            "velocity_profile_factor": partial(NumberField, decimals=4),
            "moisture_fraction": partial(NumberField, decimals=4),
        }

    def assignments(self, data: dict[str, Any]) -> QuerySet[Any]:
        return self.instance.assignments.all()

    def times(self, changed: set[str], data: dict[str, Any]) -> float | None:
        """Masses are proportional to the area and to the profile factor."""
        stored, new = Chimney.objects.get(pk=self.instance.pk), Chimney(**{name: data[name] for name in GEOMETRY})
        new.clean()
        before, after = ((one.area_m2 or 0.0) * (one.velocity_profile_factor or 0.0) for one in (stored, new))
        return after / before if before and changed <= set(GEOMETRY) else None


class EmissionSourceForm(CorrectionForm):
    """A source counts on the days of its use."""

    decides = ("chimney", "first_day", "last_day")

    class Meta:
        model = EmissionSource
        fields = "__all__"

    def assignments(self, data: dict[str, Any]) -> QuerySet[Any]:
        factory: Factory = data.get("factory") or self.instance.factory  # of a stored source it is shown only
        return factory.assignments.all()

    def begins(self, changed: set[str], data: dict[str, Any]) -> Iterable[date | datetime]:
        stored = EmissionSource.objects.filter(pk=self.instance.pk).first()
        if stored is None:
            return [data["first_day"]] if data["first_day"] else []  # else it counts from today on
        if "chimney" in changed or ("first_day" in changed and None in (stored.first_day, data["first_day"])):
            return super().begins(changed, data)
        firsts = [stored.first_day, data["first_day"]] if "first_day" in changed else []
        lasts = [stored.last_day, data["last_day"]] if "last_day" in changed else []
        return [day for day in firsts if day] + [day + timedelta(days=1) for day in lasts if day]
