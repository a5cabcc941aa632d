"""Forms of places: decimals, unit and limits of each number, and what a change makes of the past."""

from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from factories.choices import MineClass
from factories.corrections import Confirmation, ConfirmationNeeded, PastEffect, require_confirmed
from factories.models import HIGHEST_SITE_M, MOST_KG_PER_DAY, MOST_KW, Chimney, EmissionSource, Factory
from factories.services import check_mine_class, first_day_of
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
CHIMNEY_NUMBERS = {
    "diameter_m": _METRES,
    "width_m": _METRES,
    "height_m": _METRES,
    "probe_height_m": _METRES,
    "velocity_profile_factor": partial(NumberField, decimals=4),
    "traverse_probe_ms": partial(NumberField, decimals=3, unit="m/s"),
    "moisture_fraction": partial(NumberField, decimals=4),
}
SOURCE_NUMBERS = {"capacity_kw": partial(NumberField, decimals=1, unit="kW", low=1, high=MOST_KW)}


class Checkbox(forms.CheckboxInput):
    """Unticked when it is shown; ticked, it sends the confirmation of what is shown."""

    def __init__(self, token: str) -> None:
        super().__init__(attrs={"value": token}, check_test=lambda _value: False)

    def format_value(self, value: Any) -> None:
        return None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name, "")


class CorrectionForm(forms.ModelForm):
    """A change of figures of the past is shown with its effect, and stored once its box is ticked."""

    confirm = forms.CharField(
        label=_("Correct the past"),
        required=False,
        widget=forms.HiddenInput,
        help_text=_(
            "If something was rebuilt on site, do not correct the past: end the assignment of the device, and begin "
            "another from that hour, on a new chimney if its dimensions changed."
        ),
    )
    effect: PastEffect | None = None
    user_id: int | None = None  # who changes it, set by the page; without one nothing of the past can be confirmed

    def add_error(self, field: str | None, error: Any) -> None:
        """A field that could not be read is not said to be missing besides."""
        if field is None and hasattr(error, "error_dict"):
            error = forms.ValidationError({n: e for n, e in error.error_dict.items() if n not in self.errors})
        super().add_error(field, error)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:  # also those of fields that the form does not show: its own check leaves them out
            self.instance.validate_constraints()
        except forms.ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]
            return
        try:
            confirm = Confirmation(self.user_id, self.cleaned_data.get("confirm", ""))
            require_confirmed(self.instance, confirm)
        except ConfirmationNeeded as asked:
            self.effect = asked.effect
            self.fields["confirm"].widget = Checkbox(asked.effect.confirm)
            lines = [*asked.effect.sentences, gettext("If that is right, tick “Correct the past”.")]
            self.add_error(None, [forms.ValidationError(line, code="reaches_into_past") for line in lines])


class FactoryForm(CorrectionForm):
    """A new site gets the sources of its sector, and a mine is asked for its class."""

    mine_class = forms.ChoiceField(
        label=_("Class of the mine"),
        choices=[("", "---------"), *MineClass.choices],
        required=False,
        help_text=_("of a new mine: its methane follows from it; later it is changed at the source"),
    )

    class Meta:
        model = Factory
        fields: Any = "__all__"
        field_classes = SITE_NUMBERS

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance._state.adding:
            check_mine_class(data.get("sector", self.instance.sector), data.get("mine_class", ""))
        return data


class ChimneyForm(CorrectionForm):
    """The limits are in the constraints of the table, which name the dimension that does not fit."""

    class Meta:
        model = Chimney
        fields: Any = "__all__"
        field_classes = CHIMNEY_NUMBERS


class EmissionSourceForm(CorrectionForm):
    """A source counts on the days of its use; a new one from today, unless its first day is stated."""

    class Meta:
        model = EmissionSource
        fields: Any = "__all__"
        field_classes = SOURCE_NUMBERS

    def clean_first_day(self) -> date | None:
        factory = self.cleaned_data.get("factory") or getattr(self.instance, "factory", None)
        stated: date | None = self.cleaned_data["first_day"]
        if stated or factory is None or not self.instance._state.adding:
            return stated
        return first_day_of(factory)
