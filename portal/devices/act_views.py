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

from accounts.permissions import get_visible, page, user_of
from accounts.roles import Action
from devices.calibration_api import served
from devices.calibrations import CertificateFile, record_calibration
from devices.models import CalibrationCertificate, MCUDevice
from emissions.changes import assign as assign_device
from factories.corrections import ConfirmationNeeded
from portal.devices.forms import CalibrationForm, FactsForm, MountForm, add_errors


def _managed(request: HttpRequest, device_id: str) -> MCUDevice:
    """404 out of scope, 403 without the right."""
    rows = MCUDevice.objects.select_related("factory__organisation")
    return get_visible(request.user, rows, Action.MANAGE_DEVICES, device_id=device_id)


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
    device = _managed(request, device_id)
    with timezone.override(device.factory.zone):
        form = MountForm(device.factory, request.POST or None)

        def act() -> None:
            mounting = form.mounting()
            assert mounting is not None  # its chimney is required
            assign_device(device, mounting, confirm=request.POST.get("confirm", ""))

        words = {"title": _("Put %(device)s on a chimney") % {"device": device_id}, "submit": _("Assign")}
        return _form_page(request, device, form, act, **words)


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def edit(request: HttpRequest, device_id: str) -> HttpResponse:
    device = _managed(request, device_id)
    stated = {name: getattr(device, name) for name in FactsForm.base_fields}
    form = FactsForm(request.POST or None, initial=stated)

    def act() -> None:
        for name, value in form.cleaned_data.items():
            setattr(device, name, value)
        device.full_clean()
        device.save(update_fields=list(form.cleaned_data))

    words = {"title": _("What is known of %(device)s") % {"device": device_id}, "submit": _("Save")}
    return _form_page(request, device, form, act, **words)


# --- Calibrations ------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def calibrate(request: HttpRequest, device_id: str) -> HttpResponse:
    device = _managed(request, device_id)
    with timezone.override(device.factory.zone):
        form = CalibrationForm(request.POST or None, request.FILES or None)

        def act() -> None:
            data = dict(form.cleaned_data)
            file = data.pop("certificate")
            kept = CertificateFile.read(file) if file else None
            record_calibration(device, user_of(request), certificate=kept, **data)

        words = {"title": _("Record a calibration of %(device)s") % {"device": device_id}, "submit": _("Save")}
        return _form_page(request, device, form, act, **words)


@require_GET
@page(Action.USE_PORTAL)
def certificate(request: HttpRequest, device_id: str, pk: int) -> HttpResponse:
    file = get_visible(
        request.user,
        CalibrationCertificate.objects.select_related("calibration__device__factory"),
        Action.VIEW_DEVICES,
        factory_path="calibration__device__factory",
        calibration=pk,
        calibration__device__device_id=device_id,
    )
    return served(file)
