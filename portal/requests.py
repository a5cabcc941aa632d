"""Who asks a page, and for which factory: read from the request, and checked."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User
from accounts.permissions import get_visible
from accounts.roles import Action
from factories.models import Factory


def user_of(request: HttpRequest) -> User:
    """Behind `@page` somebody is always signed in."""
    assert isinstance(request.user, User)
    return request.user


def factory_of(request: HttpRequest, pk: int, action: Action) -> Factory:
    """Raises 404 outside the user's scope, 403 within it without the right."""
    return get_visible(request.user, Factory.objects.select_related("organisation"), action, factory_path="", pk=pk)
