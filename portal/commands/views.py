"""The page of a device's commands: what it was told, and a form for each kind."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.forms import show_errors
from accounts.permissions import get_visible, may, page, require, user_of
from accounts.roles import Action
from alerts.device_limits import give_limits
from devices.models import MCUDevice
from lib.errors import ApiError
from mqtt_ingest.asking import ask_device
from mqtt_ingest.choices import CommandKind
from mqtt_ingest.commands import Sender, withdraw_one
from mqtt_ingest.models import DeviceCommand
from portal.commands.forms import EXPLAINED, CommandForm
from portal.commands.page import commands_page


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def commands(request: HttpRequest, device_id: str) -> HttpResponse:
    """POST gives the command of `?kind=`, or with `rules` the limits of the site's rules; with `withdraw` (an id) it
    sends that one no more."""
    devices = MCUDevice.objects.select_related("factory__organisation")
    device = get_visible(request.user, devices, Action.VIEW_DEVICES, device_id=device_id)
    chosen = request.GET.get("kind", CommandKind.SET_INTERVAL.value)
    if chosen not in EXPLAINED:
        raise Http404
    kind = CommandKind(chosen)
    form, problem = CommandForm(kind, device), ""
    if request.method == "POST":
        require(request.user, Action.MANAGE_DEVICES, device.factory)
        try:
            if withdrawn := request.POST.get("withdraw"):
                withdraw_one(
                    get_object_or_404(DeviceCommand, device=device, command_id=withdrawn[:64].replace("\x00", ""))
                )
                return redirect(request.get_full_path())
            if "rules" in request.POST:
                give_limits(device, user_of(request))
                return redirect(request.get_full_path())
            form = CommandForm(kind, device, request.POST)
            if form.is_valid():
                ask_device(device, kind, form.arguments, Sender(user_of(request), form.cleaned_data["reason"]))
                return redirect(request.get_full_path())
        except ApiError as error:
            if form.is_bound:
                show_errors(form, error)
            else:
                problem = error.message
    context = {
        "page": commands_page(device, kind),
        "form": form,
        "problem": problem,
        "device_url": reverse("device", args=[device.device_id]),
        "has_rules": kind == CommandKind.SET_LIMITS,
        "may_manage": may(request.user, Action.MANAGE_DEVICES, device.factory),
    }
    return render(request, "portal/commands.html", context)
