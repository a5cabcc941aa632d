"""Forms of the installer's pages. Times are those of the site's clock: the view activates its zone."""

from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from devices import firmware_config as node
from devices.choices import CalibrationKind, Co2Basis, PressureCompensation
from devices.mounting import Mounting
from devices.registration import LASTS_DAYS, MOST_CODES, MOST_DAYS
from devices.sensors import CATALOGUE
from factories.models import Factory
from lib.forms import NumberField

_PPM = partial(NumberField, decimals=0, unit="ppm", low=1, high=1_000_000)
_AS_BEFORE = ("", _("as it was; of a new device by its sensor"))
_MOMENT = "%Y-%m-%dT%H:%M"


def moment_field(**options: Any) -> forms.DateTimeField:
    return forms.DateTimeField(widget=forms.DateTimeInput({"type": "datetime-local"}, format=_MOMENT), **options)


def _day(**options: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), required=False, **options)


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Each beside its field; what belongs to none of this form stands above it."""
    named: Any = error.error_dict if hasattr(error, "error_dict") else {None: [error]}
    for field, errors in named.items():
        form.add_error(field if field in form.fields else None, errors)


class MountForm(forms.Form):
    """Where a device goes. What stays empty is as it was."""

    chimney: Any = forms.ModelChoiceField(label=_("Chimney"), queryset=None)
    since = moment_field(
        label=_("From"),
        required=False,
        help_text=_("a whole hour; empty: a change from the next one, a new device from its first reading"),
    )
    replaces = forms.BooleanField(
        label=_("It replaces the chimney's device of record"),
        required=False,
        help_text=_("A swap: the assignment of the device that is there ends at that hour."),
    )
    sensor = forms.CharField(label=_("CO2 sensor"), max_length=40, required=False)
    range_ppm = _PPM(label=_("Range of the sensor (ppm)"), required=False, help_text=_("20 % is 200,000"))
    co2_basis = forms.ChoiceField(label=_("CO2 basis"), choices=[_AS_BEFORE, *Co2Basis.choices], required=False)
    pressure_compensation = forms.ChoiceField(
        label=_("Pressure compensation"), choices=[_AS_BEFORE, *PressureCompensation.choices], required=False
    )

    def __init__(self, factory: Factory, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chimney: Any = self.fields["chimney"]
        chimney.queryset = factory.chimneys.in_use()
        chimney.label_from_instance = lambda one: one.name
        self.fields["sensor"].help_text = _("such as sprintir-20. In the catalogue: %(names)s") % {
            "names": ", ".join(one.name for one in CATALOGUE)
        }

    def mounting(self) -> Mounting | None:
        data = self.cleaned_data
        if data.get("chimney") is None:
            return None
        names = ("sensor", "range_ppm", "co2_basis", "pressure_compensation")
        stated: dict[str, Any] = {name: data[name] or None for name in names}
        return Mounting(chimney=data["chimney"], since=data["since"], replaces=data["replaces"], **stated)


class FactsForm(forms.Form):
    """What is known of a device itself."""

    serial_number = forms.CharField(label=_("Serial number"), max_length=60, required=False)
    model = forms.CharField(label=_("Model"), max_length=80, required=False)
    bought_on = _day(label=_("Bought on"))
    installed_on = _day(label=_("Installed on"))


class NodeForm(forms.Form):
    """Wiring and network of our own node. They go into its settings and are kept nowhere."""

    co2_sensor = forms.ChoiceField(
        label=_("CO2 sensor talks as"),
        choices=[("", _("by its name")), *((name, name) for name in node.CO2_SENSORS)],
        required=False,
    )
    thermocouple = forms.ChoiceField(label=_("Thermocouple"), choices=[(name, name) for name in node.THERMOCOUPLES])
    velocity_sensor = forms.ChoiceField(
        label=_("Velocity sensor"), choices=[(name, name) for name in node.VELOCITY_SENSORS]
    )
    barometer = forms.ChoiceField(label=_("Barometer"), choices=[(name, name) for name in node.BAROMETERS])
    wifi_ssid = forms.CharField(label=_("Wi-Fi network"), max_length=32, required=False)
    wifi_password = forms.CharField(
        label=_("Password of the Wi-Fi network"),
        max_length=64,
        required=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("wifi_ssid"):
            try:
                node.check_wifi(data["wifi_ssid"], data.get("wifi_password", ""))
            except node.FirmwareConfigError as error:
                self.add_error("wifi_password", str(error))
        return data

    def choices(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in NodeForm.base_fields}


class RegisterForm(FactsForm, NodeForm, MountForm):
    """A new device of a site, with or without a claim code, on a chimney or not yet."""

    claim_code = forms.CharField(
        label=_("Claim code"), max_length=40, required=False, help_text=_("on the label of the device; if it has one")
    )
    device_id = forms.CharField(
        label=_("Device id"), max_length=64, required=False, help_text=_("empty: drawn, or the one of the label")
    )
    form_id = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ("claim_code", "device_id", "serial_number", "model", "chimney", "since", "replaces")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chimney"].required = False


class CalibrationForm(forms.Form):
    calibrated_at = moment_field(label=_("When it was done"))
    kind = forms.ChoiceField(label=_("Kind"), choices=CalibrationKind.choices, initial=CalibrationKind.SPAN)
    reference_ppm = NumberField(
        label=_("Concentration of the gas (ppm)"), decimals=0, unit="ppm", low=0, high=1_000_000, required=False
    )
    certificate_number = forms.CharField(label=_("Certificate number of the gas"), max_length=80, required=False)
    reading_ppm = NumberField(
        label=_("What the sensor showed before (ppm)"),
        decimals=0,
        unit="ppm",
        low=-10_000,
        high=1_000_000,
        required=False,
    )
    pressure_pa = NumberField(
        label=_("Air pressure (Pa)"),
        decimals=0,
        unit="Pa",
        low=65_000,
        high=108_000,
        help_text=_("800 hPa is 80,000 Pa"),
    )
    valid_until = moment_field(label=_("Valid until"), required=False)
    done_by = forms.CharField(label=_("Done by"), max_length=120, required=False)
    certificate = forms.FileField(label=_("Certificate"), required=False, help_text=_("PDF, PNG or JPEG, at most 5 MB"))


class CodesForm(forms.Form):
    """Devices that wait for their sites."""

    serial_numbers = forms.CharField(
        label=_("Serial numbers"),
        widget=forms.Textarea({"rows": 4}),
        max_length=7_000,
        required=False,
        help_text=_("one a line; or say below how many"),
    )
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_CODES, initial=1)
    model = forms.CharField(label=_("Model"), max_length=80, required=False)
    bought_on = _day(label=_("Bought on"))
    sensor = forms.CharField(label=_("CO2 sensor"), max_length=40, required=False)
    range_ppm = _PPM(label=_("Range of the sensor (ppm)"), required=False)
    lasts_days = forms.IntegerField(label=_("Valid for (days)"), min_value=1, max_value=MOST_DAYS, initial=LASTS_DAYS)

    def clean_serial_numbers(self) -> list[str]:
        return list(self.cleaned_data["serial_numbers"].splitlines())
