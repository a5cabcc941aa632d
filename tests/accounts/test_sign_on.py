"""Single sign-on against a real provider: OpenID Connect over HTTP on this machine, with its pages and redirects."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client, override_settings

from accounts import sign_on
from accounts.emails import note_email
from accounts.models import AccessRequest, Membership, SignOnProvider, User
from accounts.roles import Role
from lib.sealing import seal, unseal
from tests import make
from tests.accounts.test_api import log_in
from tests.accounts.test_pages import sign_in
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db


class Provider:
    """The provider's side: who its people are, and one of them answering its form."""

    def __init__(self, url: str) -> None:
        self.url = url

    def knows(self, subject: str, **claims: Any) -> None:
        requests.put(f"{self.url}/users/{subject}", json=claims, timeout=10).raise_for_status()

    def answer(self, url: str, subject: str) -> str:
        """Where the provider sends the browser after the person typed who they are."""
        answer = requests.post(url, data={"sub": subject}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text[:500]
        return answer.headers["Location"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread() as running:
        yield f"http://localhost:{running.server_port}"


@pytest.fixture
def provider(server: str, cast: Cast) -> Provider:
    SignOnProvider.objects.create(
        organisation=cast.organisation,
        issuer=server,
        client_id="carbontrack",
        sealed_secret=seal("secret of the client"),
        email_domains=["test.example"],
    )
    provider = Provider(server)
    provider.knows("hq-7", email="hq@test.example", email_verified=True, given_name="Cherono")
    return provider


@pytest.fixture
def proven(cast: Cast) -> User:
    """HQ's own account, whose address was proven here too."""
    note_email(cast.hq, is_proven=True)
    return cast.hq


def moves(user: User, email: str | None) -> None:
    """To another address, proven too."""
    user.email = email
    user.save()
    note_email(user, is_proven=True)


def comes_by(client: Client, provider: Provider, subject: str, email: str = "hq@test.example") -> Any:
    """All steps of a person: address, link, the provider's form, and the way back."""
    page = client.post("/single-sign-on/", {"email": email})
    back = provider.answer(page.context["url"], subject)
    return client.get(back, follow=True)


def is_signed_in(client: Client) -> bool:
    return client.get("/api/me/").status_code == 200


# --- In ------------------------------------------------------------------------------------------
def test_a_person_of_the_organisation_signs_in_there(client: Client, provider: Provider, proven: User) -> None:
    answer = comes_by(client, provider, "hq-7")

    assert client.get("/api/me/").json()["email"] == "hq@test.example"
    assert answer.redirect_chain[-1][0] == "/morning/"
    linked = SocialAccount.objects.get()
    assert (linked.user, linked.uid, linked.extra_data) == (proven, "hq-7", {})


def test_the_link_says_where_it_leads_and_carries_state_and_pkce(client: Client, provider: Provider) -> None:
    page = client.post("/single-sign-on/", {"email": "Any.Body@TEST.example"})

    url = page.context["url"]
    assert url.startswith(f"{provider.url}/oauth2/authorize?")
    asked = parse_qs(urlsplit(url).query)
    assert asked["state"][0]
    assert asked["code_challenge"][0]
    assert asked["code_challenge_method"] == ["S256"]
    assert "openid" in asked["scope"][0].split()
    assert provider.url.removeprefix("http://") in page.content.decode()


def test_later_the_id_at_the_provider_counts_whatever_its_address_became(
    client: Client, provider: Provider, proven: User
) -> None:
    comes_by(client, provider, "hq-7")
    client.post("/accounts/logout/")
    provider.knows("hq-7", email="renamed@test.example", email_verified=True)

    comes_by(client, provider, "hq-7")

    assert client.get("/api/me/").json()["email"] == "hq@test.example"
    assert SocialAccount.objects.get().extra_data == {}


def test_a_second_factor_comes_after_it(client: Client, provider: Provider, proven: User) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(proven, generate_totp_secret())

    answer = comes_by(client, provider, "hq-7")

    assert answer.redirect_chain[-1][0].startswith("/accounts/2fa/authenticate/")
    assert not is_signed_in(client)


# --- It gives nothing, and takes nothing over ----------------------------------------------------
def test_an_unknown_person_asks_for_access_and_is_given_nothing(client: Client, provider: Provider) -> None:
    provider.knows("new-1", email="new@test.example", email_verified=True, given_name="New", family_name="Person")

    answer = comes_by(client, provider, "new-1")

    assert answer.redirect_chain[-1][0] == "/register/"
    assert 'value="new@test.example"' in answer.content.decode()
    assert "You have no account here yet" in answer.content.decode()
    assert not is_signed_in(client)
    assert not User.objects.filter(email="new@test.example").exists()
    assert not SocialAccount.objects.exists()
    assert not AccessRequest.objects.exists()  # until the person sends the form
    client.post("/register/", {"first_name": "New", "contact": "new@test.example", "place": "KTDA"})
    assert AccessRequest.objects.exists()
    assert "new@test.example" not in client.get("/register/").content.decode()


def refused(client: Client, answer: Any) -> str:
    assert answer.redirect_chain[-1][0] == "/accounts/login/"
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    found = re.search(r'notice--error">([^<]+)<', answer.content.decode())
    return found[1] if found else ""


@pytest.mark.parametrize("verified", [False, None, "false", "true", 1])
def test_an_address_that_the_provider_has_not_proven_opens_nothing(
    client: Client, provider: Provider, proven: User, verified: Any
) -> None:
    provider.knows("thief", email="hq@test.example", **({} if verified is None else {"email_verified": verified}))

    assert "does not say that your e-mail address is verified" in refused(client, comes_by(client, provider, "thief"))


def test_a_letter_that_only_looks_like_another_is_another(client: Client, provider: Provider, cast: Cast) -> None:
    """PostgreSQL makes one capital of i and of the dotless i, and of s and the long s."""
    moves(cast.hq, "sis@test.example")
    for number, email in enumerate(["s\u0131s@test.example", "\u017fis@test.example", "sis@te\u017ft.example"]):
        provider.knows(f"thief-{number}", email=email, email_verified=True)
        page = comes_by(client, provider, f"thief-{number}", email="sis@test.example")
        assert "does not say that your e-mail address is verified" in refused(client, page)


def changed_answers(monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], Any]) -> None:
    """A provider that answers otherwise than this one: `change` is made in what allauth got of it."""
    sociallogin_from_response = OpenIDConnectProvider.sociallogin_from_response
    monkeypatch.setattr(
        OpenIDConnectProvider,
        "sociallogin_from_response",
        lambda self, request, response: sociallogin_from_response(self, request, change(response) or response),
    )


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda given: given["userinfo"].update(sub="hq-8"), 401),
        (lambda given: given["id_token"].update(iss="https://elsewhere.example"), 401),
        (lambda given: given.pop("id_token") and None, 401),
        (lambda given: given["userinfo"].pop("sub") and None, 502),
        (lambda given: {"userinfo": ["a list"]}, 502),
        (lambda given: given["userinfo"].update(sub="a\0b"), 502),
    ],
    ids=["of two people", "another issuer", "no id token", "nobody", "no claims", "NUL"],
)
def test_an_answer_against_the_standard_opens_nothing(
    client: Client, provider: Provider, proven: User, monkeypatch: pytest.MonkeyPatch, change: Any, status: int
) -> None:
    changed_answers(monkeypatch, change)

    answer = comes_by(client, provider, "hq-7")

    assert answer.status_code == status
    assert "sent an answer that we cannot trust" in answer.content.decode()
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_an_address_that_was_never_proven_here_opens_nothing(client: Client, provider: Provider, cast: Cast) -> None:
    """Else somebody could set up an account with the address and a password, and wait for its owner to come in."""
    note_email(cast.hq)

    assert "is not confirmed here" in refused(client, comes_by(client, provider, "hq-7"))


