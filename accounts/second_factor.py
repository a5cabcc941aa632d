"""Second factors: who has one, who has to have one, and how allauth names them here.

A factor is an authenticator app or a passkey. Recovery codes only stand in for one.
"""

from collections.abc import Collection, Iterable
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership, User
from accounts.permissions import AnyUser, memberships_of
from accounts.roles import Role

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
CODE = "second_factor_required"


def requires(memberships: Iterable[Membership]) -> bool:
    """Whether one of a person's memberships is that of an HQ manager whose organisation requires it."""
    return any(m.role == Role.HQ_MANAGER and m.organisation.second_factor_required for m in memberships)


def factors_of(user: AnyUser) -> QuerySet[Authenticator]:
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS)
    return rows


def who_has_one(user_ids: Collection[int]) -> set[int]:
    return set(Authenticator.objects.filter(user_id__in=user_ids, type__in=FACTORS).values_list("user_id", flat=True))


def is_required(user: AnyUser) -> bool:
    """Costs no query after `memberships_of`."""
    return requires(memberships_of(user))


def must_set_up(user: AnyUser) -> bool:
    """Whether the user has to set up a second factor before anything else."""
    return is_required(user) and not factors_of(user).exists()


def words() -> str:
    return _(
        "Your organisation requires a second step at sign-in from HQ managers. Sign in at the website, set it up under "
        '"Your account", then try again.'
    )


class MfaAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": gettext_lazy(
            "Your organisation requires a second step at sign-in: add another one before you remove this."
        )
    }

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        user = User.objects.get(pk=authenticator.user_id)
        return not is_required(user) or factors_of(user).exclude(pk=authenticator.pk).exists()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number}

    def _get_site_name(self) -> str:
        return "Carbon Track"
