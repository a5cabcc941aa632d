"""The page of firmware, and the address at which a device fetches its image."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import show_errors
from accounts.permissions import may, organisations_of, page, public_page, require, user_of
from accounts.roles import Action
from factories.models import Organisation
from lib.errors import ApiError
from mqtt_ingest.firmware_api import plan_of
from mqtt_ingest.images import LARGEST_BYTES, add_image, image_of_token
from mqtt_ingest.models import RollOut
from mqtt_ingest.roll_out import halt_by_person, start_roll_out
from portal.firmware.forms import ImageForm, RollOutForm
from portal.firmware.page import firmware_page


@require_http_methods(["GET", "POST"])
@page(Action.VIEW_DEVICES)
def firmware(request: HttpRequest) -> HttpResponse:
    """POST `act`: add (an image), roll_out, or halt (a roll-out)."""
    seen = organisations_of(request.user, Action.VIEW_DEVICES)
    organisation = Organisation.objects.filter(pk__in=seen).order_by("pk").first()
    require(request.user, Action.USE_PORTAL)
    if organisation is None:
        raise PermissionDenied
    image_form, roll_out_form, problem = ImageForm(), RollOutForm(organisation), ""
    if request.method == "POST":
        if organisation.pk not in organisations_of(request.user, Action.MANAGE_FIRMWARE):
            raise PermissionDenied
        act = request.POST.get("act", "")
        try:
            if act == "add":
                image_form = ImageForm(request.POST, request.FILES)
                done = _add(request, image_form, organisation)
            elif act == "roll_out":
                roll_out_form = RollOutForm(organisation, request.POST)
                done = _roll_out(request, roll_out_form)
            else:
                done = _halt(request, organisation)
            if done:
                return redirect(request.path)
        except ApiError as error:
            form = {"add": image_form, "roll_out": roll_out_form}.get(act)
            if form is None:
                problem = error.message
            else:
                show_errors(form, error)
    context = {
        "page": firmware_page(organisation, has_key=bool(settings.FIRMWARE_PUBLIC_KEY)),
        "image_form": image_form,
        "roll_out_form": roll_out_form,
        "problem": problem,
        "may_manage": may(request.user, Action.MANAGE_FIRMWARE),
    }
    return render(request, "portal/firmware.html", context)


def _add(request: HttpRequest, form: ImageForm, organisation: Organisation) -> bool:
    if not form.is_valid():
        return False
    data = form.cleaned_data
    content = data["file"].read(LARGEST_BYTES + 1)
    add_image(
        organisation,
        user_of(request),
        version=data["version"],
        content=content,
        signature=data["signature"],
        notes=data["notes"],
    )
    return True


def _roll_out(request: HttpRequest, form: RollOutForm) -> bool:
    if not form.is_valid():
        return False
    data = form.cleaned_data
    first = data["first"].device_id
    given = {"first": [first], "watch_minutes": data["watch_minutes"], "reason": data["reason"]}
    if data["is_first_alone"]:
        given["devices"] = [first]
    start_roll_out(data["image"], plan_of(request.user, data["image"], given), user_of(request))
    return True


def _halt(request: HttpRequest, organisation: Organisation) -> bool:
    pk = request.POST.get("halt", "")
    if not pk.isdecimal() or len(pk) > 9:
        raise Http404
    halt_by_person(get_object_or_404(RollOut, organisation=organisation, pk=int(pk)), user_of(request))
    return True


@public_page
@require_GET
def download(request: HttpRequest, token: str) -> HttpResponse:
    """For devices, which have no sign-in here: the token says which image, for which device and until when."""
    image = image_of_token(token)
    if image is None:
        raise Http404
    return HttpResponse(bytes(image.content), content_type="application/octet-stream")
