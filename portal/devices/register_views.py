"""Pages that add devices: register one at a site, and print claim codes for devices that are not yet placed."""

import math
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import organisations_of, page, user_of, visible_to
from accounts.roles import Action
from devices.access import DeviceRevokedError, rotate_secret
from devices.dynsec import BrokerUnreachableError
from devices.models import DeviceClaim, MCUDevice
from devices.queries import device_of
from devices.registration import as_printed, find_claim, make_claims, managed_organisations, register_device, withdraw
from devices.services import ProvisionedDevice, describe
from factories.models import Factory, Organisation
from lib import limits
from portal.devices.forms import CodesForm, FactsForm, NodeForm, RegisterForm, add_errors
from portal.devices.node import code_url, node_settings

LISTED_CODES = 200


@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_DEVICES)
def add(request: HttpRequest) -> HttpResponse:
    """First the site, if there are several; then the device. `code` of the label's address fills the form."""
    sites = visible_to(
        request.user,
        Factory.objects.in_use().select_related("organisation"),
        factory_path="",
        action=Action.MANAGE_DEVICES,
    ).order_by("name")
    asked = request.GET.get("factory", "")
    code = request.GET.get("code", "")[:40]
    factory = get_object_or_404(sites, pk=int(asked)) if asked.isdecimal() and len(asked) < 10 else None
    if factory is None:
        if len(sites) != 1:
            return render(request, "portal/device_add_site.html", {"sites": sites, "code": code})
        factory = sites[0]
    with timezone.override(factory.zone):
        form = RegisterForm(factory, request.POST or None, initial={"claim_code": code, "form_id": uuid.uuid4()})
        if request.method == "POST" and form.is_valid():
            made = _register(request, factory, form)
            if made is not None:
                return _settings_page(request, made, form.choices())
        title = _("Add a device to %(site)s") % {"site": factory.name}
        context = {"form": form, "title": title, "submit": _("Register"), "back_url": reverse("devices")}
        return render(request, "portal/device_form.html", context)


def _register(request: HttpRequest, factory: Factory, form: RegisterForm) -> ProvisionedDevice | None:
    """None: what kept it from being done stands in the form."""
    data, user = form.cleaned_data, user_of(request)
    once = f"register:{data['form_id']}"
    try:
        limits.take(once, 1, 3600)
    except limits.TooOftenError:
        words = _("This form has registered a device already: it is in the list. Make new settings for it on its page.")
        form.add_error(None, words)
        limits.give_back(once)
        return None
    try:
        claim = None
        if data["claim_code"]:
            claim = find_claim(user, data["claim_code"], managed_organisations(user))
        facts = {name: data[name] for name in FactsForm.base_fields}
        return register_device(
            factory, user, device_id=data["device_id"] or None, claim=claim, mounting=form.mounting(), **facts
        )
    except limits.TooOftenError as error:
        words = _("Too many wrong codes. Try again in %(minutes)d minutes.")
        form.add_error("claim_code", words % {"minutes": math.ceil(error.wait_s / 60)})
    except ValidationError as error:
        add_errors(form, error)
    except BrokerUnreachableError as error:
        form.add_error(None, str(error.sentence))
    limits.give_back(once)
    return None


def _settings_page(request: HttpRequest, made: ProvisionedDevice, build: dict[str, str]) -> HttpResponse:
    device = MCUDevice.objects.select_related("factory").get(device_id=made.device_id)
    context = {"settings": node_settings(device, made, build), "device": device}
    return render(request, "portal/device_settings.html", context)


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def settings(request: HttpRequest, device_id: str) -> HttpResponse:
    """New settings for a node: a new password with them, since nobody knows the old one."""
    device = device_of(request.user, device_id, Action.MANAGE_DEVICES)
    form = NodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _settings_page(request, describe(device, rotate_secret(device)), form.choices())
        except DeviceRevokedError:
            form.add_error(None, _("This device is revoked; register it under a new id."))
        except BrokerUnreachableError as error:
            form.add_error(None, str(error.sentence))
    context = {
        "form": form,
        "title": _("New settings for %(device)s") % {"device": device_id},
        "notice": _("A new password goes into them. The one in the node stops working at once."),
        "submit": _("Make new settings"),
        "back_url": reverse("device", args=[device_id]),
    }
    return render(request, "portal/device_form.html", context)


# --- Claim codes -------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_DEVICES)
def codes(request: HttpRequest) -> HttpResponse:
    """Codes are for who manages the devices of a whole organisation."""
    organisation = _organisation(request)
    form, labels = CodesForm(request.POST or None), list[dict[str, Any]]()
    if request.method == "POST" and form.is_valid():
        try:
            made = make_claims(organisation, user_of(request), **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            labels = [_label(request, claim, code) for claim, code in made]
    claims = DeviceClaim.objects.filter(organisation=organisation).select_related("claimed_by")[:LISTED_CODES]
    context: dict[str, Any] = {"form": form, "labels": labels, "claims": claims, "now": timezone.now()}
    return render(request, "portal/device_codes.html", context)


def _organisation(request: HttpRequest) -> Organisation:
    allowed = organisations_of(request.user, Action.MANAGE_DEVICES)
    if not allowed:
        raise PermissionDenied
    return Organisation.objects.get(pk=allowed[0])


def _label(request: HttpRequest, claim: DeviceClaim, code: str) -> dict[str, Any]:
    address = request.build_absolute_uri(f"{reverse('device-add')}?code={as_printed(code)}")
    return {"claim": claim, "code": as_printed(code), "image": code_url(address)}


@require_POST
@page(Action.MANAGE_DEVICES)
def code_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    allowed = organisations_of(request.user, Action.MANAGE_DEVICES)
    claim = get_object_or_404(DeviceClaim, pk=pk, organisation__in=allowed, claimed_at=None)
    withdraw(claim)
    return redirect("device-codes")
