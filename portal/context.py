"""Template context of all pages: simulated or not, the user's organisation, and the navigation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Membership, User
from accounts.permissions import is_operator, may, memberships_of, organisation_of
from accounts.roles import Action, Role, actions_of
from alerts.queries import open_count

# Pages of one factory: they show its own row of links, and mark the list of factories as current.
LOG_PAGES = ("log", "log-saved", "log-undo")
ENTRY_PAGES = ("entry", "production-entry")
ALARM_PAGES = ("alarm", "alarm-rules", "alarm-rule")
SETUP_PAGES = (
    *("setup", "setup-place", "setup-sources", "setup-source-new", "setup-source", "setup-chimneys"),
    *("setup-chimney-new", "setup-chimney", "setup-units", "setup-limits", "site-events"),
)
FACTORY_PAGES = ("today", "factory", "month", "fire", *LOG_PAGES, *ENTRY_PAGES, *SETUP_PAGES)
DEVICE_PAGES = (
    "device",
    *(f"device-{name}" for name in ("add", "codes", "settings", "edit", "assign", "calibrate", "channels")),
)
REPORT_PAGES = (
    *("report", "report-new", "report-sign", "report-batch", "report-batch-new", "report-recipients"),
    *("report-verify", "report-verification", "report-links", "disputes", "dispute", "dispute-new"),
)
FOREIGN_PAGES = ("refused-messages", "device-profiles", "device-profile", "device-profile-new")


@dataclass(frozen=True, slots=True)
class NavItem:
    url: str
    label: str
    current: str = ""  # value of `aria-current`: "page" for this page, "true" for a page below it
    count: int = 0  # of what waits there


def site(request: HttpRequest) -> dict[str, Any]:
    """Template context of every page. Costs two queries for a signed-in user, otherwise none."""
    user = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        "organisation_name": _organisation_name(user),
        "nav_items": nav_items(request),
        "factory_nav_items": factory_nav_items(request),
        "may_view_audit": isinstance(user, User) and may(user, Action.VIEW_AUDIT),
    }


def _organisation_name(user: Any) -> str:
    if not isinstance(user, User):
        return ""
    organisation = organisation_of(user)
    return organisation.name if organisation else ""


# --- Navigation ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Where:
    """The name of the requested page; empty for a page that does not exist."""

    name: str
    factory_id: int | None


def _where(request: HttpRequest) -> _Where:
    match = getattr(request, "resolver_match", None)
    name = (match.url_name or "") if match else ""
    factory_id = match.kwargs.get("pk") if match and name in FACTORY_PAGES else None
    return _Where(name, factory_id)


def _item(where: _Where, label: str, name: str, *args: int, below: tuple[str, ...] = ()) -> NavItem:
    """A link. `below`: pages that belong under it."""
    current = "page" if where.name == name else "true" if where.name in below else ""
    is_of_it = not args or where.factory_id == args[0]
    return NavItem(reverse(name, args=args), label, current if is_of_it else "")


def nav_items(request: HttpRequest) -> list[NavItem]:
    """The pages of the user's roles, the daily ones first."""
    user = getattr(request, "user", None)
    memberships = memberships_of(user) if isinstance(user, User) else []
    where = _where(request)
    of_operator = [_item(where, _("Organisations"), "organisations")] if is_operator(user) else []
    return [*_items_of_roles(where, memberships, user), *of_operator]


def _items_of_roles(where: "_Where", memberships: list[Membership], user: Any) -> list[NavItem]:
    if not memberships:
        return []
    actions = _actions(memberships)
    if Action.USE_PORTAL not in actions:
        return [_item(where, _("First call"), "first-call"), _item(where, _("API reference"), "swagger-ui")]
    if Action.VIEW_NETWORK in actions:
        return _network_items(where, actions, user)
    if Action.WRITE_ENERGY in actions:
        return list(_manager_items(where, memberships, user))
    return [_item(where, _("Factories"), "network", below=FACTORY_PAGES), _devices_item(where), _alarms(where, user)]


def _alarms(where: _Where, user: Any) -> NavItem:
    """The alarms, with how many of them nobody has acknowledged."""
    return replace(_item(where, _("Alarms"), "alarms", below=ALARM_PAGES), count=open_count(user))


def _actions(memberships: list[Membership]) -> set[Action]:
    return {action for m in memberships for action in actions_of(Role(m.role))}


def _network_items(where: _Where, actions: set[Action], user: Any) -> list[NavItem]:
    is_manager = Action.MANAGE_MEMBERS in actions
    return [
        _item(where, pgettext("page", "Morning"), "morning"),
        _item(where, _("Factories"), "network", below=("factory-new", "setup-new-place", *FACTORY_PAGES)),
        _devices_item(where),
        _alarms(where, user),
        _item(where, _("Leaderboard"), "leaderboard"),
        _targets_item(where),
        _inventory_item(where),
        _reports_item(where),
        *([_item(where, _("Organisation"), "organisation-settings")] if Action.EDIT_ORGANISATION in actions else []),
        # Auditors see the rows behind the figures.
        _item(where, _("Members"), "members") if is_manager else _item(where, _("API reference"), "swagger-ui"),
    ]


def _devices_item(where: _Where) -> NavItem:
    return _item(where, _("Devices"), "devices", below=(*DEVICE_PAGES, *FOREIGN_PAGES))


def _targets_item(where: _Where) -> NavItem:
    return _item(where, _("Targets"), "targets", below=("target", "target-new"))


def _reports_item(where: _Where) -> NavItem:
    return _item(where, _("Reports"), "reports", below=REPORT_PAGES)


def _inventory_item(where: _Where) -> NavItem:
    return _item(where, _("Inventory"), "inventory", below=("basis-locks",))


def _manager_items(where: _Where, memberships: list[Membership], user: Any) -> Iterator[NavItem]:
    """The pages of the manager's only factory, or of the open factory; otherwise the page to choose one."""
    managed = [m.factory_id for m in memberships if m.factory_id and Action.WRITE_ENERGY in actions_of(Role(m.role))]
    is_of_one = len(memberships) == 1 and len(managed) == 1
    is_wide = len(managed) < len(memberships)
    factory_id = managed[0] if is_of_one else where.factory_id if is_wide or where.factory_id in managed else None
    if not is_of_one:
        yield _item(where, _("My factories"), "home")
    if factory_id is not None:
        yield from _factory_items(where, factory_id)
    yield _alarms(where, user)
    yield _item(where, _("Leaderboard"), "leaderboard")
    yield _targets_item(where)
    yield _inventory_item(where)
    yield _reports_item(where)


def _factory_items(where: _Where, factory_id: int) -> list[NavItem]:
    return [
        _item(where, _("Today"), "today", factory_id, below=LOG_PAGES),
        _item(where, _("Chimney"), "factory", factory_id),
        _item(where, pgettext("page", "Month"), "month", factory_id, below=ENTRY_PAGES),
    ]


def factory_nav_items(request: HttpRequest) -> list[NavItem]:
    """The other pages of a factory, for users of the whole network. A manager has them in the first row."""
    where = _where(request)
    user = getattr(request, "user", None)
    if where.factory_id is None or not isinstance(user, User):
        return []
    sees_network = Action.VIEW_NETWORK in _actions(memberships_of(user))
    return _factory_items(where, where.factory_id) if sees_network else []
