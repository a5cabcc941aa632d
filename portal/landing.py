"""Where each role's work is: the address that signing in leads to. Pages themselves are elsewhere."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.permissions import may, visible_to
from accounts.roles import Action
from factories.models import Factory


def own_factories(user: Any) -> QuerySet[Factory]:
    """The factories whose log the user keeps."""
    return visible_to(
        user,
        Factory.objects.select_related("organisation").order_by("name", "pk"),
        factory_path="",
        action=Action.WRITE_ENERGY,
    )


def factory_address(factory_id: int) -> str:
    """A manager's own factory: what to log and how today goes."""
    return reverse("today", args=[factory_id])


def landing_address(user: User) -> str:
    """The first page of a user with a role; empty when several own factories are to choose from, or none is there."""
    if not may(user, Action.USE_PORTAL):  # comes for the API
        return reverse("first-call")
    if may(user, Action.VIEW_NETWORK):
        return reverse("morning")
    if may(user, Action.WRITE_ENERGY):
        own = list(own_factories(user).values_list("pk", flat=True)[:2])
        return factory_address(own[0]) if len(own) == 1 else ""
    return reverse("network")
