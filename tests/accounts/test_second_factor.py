"""An organisation that requires a second factor of its HQ managers: what they may do without one, and with one."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import ApiToken
from accounts.roles import Scope
from accounts.second_factor import MfaAdapter
from accounts.tokens import create_token
from tests import make
from tests.accounts.test_api import code_of, log_in
from tests.accounts.test_pages import sign_in
from tests.cast import AsUser, Cast, with_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def required(cast: Cast) -> None:
    cast.organisation.second_factor_required = True
    cast.organisation.save()


def add_passkey(user: Any) -> Authenticator:
    """A row as allauth stores it; a real passkey is in end_to_end/test_passkeys.py."""
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "my phone", "credential": {}}
    )


# --- Without one ---------------------------------------------------------------------------------
@pytest.mark.parametrize("url", ["/", "/factories/", "/members/", "/tokens/", "/accounts/email/", "/register/"])
def test_an_hq_manager_without_one_is_led_to_set_it_up(cast: Cast, hq: Client, required: None, url: str) -> None:
    assert hq.get(url).url == "/account/"
    assert hq.post(url).url == "/account/"


def test_the_page_says_what_to_do_and_shows_nothing_else(cast: Cast, hq: Client, required: None) -> None:
    page = hq.get("/account/").content.decode()

    assert "requires a second step at sign-in" in page
    assert 'href="/accounts/2fa/webauthn/add/"' in page
    assert 'href="/accounts/2fa/totp/activate/"' in page
    assert 'name="first_name"' not in page
    hq.post("/account/", {"first_name": "Changed"})
    cast.hq.refresh_from_db()
    assert cast.hq.first_name == ""


def test_the_api_answers_the_session_with_403(cast: Cast, hq: Client, required: None) -> None:
    answer = hq.get("/api/factories/")

    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")


def test_the_way_out_of_it_stays_open(cast: Cast, client: Client, required: None) -> None:
    """Sign in, set up an app with the password asked for again, and go on: through the pages alone."""
    assert sign_in(client, "hq@test.example").url == "/"
    assert client.get("/").url == "/account/"
    assert client.post("/language/", {"language": "en"}).status_code == 302
    asked = client.get("/accounts/2fa/totp/activate/")
    client.post(asked.url, {"password": make.PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})

    assert client.get("/factories/").status_code == 200
    assert b"In use since" in client.get("/account/").content


@pytest.mark.parametrize("who", ["litein_manager", "auditor", "installer", "outsider"])
def test_other_roles_and_organisations_go_on_as_before(cast: Cast, as_user: AsUser, required: None, who: str) -> None:
    assert as_user(getattr(cast, who)).get("/factories/").status_code == 200


def test_nobody_is_asked_where_it_is_not_required(cast: Cast, hq: Client) -> None:
    assert hq.get("/factories/").status_code == 200


# --- Tokens --------------------------------------------------------------------------------------
def test_a_sign_in_to_the_api_gives_no_token_until_it_is_set_up(client: Client, cast: Cast, required: None) -> None:
    refused = log_in(client, email="hq@test.example")
    secret = generate_totp_secret()
    TOTP.activate(cast.hq, secret)
    given = log_in(client, email="hq@test.example", code=code_of(secret))

    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")
    assert given.status_code == 200


def test_a_token_of_a_sign_in_stops_and_a_named_one_of_a_program_goes_on(client: Client, cast: Cast) -> None:
    """Meters must not stop because HQ turns a switch; a named token has narrow rights and manages nobody."""
    signed_in = log_in(client, email="hq@test.example").json()["token"]
    _record, named = create_token(cast.hq, name="meter", scopes=[Scope.READ])
    cast.organisation.second_factor_required = True
    cast.organisation.save()

    stopped = with_token(signed_in).get("/api/factories/")
    assert (stopped.status_code, stopped.json()["code"]) == (403, "second_factor_required")
    assert with_token(named).get("/api/factories/").status_code == 200
    add_passkey(cast.hq)
    assert with_token(signed_in).get("/api/factories/").status_code == 200


def test_a_passkey_alone_is_a_second_factor_to_the_api_too(client: Client, cast: Cast) -> None:
    """It was not: the password alone gave a token to a person whose only second factor was a passkey."""
    add_passkey(cast.hq)

    answer = log_in(client, email="hq@test.example")
    guessed = log_in(client, email="hq@test.example", code="123456")

    assert (answer.status_code, answer.json()["code"]) == (403, "mfa_required")
    assert (guessed.status_code, guessed.json()["code"]) == (403, "mfa_required")
    assert not ApiToken.objects.exists()


# --- Removing it ---------------------------------------------------------------------------------
def signed_in_just_now(cast: Cast) -> Client:
    """allauth asks for the password again before it removes a factor."""
    client = Client()
    sign_in(client, "hq@test.example")
    asked = client.get("/accounts/2fa/totp/activate/")
    client.post(asked.url, {"password": make.PASSWORD})
    return client


def test_the_last_passkey_cannot_be_removed_while_it_is_required(cast: Cast, required: None) -> None:
    client = signed_in_just_now(cast)
    first, second = add_passkey(cast.hq), add_passkey(cast.hq)

    client.post(f"/accounts/2fa/webauthn/keys/{first.pk}/remove/")
    refused = client.post(f"/accounts/2fa/webauthn/keys/{second.pk}/remove/", follow=True)

    assert list(Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN)) == [second]
    assert "add another one before you remove this" in refused.content.decode()


def test_the_last_app_cannot_be_removed_while_it_is_required(cast: Cast, required: None) -> None:
    client = signed_in_just_now(cast)
    app = TOTP.activate(cast.hq, generate_totp_secret()).instance

    refused = client.post("/accounts/2fa/totp/deactivate/")

    assert "add another one before you remove this" in refused.content.decode()
    add_passkey(cast.hq)
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(pk=app.pk).exists()


def test_where_it_is_not_required_the_last_one_can_be_removed(cast: Cast) -> None:
    client = signed_in_just_now(cast)
    key = add_passkey(cast.hq)

    client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")

    assert not Authenticator.objects.exists()


def test_nobody_removes_the_passkey_of_somebody_else(cast: Cast) -> None:
    key = add_passkey(cast.auditor)

    assert signed_in_just_now(cast).post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 404
    assert MfaAdapter().can_delete_authenticator(key)


# --- The switch ----------------------------------------------------------------------------------
def test_hq_switches_it_on_and_sees_who_has_none(cast: Cast, hq: Client) -> None:
    add_passkey(cast.hq)
    late = make.make_user(email="late@test.example", first_name="Late")
    make.make_membership(user=late, role="hq_manager", organisation=cast.organisation)

    hq.post("/members/sign-in/", {"second_factor": "required"})

    cast.organisation.refresh_from_db()
    assert cast.organisation.second_factor_required
    page = hq.get("/members/sign-in/").content.decode()
    assert "<li>Late</li>" in page
    assert "Required: an HQ manager without one" in page
    hq.post("/members/sign-in/", {"second_factor": "optional"})
    cast.organisation.refresh_from_db()
    assert not cast.organisation.second_factor_required


def test_hq_of_others_cannot_switch_it(cast: Cast, as_user: AsUser) -> None:
    as_user(cast.outsider).post(f"/members/sign-in/?organisation={cast.organisation.pk}", {"second_factor": "required"})

    cast.organisation.refresh_from_db()
    assert not cast.organisation.second_factor_required
