"""The only place of permissions: which rows a user sees, and which actions a user may do in a factory.

Out of scope is 404, in scope without the right is 403, not signed in is 401 (pages: 302 to sign-in).
What a role may do is in `roles.py`; views hold no rules of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Prefetch, Q, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission

from accounts.models import ApiToken, Membership, User
from accounts.roles import Action, Role, Scope, actions_of, scopes_allow

if TYPE_CHECKING:  # at run time rest_framework.views imports this module, as its default permission
    from rest_framework.request import Request
    from rest_framework.views import APIView

M = TypeVar("M", bound=Model)
AnyUser = User | AnonymousUser


def memberships_of(user: AnyUser) -> list[Membership]:
    """The user's memberships, oldest first; read once a request, since the user object keeps the list."""
    if not isinstance(user, User) or not user.is_active:
        return []
    if not hasattr(user, "read_memberships"):
        prefetch_related_objects([user], with_memberships())
    return user.read_memberships  # type: ignore[attr-defined]


def with_memberships(path: str = "") -> Prefetch[str]:
    """Reads `memberships_of` the people at `path` in one query, for lists."""
    rows = Membership.objects.select_related("organisation", "factory").order_by("id")
    return Prefetch(f"{path}memberships", rows, to_attr="read_memberships")


def is_operator(user: Any) -> bool:
    """Whether the user runs the server, and did not come with a program's token."""
    return isinstance(user, User) and user.is_active and user.is_superuser and not is_narrowed(user)


def user_of(request: Any) -> User:
    """The user of a page or an endpoint that asks for a sign-in."""
    assert isinstance(request.user, User)
    return request.user


def token_of(user: AnyUser) -> ApiToken | None:
    """The API token the user came with, or None for a browser session. Set by `authentication.py`."""
    return getattr(user, "api_token", None)


def is_narrowed(user: AnyUser) -> bool:
    """Whether the user came with a program's token. It manages nothing of the person: no token, no membership."""
    token = token_of(user)
    return token is not None and Scope.ALL not in token.scopes


def _granting(user: AnyUser, action: Action) -> list[Membership]:
    token = token_of(user)
    if token is not None and not scopes_allow(token.scopes, action):
        return []
    granting = [m for m in memberships_of(user) if action in actions_of(Role(m.role))]
    if token is None and not scopes_allow([Scope.READ], action):
        # An integrator can write only with a token of such a scope; a browser session has no scopes.
        granting = [m for m in granting if m.role != Role.INTEGRATOR]
    return granting


def _covers(memberships: list[Membership], prefix: str) -> Q:
    """The factories that any of these memberships reaches, as a filter; `prefix` leads to the factory."""
    q = Q(pk__in=[])
    for m in memberships:
        if m.factory_id:
            q |= Q(**{f"{prefix}organisation_id": m.organisation_id, f"{prefix}id": m.factory_id})
        elif m.county:
            q |= Q(**{f"{prefix}organisation_id": m.organisation_id, f"{prefix}county": m.county})
        else:
            q |= Q(**{f"{prefix}organisation_id": m.organisation_id})
    return q


def visible_to(
    user: AnyUser, queryset: QuerySet[M], *, factory_path: str = "factory", action: Action | None = None
) -> QuerySet[M]:
    """The rows of `queryset` in the user's factories; with `action`, where a role of theirs allows it.

    `factory_path` leads from the model to its factory ("" for Factory itself).
    """
    prefix = f"{factory_path}__" if factory_path else ""
    memberships = memberships_of(user) if action is None else _granting(user, action)
    q = _covers(memberships, prefix)
    token = token_of(user)
    if token is not None and token.factory_id:
        q &= Q(**{f"{prefix}id": token.factory_id})
    return queryset.filter(q)


def may(user: AnyUser, action: Action, factory: Any = None) -> bool:
    """Whether a role (and token scope) allows `action`: in `factory`, or anywhere when it is None."""
    token = token_of(user)
    for m in _granting(user, action):
        if factory is None:
            return True
        if token is not None and token.factory_id and token.factory_id != factory.pk:
            continue
        if m.organisation_id != factory.organisation_id:
            continue
        if m.factory_id in (None, factory.pk) and m.county in ("", factory.county):
            return True
    return False


def require(user: AnyUser, action: Action, factory: Any = None) -> None:
    """Raise PermissionDenied (403) unless `may`."""
    if not may(user, action, factory):
        raise PermissionDenied(str(action))


def get_visible(
    user: AnyUser, queryset: QuerySet[M], action: Action, *, factory_path: str = "factory", **lookup: Any
) -> M:
    """Fetch and authorise in one call: 404 when out of scope, 403 when in scope without the right."""
    row = visible_to(user, queryset, factory_path=factory_path).filter(**lookup).first()
    if row is None:
        raise Http404
    factory: Any = row
    for step in filter(None, factory_path.split("__")):
        factory = getattr(factory, step)
    require(user, action, factory)
    return row


def organisations_of(user: AnyUser, action: Action) -> list[int]:
    """Organisations in which the user may do `action` everywhere, not only in one factory or county."""
    token = token_of(user)
    if token is not None and token.factory_id:
        return []
    return [m.organisation_id for m in _granting(user, action) if not m.factory_id and not m.county]


def first_membership(user: AnyUser) -> Membership | None:
    return next(iter(memberships_of(user)), None)


def organisation_of(user: AnyUser) -> Any:
    """The organisation of the user's first membership, or None."""
    membership = first_membership(user)
    return membership.organisation if membership else None


# --- Adapters: pages ---------------------------------------------------------------------------
View = Callable[..., HttpResponseBase]
V = TypeVar("V", bound=Callable[..., Any])


def page(action: Action) -> Callable[[View], View]:
    """A page for signed-in users with a role that allows `action` somewhere; others go to sign-in, or 403.

    `visible_to` and `get_visible` decide which rows the page shows.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            require(request.user, action)
            return view(request, *args, **kwargs)

        return declared(login_required(guarded), str(action))

    return decorate


def declared(view: V, access: str) -> V:
    """Declares who may open a view that needs no role; the test of the access matrix reads it."""
    view.access = access  # type: ignore[attr-defined]
    return view


def public_page(view: V) -> V:
    return declared(view, "public")


def operators_page(view: View) -> View:
    """A page for whoever runs the server: others get 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_operator(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return declared(login_required(guarded), "superuser")


def own_page(view: View) -> View:
    """A page for any signed-in user, about that user."""
    return declared(login_required(view), "signed in")


# --- Adapters: API -----------------------------------------------------------------------------
class DenyUnlessDeclared(BasePermission):
    """The default of every endpoint: it refuses everybody until the view names its `actions` by HTTP method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        actions: dict[str, Action] | None = getattr(view, "actions", None)
        method = "GET" if request.method in ("HEAD", "OPTIONS") else str(request.method)
        if not actions or method not in actions:
            # The view itself refuses a method that it does not have, with 405.
            return bool(request.user and request.user.is_authenticated) and not hasattr(view, method.lower())
        if not request.user or not request.user.is_authenticated:
            return False
        return may(request.user, actions[method])


class OperatorOrDeclared(DenyUnlessDeclared):
    """Whoever runs the server, and those whom the view's `actions` name."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return is_operator(request.user) or super().has_permission(request, view)


class SignedInAsPerson(BasePermission):
    """Any signed-in user, but not a program with a named token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_authenticated) and not is_narrowed(request.user)


class SignedIn(BasePermission):
    """Any signed-in user, for what concerns only that user."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_authenticated)
