"""The page of inventories, and HQ's page of the basis on which measured sources are counted."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import show_errors
from accounts.permissions import page, user_of, visible_to
from accounts.roles import Action
from compliance.inventory.api import asked_days, asked_factories
from compliance.inventory.build import build
from compliance.inventory.lines import SETS
from compliance.inventory.locks import lock_basis
from compliance.inventory.totals import line_rows
from compliance.models import BasisLock
from compliance.sources import HEAT_SOURCES
from factories.corrections import Confirmation, ConfirmationNeeded
from factories.models import EmissionSource, Factory
from lib.errors import ApiError
from lib.exports import csv_response, wants_csv
from lib.parameters import chosen
from lib.times import read_known_on
from portal.inventory.forms import BasisLockForm
from portal.inventory.page import inventory_page


@require_GET
@page(Action.USE_PORTAL)  # a role for the API alone has no pages
@page(Action.VIEW_ENERGY)
def inventory(request: HttpRequest) -> HttpResponseBase:
    """Of one site or all that the user sees; a period that cannot be is told beside the form."""
    asked = {name: value for name, value in request.GET.items() if value}
    mine = visible_to(request.user, Factory.objects.all(), factory_path="", action=Action.VIEW_ENERGY)
    try:
        factories = asked_factories(request.user, asked) if mine.exists() else []
    except ApiError:  # an id that is none
        raise Http404 from None
    problem = ""
    try:
        first_day, end_day = asked_days(asked)
        moment = read_known_on(asked, [factory.zone for factory in factories])
        gwp_set = chosen(asked, "gwp_set", SETS)
    except ApiError as error:
        problem = str(error)
        first_day, end_day = asked_days({})
        moment, gwp_set = None, ""
    found = build(factories, first_day, end_day, gwp_set=gwp_set, as_known_on=moment)
    if wants_csv(request):
        rows = list(line_rows(found))
        return csv_response(request, rows, list(rows[0]) if rows else [], f"inventory-{first_day}-{end_day}")
    context = {
        "page": inventory_page(found, factories),
        "factories": mine.order_by("name"),
        "chosen": asked.get("factory", ""),
        "problem": problem,
        "may_lock": visible_to(request.user, Factory.objects.all(), factory_path="", action=Action.LOCK_BASIS).exists(),
    }
    return render(request, "portal/inventory.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.LOCK_BASIS)
def basis_locks(request: HttpRequest) -> HttpResponseBase:
    sources = visible_to(
        request.user, EmissionSource.objects.select_related("factory__organisation"), action=Action.LOCK_BASIS
    )
    sources = sources.filter(kind__in=HEAT_SOURCES).order_by("factory__name", "name")
    if not visible_to(request.user, Factory.objects.all(), factory_path="", action=Action.LOCK_BASIS).exists():
        raise PermissionDenied
    form = BasisLockForm(request.POST or None, sources=sources)
    effect = None
    if request.method == "POST" and form.is_valid():
        try:
            confirm = Confirmation(request.user.pk, request.POST.get("confirm", ""))
            lock_basis(user_of(request), **form.cleaned_data, confirm=confirm)
            messages.success(request, _("Saved."))
            return redirect("basis-locks")
        except ConfirmationNeeded as asked:
            effect = asked.effect
        except ApiError as error:
            show_errors(form, error)
    locks = visible_to(request.user, BasisLock.objects.select_related("factory", "source", "set_by"))
    context = {"form": form, "effect": effect, "locks": locks.order_by("factory__name", "source__name", "-from_month")}
    return render(request, "portal/basis_locks.html", context)
