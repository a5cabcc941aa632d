"""The form of each kind of command: its arguments in plain words. Limits are checked where the API checks them."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models import MCUDevice
from mqtt_ingest.arguments import ARGUMENTS, Number
from mqtt_ingest.choices import CommandKind
from mqtt_ingest.models import FirmwareImage

# What carries it out cannot be taken back at the device.
CONFIRMED = (CommandKind.REBOOT, CommandKind.ZERO, CommandKind.UPDATE_FIRMWARE)
EXPLAINED = {
    CommandKind.SET_INTERVAL: gettext_lazy(
        "How often the device measures. Once it has answered, a gap is what is longer than three of the new intervals."
    ),
    CommandKind.SET_LIMITS: gettext_lazy(
        "The device raises an alarm by itself beyond these, also without a network. A limit that you leave empty stays "
        "as it is."
    ),
    CommandKind.SET_SECRET: gettext_lazy(
        "The server draws a new password and gives it to the device. The old one works until the device has come back "
        "with the new one."
    ),
    CommandKind.SET_CA: gettext_lazy(
        "The authority that signs the broker's certificate. Paste the old and the new certificate together, while the "
        "broker changes."
    ),
    CommandKind.RESEND: gettext_lazy("Ask for readings that are missing here, if the device still keeps them."),
    CommandKind.ZERO: gettext_lazy(
        "Only while the gas that you choose flows around the CO2 sensor: a wrong zero spoils every reading after it. "
        "It is not carried out later than in 10 minutes."
    ),
    CommandKind.UPDATE_FIRMWARE: gettext_lazy(
        "Install a registered image on this device alone. The page Firmware does it device by device, and watches them."
    ),
    CommandKind.REBOOT: gettext_lazy("The device writes its readings to flash, restarts and sends them then."),
}
_LABELS = {
    "interval_s": gettext_lazy("Interval (s)"),
    "co2_high_ppm": gettext_lazy("CO2 above (ppm)"),
    "temperature_high_c": gettext_lazy("Temperature above (°C)"),
    "temperature_low_c": gettext_lazy("Temperature below (°C)"),
    "flow_high_m3s": gettext_lazy("Flow of the chimney above (m³/s)"),
    "flow_low_m3s": gettext_lazy("Flow of the chimney below (m³/s)"),
    "ca": gettext_lazy("Certificates (PEM)"),
    "stream": gettext_lazy("Stream"),
    "from": gettext_lazy("From number"),
    "to": gettext_lazy("To number"),
    "reference": gettext_lazy("Gas around the sensor now"),
}
_REFERENCES = [
    ("", ""), ("fresh_air", gettext_lazy("fresh air")), ("nitrogen", gettext_lazy("nitrogen")),
]  # fmt: skip


class CommandForm(forms.Form):
    """The arguments of one kind, why, and for what cannot be taken back a box to tick."""

    def __init__(self, kind: CommandKind, device: MCUDevice, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        if kind == CommandKind.UPDATE_FIRMWARE:
            images = FirmwareImage.objects.filter(organisation=device.factory.organisation_id).defer("content")
            self.fields["image"] = forms.ModelChoiceField(images, label=gettext_lazy("Image"))
        else:
            self.fields |= {name: self._field(name, rule) for name, rule in ARGUMENTS[kind].items()}
        self.fields["reason"] = forms.CharField(
            label=gettext_lazy("Why"),
            max_length=300,
            required=False,
            help_text=gettext_lazy("Others read it in the list."),
        )
        if kind in CONFIRMED:
            self.fields["confirmed"] = forms.BooleanField(
                label=gettext_lazy("I am sure: the device does it as soon as it is on line"),
                error_messages={"required": gettext_lazy("Tick the box too.")},
            )

    def _field(self, name: str, rule: Any) -> forms.Field:
        label = _LABELS.get(name, name)
        if name == "reference":
            return forms.ChoiceField(label=label, choices=_REFERENCES)
        if name == "ca":
            return forms.CharField(label=label, widget=forms.Textarea({"rows": 8}), strip=False)
        assert isinstance(rule, Number)
        of_kind: Any = forms.IntegerField if rule.is_whole else forms.FloatField
        between = _("%(low)s to %(high)s") % {"low": f"{rule.low:,g}", "high": f"{rule.high:,.12g}"}
        return of_kind(label=label, required=not rule.may_be_null, help_text=between)

    @property
    def arguments(self) -> dict[str, Any]:
        """As the API takes them; an empty field is not given."""
        if self.kind == CommandKind.UPDATE_FIRMWARE:
            return {"image": self.cleaned_data["image"].pk}
        given = {name: self.cleaned_data[name] for name in ARGUMENTS[self.kind] if name in self.cleaned_data}
        return {name: value.replace("\r\n", "\n") if isinstance(value, str) else value
                for name, value in given.items() if value not in (None, "")}  # fmt: skip
