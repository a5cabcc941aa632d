"""The page of stack against fuel of a site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import page
from accounts.roles import Action
from portal.balance.page import balance_page
from portal.requests import factory_of


@require_GET
@page(Action.USE_PORTAL)
def balance(request: HttpRequest, pk: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    return render(request, "portal/balance.html", {"page": balance_page(factory, timezone.now())})
