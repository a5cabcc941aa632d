"""The page of one sensor, and what an installer or HQ does there."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import may, page, require, user_of
from accounts.roles import Action
from devices.access import revoke_device
from devices.choices import HoldResolution, SetAsideReason
from devices.models import AssignmentHold, MCUDevice
from devices.queries import waiting_holds
from devices.services import resolve_hold
from devices.set_aside import InvalidPeriod, set_aside, take_back
from emissions.set_aside import Effect, effect_of
from portal.requests import factory_of
from portal.sensor.page import SetAsideForm, sensor_page

# On a hold; None takes a period set aside back.
ACTS: dict[str, HoldResolution | None] = {
    "take_back": None,
    "registry_right": HoldResolution.REGISTRY_RIGHT,
    "device_right": HoldResolution.DEVICE_RIGHT,
}


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def sensor(request: HttpRequest, pk: int, device_id: str) -> HttpResponse:
    """POST `act`: show (the effect of a period set aside), set_aside, take_back, revoke, or how to resolve a hold."""
    factory = factory_of(request, pk, Action.VIEW_DEVICES)
    device = get_object_or_404(
        MCUDevice.objects.select_related("factory__organisation"), factory=factory, device_id=device_id
    )
    form, effect, problems = SetAsideForm(), None, list[str]()
    if request.method == "POST":
        require(request.user, Action.MANAGE_DEVICES, factory)
        act = request.POST.get("act", "")
        if act in ("show", "set_aside"):
            with timezone.override(factory.zone):
                form = SetAsideForm(request.POST)
                effect = _act_on_period(form, device, act, user_of(request))
            if act == "set_aside" and not form.errors:
                return redirect(request.path)
        else:
            problems = _revoke(request, device) if act == "revoke" else _act_on_hold(request, device, act)
            if not problems:
                return redirect(request.path)
    context = {
        "page": sensor_page(device, timezone.now(), effect),
        "form": form,
        "problems": problems,
        "may_manage": may(request.user, Action.MANAGE_DEVICES, factory),
    }
    with timezone.override(factory.zone):
        return render(request, "portal/sensor.html", context)


def _act_on_period(form: SetAsideForm, device: MCUDevice, act: str, user: Any) -> Effect | None:
    """Faults stay with the fields of the form."""
    if not form.is_valid():
        return None
    data = form.cleaned_data
    reason = SetAsideReason(data["reason"])
    period = InvalidPeriod(device, data["period_start"], data["period_end"], reason, data["note"])
    try:
        if act == "show":
            return effect_of(period, user)
        set_aside(period, user)
    except ValidationError as error:
        form.add_error(None, error)
    return None


def _revoke(request: HttpRequest, device: MCUDevice) -> list[str]:
    """What kept it from being done, if anything. The broker may keep the request waiting for 5 s."""
    if request.POST.get("confirmed") != "yes":
        return [_("The sensor is not revoked: tick the box too.")]
    revoke_device(device)
    return []


def _act_on_hold(request: HttpRequest, device: MCUDevice, act: str) -> list[str]:
    """What kept it from being done, if anything."""
    hold_pk = request.POST.get("hold", "")
    if act not in ACTS or not hold_pk.isdecimal() or len(hold_pk) > 9:
        raise Http404
    resolution = ACTS[act]
    holds = AssignmentHold.objects.filter(resolution="") if resolution is None else waiting_holds()
    hold = get_object_or_404(holds, assignment__device=device, pk=int(hold_pk))
    try:
        if resolution is None:
            take_back(hold, user_of(request))
        else:
            resolve_hold(hold, resolution, user_of(request))
    except ValidationError as error:
        return list(error.messages)
    return []
