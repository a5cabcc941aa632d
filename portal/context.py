"""What every page of the portal knows: whether the figures are simulated, where the user belongs, where to go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Membership, User
from accounts.permissions import memberships_of, organisation_of
from accounts.roles import Action, Role, actions_of
from portal.landing import address

# Pages of one factory: on them its own row of links is shown, and the list of factories is where one is.
LOG_PAGES = ("log", "log-saved", "log-undo")
ENTRY_PAGES = ("entry", "production-entry")
FACTORY_PAGES = ("today", "factory", "month", *LOG_PAGES, *ENTRY_PAGES)


@dataclass(frozen=True, slots=True)
class NavItem:
    url: str
    label: str
    current: str = ""  # as `aria-current` says it: "page" this very page, "true" a page below it


def site(request: HttpRequest) -> dict[str, Any]:
    """Template context of every page. Costs no query for somebody who is not signed in, one for who is."""
    user = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        "organisation_name": _organisation_name(user),
        "languages": settings.LANGUAGES,
        "nav_items": nav_items(request),
        "factory_nav_items": factory_nav_items(request),
    }


def _organisation_name(user: Any) -> str:
    if not isinstance(user, User):
        return ""
    organisation = organisation_of(user)
    return organisation.name if organisation else ""


# --- Navigation ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Where:
    """The page that is being asked for; a page that is not there has no name."""

    name: str
    factory_id: int | None


def _where(request: HttpRequest) -> _Where:
    match = getattr(request, "resolver_match", None)
    name = (match.url_name or "") if match else ""
    factory_id = match.kwargs.get("pk") if match and name in FACTORY_PAGES else None
    return _Where(name, factory_id)


def _item(where: _Where, label: str, name: str, *args: int, below: tuple[str, ...] = ()) -> Iterator[NavItem]:
    """A link, if there is such a page. `below`: pages that belong under it."""
    url = address(name, *args)
    if not url:
        return
    is_of_it = not args or where.factory_id == args[0]
    is_here, is_below = where.name == name, where.name in below
    yield NavItem(url, label, ("page" if is_here else "true" if is_below else "") if is_of_it else "")


def nav_items(request: HttpRequest) -> list[NavItem]:
    """The pages of the user's roles, the daily ones first."""
    user = getattr(request, "user", None)
    memberships = memberships_of(user) if isinstance(user, User) else []
    if not memberships:
        return []
    where = _where(request)
    actions = {action for m in memberships for action in actions_of(Role(m.role))}
    if Action.USE_PORTAL not in actions:
        return [*_item(where, _("First call"), "first-call"), *_item(where, _("API reference"), "swagger-ui")]
    if Action.VIEW_NETWORK in actions:
        return list(_network_items(where, actions))
    if Action.WRITE_ENERGY in actions:
        return list(_manager_items(where, memberships))
    return list(_item(where, _("Factories"), "network", below=FACTORY_PAGES))


def _network_items(where: _Where, actions: set[Action]) -> Iterator[NavItem]:
    yield from _item(where, pgettext("page", "Morning"), "morning")
    yield from _item(where, _("Factories"), "network", below=("factory-new", *FACTORY_PAGES))
    yield from _item(where, _("Leaderboard"), "leaderboard")
    if Action.VIEW_TARGETS in actions:
        yield from _item(where, _("Targets"), "targets")
    if Action.MANAGE_MEMBERS in actions:
        yield from _item(where, _("Members"), "members")
    else:  # who only reads wants the rows behind the figures
        yield from _item(where, _("API reference"), "swagger-ui")


def _manager_items(where: _Where, memberships: list[Membership]) -> Iterator[NavItem]:
    """Of the one factory, or of the one among several that is open; without one, the way to choose."""
    own = [m.factory_id for m in memberships if m.factory_id and Action.WRITE_ENERGY in actions_of(Role(m.role))]
    is_of_one = len(memberships) == 1 and len(own) == 1
    is_wide = len(own) < len(memberships)
    factory_id = own[0] if is_of_one else where.factory_id if is_wide or where.factory_id in own else None
    if not is_of_one:
        yield from _item(where, _("My factories"), "home")
    if factory_id is not None:
        yield from _factory_items(where, factory_id)
    yield from _item(where, _("Leaderboard"), "leaderboard")


def _factory_items(where: _Where, factory_id: int) -> Iterator[NavItem]:
    yield from _item(where, _("Today"), "today", factory_id, below=LOG_PAGES)
    yield from _item(where, _("Chimney"), "factory", factory_id)
    yield from _item(where, pgettext("page", "Month"), "month", factory_id, below=ENTRY_PAGES)


def factory_nav_items(request: HttpRequest) -> list[NavItem]:
    """On a page of a factory, for who sees many: its other pages. A manager has them in the first row."""
    where = _where(request)
    user = getattr(request, "user", None)
    if where.factory_id is None or not isinstance(user, User):
        return []
    actions = {action for m in memberships_of(user) for action in actions_of(Role(m.role))}
    if Action.VIEW_NETWORK not in actions:
        return []
    items = list(_factory_items(where, where.factory_id))
    return items if len(items) > 1 else []