def test_an_address_outside_the_domains_opens_nothing(client: Client, provider: Provider, proven: User) -> None:
    moves(proven, "hq@elsewhere.example")
    provider.knows("far", email="hq@elsewhere.example", email_verified=True)

    assert "is not an address of" in refused(client, comes_by(client, provider, "far"))


@pytest.mark.parametrize("also", ["other organisation", "staff", "superuser", "inactive", "no membership", "outsider"])
def test_an_account_with_other_rights_is_not_opened(
    client: Client, provider: Provider, proven: User, cast: Cast, also: str
) -> None:
    other = cast.elsewhere.organisation
    if also == "other organisation":
        make.make_membership(user=proven, role=Role.AUDITOR, organisation=other)
    elif also == "no membership":
        Membership.objects.filter(user=proven).delete()
    elif also == "outsider":
        Membership.objects.filter(user=proven).update(organisation=other)
    else:
        field, value = {"staff": ("is_staff", True), "superuser": ("is_superuser", True)}.get(
            also, ("is_active", False)
        )
        User.objects.filter(pk=proven.pk).update(**{field: value})

    assert "whose rights are all there" in refused(client, comes_by(client, provider, "hq-7"))


def test_a_link_ends_with_the_membership_it_rests_on(
    client: Client, provider: Provider, proven: User, cast: Cast
) -> None:
    comes_by(client, provider, "hq-7")
    client.post("/accounts/logout/")
    make.make_membership(user=proven, role=Role.HQ_MANAGER, organisation=cast.elsewhere.organisation)

    answer = comes_by(client, provider, "hq-7")

    assert answer.redirect_chain[-1][0] == "/accounts/login/"
    assert not is_signed_in(client)


