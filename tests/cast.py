"""The standing cast: who they are (`conftest.py` says when they are made), and how they ask.

Litein and Momul are factories of one organisation, Elsewhere belongs to another.
"""

from collections.abc import Callable
from types import SimpleNamespace

from django.test import Client

from accounts.models import User
from accounts.roles import Role
from tests import make

Cast = SimpleNamespace
AsUser = Callable[..., Client]


def make_cast() -> Cast:
    """Managers of Litein and Momul, HQ, an installer, an auditor, an integrator, and outsiders."""
    ktda = make.make_organisation(name="Tea Group")
    litein = make.make_factory(organisation=ktda, name="Litein Tea Factory", county="Kericho")
    momul = make.make_factory(organisation=ktda, name="Momul Tea Factory", county="Kericho")
    other = make.make_organisation(name="Other Group")
    elsewhere = make.make_factory(organisation=other, name="Elsewhere Tea Factory", county="Nandi")

    def person(name: str, role: Role | None, **scope: object) -> User:
        user = make.make_user(email=f"{name}@test.example")
        if role:
            make.make_membership(user=user, role=role, **({"organisation": ktda} | scope))
        return user

    return SimpleNamespace(
        organisation=ktda,
        litein=litein,
        momul=momul,
        elsewhere=elsewhere,
        litein_manager=person("litein", Role.FACTORY_MANAGER, factory=litein),
        momul_manager=person("momul", Role.FACTORY_MANAGER, factory=momul),
        hq=person("hq", Role.HQ_MANAGER),
        installer=person("installer", Role.INSTALLER, factory=litein),
        auditor=person("auditor", Role.AUDITOR),
        integrator=person("integrator", Role.INTEGRATOR),
        outsider=person("outsider", Role.HQ_MANAGER, organisation=other),
        nobody=person("nobody", None),
    )


def signed_in(user: User | None) -> Client:
    """A browser; of None one that is not signed in."""
    browser = Client()
    if user is not None:
        browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def with_token(token: str, **options: bool) -> Client:
    return Client(headers={"Authorization": f"Token {token}"}, **options)
