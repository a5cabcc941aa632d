"""How people of an organisation sign in, as its HQ decides: second factor of HQ managers, single sign-on."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import SignOnProvider, User
from accounts.roles import Role
from accounts.second_factor import FACTORS
from accounts.sign_on import lets_in
from lib.errors import ApiError


def require_second_factor(organisation: Any, *, required: bool) -> None:
    """Switch it on or off. Who has to set one up is asked at every request, so it holds from the next one."""
    organisation.second_factor_required = required
    organisation.save(update_fields=["second_factor_required"])


def require_sign_on(user: User, provider: SignOnProvider, *, required: bool) -> None:
    """Refuse passwords of the people whom the provider lets in, or take them again. Whoever is signed in stays so.

    Raises ApiError 409 not_tried: a provider that does not work would lock out everybody, HQ too.
    """
    if required and not SocialAccount.objects.filter(provider=provider.slug, user=user).exists():
        raise ApiError(409, "not_tried", _("Sign in by single sign-on yourself first, to see that it works."))
    provider.is_required = required
    provider.save(update_fields=["is_required"])


def managers_without_second_factor(organisation: Any) -> QuerySet[User]:
    """HQ managers of the organisation who have neither passkey nor authenticator app, by name."""
    managers = User.objects.filter(
        is_active=True, memberships__organisation=organisation, memberships__role=Role.HQ_MANAGER
    )
    return _by_name(managers.exclude(pk__in=Authenticator.objects.filter(type__in=FACTORS).values("user_id")))


def people_by_password(provider: SignOnProvider) -> QuerySet[User]:
    """Members whom the provider cannot let in, so that their passwords are never refused, by name."""
    members = User.objects.filter(is_active=True, memberships__organisation=provider.organisation_id)
    return _by_name(members.exclude(pk__in=lets_in(provider).values("pk")))


def _by_name(people: QuerySet[User]) -> QuerySet[User]:
    return people.order_by("first_name", "last_name", "pk").distinct()
