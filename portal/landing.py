"""The first page of each role after sign-in."""

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
        Factory.objects.in_use().select_related("organisation").order_by("name", "pk"),
        factory_path="",
        action=Action.WRITE_ENERGY,
    )


def factory_address(factory_id: int) -> str:
    """The page Today of a factory."""
    return reverse("today", args=[factory_id])


def landing_address(user: User) -> str:
    """The first page of a user with a role; empty for a manager of no factory or of several, who chooses one."""
    if not may(user, Action.USE_PORTAL):  # an integrator uses the API only
        return reverse("first-call")
    if may(user, Action.VIEW_NETWORK):
        return reverse("morning")
    if may(user, Action.WRITE_ENERGY):
        managed = list(own_factories(user).values_list("pk", flat=True)[:2])
        return factory_address(managed[0]) if len(managed) == 1 else ""
    return reverse("network")
