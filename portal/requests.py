"""The factory that a page is about, checked against the user who asks."""

from django.http import HttpRequest

from accounts.permissions import get_visible
from accounts.roles import Action
from factories.models import Factory


def factory_of(request: HttpRequest, pk: int, action: Action) -> Factory:
    """Raises 404 outside the user's scope, 403 within it without the right."""
    return get_visible(request.user, Factory.objects.select_related("organisation"), action, factory_path="", pk=pk)
