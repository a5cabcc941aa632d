"""How people of an organisation sign in, as its HQ decides: second factor of HQ managers, single sign-on."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet

from accounts.models import SignOnProvider, User
from accounts.roles import Role
from accounts.second_factor import FACTORS


def require_second_factor(organisation: Any, *, required: bool) -> None:
    """Switch it on or off. Who has to set one up is asked at every request, so it holds from the next one."""
    organisation.second_factor_required = required
    organisation.save(update_fields=["second_factor_required"])


def require_sign_on(provider: SignOnProvider, *, required: bool) -> None:
    """Refuse passwords of the organisation's people, or take them again. Whoever is signed in stays so."""
    provider.is_required = required
    provider.save(update_fields=["is_required"])


def managers_without_second_factor(organisation: Any) -> QuerySet[User]:
    """HQ managers of the organisation who have neither passkey nor authenticator app, by name."""
    managers = User.objects.filter(
        is_active=True, memberships__organisation=organisation, memberships__role=Role.HQ_MANAGER
    )
    return (
        managers.exclude(pk__in=Authenticator.objects.filter(type__in=FACTORS).values("user_id"))
        .order_by("first_name", "last_name", "pk")
        .distinct()
    )
