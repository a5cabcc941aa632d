"""Pages that act on one device: assign or swap it, correct its facts, record a calibration, hand out a certificate."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import page, user_of
from accounts.roles import Action
from devices.calibration_api import served
from devices.calibrations import record_calibration
from devices.models import MCUDevice
from devices.queries import device_of
from devices.registration import correct_facts
from emissions.changes import assign as assign_device
from factories.corrections import Confirmation, ConfirmationNeeded
from lib.files import ReceivedFile
from portal.devices.forms import CalibrationForm, FactsForm, MountForm, add_errors


def _form_page(
    request: HttpRequest, device: MCUDevice, form: forms.Form, act: Callable[[], Any], **words: str
) -> HttpResponse:
    """Show the form, or do what it says and go back to the device."""
    effect = None
    if request.method == "POST" and form.is_valid():
        try:
            act()
        except ValidationError as error:
            add_errors(form, error)
        except ConfirmationNeeded as asked:
            effect = asked.effect
        else:
            return redirect("device", device.device_id)
    context = {"form": form, "effect": effect, "back_url": reverse("device", args=[device.device_id]), **words}
    return render(request, "portal/device_form.html", context)


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def assign(request: HttpRequest, device_id: str) -> HttpResponse:
    device = device_of(request.user, device_id, Action.MANAGE_DEVICES)
    with timezone.override(device.factory.zone):
        form = MountForm(device.factory, request.POST or None)

        def act() -> None:
            mounting = form.mounting()
            assert mounting is not None  # its chimney is required
            assign_device(device, mounting, confirm=Confirmation(request.user.pk, request.POST.get("confirm", "")))

        words = {"title": _("Put %(device)s on a chimney") % {"device": device_id}, "submit": _("Assign")}
        return _form_page(request, device, form, act, **words)


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def edit(request: HttpRequest, device_id: str) -> HttpResponse:
    device = device_of(request.user, device_id, Action.MANAGE_DEVICES)
    stated = {name: getattr(device, name) for name in FactsForm.base_fields}
    form = FactsForm(request.POST or None, initial=stated)
    words = {"title": _("What is known of %(device)s") % {"device": device_id}, "submit": _("Save")}
    return _form_page(request, device, form, lambda: correct_facts(device, form.cleaned_data), **words)


# --- Calibrations ------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def calibrate(request: HttpRequest, device_id: str) -> HttpResponse:
    device = device_of(request.user, device_id, Action.MANAGE_DEVICES)
    with timezone.override(device.factory.zone):
        form = CalibrationForm(request.POST or None, request.FILES or None)

        def act() -> None:
            data = dict(form.cleaned_data)
            file = data.pop("certificate")
            kept = ReceivedFile.read(file) if file else None
            confirm = request.POST.get("confirm", "")
            try:
                record_calibration(device, user_of(request), certificate=kept, confirm=confirm, **data)
            except ConfirmationNeeded:
                if kept is not None:
                    form.add_error("certificate", _("Choose the file again: the browser has not kept it."))
                raise

        words = {"title": _("Record a calibration of %(device)s") % {"device": device_id}, "submit": _("Save")}
        return _form_page(request, device, form, act, **words)


@require_GET
@page(Action.USE_PORTAL)
def certificate(request: HttpRequest, device_id: str, pk: int) -> HttpResponse:
    return served(request.user, device_id, pk)
