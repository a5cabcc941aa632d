"""Form fields for numbers of places: decimals, unit and limits of each."""

from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from factories.choices import MineClass
from factories.models import HIGHEST_SITE_M, Chimney, Factory
from factories.services import check_mine_class
from lib.forms import NumberField

# Without a barometer the altitude decides the pressure and so every mass: 1.96 m instead of 1,960 m makes each 1.268
# times as large.
SITE_NUMBERS = {
    "altitude_m": partial(NumberField, decimals=0, unit="m", low=-430, high=HIGHEST_SITE_M),
    "latitude": partial(NumberField, decimals=6, unit="°", low=-90, high=90),
    "longitude": partial(NumberField, decimals=6, unit="°", low=-180, high=180),
}
_METRES = partial(NumberField, decimals=3, unit="m")


class FactoryAdminForm(forms.ModelForm):
    """A new site gets the sources of its sector, and a mine is asked for its class."""

    mine_class = forms.ChoiceField(
        label=_("class of the mine"),
        choices=[("", "---------"), *MineClass.choices],
        required=False,
        help_text=_("of a new mine: its methane follows from it; later it is changed at the source"),
    )

    class Meta:
        model = Factory
        fields = "__all__"
        field_classes = SITE_NUMBERS

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance._state.adding:
            check_mine_class(data.get("sector", ""), data.get("mine_class", ""))
        return data


class ChimneyAdminForm(forms.ModelForm):
    """The limits are in the constraints of the table, which name the dimension that does not fit."""

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
