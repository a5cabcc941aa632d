"""Pages of one factory's log: the form, its answer, a single entry."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.permissions import get_visible, may, page, user_of
from accounts.roles import Action
from energy.models import EnergyEntry
from energy.services import energy_log
from lib.errors import ApiError
from portal.amounts import Entry
from portal.log import entry as entry_pages
from portal.log.answer import log_answer
from portal.log.saving import save_log, undo_save
from portal.log_form.form import open_form, read_form
from portal.log_form.page import LogPage, log_page, writable_rows
from portal.requests import factory_of
from production.models import ProductionEntry


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def log(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The form as a page of its own. With a script, Today shows the same form as a sheet."""
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    specs = writable_rows(user_of(request), factory)
    if not specs:
        raise PermissionDenied(str(Action.WRITE_ENERGY))
    now = timezone.now()
    if request.method != "POST":
        return _form_page(request, log_page(open_form(factory, specs, now, day_text=request.GET.get("day", "")), now))
    form = read_form(factory, specs, request.POST, now)
    saved = save_log(user_of(request), form, now)
    if saved is None:
        return _form_page(request, log_page(form, now))
    if not saved:  # the person kept the earlier entry: show it
        kept_url = reverse("month", args=[pk, f"{form.day.day:%Y-%m}"])
        return redirect(f"{kept_url}?{urlencode({'day': form.day.day.isoformat()})}#entries")
    return redirect("log-saved", pk=pk, save_id=form.save_id)


def _form_page(request: HttpRequest, shown: LogPage) -> HttpResponse:
    return render(request, "portal/log.html", {"log": shown})


@require_GET
@page(Action.USE_PORTAL)
def log_saved(request: HttpRequest, pk: int, save_id: uuid.UUID) -> HttpResponse:
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    answer = log_answer(factory, save_id, user_of(request), timezone.now())
    if answer is None:
        raise Http404
    return render(request, "portal/log_saved.html", {"answer": answer, "factory": factory, "save_id": save_id})


@require_POST
@page(Action.USE_PORTAL)
def log_undo(request: HttpRequest, pk: int, save_id: uuid.UUID) -> HttpResponseBase:
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    if not writable_rows(user_of(request), factory):
        raise PermissionDenied(str(Action.WRITE_ENERGY))
    try:
        count = undo_save(user_of(request), factory, save_id)
    except ApiError as error:
        messages.error(request, error.message)
        return redirect("log-saved", pk=pk, save_id=save_id)
    if not count:
        raise Http404
    messages.success(request, _("Undone. The entries of that save no longer count."))
    return redirect("today", pk=pk)


# --- One entry ---------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def entry(request: HttpRequest, pk: int, entry_id: int) -> HttpResponseBase:
    shown = get_visible(request.user, energy_log.entries(), Action.VIEW_ENERGY, factory_id=pk, pk=entry_id)
    return _entry(request, shown, Action.WRITE_ENERGY)


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def production_entry(request: HttpRequest, pk: int, entry_id: int) -> HttpResponseBase:
    rows = ProductionEntry.objects.select_related("factory__organisation")
    shown = get_visible(request.user, rows, Action.VIEW_PRODUCTION, factory_id=pk, pk=entry_id)
    return _entry(request, shown, Action.WRITE_PRODUCTION)


def _entry(request: HttpRequest, shown: Entry, action: Action) -> HttpResponseBase:
    """Show an entry, or correct, delete or undo it and show it again."""
    user, may_write = user_of(request), may(request.user, action, shown.factory)
    form = None
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied(str(action))
        form = _act(user, shown, request)
        if form is None:
            raise Http404
        if not form.errors:
            messages.success(request, _("Done. The history below shows the earlier values."))
            return redirect(request.path)
    context: dict[str, Any] = {
        "page": entry_pages.entry_page(shown, user, timezone.now(), form),
        "may_write": may_write,
        "evidence_about": "energy_entry" if isinstance(shown, EnergyEntry) else "production_entry",
    }
    return render(request, "portal/entry.html", context)


def _act(user: User, shown: Entry, request: HttpRequest) -> entry_pages.EntryForm | None:
    act = request.POST.get("act", "correct")
    if act == "correct":
        return entry_pages.correct(user, shown, request.POST)
    if act == "delete":
        return entry_pages.delete(user, shown, request.POST)
    return entry_pages.undo(user, shown) if act == "undo" else None
