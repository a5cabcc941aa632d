"""Forms of the portal's own pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from factories.models import HIGHEST_SITE_M, Factory, Organisation
from factories.services import create_factory, create_organisation


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = ["name"]

    def save_for(self, user: User) -> Organisation:
        return create_organisation(user, self.cleaned_data["name"])


class DecimalField(forms.FloatField):
    """A number as people type it: a comma or a point, no exponent; outside its limits it says which they are."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = str(value if value is not None else "").strip().replace(",", ".")
        if "e" in text.lower():
            raise ValidationError(_("%(value)s is no plain number; write it out, like 1960.5.") % {"value": value})
        return super().to_python(text)


def _require_between(value: float | None, low: float, high: float, unit: str) -> float | None:
    if value is not None and not low <= value <= high:
        raise ValidationError(
            _("%(value)g %(unit)s is outside %(low)g to %(high)g %(unit)s; check the number.")
            % {"value": value, "unit": unit, "low": low, "high": high}
        )
    return value


class FactoryForm(forms.ModelForm):
    """Altitude is asked for: without a barometer it decides the pressure, and so every mass."""

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.organisation = organisation

    class Meta:
        model = Factory
        fields = [
            "name",
            "location",
            "county",
            "sector",
            "altitude_m",
            "altitude_is_estimated",
            "latitude",
            "longitude",
            "time_zone",
            "day_starts_at",
        ]
        field_classes = {"altitude_m": DecimalField, "latitude": DecimalField, "longitude": DecimalField}

    def clean_altitude_m(self) -> float | None:
        return _require_between(self.cleaned_data["altitude_m"], -430, HIGHEST_SITE_M, "m")

    def clean_latitude(self) -> float | None:
        return _require_between(self.cleaned_data["latitude"], -90, 90, "°")

    def clean_longitude(self) -> float | None:
        return _require_between(self.cleaned_data["longitude"], -180, 180, "°")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.instance.organisation.factories.filter(name__iexact=name).exists():
            raise ValidationError(_("There is a factory %(name)s already; choose another name.") % {"name": name})
        return name

    def save(self, commit: bool = True) -> Factory:
        fields = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return create_factory(self.instance.organisation, **fields)
