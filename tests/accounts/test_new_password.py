"""A new password, by whichever door, ends sessions and sign-ins, and asks about the tokens of programs."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import ApiToken
from accounts.roles import Scope
from tests import make
from tests.accounts.test_pages import sign_in
from tests.cast import AsUser, Cast, with_token
from tests.mails import sent

pytestmark = pytest.mark.django_db
NEW = "a new phrase of mine"
CHANGE = {"oldpassword": make.PASSWORD, "password1": NEW, "password2": NEW}


def by_the_page(cast: Cast, as_user: AsUser) -> None:
    """Its own browser stays signed in, and is led to the tokens."""
    browser = Client()
    sign_in(browser, "litein@test.example")
    assert browser.post("/accounts/password/change/", CHANGE)["Location"] == "/tokens/"
    assert browser.get("/tokens/").status_code == 200


def by_mail(cast: Cast, as_user: AsUser) -> None:
    anybody = Client()
    anybody.post("/accounts/password/reset/", {"email": "litein@test.example"})
    link = re.search(r"http://testserver(\S+)", str(sent()[0].body))
    assert link
    form = anybody.get(link.group(1))["Location"]
    anybody.post(form, {"password1": NEW, "password2": NEW})


def by_a_link(cast: Cast, as_user: AsUser) -> None:
    made = as_user(cast.hq).post(f"/api/members/{cast.litein_manager.memberships.get().pk}/password-link/").json()
    Client().post(made["link"].removeprefix("http://testserver"), {"password": NEW})


def by_the_admin_site(cast: Cast, as_user: AsUser) -> None:
    root = as_user(make.make_user(is_superuser=True, is_staff=True))
    given = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    answer = root.post(f"/admin/accounts/user/{cast.litein_manager.pk}/password/", given)
    assert answer.status_code == 302, answer.context["errors"]


def at_the_shell(cast: Cast, as_user: AsUser) -> None:
    with mock.patch("getpass.getpass", return_value=NEW):
        call_command("changepassword", "litein@test.example", stdout=StringIO())


@pytest.mark.parametrize("door", [by_the_page, by_mail, by_a_link, by_the_admin_site, at_the_shell])
def test_a_new_password_ends_sign_ins_and_sessions_and_asks_about_the_rest(
    client: Client, cast: Cast, as_user: AsUser, door: Callable[..., None]
) -> None:
    by_password = {"email": "litein@test.example", "password": make.PASSWORD}
    signed_in = client.post("/api/login/", by_password, content_type="application/json").json()["token"]
    browser = as_user(cast.litein_manager)
    program = make.make_token(cast.litein_manager, Scope.READ, name="scada")

    door(cast, as_user)

    assert with_token(signed_in).get("/api/me/").status_code == 401
    assert browser.get("/api/me/").status_code == 401
    assert with_token(program).get("/api/me/").status_code == 200
    again = Client()
    assert sign_in(again, "litein@test.example", NEW)["Location"] == "/tokens/"
    listed = again.get("/api/tokens/").json()["results"]
    assert [(token["name"], token["is_older_than_password"]) for token in listed] == [("scada", True)]


def test_the_sign_in_of_an_integrator_ends_too_though_it_only_reads(client: Client, cast: Cast) -> None:
    by_password = {"email": "integrator@test.example", "password": make.PASSWORD}
    token = client.post("/api/login/", by_password, content_type="application/json").json()["token"]

    cast.integrator.set_password(NEW)
    cast.integrator.save()

    assert ApiToken.objects.get().scopes == ["read"]
    assert with_token(token).get("/api/me/").status_code == 401


def test_tokens_that_are_kept_are_not_asked_about_again(client: Client, cast: Cast, as_user: AsUser) -> None:
    make.make_token(cast.litein_manager, Scope.READ, name="scada")
    at_the_shell(cast, as_user)
    sign_in(client, "litein@test.example", NEW)

    asked = client.get("/tokens/").content.decode()
    client.post("/tokens/keep/")
    after = client.get("/tokens/").content.decode()

    assert "from before the new password" in asked
    assert "from before the new password" not in after
    assert "scada" in after
    assert sign_in(Client(), "litein@test.example", NEW)["Location"] == "/"


def test_a_page_that_was_asked_for_does_not_hide_the_question(client: Client, cast: Cast, as_user: AsUser) -> None:
    make.make_token(cast.litein_manager, Scope.READ, name="scada")
    at_the_shell(cast, as_user)

    assert sign_in(client, "litein@test.example", NEW, next="/factories/")["Location"] == "/tokens/"


def test_a_new_secret_key_is_no_new_password_while_the_old_one_is_known(
    client: Client, cast: Cast, settings: Any
) -> None:
    by_password = {"email": "litein@test.example", "password": make.PASSWORD}
    signed_in = client.post("/api/login/", by_password, content_type="application/json").json()["token"]
    make.make_token(cast.litein_manager, Scope.READ, name="scada")
    old = settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [old]
    listed = with_token(signed_in).get("/api/tokens/").json()["results"]
    settings.SECRET_KEY_FALLBACKS = []

    assert [token["is_older_than_password"] for token in listed] == [False, False]
    assert with_token(signed_in).get("/api/me/").status_code == 401


def test_a_program_sees_and_revokes_itself_only(cast: Cast) -> None:
    make.make_token(cast.hq, Scope.READ, name="other")
    own = with_token(make.make_token(cast.hq, Scope.READ, name="own"))
    other = ApiToken.objects.get(name="other")

    listed: Any = own.get("/api/tokens/").json()["results"]
    answers = [own.get(f"/api/tokens/{other.token_key}/"), own.delete(f"/api/tokens/{other.token_key}/")]
    csv: Any = own.get("/api/tokens/?as=csv")

    assert [token["name"] for token in listed] == ["own"]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "other" not in csv.getvalue().decode()
    assert own.delete(f"/api/tokens/{listed[0]['id']}/").status_code == 204


def test_a_person_without_programs_is_led_to_the_first_page(client: Client, cast: Cast) -> None:
    sign_in(client, "litein@test.example")

    assert client.post("/accounts/password/change/", CHANGE)["Location"] == "/"
