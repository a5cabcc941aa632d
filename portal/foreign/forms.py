"""The form of a device profile: its fields, and a row for each path."""

from dataclasses import fields as dataclass_fields
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from compliance import steam
from devices.models import DeviceProfile
from devices.profile_spec import READING_FIELDS, STATUS_FIELDS, TimeFormat
from devices.profiles import ProfileInput
from science.instruments import TABLE

FIELDS = [*READING_FIELDS, *STATUS_FIELDS, *(f"channel:{code}" for code in (*steam.CHANNELS, "meter", "wood"))]
UNITS = list(dict.fromkeys(unit for units in TABLE.values() for unit in units))


def _choices_of(name: str) -> forms.TextInput:
    return forms.TextInput(attrs={"list": name, "autocomplete": "off"})


class ProfileForm(forms.ModelForm):
    """The fields of the table but for the mappings."""

    class Meta:
        model = DeviceProfile
        fields: ClassVar = [each.name for each in dataclass_fields(ProfileInput) if each.name != "mappings"]
        help_texts: ClassVar = {
            "topic": _("{device} is the device id, as one whole level."),
            "status_topic": _("Tasmota: tele/{device}/LWT"),
            "interval_s": _("How often it reports. Tasmota: TelePeriod, 300 unless you changed it."),
        }

    def _post_clean(self) -> None:
        """The rules of the table are said in words by `devices.profiles.unsaved`."""


class MappingForm(forms.Form):
    """One row; without a field it maps nothing."""

    path = forms.CharField(label=_("Path"), max_length=200, required=False)
    field = forms.CharField(label=_("Our field"), max_length=40, required=False, widget=_choices_of("profile-fields"))
    unit = forms.CharField(label=_("Unit"), max_length=20, required=False, widget=_choices_of("profile-units"))
    scale = forms.FloatField(label=_("Times"), required=False)
    unit_path = forms.CharField(label=_("Path of the unit"), max_length=200, required=False)


def mappings_in(rows: "forms.BaseFormSet[MappingForm]") -> list[dict[str, Any]]:
    """The rows that map something, after they were found valid."""
    filled = [form.cleaned_data for form in rows.forms if form.cleaned_data.get("field")]
    return [{name: value for name, value in row.items() if value not in (None, "")} for row in filled]


MappingFormSet = forms.formset_factory(MappingForm, extra=3, max_num=60, absolute_max=60)

TASMOTA = {
    "topic": "tele/{device}/SENSOR",
    "status_topic": "tele/{device}/LWT",
    "time_path": "Time",
    "time_format": TimeFormat.ISO_SITE,
}


def form_of(profile: DeviceProfile | None) -> ProfileForm:
    return ProfileForm(instance=profile) if profile else ProfileForm(initial=TASMOTA)


def initial_rows(profile: DeviceProfile | None, found: list[str]) -> list[dict[str, Any]]:
    """The paths that are mapped, and those that a message holds besides."""
    rows = [dict(row) for row in profile.mappings] if profile else []
    mapped = {row["path"] for row in rows}
    return rows + [{"path": path} for path in found if path not in mapped]


def show_refusal(form: ProfileForm, refusal: ValidationError) -> list[str]:
    """Errors beside their field; returns those of the mappings and of the whole."""
    rest: list[str] = []
    for name, errors in refusal.error_dict.items() if hasattr(refusal, "error_dict") else [("", refusal.error_list)]:
        for error in errors:
            if name in form.fields:
                form.add_error(name, error)
            else:
                rest += error.messages
    return rest
