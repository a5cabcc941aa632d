"""The forms that register an image and start its roll-out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from devices.models import MCUDevice
from mqtt_ingest.images import LONGEST_VERSION
from mqtt_ingest.models import FirmwareImage


class ImageForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("Firmware file"))
    version = forms.CharField(
        label=gettext_lazy("Version"), max_length=LONGEST_VERSION, help_text=gettext_lazy("As the device reports it.")
    )
    signature = forms.CharField(
        label=gettext_lazy("Signature"),
        max_length=88,
        help_text=gettext_lazy("Ed25519 of the file, as base64, by the key of whoever builds the firmware."),
    )
    notes = forms.CharField(label=gettext_lazy("Notes"), max_length=1_000, required=False)


class RollOutForm(forms.Form):
    """Which image, and which device gets it first; the others of the organisation follow."""

    image = forms.ModelChoiceField(FirmwareImage.objects.none(), label=gettext_lazy("Image"))
    first = forms.ModelChoiceField(
        MCUDevice.objects.none(),
        label=gettext_lazy("First device"),
        help_text=gettext_lazy("One that measures now and that you can reach: it shows whether the image is good."),
    )
    watch_minutes = forms.IntegerField(
        label=gettext_lazy("Watch it for (minutes)"),
        initial=60,
        help_text=gettext_lazy("10 to 10,080. Then the others get it, unless the first one runs worse than before."),
    )
    is_first_alone = forms.BooleanField(label=gettext_lazy("This device alone, no others"), required=False)
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300, required=False)

    def __init__(self, organisation: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["image"].queryset = FirmwareImage.objects.filter(organisation=organisation).defer("content")
        devices = MCUDevice.objects.filter(factory__organisation=organisation, revoked_at=None, profile=None)
        fields["first"].queryset = devices.order_by("device_id")

    @property
    def given(self) -> dict[str, Any]:
        """As the API takes it."""
        first = [self.cleaned_data["first"].device_id]
        alone = {"devices": first} if self.cleaned_data["is_first_alone"] else {}
        return {name: self.cleaned_data[name] for name in ("watch_minutes", "reason")} | {"first": first} | alone
