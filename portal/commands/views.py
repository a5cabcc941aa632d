"""The page of a device's commands: what it was told, and a form for each kind."""

from django.forms import Select
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
from portal.commands.forms import EXPLAINED, CommandForm
from portal.commands.page import command_rows


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def commands(request: HttpRequest, device_id: str) -> HttpResponse:
    """POST gives the command of `?kind=`, or with `rules` the limits of the site's rules; with `withdraw` (an id) it
    sends that one no more."""
    devices = MCUDevice.objects.select_related("factory__organisation")
    device = get_visible(request.user, devices, Action.VIEW_DEVICES, device_id=device_id)
    try:
        kind = CommandKind(request.GET.get("kind", CommandKind.SET_INTERVAL))
    except ValueError as error:
        raise Http404 from error
    form, problem = CommandForm(kind, device), ""
    if request.method == "POST":
        require(request.user, Action.MANAGE_DEVICES, device.factory)
        try:
            if withdrawn := request.POST.get("withdraw"):
                withdraw_one(get_object_or_404(device.commands, command_id=withdrawn[:64].replace("\x00", "")))
            elif "rules" in request.POST:
                give_limits(device, user_of(request))
            else:
                form = CommandForm(kind, device, request.POST)
                if form.is_valid():
                    ask_device(device, kind, form.arguments, Sender(user_of(request), form.cleaned_data["reason"]))
            if not form.errors:
                return redirect(request.get_full_path())
        except ApiError as error:
            if form.is_bound:
                show_errors(form, error)
            else:
                problem = error.message
    context = {
        "device": device,
        "rows": command_rows(device),
        "kinds": Select({"id": "kind"}, choices=CommandKind.choices).render("kind", kind),
        "explained": EXPLAINED[kind],
        "form": form,
        "problem": problem,
        "device_url": reverse("device", args=[device.device_id]),
        "has_rules": kind == CommandKind.SET_LIMITS,
        "may_give": device.revoked_at is None and may(request.user, Action.MANAGE_DEVICES, device.factory),
    }
    return render(request, "portal/commands.html", context)
