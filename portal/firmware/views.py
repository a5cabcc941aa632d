"""The page of firmware, and the address at which a device fetches its image."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import show_errors
from accounts.permissions import organisations_of, page, public_page, require, user_of
from accounts.roles import Action
from factories.models import Organisation
from lib.errors import ApiError
from mqtt_ingest.firmware_api import plan_of
from mqtt_ingest.images import add_image, image_of_token
from mqtt_ingest.models import FirmwareImage, RollOut
from mqtt_ingest.roll_out import halt_by_person, start_roll_out
from portal.firmware.forms import ImageForm, RollOutForm
from portal.firmware.page import roll_out_rows


@require_http_methods(["GET", "POST"])
@page(Action.VIEW_DEVICES)
def firmware(request: HttpRequest) -> HttpResponse:
    """POST `act`: add (an image), roll_out, or halt (a roll-out)."""
    managed = organisations_of(request.user, Action.MANAGE_FIRMWARE)
    seen = organisations_of(request.user, Action.VIEW_DEVICES)
    organisation = Organisation.objects.filter(pk__in=seen).order_by("pk").first()
    require(request.user, Action.USE_PORTAL)
    if organisation is None:
        raise PermissionDenied
    act = request.POST.get("act", "")
    given = {act: request.POST}
    image_form = ImageForm(given.get("add"), request.FILES or None)
    roll_out_form, problem = RollOutForm(organisation, given.get("roll_out")), ""
    if request.method == "POST":
        if organisation.pk not in managed:
            raise PermissionDenied
        form = {"add": image_form, "roll_out": roll_out_form}.get(act)
        try:
            if form is None:
                _halt(request, organisation)
            elif form is image_form and form.is_valid():
                add_image(organisation, user_of(request), **form.cleaned_data)
            elif form.is_valid():
                image = form.cleaned_data["image"]
                start_roll_out(image, plan_of(request.user, image, roll_out_form.given), user_of(request))
            if form is None or form.is_valid():
                return redirect(request.path)
        except ApiError as error:
            if form is None:
                problem = error.message
            else:
                show_errors(form, error)
    context = {
        "organisation": organisation,
        "images": FirmwareImage.objects.filter(organisation=organisation).defer("content").select_related("added_by"),
        "roll_outs": roll_out_rows(organisation),
        "has_key": bool(settings.FIRMWARE_PUBLIC_KEY),
        "image_form": image_form,
        "roll_out_form": roll_out_form,
        "problem": problem,
        "may_manage": organisation.pk in managed,
    }
    return render(request, "portal/firmware.html", context)


def _halt(request: HttpRequest, organisation: Organisation) -> None:
    pk = request.POST.get("halt", "")
    if not pk.isdecimal() or len(pk) > 9:
        raise Http404
    halt_by_person(get_object_or_404(RollOut, organisation=organisation, pk=int(pk)), user_of(request))


@public_page
@require_GET
def download(request: HttpRequest) -> HttpResponse:
    """For devices, which have no sign-in here: the token says by which command they were told to fetch it."""
    image = image_of_token(request.GET.get("token", ""))
    if image is None:
        raise Http404
    return HttpResponse(bytes(image.content), content_type="application/octet-stream")
