"""The list of sites, and the chimneys of one."""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import first_membership, may, organisations_of, page, visible_to
from accounts.roles import Action
from compliance import site_days
from compliance.typing_patterns import TypingHint, typing_hints
from factories.models import Factory
from lib.exports import csv_response, wants_csv
from portal.balance_line import balance_line
from portal.looks import looks
from portal.requests import factory_of
from portal.sites.factory import factory_page
from portal.sites.network import SORTS, NetworkRow, filtered, network_page, network_rows, ordered, with_ribbons

ROWS_PER_PAGE = 100
CSV_COLUMNS = (
    "factory_id name county state last_reading_at co2_today_kg coverage_pct devices_online devices_total"
).split()
CSV_DECIMALS = {"co2_today_kg": 6, "coverage_pct": 4}  # in the format of the API


def csv_record(row: NetworkRow) -> dict[str, Any]:
    record = {name: getattr(row, name) for name in CSV_COLUMNS}
    rounded = {name: round(record[name], n) for name, n in CSV_DECIMALS.items() if record[name] is not None}
    return record | rounded


def _visible_factories(request: HttpRequest) -> QuerySet[Factory]:
    return visible_to(
        request.user,
        Factory.objects.in_use().select_related("organisation").order_by("name", "pk"),
        factory_path="",
        action=Action.USE_PORTAL,  # a role for the API alone has no pages
    )


@require_GET
@page(Action.USE_PORTAL)
def network(request: HttpRequest) -> HttpResponseBase:
    """The list of factories that the user may see."""
    now = timezone.now()
    factories = list(_visible_factories(request))
    parameters = {
        "q": request.GET.get("q", "").strip()[:80],
        "state": request.GET.get("state", ""),
        "sort": request.GET.get("sort", "") if request.GET.get("sort") in SORTS else "exception",
    }
    rows = network_rows(factories, now, looks(request.user, factories))
    chosen = ordered(filtered(rows, parameters["q"], parameters["state"]), parameters["sort"], now)
    if wants_csv(request):
        records = [csv_record(row) for row in chosen]
        return csv_response(request, records, CSV_COLUMNS, "factories")
    page_obj = Paginator(chosen, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    shown = with_ribbons(list(page_obj), factories, now)
    membership = first_membership(request.user)
    context = {
        "page": network_page(rows, shown, membership.organisation if membership else None, parameters, factories, now),
        "page_obj": page_obj,
        "can_add_factory": bool(organisations_of(request.user, Action.EDIT_FACTORY)),
        "add_factory_url": reverse("factory-new"),
    }
    return render(request, "portal/network.html", context)


@require_GET
@page(Action.USE_PORTAL)
def factory(request: HttpRequest, pk: int) -> HttpResponse:
    shown = factory_of(request, pk, Action.VIEW_READINGS)
    others = _visible_factories(request).exclude(pk=pk).exists()
    now = timezone.now()
    site_days.refresh([shown.pk])
    context = {
        "page": factory_page(shown, now),
        "balance": balance_line(request.user, shown, now),
        "typing_hints": _typing_hints(request, shown, now),
        "network_url": reverse("network") if others else "",
        "setup_url": _setup_url(request, shown),
    }
    return render(request, "portal/factory.html", context)


def _typing_hints(request: HttpRequest, factory: Factory, now: datetime) -> list[TypingHint]:
    """Those that nobody put aside, for headquarters alone."""
    if not may(request.user, Action.SEE_TYPING_HINTS, factory):
        return []
    return [hint for hint in typing_hints(factory, now) if hint.note is None]


def _setup_url(request: HttpRequest, factory: Factory) -> str:
    """What the user may change of the site: all of it, its chimneys, or nothing."""
    if may(request.user, Action.EDIT_FACTORY, factory):
        return reverse("setup", args=[factory.pk])
    return reverse("setup-chimneys", args=[factory.pk]) if may(request.user, Action.EDIT_GEOMETRY, factory) else ""
