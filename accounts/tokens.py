"""A person's API tokens: make, list, revoke. A token is shown once; only its hash is kept."""

from collections.abc import Sequence
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.grants import visible_factories
from accounts.models import ApiToken, User
from accounts.permissions import is_narrowed, token_of
from accounts.roles import SCOPE_ACTIONS, Role, Scope, actions_of
from lib.errors import ApiError, invalid

DEFAULT_DAYS = 90
LONGEST_DAYS = 366
MOST_TOKENS = 100
# Scopes that a program can get. ALL is a person's sign-in: it manages people and tokens.
NAMED_SCOPES = (Scope.READ, Scope.WRITE_ENERGY, Scope.WRITE_PRODUCTION, Scope.WRITE_EMISSIONS)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The user's tokens that still work, newest first. Sign-ins are among them. A program's token sees itself only."""
    works = Q(expiry__isnull=True) | Q(expiry__gt=timezone.now())
    works &= Q(is_sign_in=False) | Q(session_hash__in=user.session_hashes())
    if is_narrowed(user):
        works &= Q(pk=user.api_token.pk)  # type: ignore[attr-defined]
    return (
        ApiToken.objects.filter(works, user=user.pk).select_related("factory", "user").order_by("-created", "token_key")
    )


def to_look_at(user: User) -> QuerySet[ApiToken]:
    """Programs' tokens from before the password was changed: who knew the old one may have made them."""
    return tokens_of(user).exclude(session_hash__in=user.session_hashes())


def keep_tokens(user: User) -> None:
    """The user looked at them."""
    to_look_at(user).update(session_hash=user.get_session_auth_hash())


def offered_scopes(user: User) -> list[Scope]:
    """The scopes that a role of the user can use at all."""
    roles = user.memberships.values_list("role", flat=True).distinct()
    actions = frozenset(action for role in roles for action in actions_of(Role(role)))
    return [scope for scope in NAMED_SCOPES if SCOPE_ACTIONS[scope] & actions]


def create_token(
    user: User,
    *,
    name: str,
    scopes: Sequence[str] = (Scope.READ,),
    factory_id: int | None = None,
    days: int = DEFAULT_DAYS,
) -> tuple[ApiToken, str]:
    """A named token with no more rights than the user and the token of the request, and its text, shown once.

    Raises PermissionDenied (came with a token that only reads or writes), ApiError 400 naming the field, 409
    too_many_tokens.
    """
    if is_narrowed(user):
        raise PermissionDenied
    came_with = token_of(user)
    if came_with is not None and came_with.factory_id:
        # A token of one factory makes tokens of that factory.
        factory_id = came_with.factory_id if factory_id is None else factory_id
    if factory_id is not None and not visible_factories(user).filter(pk=factory_id).exists():
        raise invalid(
            "factory", "unknown_factory", _("factory=%(id)s is not a factory that you may see.") % {"id": factory_id}
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise invalid(
            "days",
            "out_of_range",
            _("days=%(days)s is outside 1 to %(limit)d; make a new token when this one ends.")
            % {"days": days, "limit": LONGEST_DAYS},
        )
    if tokens_of(user).count() >= MOST_TOKENS:
        raise ApiError(
            409,
            "too_many_tokens",
            _("You have %(limit)d tokens, which is the limit. Revoke some.") % {"limit": MOST_TOKENS},
            params={"limit": MOST_TOKENS},
        )
    record, token = ApiToken.objects.create(
        user=User.objects.get(pk=user.pk),
        name=name.strip(),
        scopes=_checked_scopes(user, scopes),
        factory_id=factory_id,
        expiry=timedelta(days=days),
        session_hash=user.get_session_auth_hash(),
    )
    return record, token


def _checked_scopes(user: User, asked: Sequence[str]) -> list[str]:
    offered = offered_scopes(user)
    scopes = [scope.value for scope in offered if scope.value in asked]
    unknown = [scope for scope in asked if scope not in scopes]
    if unknown or not scopes:
        raise invalid(
            "scopes",
            "invalid_choice",
            _("scopes=%(asked)s: your roles can use %(offered)s.")
            % {"asked": ", ".join(unknown) or "-", "offered": ", ".join(offered) or "-"},
        )
    return scopes


def revoke_token(user: User, token_key: str) -> bool:
    """End a token of the user at once. False if the user sees none of that id."""
    deleted, _by_model = ApiToken.objects.filter(pk__in=tokens_of(user).filter(token_key=token_key)).delete()
    return deleted > 0