def test_a_stolen_way_back_opens_nothing_in_another_browser(client: Client, provider: Provider, proven: User) -> None:
    page = client.post("/single-sign-on/", {"email": "hq@test.example"})
    back = provider.answer(page.context["url"], "hq-7")
    other = Client()

    answer = other.get(back)

    assert "sent an answer that we cannot trust" in answer.content.decode()
    assert not is_signed_in(other)


def test_a_person_who_is_signed_in_cannot_join_their_account_to_it(cast: Cast, hq: Client, provider: Provider) -> None:
    assert hq.get("/accounts/3rdparty/").status_code == 404
    assert hq.get(f"/accounts/oidc/organisation-{cast.organisation.pk}/login/?process=connect").status_code == 404


def test_who_says_no_at_the_provider_comes_back_to_the_page(client: Client, provider: Provider) -> None:
    page = client.post("/single-sign-on/", {"email": "hq@test.example"})
    denied = requests.post(page.context["url"], data={"action": "deny"}, allow_redirects=False, timeout=10)

    # This provider forgets the state, which RFC 6749 4.1.2.1 demands; without it the page says what to do.
    forgetful = client.get(denied.headers["Location"])
    state = re.search(r"state=[^&]+", page.context["url"])
    answer = client.get(f"{denied.headers['Location']}&{state and state[0]}", follow=True)

    assert "Try again" in forgetful.content.decode()
    assert answer.redirect_chain[-1][0] == "/single-sign-on/"


# --- Required ------------------------------------------------------------------------------------
def test_where_it_is_required_passwords_are_refused(
    client: Client, provider: Provider, proven: User, hq: Client, cast: Cast
) -> None:
    comes_by(Client(), provider, "hq-7")
    hq.post("/members/sign-in/", {"sign_on": "required"})

    page = sign_in(client, "hq@test.example", follow=True)
    api = log_in(client, email="hq@test.example")

    assert "use single sign-on instead" in client.get(page.url).content.decode()
    assert "use single sign-on instead" in hq.get("/account/").content.decode()
    assert not is_signed_in(client)
    assert (api.status_code, api.json()["code"]) == (403, "single_sign_on_required")
    assert log_in(client, email="outsider@test.example").status_code == 200
    comes_by(client, provider, "hq-7")
    assert is_signed_in(client)


def test_it_is_required_only_after_hq_has_tried_it(hq: Client, provider: Provider, proven: User) -> None:
    """Else one click would lock out everybody, HQ too, when the provider is not set up well."""
    page = hq.post("/members/sign-in/", {"sign_on": "required"}, follow=True)

    assert "Sign in by single sign-on yourself first" in page.content.decode()
    assert not SignOnProvider.objects.get().is_required


@pytest.mark.parametrize("why", ["phone only", "not proven", "other domain", "other organisation", "staff"])
def test_nobody_is_locked_out_who_cannot_come_by_it(
    client: Client, provider: Provider, proven: User, hq: Client, cast: Cast, why: str
) -> None:
    SignOnProvider.objects.update(is_required=True)
    User.objects.filter(pk=proven.pk).update(phone="+254712345678")
    proven.refresh_from_db()
    if why == "phone only":
        moves(proven, None)
    elif why == "not proven":
        note_email(proven)
    elif why == "other domain":
        moves(proven, "hq@elsewhere.example")
    elif why == "other organisation":
        make.make_membership(user=proven, role=Role.AUDITOR, organisation=cast.elsewhere.organisation)
    else:
        User.objects.filter(pk=proven.pk).update(is_staff=True)
    proven.refresh_from_db()

    assert not sign_on.is_required(proven)
    sign_in(client, "+254712345678")
    assert is_signed_in(client)
    assert f"<li>{proven}</li>" in hq.get("/members/sign-in/").content.decode()


