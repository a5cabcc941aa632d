"""Pages of foreign sensors: device profiles with a preview, and refused messages with their replay."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import get_visible, may, page, require, user_of, visible_to
from accounts.roles import Action
from devices.models import DeviceProfile, MCUDevice
from devices.profile_access import device_to_assign, may_change, organisation_to_write, profile_to_change, profiles_for
from devices.profiles import ProfileInput, assign_profile, delete_profile, save_profile, unsaved
from factories.models import Organisation
from lib.errors import ApiError
from mqtt_ingest.models import RejectedGroup
from mqtt_ingest.replay import groups_for, previews_of, replay, shown
from portal.foreign import forms
from portal.foreign.page import found_paths, replayed_sentence

ROWS_PER_PAGE = 20


@require_http_methods(["GET", "POST"])
@page(Action.VIEW_REJECTED)
def refused_messages(request: HttpRequest) -> HttpResponse:
    """Groups of one cause, the newest first; `?device=` shows one device. POST `device` replays what is kept of it."""
    groups, wanted = groups_for(request.user), request.GET.get("device", "")
    result = ""
    if request.method == "POST":
        require(request.user, Action.REPLAY_REJECTED)
        device_id = request.POST.get("device", "")
        get_visible(
            request.user, MCUDevice.objects.select_related("factory"), Action.REPLAY_REJECTED, device_id=device_id
        )
        result = replayed_sentence(replay(list(RejectedGroup.objects.filter(topic_device_id=device_id))))
    found = Paginator(groups.filter(topic_device_id=wanted) if wanted else groups, ROWS_PER_PAGE)
    page_obj = found.get_page(request.GET.get("page"))
    context = {
        "page_obj": page_obj,
        "rows": [shown(group) for group in page_obj],
        "device_id": wanted,
        "result": result,
        "may_replay": may(request.user, Action.REPLAY_REJECTED),
    }
    return render(request, "portal/refused_messages.html", context)


@require_GET
@page(Action.MANAGE_PROFILES)
def profiles(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/device_profiles.html", {"profiles": profiles_for(request.user)})


@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_PROFILES)
def profile_new(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_PROFILES)
def profile(request: HttpRequest, profile_id: int) -> HttpResponse:
    """POST `act`: preview, save, assign, unassign or replay (with `device`), delete."""
    found = get_object_or_404(profiles_for(request.user), pk=profile_id)
    act = request.POST.get("act", "")
    if act in ("assign", "unassign", "replay"):
        return _act_on_device(request, found, act)
    if act == "delete":
        try:
            delete_profile(profile_to_change(request.user, profile_id))
        except ValidationError as refusal:
            return _edit(request, found, problems=refusal.messages)
        return redirect("device-profiles")
    return _edit(request, found)


def _act_on_device(request: HttpRequest, found: DeviceProfile, act: str) -> HttpResponse:
    device = device_to_assign(request.user, request.POST.get("device", ""))
    if act == "replay":
        require(request.user, Action.REPLAY_REJECTED, device.factory)
        done = replay(list(RejectedGroup.objects.filter(topic_device_id=device.device_id)))
        return _edit(request, found, result=replayed_sentence(done))
    try:
        assign_profile(device, found if act == "assign" else None)
    except ValidationError as refusal:
        return _edit(request, found, problems=refusal.messages)
    return redirect(f"{request.path}?device={device.device_id}")


def _edit(
    request: HttpRequest, found: DeviceProfile | None, *, problems: list[str] | None = None, result: str = ""
) -> HttpResponse:
    devices = visible_to(request.user, MCUDevice.objects.all(), action=Action.MANAGE_PROFILES)
    devices = devices.filter(revoked_at=None).select_related("factory__organisation", "profile").order_by("device_id")
    wanted = request.POST.get("device") or request.GET.get("device") or ""
    device = devices.filter(device_id=wanted).first()
    context: dict[str, Any] = {"profile": found, "devices": devices, "device": device, "result": result}
    context |= {"known_fields": forms.FIELDS, "known_units": forms.UNITS}
    problems = list(problems or [])
    if request.method == "POST" and request.POST.get("act") in ("preview", "save"):
        form, rows = forms.ProfileForm(request.POST), forms.MappingFormSet(request.POST, prefix="row")
        if form.is_valid() and rows.is_valid():
            given = ProfileInput(**form.cleaned_data, mappings=forms.mappings_in(rows))
            try:
                if request.POST["act"] == "save":
                    return redirect(_saved(request, found, given, device))
                tried = unsaved(_organisation(request, found, device), given)
                context["previews"] = previews_of(device, tried) if device else None
            except ValidationError as refusal:
                problems += forms.show_refusal(form, refusal)
            except ApiError:
                problems.append(_("Choose a device above first: the profile is for its organisation."))
    else:
        form = forms.form_of(found)
        paths = found_paths(device) if device else []
        rows = forms.MappingFormSet(initial=forms.initial_rows(found, paths), prefix="row")
    may_save = found is None or may_change(request.user, found)
    context |= {"form": form, "rows": rows, "problems": problems, "may_save": may_save}
    return render(request, "portal/device_profile.html", context)


def _organisation(request: HttpRequest, found: DeviceProfile | None, device: MCUDevice | None) -> Organisation:
    """Raises ApiError when there are several and nothing says which."""
    if found is not None:
        return found.organisation
    return device.factory.organisation if device else organisation_to_write(request.user, None)


def _saved(request: HttpRequest, found: DeviceProfile | None, given: ProfileInput, device: MCUDevice | None) -> str:
    changed = profile_to_change(request.user, found.pk) if found else None
    saved = save_profile(_organisation(request, changed, device), given, user_of(request), changed)
    return f"/device-profiles/{saved.pk}/" + (f"?device={device.device_id}" if device else "")
