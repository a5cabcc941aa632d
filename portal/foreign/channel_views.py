"""The page of a foreign sensor's channels: their newest values, and which counter is the meter of which source."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms import show_errors
from accounts.permissions import get_visible, may, page, require, user_of
from accounts.roles import Action
from devices.models import MCUDevice
from emissions.models import MeasuredAs, SensorChannel
from energy.choices import Carrier
from energy.meters import SetAside
from energy.models import EnergyType
from factories.models import Factory
from lib.errors import ApiError
from mqtt_ingest.channel_api import channels_with_meters
from mqtt_ingest.device_meters import begin_meter, end_meter, set_asides_of
from mqtt_ingest.models import DeviceMeter

_METERED = (Carrier.FUEL, Carrier.GRID, Carrier.OWN, Carrier.HEAT)


class MeterForm(forms.Form):
    energy_type = forms.ChoiceField(label=gettext_lazy("It counts"))
    source = forms.TypedChoiceField(label=gettext_lazy("Used by"), coerce=int)
    counts_from = forms.DateTimeField(
        label=gettext_lazy("Since"),
        required=False,
        help_text=gettext_lazy("Empty: from now on. What is stored since then is entered too."),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, factory: Factory, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(EnergyType.objects.filter(carrier__in=_METERED).values_list("code", "name"))
        sources = factory.emission_sources.filter(last_day=None).order_by("name")
        choices: Any = self.fields
        named = [(code, _(names.get(code, code))) for code in names]
        choices["energy_type"].choices = sorted(named, key=lambda pair: pair[1])
        choices["source"].choices = [(source.pk, source.name) for source in sources]


@dataclass(frozen=True, slots=True)
class ChannelRow:
    channel: Any  # annotated by channels_with_meters
    meter: DeviceMeter | None
    set_aside: list[SetAside]  # for those who may see the energy log
    form: MeterForm | None  # of a counter that is no meter yet


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def channels(request: HttpRequest, device_id: str) -> HttpResponse:
    """POST `channel` with MeterForm makes it a meter; with `act`=end it is none any more."""
    rows = MCUDevice.objects.select_related("factory__organisation")
    device = get_visible(request.user, rows, Action.VIEW_DEVICES, device_id=device_id)
    factory, wanted, form = device.factory, request.POST.get("channel", ""), None
    if request.method == "POST":
        require(request.user, Action.WRITE_ENERGY, factory)
        found = SensorChannel.objects.filter(device=device).select_related("device__factory__organisation")
        pk = int(wanted) if wanted.isdecimal() and len(wanted) < 10 else 0
        channel = get_visible(request.user, found, Action.WRITE_ENERGY, factory_path="device__factory", pk=pk)
        form = _acted(request, factory, channel)
        if form is None:
            return redirect(request.path)
    may_write = may(request.user, Action.WRITE_ENERGY, factory)
    sees_log = may(request.user, Action.VIEW_ENERGY, factory)
    shown = [
        _row(each, factory, sees_log, form if form is not None and wanted == str(each.pk) else None)
        for each in channels_with_meters().filter(device=device).order_by("code", "unit")
    ]
    context = {"device": device, "rows": shown, "may_write": may_write}
    with timezone.override(factory.zone):
        return render(request, "portal/device_channels.html", context)


def _acted(request: HttpRequest, factory: Factory, channel: SensorChannel) -> MeterForm | None:
    """The form with its errors, or None when it is done."""
    if request.POST.get("act") == "end":
        end_meter(channel)
        return None
    form = MeterForm(factory, request.POST)
    with timezone.override(factory.zone):
        if not form.is_valid():
            return form
    given = form.cleaned_data
    try:
        begin_meter(channel, given["energy_type"], given["source"], user_of(request), given["counts_from"])
    except ApiError as error:
        show_errors(form, error)
        return form
    return None


def _row(channel: Any, factory: Factory, sees_log: bool, form: MeterForm | None) -> ChannelRow:
    meter = channel.open_meters[0] if channel.open_meters else None
    if meter is None and channel.kind == MeasuredAs.COUNTER:
        usual = "electricity" if channel.unit == "kWh" else "firewood"
        form = form or MeterForm(factory, initial={"energy_type": usual}, auto_id=f"id_{channel.pk}_%s")
    return ChannelRow(channel, meter, set_asides_of(meter) if meter and sees_log else [], form)
