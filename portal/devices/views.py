"""The list of devices, and the page of one with what an installer or HQ does there."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import may, organisations_of, page, require, user_of, visible_to
from accounts.roles import Action
from devices.access import revoke_device
from devices.choices import HoldResolution, SetAsideReason
from devices.models import AssignmentHold, MCUDevice
from devices.mounting import retire
from devices.queries import device_of, waiting_holds
from devices.set_aside import InvalidPeriod, set_aside, take_back
from emissions.changes import close_hold
from emissions.set_aside import Effect, effect_of
from factories.corrections import Confirmation, ConfirmationNeeded
from portal.devices.health import health_of
from portal.devices.listing import FILTER_WORDS, Shown, device_rows
from portal.devices.page import SetAsideForm, device_page

# On a hold; None takes a period set aside back.
ACTS: dict[str, HoldResolution | None] = {
    "take_back": None,
    "registry_right": HoldResolution.REGISTRY_RIGHT,
    "device_right": HoldResolution.DEVICE_RIGHT,
}


ENDS: dict[str, Callable[[MCUDevice], None]] = {"revoke": revoke_device, "retire": retire}
ROWS_PER_PAGE = 50


@require_GET
@page(Action.USE_PORTAL)
def devices(request: HttpRequest) -> HttpResponse:
    """The devices that the user may see; filters are in the URL."""
    visible = visible_to(request.user, MCUDevice.objects.all(), action=Action.VIEW_DEVICES)
    wanted, query = request.GET.get("state", ""), request.GET.get("q", "").strip()[:80]
    shown = Shown(wanted) if wanted in set(Shown) else Shown.ALL
    rows = device_rows(visible, query, shown, timezone.now())
    context = {
        "page_obj": Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "filters": FILTER_WORDS.items(),
        "query": query,
        "state": shown,
        "total": visible.exists(),
        "may_add": may(request.user, Action.MANAGE_DEVICES),
        "may_make_codes": bool(organisations_of(request.user, Action.MANAGE_DEVICES)),
        "sees_firmware": bool(organisations_of(request.user, Action.VIEW_DEVICES)),
        "may_view_rejected": may(request.user, Action.VIEW_REJECTED),
        "may_manage_profiles": may(request.user, Action.MANAGE_PROFILES),
    }
    return render(request, "portal/devices.html", context)


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def device(request: HttpRequest, device_id: str) -> HttpResponse:
    """POST `act`: show (what setting a period aside does), set_aside, take_back, one of ENDS, or how a hold closes."""
    device = device_of(request.user, device_id, Action.VIEW_DEVICES)
    factory = device.factory
    form, effect, problems = SetAsideForm(), None, list[str]()
    asked: dict[str, Any] = {}
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
            try:
                problems = _end(request, device, act) if act in ENDS else _act_on_hold(request, device, act)
            except ConfirmationNeeded as needed:
                asked = {"effect": needed.effect, "act": {"hold": int(request.POST["hold"]), "resolution": act}}
            if not problems and not asked:
                return redirect(request.path)
    context = {
        "page": device_page(device, timezone.now(), effect),
        "form": form,
        "problems": problems,
        "health": health_of(device, timezone.now()),
        **asked,
        "may_manage": may(request.user, Action.MANAGE_DEVICES, factory),
    }
    with timezone.override(factory.zone):
        return render(request, "portal/device.html", context)


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


def _end(request: HttpRequest, device: MCUDevice, act: str) -> list[str]:
    """What kept it from being done, if anything. The broker may keep the request waiting for 5 s."""
    if request.POST.get("confirmed") != "yes":
        return [_("Nothing was done: tick the box too.")]
    try:
        ENDS[act](device)
    except ValidationError as error:
        return list(error.messages)
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
            confirm = Confirmation(request.user.pk, request.POST.get("confirm", ""))
            close_hold(hold, resolution, user_of(request), confirm=confirm)
    except ValidationError as error:
        return list(error.messages)
    return []
