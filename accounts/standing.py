"""Whether those who came with a token or a session may still come so: asked for many at once, by open live streams."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Prefetch
from django.utils import timezone

from accounts import second_factor
from accounts.models import ApiToken, Membership, User
from accounts.permissions import token_of
from accounts.roles import Scope

Standing = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request came with: a token's digest, else a session's key."""

    user_id: int
    token_digest: str
    session_key: str


def credential_of(request: Any) -> Credential:
    token = token_of(request.user)
    session_key = "" if token is not None else request.session.session_key or ""
    return Credential(request.user.pk, token.digest if token is not None else "", session_key)


def standings(credentials: Collection[Credential]) -> dict[Credential, Standing]:
    """What the rights of each rest on; compare two of them.

    Absent: signed out, revoked, expired, deactivated, or has to set up a second factor first. At most five queries for
    any number.
    """
    now = timezone.now()
    with_organisations = Prefetch("memberships", Membership.objects.select_related("organisation"))
    people = User.objects.filter(pk__in={c.user_id for c in credentials}, is_active=True)
    users = {user.pk: user for user in people.prefetch_related(with_organisations)}
    tokens = {
        token.digest: token
        for token in ApiToken.objects.filter(digest__in={c.token_digest for c in credentials} - {""})
        if token.expiry is None or token.expiry > now
    }
    sessions = {
        session.session_key: session.get_decoded().get(SESSION_KEY)
        for session in Session.objects.filter(
            session_key__in={c.session_key for c in credentials} - {""}, expire_date__gt=now
        )
    }
    asked = {pk for pk, user in users.items() if second_factor.requires(user.memberships.all())}
    without_factor = asked - second_factor.who_has_one(asked) if asked else asked
    found: dict[Credential, Standing] = {}
    for one in credentials:
        user, token = users.get(one.user_id), tokens.get(one.token_digest)
        if user is None or (token is None and sessions.get(one.session_key) != str(one.user_id)):
            continue
        if user.pk in without_factor and (token is None or Scope.ALL in token.scopes):
            continue
        memberships = sorted(
            (m.pk, m.role, m.organisation_id, m.factory_id or 0, m.county) for m in user.memberships.all()
        )
        of_token = (tuple(token.scopes), token.factory_id) if token is not None else ()
        found[one] = (user.get_session_auth_hash(), of_token, *memberships)
    return found