def test_a_person_who_came_by_it_once_cannot_go_back_to_a_password(
    client: Client, provider: Provider, proven: User
) -> None:
    comes_by(Client(), provider, "hq-7")
    SignOnProvider.objects.update(is_required=True)
    moves(proven, "hq@elsewhere.example")

    sign_in(client, "hq@elsewhere.example")

    assert not is_signed_in(client)


def test_hq_of_others_cannot_require_it(provider: Provider, cast: Cast, as_user: AsUser) -> None:
    as_user(cast.outsider).post(f"/members/sign-in/?organisation={cast.organisation.pk}", {"sign_on": "required"})

    assert not SignOnProvider.objects.get().is_required


# --- The provider --------------------------------------------------------------------------------
def test_a_provider_that_does_not_answer_is_said_in_words(client: Client, provider: Provider) -> None:
    SignOnProvider.objects.update(issuer="http://localhost:9")

    page = client.post("/single-sign-on/", {"email": "hq@test.example"})

    assert "does not answer" in page.content.decode()


def test_an_unknown_domain_is_said_in_words(client: Client, provider: Provider) -> None:
    assert "No organisation here" in client.post("/single-sign-on/", {"email": "a@b.example"}).content.decode()


@pytest.mark.parametrize("address", ["http://login.example.com", "ftp://localhost", "login.example.com", "https://"])
def test_an_address_without_https_is_refused(cast: Cast, address: str) -> None:
    row = SignOnProvider(organisation=cast.organisation, issuer=address, client_id="x", email_domains=["test.example"])
    with pytest.raises(ValidationError, match="https://"):
        row.full_clean()


def test_in_production_plain_http_is_refused_on_this_machine_too(client: Client, provider: Provider) -> None:
    with override_settings(IS_LOCAL=False):
        page = client.post("/single-sign-on/", {"email": "hq@test.example"})

    assert "does not answer" in page.content.decode()


def test_the_operator_sets_it_up_and_the_secret_is_stored_encrypted(cast: Cast, as_user: AsUser) -> None:
    root = make.make_user(is_superuser=True, is_staff=True)
    given = {
        "organisation": cast.organisation.pk,
        "issuer": "https://login.example.com",
        "client_id": "carbontrack",
        "secret": "from the provider",
        "email_domains": "test.example",
    }

    as_user(root).post("/admin/accounts/signonprovider/add/", given)

    row = SignOnProvider.objects.get()
    assert "from the provider" not in row.sealed_secret
    assert unseal(row.sealed_secret) == "from the provider"
    page = as_user(root).get(f"/admin/accounts/signonprovider/{row.pk}/change/").content.decode()
    assert f"/accounts/oidc/organisation-{cast.organisation.pk}/login/callback/" in page
    assert "from the provider" not in page
    with override_settings(SECRET_KEY="another"):
        assert unseal(row.sealed_secret) == ""
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        as_user(root).post(f"/admin/accounts/signonprovider/{row.pk}/change/", given | {"secret": ""})
    row.refresh_from_db()
    with override_settings(SECRET_KEY="another"):
        assert unseal(row.sealed_secret) == "from the provider"


def test_another_issuer_forgets_who_was_whom(cast: Cast, as_user: AsUser, provider: Provider, proven: User) -> None:
    comes_by(Client(), provider, "hq-7")
    row = SignOnProvider.objects.get()
    root = make.make_user(is_superuser=True, is_staff=True)
    given = {"organisation": row.organisation_id, "client_id": "carbontrack", "email_domains": "test.example"}

    as_user(root).post(f"/admin/accounts/signonprovider/{row.pk}/change/", given | {"issuer": "https://new.example"})

    assert not SocialAccount.objects.exists()
    row.refresh_from_db()
    assert unseal(row.sealed_secret) == "secret of the client"


def test_two_organisations_cannot_have_one_domain(cast: Cast, provider: Provider) -> None:
    row = SignOnProvider(
        organisation=cast.elsewhere.organisation,
        issuer="https://login.example.com",
        client_id="x",
        email_domains=["other.example", "test.example"],
    )
    with pytest.raises(ValidationError, match="belongs to another organisation"):
        row.full_clean()
