"""The form of a device profile: its fields, and a row for each path."""

from typing import Any

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


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)
    topic = forms.CharField(
        label=_("Topic of values"), max_length=200, help_text=_("{device} is the device id, as one whole level.")
    )
    status_topic = forms.CharField(
        label=_("Topic of its state"), max_length=200, required=False, help_text=_("Tasmota: tele/{device}/LWT")
    )
    online_text = forms.CharField(label=_("Text when on line"), max_length=40, required=False)
    offline_text = forms.CharField(label=_("Text when off line"), max_length=40, required=False)
    time_path = forms.CharField(
        label=_("Path of the time"), max_length=200, required=False, help_text=_("Empty: the time of arrival.")
    )
    time_format = forms.ChoiceField(label=_("How the time is written"), choices=TimeFormat.choices)
    interval_s = forms.FloatField(
        label=_("Interval (s)"),
        min_value=1,
        max_value=3600,
        help_text=_("How often it reports. Tasmota: TelePeriod, 300 unless you changed it."),
    )


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

TASMOTA = ProfileInput(
    name="",
    topic="tele/{device}/SENSOR",
    status_topic="tele/{device}/LWT",
    time_path="Time",
    time_format=TimeFormat.ISO_SITE,
    mappings=[],
)


def initial_of(profile: DeviceProfile | None) -> dict[str, Any]:
    source: Any = profile or TASMOTA
    return {name: getattr(source, name) for name in ProfileForm.base_fields}


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
