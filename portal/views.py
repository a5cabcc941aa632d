"""Pages across apps: where each role lands, HQ's list, a factory's chimneys. They hold no rules and no formulas."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language as django_set_language

from accounts.models import User
from accounts.permissions import (
    declared,
    first_membership,
    get_visible,
    organisations_of,
    page,
    public_page,
    visible_to,
)
from accounts.roles import Action
from factories.models import Factory, Organisation
from lib.exports import csv_response, wants_csv
from portal.choices import factory_choices
from portal.factory_page import factory_page
from portal.forms import FactoryForm, OrganisationForm
from portal.landing import landing_address, own_factories
from portal.network_page import SORTS, NetworkRow, filtered, network_page, network_rows, ordered, with_ribbons
from portal.styleguide import styleguide_context

ROWS_PER_PAGE = 100
CSV_COLUMNS = [
    "factory_id",
    "name",
    "county",
    "state",
    "last_reading_at",
    "co2_today_kg",
    "coverage_pct",
    "devices_online",
    "devices_total",
]
CSV_DECIMALS = {"co2_today_kg": 6, "coverage_pct": 4}  # as the API prints them


def csv_record(row: NetworkRow) -> dict[str, Any]:
    record = {name: getattr(row, name) for name in CSV_COLUMNS}
    rounded = {name: round(record[name], n) for name, n in CSV_DECIMALS.items() if record[name] is not None}
    return record | rounded


def home(request: HttpRequest) -> HttpResponseBase:
    """Every role lands on something to do."""
    user = request.user
    assert isinstance(user, User)
    if first_membership(user) is None:
        if user.is_superuser:
            return redirect("organisation-new")
        return render(request, "portal/not_approved.html")
    if url := landing_address(user):
        return redirect(url)
    choices = factory_choices(own_factories(user), timezone.now())
    if not choices:
        return render(request, "portal/not_approved.html")
    return render(request, "portal/choose_factory.html", {"choices": choices})


home = declared(require_GET(login_required(home)), "signed in")


def _visible_factories(request: HttpRequest) -> QuerySet[Factory]:
    return visible_to(
        request.user,
        Factory.objects.select_related("organisation").order_by("name", "pk"),
        factory_path="",
        action=Action.USE_PORTAL,  # a role for the API only opens no page
    )


@require_GET
@page(Action.USE_PORTAL)
def network(request: HttpRequest) -> HttpResponse:
    """The factories that the user may see, beside each other."""
    now = timezone.now()
    factories = list(_visible_factories(request))
    parameters = {
        "q": request.GET.get("q", "").strip()[:80],
        "state": request.GET.get("state", ""),
        "sort": request.GET.get("sort", "") if request.GET.get("sort") in SORTS else "exception",
    }
    rows = network_rows(factories, now)
    found = ordered(filtered(rows, parameters["q"], parameters["state"]), parameters["sort"], now)
    if wants_csv(request):
        records = [csv_record(row) for row in found]
        return csv_response(request, records, CSV_COLUMNS, "factories")
    page_obj = Paginator(found, ROWS_PER_PAGE).get_page(request.GET.get("page"))
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
    found = get_visible(
        request.user, Factory.objects.select_related("organisation"), Action.VIEW_READINGS, factory_path="", pk=pk
    )
    others = _visible_factories(request).exclude(pk=pk).exists()
    context = {"page": factory_page(found, timezone.now()), "network_url": reverse("network") if others else ""}
    return render(request, "portal/factory.html", context)


def organisation_new(request: HttpRequest) -> HttpResponse:
    """The first sign-in of a superuser: without an organisation there is nothing to see."""
    if not request.user.is_superuser:
        raise PermissionDenied
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        form.save_for(request.user)
        return redirect("network")
    return render(request, "portal/organisation_new.html", {"form": form})


organisation_new = declared(require_http_methods(["GET", "POST"])(login_required(organisation_new)), "superuser")


@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def factory_new(request: HttpRequest) -> HttpResponse:
    organisation = Organisation.objects.filter(pk__in=organisations_of(request.user, Action.EDIT_FACTORY)).first()
    if organisation is None:
        raise PermissionDenied
    form = FactoryForm(request.POST or None, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        return redirect("factory", pk=form.save().pk)
    return render(request, "portal/factory_new.html", {"form": form, "cancel_url": reverse("network")})


@require_GET
@public_page
def styleguide(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/styleguide.html", styleguide_context())


@require_POST
@public_page
def set_language(request: HttpRequest) -> HttpResponseBase:
    """The switch in the header. Remembered in the cookie, and with the user who is signed in."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return django_set_language(request)
