"""Tokens a person makes: shown once, never more than the person or the token they came with, revoked at once."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken
from accounts.roles import Role, Scope
from accounts.tokens import MOST_TOKENS
from tests import make
from tests.cast import AsUser, Cast, with_token

pytestmark = pytest.mark.django_db


def create(client: Client, **body: Any) -> Any:
    return client.post("/api/tokens/", {"name": "scada"} | body, content_type="application/json")


def test_a_token_reads_unless_it_is_given_more(cast: Cast, as_user: AsUser) -> None:
    made = create(as_user(cast.hq))

    token = with_token(made.json()["token"])
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    assert made.json()["scopes"] == ["read"]
    assert token.get("/api/factories/").status_code == 200
    assert token.post("/api/emissions/", [], content_type="application/json").status_code == 403


def test_the_text_of_a_token_is_shown_once(cast: Cast, as_user: AsUser) -> None:
    hq = as_user(cast.hq)
    text = create(hq).json()["token"]

    listed = hq.get("/api/tokens/").content.decode()

    assert text not in listed
    assert text[:15] in listed
    assert text not in str(ApiToken.objects.values().get())


def test_an_integrator_gives_a_program_what_the_browser_may_not(cast: Cast, as_user: AsUser) -> None:
    made = create(as_user(cast.integrator), scopes=["read", "write:emissions"])

    client = with_token(made.json()["token"])
    assert client.post("/api/emissions/", [], content_type="application/json").status_code == 400


@pytest.mark.parametrize(
    ("who", "body", "field"),
    [
        ("litein_manager", {"scopes": ["write:emissions"]}, "scopes"),
        ("auditor", {"scopes": ["write:energy"]}, "scopes"),
        ("nobody", {}, "scopes"),
        ("hq", {"scopes": ["all"]}, "scopes"),
        ("hq", {"scopes": []}, "scopes"),
        ("hq", {"days": 0}, "days"),
        ("hq", {"days": 367}, "days"),
        ("hq", {"name": ""}, "name"),
        ("litein_manager", {"factory": "momul"}, "factory"),
        ("hq", {"factory": "elsewhere"}, "factory"),
    ],
)
def test_nobody_gives_more_than_they_have(
    cast: Cast, as_user: AsUser, who: str, body: dict[str, Any], field: str
) -> None:
    if "factory" in body:
        body = {"factory": getattr(cast, body["factory"]).pk}

    response = create(as_user(getattr(cast, who)), **body)

    assert response.status_code == 400
    assert any(name.startswith(field) for name in response.json()["fields"])
    assert ApiToken.objects.count() == 0


def test_a_token_that_is_no_sign_in_makes_none(cast: Cast) -> None:
    for scopes in ([Scope.READ], [Scope.READ, Scope.WRITE_ENERGY]):
        assert create(with_token(make.make_token(cast.hq, *scopes))).status_code == 403


def test_a_token_of_one_factory_makes_tokens_of_that_factory(cast: Cast) -> None:
    client = with_token(make.make_token(cast.hq, Scope.ALL, factory=cast.litein))

    assert create(client).json()["factory"] == cast.litein.pk
    assert create(client, factory=cast.momul.pk).status_code == 400


def test_everybody_sees_and_revokes_their_own(cast: Cast, as_user: AsUser) -> None:
    mine, other = make.make_token(cast.hq), make.make_token(cast.auditor)
    hq = as_user(cast.hq)

    assert hq.delete(f"/api/tokens/{other[:15]}/").status_code == 404
    assert hq.delete(f"/api/tokens/{mine[:15]}/").status_code == 204

    assert with_token(mine).get("/api/me/").status_code == 401
    assert with_token(other).get("/api/me/").status_code == 200


def test_a_token_that_leaked_can_revoke_itself_and_no_other(cast: Cast) -> None:
    leaked, other = make.make_token(cast.hq, Scope.READ), make.make_token(cast.hq)
    client = with_token(leaked)

    assert client.delete(f"/api/tokens/{other[:15]}/").status_code == 404
    assert client.delete(f"/api/tokens/{leaked[:15]}/").status_code == 204
    assert client.get("/api/me/").status_code == 401


def test_there_is_an_end_to_how_many(cast: Cast, as_user: AsUser) -> None:
    for _ in range(MOST_TOKENS):
        make.make_token(cast.hq)

    assert create(as_user(cast.hq)).json()["code"] == "too_many_tokens"


def test_a_role_that_ended_takes_its_tokens_rights_with_it(cast: Cast, as_user: AsUser) -> None:
    client = with_token(create(as_user(cast.litein_manager), scopes=["read", "write:energy"]).json()["token"])
    cast.litein_manager.memberships.update(role=Role.INSTALLER)

    assert client.get("/api/energy-entries/").status_code == 403


# --- Pages -------------------------------------------------------------------------------------
def test_the_page_shows_a_new_token_once(cast: Cast, as_user: AsUser) -> None:
    hq = as_user(cast.hq)

    page = hq.post("/tokens/", {"name": "scada", "scopes": ["read"], "factory": cast.litein.pk, "days": 30})

    text = page.context["token"]
    assert text in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert text not in hq.get("/tokens/").content.decode()
    assert ApiToken.objects.get().factory == cast.litein


def test_the_page_offers_what_the_role_can_use(cast: Cast, as_user: AsUser) -> None:
    def offered(user: Any) -> list[str]:
        form = as_user(user).get("/tokens/").context["form"]
        return [value for value, _label in form.fields["scopes"].choices]

    assert offered(cast.auditor) == ["read"]
    assert offered(cast.litein_manager) == ["read", "write:energy", "write:production"]
    assert offered(cast.integrator) == ["read", "write:energy", "write:production", "write:emissions"]
    assert offered(cast.nobody) == []


def test_the_page_revokes_by_a_button(cast: Cast, as_user: AsUser) -> None:
    token = make.make_token(cast.hq)

    as_user(cast.hq).post(f"/tokens/{token[:15]}/revoke/")

    assert ApiToken.objects.count() == 0
