"""Sites from one sheet: upload, preview, create, and the links of the invitations to send."""

from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.member_views import organisation_of_page
from accounts.permissions import organisations_of, page, user_of
from accounts.roles import Action
from compliance.models import SiteSheet
from compliance.site_sheet.tasks import create_previewed, links_of, submit
from lib.errors import ApiError

LOOK_AGAIN_S = 2
SHORT_WAIT_S = 3.0


class SiteSheetForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("The sheet, CSV or XLSX"),
        help_text=gettext_lazy("Nothing is stored before you have seen what it would create."),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def site_sheet_new(request: HttpRequest) -> HttpResponseBase:
    organisation, _others = organisation_of_page(request)
    is_upload = request.method == "POST"
    form = SiteSheetForm(request.POST, request.FILES) if is_upload else SiteSheetForm()
    if is_upload and form.is_valid():
        try:
            file = form.cleaned_data["file"]
            task = submit(user_of(request), organisation, file, dry_run=True, path=request.path)
            task.wait(SHORT_WAIT_S)
            return redirect("site-sheet", pk=task.pk)
        except ApiError as error:
            form.add_error("file", error.message)
    return render(request, "portal/site_sheet_new.html", {"form": form, "organisation": organisation})


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def site_sheet(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What became of a sheet. POST `act`: create what a preview showed, or make the links of its invitations."""
    mine = organisations_of(request.user, Action.EDIT_FACTORY)
    task = get_object_or_404(SiteSheet.objects.select_related("organisation"), pk=pk, organisation__in=mine)
    links: list[dict[str, Any]] = []
    if request.method == "POST" and request.POST.get("act") == "create":
        try:
            created = create_previewed(user_of(request), task, request.path)
            created.wait(SHORT_WAIT_S)
            return redirect("site-sheet", pk=created.pk)
        except ApiError as error:
            messages.error(request, error.message)
    elif request.method == "POST" and request.POST.get("act") == "links":
        links = [_link(request, *made) for made in links_of(task)]
    answer = task.answer or {}
    words = {"site": _("site"), "chimney": _("chimney"), "target": _("target"), "invitation": _("invitation")}
    rows = [row | {"does": [words[part] for part in row["does"]]} for row in answer.get("rows", [])]
    context = {
        "task": task,
        "answer": answer,
        "is_waiting": not task.is_over,
        "is_refused": task.is_over and task.status_code != 200,
        "may_create": task.is_dry_run and task.content is not None and bool(answer.get("created")),
        "has_invitations": bool(answer.get("invitation_ids")),
        "rows": sorted(rows, key=lambda row: row["outcome"] != "rejected"),
        "links": links,
    }
    response = render(request, "portal/site_sheet.html", context)
    if context["is_waiting"]:
        response["Refresh"] = str(LOOK_AGAIN_S)
    return response


def _link(request: HttpRequest, invitation: Any, token: str) -> dict[str, Any]:
    url = request.build_absolute_uri(reverse("join", args=[token]))
    words = _("%(organisation)s invites you to Carbon Track: %(link)s")
    text = quote(words % {"organisation": invitation.organisation, "link": url})
    return {
        "place": invitation.factory,
        "phone": invitation.phone,
        "url": url,
        "whatsapp_url": f"https://wa.me/{invitation.phone.removeprefix('+')}?text={text}",
    }
