"""Signing in by browser: by e-mail or phone, with a second factor, in one's own language."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.utils import translation

from accounts.roles import Role
from tests import make
from tests.accounts.test_api import code_of
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A request leaves its language with the thread, and here that is the test's."""
    with translation.override("en"):
        yield


def sign_in(client: Client, login: str, password: str = make.PASSWORD, **extra: Any) -> Any:
    return client.post("/accounts/login/", {"login": login, "password": password} | extra)


@pytest.mark.parametrize("login", ["hq@test.example", "HQ@Test.Example", " hq@test.example "])
def test_signs_in_by_email_in_any_case(client: Client, cast: Cast, login: str) -> None:
    response = sign_in(client, login)

    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/factories/").status_code == 200


def test_signs_in_by_phone(client: Client, cast: Cast) -> None:
    user = make.make_user(email=None, phone="+254712345678")
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, factory=cast.litein)

    sign_in(client, "+254712345678")

    assert client.get(f"/factories/{cast.litein.pk}/").status_code == 200


def test_comes_back_to_the_page_that_asked(client: Client, cast: Cast) -> None:
    url = f"/factories/{cast.litein.pk}/"

    assert sign_in(client, "hq@test.example", next=url)["Location"] == url


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_is_not_sent_elsewhere(client: Client, cast: Cast, elsewhere: str) -> None:
    assert sign_in(client, "hq@test.example", next=elsewhere)["Location"] == "/"


@pytest.mark.parametrize("login", ["hq@test.example", "unknown@test.example", "+254700000000", "", "\x00"])
def test_a_wrong_login_stays_on_the_page(client: Client, cast: Cast, login: str) -> None:
    response = sign_in(client, login, "wrong")

    assert response.status_code == 200
    assert client.get("/api/me/").status_code == 401


def test_a_user_who_left_cannot_sign_in(client: Client, cast: Cast) -> None:
    cast.hq.is_active = False
    cast.hq.save()

    sign_in(client, "hq@test.example")

    assert client.get("/api/me/").status_code == 401


def test_failed_sign_ins_of_browser_and_api_are_one_count(client: Client, cast: Cast) -> None:
    for _ in range(3):
        sign_in(client, "hq@test.example", "wrong")
    api = {"email": "hq@test.example", "password": "wrong"}
    answers = [client.post("/api/login/", api, content_type="application/json").status_code for _ in range(3)]

    assert answers == [401, 401, 429]


def test_signing_out_needs_a_click_and_ends_the_session(client: Client, cast: Cast) -> None:
    sign_in(client, "hq@test.example")

    client.get("/accounts/logout/")
    after_looking = client.get("/api/me/").status_code
    client.post("/accounts/logout/")

    assert after_looking == 200
    assert client.get("/api/me/").status_code == 401


@pytest.mark.parametrize("by", ["email", "phone"])
def test_a_second_factor_is_set_up_and_then_asked_for(client: Client, cast: Cast, by: str) -> None:
    login = "hq@test.example"
    if by == "phone":
        login = "+254712345678"
        user = make.make_user(email=None, phone=login)
        make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=cast.organisation)
    sign_in(client, login)
    asked = client.get("/accounts/2fa/totp/activate/")
    client.post(asked["Location"], {"password": make.PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    client.post("/accounts/logout/")

    response = sign_in(client, login)

    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).count() == 1
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/api/me/").status_code == 401


def test_before_the_second_factor_the_password_is_asked_for_again(client: Client, cast: Cast) -> None:
    sign_in(client, "hq@test.example")
    asked = client.get("/accounts/2fa/totp/activate/")

    wrong = client.post(asked["Location"], {"password": "wrong"})

    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert wrong.status_code == 200
    assert client.get("/accounts/2fa/totp/activate/").status_code == 302


def test_a_second_factor_is_asked_for_in_the_admin_site_too(client: Client, cast: Cast) -> None:
    root = make.make_user(email="root@test.example", is_superuser=True, is_staff=True)
    totp.TOTP.activate(root, totp.generate_totp_secret())

    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")
    sign_in(client, "root@test.example")
    assert client.get("/admin/").status_code == 302


# --- Language ----------------------------------------------------------------------------------
def test_the_language_chosen_is_remembered_with_the_person(cast: Cast, as_user: AsUser) -> None:
    as_user(cast.hq).post("/language/", {"language": "sw", "next": "/"})
    elsewhere = as_user(cast.hq)

    page = elsewhere.get("/factories/", headers={"Accept-Language": "en"})

    cast.hq.refresh_from_db()
    assert cast.hq.language == "sw"
    assert b'<html lang="sw"' in page.content


@pytest.mark.parametrize("language", ["fr", "xx", "", "sw\x00", "en" * 50])
def test_a_language_that_we_do_not_speak_is_not_remembered(cast: Cast, as_user: AsUser, language: str) -> None:
    response = as_user(cast.hq).post("/language/", {"language": language})

    cast.hq.refresh_from_db()
    assert response.status_code == 302
    assert cast.hq.language == ""


def test_the_language_of_nobody_is_kept_in_the_cookie(client: Client) -> None:
    response = client.post("/language/", {"language": "sw", "next": "/accounts/login/"})

    assert response.cookies["django_language"].value == "sw"
    assert response["Location"] == "/accounts/login/"


def test_the_language_switch_leads_to_no_other_site(client: Client) -> None:
    response = client.post("/language/", {"language": "sw", "next": "https://evil.example/"})

    assert "evil" not in response["Location"]
