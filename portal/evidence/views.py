"""Files as proof on pages: added and removed by a form that stands on the page of their row, and shown."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import page, user_of
from accounts.roles import Action
from lib.files import ReceivedFile, as_download
from logbook import evidence
from logbook.evidence_api import thumbnail_of


@require_POST
@page(Action.USE_PORTAL)
def add(request: HttpRequest, about: str, about_id: int) -> HttpResponseBase:
    upload: Any = request.FILES.get("file")
    try:
        received = ReceivedFile.read(upload) if upload else ReceivedFile("", b"")
        evidence.add(user_of(request), about, about_id, received, request.POST.get("note", "")[:300])
    except ValidationError as error:
        messages.error(request, " ".join(error.messages) if upload else _("Choose a photo or a PDF first."))
    else:
        messages.success(request, _("The file is stored."))
    return _back(request)


@require_GET
@page(Action.USE_PORTAL)
def file(request: HttpRequest, pk: int) -> HttpResponse:
    row = evidence.file_of(request.user, pk)
    return as_download(row.stored.content, row.content_type, row.name)


@require_GET
@page(Action.USE_PORTAL)
def thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    return thumbnail_of(evidence.file_of(request.user, pk))


@require_POST
@page(Action.USE_PORTAL)
def remove(request: HttpRequest, pk: int) -> HttpResponseBase:
    row = evidence.file_of(request.user, pk)
    try:
        evidence.remove(user_of(request), row, request.POST.get("reason", "")[:300])
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The file is removed. It stays in the history."))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page whose form it was, never to another site."""
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return HttpResponseRedirect(back if back.startswith("/") and is_ours else "/")
