"""Pages of one factory's log: Today, the log form and its answer, the month, a single entry."""

from __future__ import annotations

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
from accounts.permissions import get_visible, may, page
from accounts.roles import Action
from energy.services import entries
from factories.models import Factory, ProductionEntry
from lib.errors import ApiError
from lib.exports import csv_response, wants_csv
from portal import entry_page as entry_pages
from portal.days import running_day
from portal.log_answer import log_answer
from portal.log_form import open_form, read_form
from portal.log_page import LogPage, log_page, writable_rows
from portal.log_saving import Entry, save_log, undo_save
from portal.month_page import csv_rows, month_page, parse_month
from portal.today import today_page


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _factory(request: HttpRequest, pk: int, action: Action) -> Factory:
    return get_visible(request.user, Factory.objects.select_related("organisation"), action, factory_path="", pk=pk)


@require_GET
@page(Action.USE_PORTAL)
def today(request: HttpRequest, pk: int) -> HttpResponse:
    factory = _factory(request, pk, Action.VIEW_ENERGY)
    now = timezone.now()
    specs = writable_rows(_user(request), factory)
    log = log_page(open_form(factory, specs, now), now) if specs else None
    shown = today_page(factory, now)
    context = {
        "page": shown,
        "log": log,
        "is_first_day": shown.lead is None and log is not None,
        "may_see_standing": may(request.user, Action.VIEW_STANDING, factory),
    }
    return render(request, "portal/today.html", context)


# --- Log ---------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def log(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The form as a page of its own: what the sheet on Today is with a script."""
    factory = _factory(request, pk, Action.VIEW_ENERGY)
    specs = writable_rows(_user(request), factory)
    if not specs:
        raise PermissionDenied(str(Action.WRITE_ENERGY))
    now = timezone.now()
    if request.method != "POST":
        return _form_page(request, log_page(open_form(factory, specs, now, day_text=request.GET.get("day", "")), now))
    form = read_form(factory, specs, request.POST, now)
    saved = save_log(_user(request), form, now)
    if not saved.is_stored:
        return _form_page(request, log_page(form, now))
    if not saved.entries:  # what was there is kept: here it is
        kept_url = reverse("month", args=[pk, f"{form.day.day:%Y-%m}"])
        return redirect(f"{kept_url}?{urlencode({'day': form.day.day.isoformat()})}#entries")
    return redirect("log-saved", pk=pk, save_id=form.save_id)


def _form_page(request: HttpRequest, shown: LogPage) -> HttpResponse:
    return render(request, "portal/log.html", {"log": shown})


@require_GET
@page(Action.USE_PORTAL)
def log_saved(request: HttpRequest, pk: int, save_id: uuid.UUID) -> HttpResponse:
    factory = _factory(request, pk, Action.VIEW_ENERGY)
    answer = log_answer(factory, save_id, _user(request), timezone.now())
    if answer is None:
        raise Http404
    return render(request, "portal/log_saved.html", {"answer": answer, "factory": factory, "save_id": save_id})


@require_POST
@page(Action.USE_PORTAL)
def log_undo(request: HttpRequest, pk: int, save_id: uuid.UUID) -> HttpResponseBase:
    factory = _factory(request, pk, Action.VIEW_ENERGY)
    if not writable_rows(_user(request), factory):
        raise PermissionDenied(str(Action.WRITE_ENERGY))
    try:
        count = undo_save(_user(request), factory, save_id)
    except ApiError as error:
        messages.error(request, error.message)
        return redirect("log-saved", pk=pk, save_id=save_id)
    if not count:
        raise Http404
    messages.success(request, _("Undone. Nothing of that save counts any more."))
    return redirect("today", pk=pk)


# --- Month -------------------------------------------------------------------------------------
@require_GET
@page(Action.USE_PORTAL)
def month(request: HttpRequest, pk: int, month: str = "") -> HttpResponseBase:
    factory = _factory(request, pk, Action.VIEW_ENERGY)
    now = timezone.now()
    latest = running_day(factory, now).day.replace(day=1)
    first = parse_month(month) if month else latest
    if first is None or first > latest:
        raise Http404
    may_write = bool(writable_rows(_user(request), factory))
    shown = month_page(factory, first, now, may_write=may_write, open_day=request.GET.get("day", ""))
    if wants_csv(request):
        columns, rows = csv_rows(shown)
        return csv_response(request, rows, columns, f"month-{shown.month}")
    return render(request, "portal/month.html", {"page": shown})


# --- One entry ---------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def entry(request: HttpRequest, pk: int, entry_id: int) -> HttpResponseBase:
    found = get_visible(request.user, entries(), Action.VIEW_ENERGY, factory_id=pk, pk=entry_id)
    return _entry(request, found, Action.WRITE_ENERGY)


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def production_entry(request: HttpRequest, pk: int, entry_id: int) -> HttpResponseBase:
    rows = ProductionEntry.objects.select_related("factory__organisation")
    found = get_visible(request.user, rows, Action.VIEW_PRODUCTION, factory_id=pk, pk=entry_id)
    return _entry(request, found, Action.WRITE_PRODUCTION)


def _entry(request: HttpRequest, found: Entry, action: Action) -> HttpResponseBase:
    """Show it; or correct, delete or undo it and show it anew."""
    user, may_write = _user(request), may(request.user, action, found.factory)
    form = None
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied(str(action))
        form = _act(user, found, request)
        if form is None:
            raise Http404
        if not form.errors:
            messages.success(request, _("Done. The history below says what it was."))
            return redirect(request.path)
    context: dict[str, Any] = {
        "page": entry_pages.entry_page(found, user, timezone.now(), form),
        "may_write": may_write,
    }
    return render(request, "portal/entry.html", context)


def _act(user: User, found: Entry, request: HttpRequest) -> entry_pages.EntryForm | None:
    act = request.POST.get("act", "correct")
    if act == "correct":
        return entry_pages.correct(user, found, request.POST)
    if act == "delete":
        return entry_pages.delete(user, found, request.POST)
    return entry_pages.undo(user, found) if act == "undo" else None
