"""The page of a site's fire."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.permissions import page
from accounts.roles import Action
from portal.fire.page import fire_page
from portal.requests import factory_of


@require_GET
@page(Action.USE_PORTAL)
def fire(request: HttpRequest, pk: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.VIEW_ENERGY)
    return render(request, "portal/fire.html", {"page": fire_page(factory, timezone.now())})
