"""Sign in to the API and out of it, who am I, and what a token is worth."""

import json
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from accounts.roles import Role, Scope
from accounts.tokens import create_token
from tests import make
from tests.cast import AsUser, Cast, with_token

pytestmark = pytest.mark.django_db


def log_in(client: Client, **body: Any) -> Any:
    return client.post("/api/login/", {"password": make.PASSWORD} | body, content_type="application/json")


# --- Signing in --------------------------------------------------------------------------------
@pytest.mark.parametrize("email", ["litein@test.example", "LITEIN@Test.Example"])
def test_a_manager_signs_in_by_email_in_any_case(client: Client, cast: Cast, email: str) -> None:
    response = log_in(client, email=email)

    body = response.json()
    assert response.status_code == 200
    assert set(body) == {"token", "expiry", "user"}
    assert body["user"] == {
        "id": cast.litein_manager.pk,
        "email": "litein@test.example",
        "phone": None,
        "first_name": "",
        "last_name": "",
        "role": "factory_manager",
        "factory": cast.litein.pk,
    }
    assert with_token(body["token"]).get("/api/me/").json() == body["user"]


def test_a_manager_signs_in_by_phone(client: Client, cast: Cast) -> None:
    user = make.make_user(email=None, phone="+254712345678")
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, factory=cast.litein)

    body = log_in(client, phone="+254712345678").json()

    assert body["user"]["phone"] == "+254712345678"


def test_a_session_is_not_made(client: Client, cast: Cast) -> None:
    response = log_in(client, email="hq@test.example")

    assert not response.cookies
    assert client.get("/api/me/").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"email": "hq@test.example", "phone": "+254712345678"},
        {},
        {"email": "no address"},
        {"email": "hq@test.example", "password": ""},
        {"email": ["hq@test.example"]},
        {"email": "hq@test.example", "password": {"a": 1}},
        {"phone": "+" + "1" * 40},
        {"phone": "+254\x00"},
    ],
)
def test_a_login_that_cannot_be_one_is_a_bad_request(client: Client, cast: Cast, body: dict[str, Any]) -> None:
    assert log_in(client, **body).status_code == 400


def test_wrong_password_unknown_account_and_left_account_get_one_answer(client: Client, cast: Cast) -> None:
    make.make_user(email="gone@test.example", is_active=False)
    wrong = log_in(client, email="hq@test.example", password="wrong")
    answers = [
        wrong,
        log_in(client, email="unknown@test.example"),
        log_in(client, phone="+254700000000"),
        log_in(client, email="gone@test.example"),
        log_in(client, email="gone@test.example", password="wrong"),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {wrong.content}
    assert wrong.json()["code"] == "invalid_credentials"
    assert ApiToken.objects.count() == 0


def test_an_unknown_account_costs_as_many_hashes_as_a_wrong_password(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a clock would show, counted: the hash is all that takes time."""
    counted: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> str:
        counted.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)

    def hashes_of(**body: Any) -> int:
        counted.clear()
        log_in(client, password="wrong", **body)
        return len(counted)

    assert hashes_of(email="hq@test.example") == hashes_of(email="unknown@test.example") >= 1
    make.make_user(email=None, phone="+254712345678")
    assert hashes_of(phone="+254712345678") == hashes_of(phone="+254700000000") >= 1


def test_a_user_without_a_role_waits_for_approval(client: Client, cast: Cast) -> None:
    response = log_in(client, email="nobody@test.example")

    assert (response.status_code, response.json()["code"]) == (403, "not_approved")


def test_a_superuser_signs_in_without_a_membership(client: Client, cast: Cast) -> None:
    make.make_user(email="root@test.example", is_superuser=True)

    body = log_in(client, email="root@test.example").json()

    assert (body["user"]["role"], body["user"]["factory"]) == (None, None)


def test_an_integrator_is_given_a_token_that_reads(client: Client, cast: Cast) -> None:
    token = log_in(client, email="integrator@test.example").json()["token"]

    assert ApiToken.objects.get().scopes == [Scope.READ]
    assert with_token(token).post("/api/emissions/", [], content_type="application/json").status_code == 403


# --- Rate limits -------------------------------------------------------------------------------
def test_the_sixth_wrong_password_waits_even_if_it_is_right(client: Client, cast: Cast) -> None:
    wrong = [log_in(client, email="hq@test.example", password="wrong").status_code for _ in range(5)]

    blocked = log_in(client, email="HQ@Test.example")
    other = log_in(client, email="auditor@test.example")

    assert wrong == [401] * 5
    assert (blocked.status_code, blocked.json()["code"]) == (429, "too_many_requests")
    assert set(blocked.json()) == {"code", "message", "params", "fields"}
    assert other.status_code == 200


def test_the_host_header_starts_no_new_count(client: Client, cast: Cast, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    for number in range(5):
        client.post(
            "/api/login/",
            {"email": "hq@test.example", "password": "wrong"},
            content_type="application/json",
            headers={"Host": f"host{number}.example"},
        )

    assert log_in(client, email="hq@test.example").status_code == 429


def test_failures_are_counted_where_every_process_sees_them(client: Client, cast: Cast) -> None:
    for _ in range(5):
        log_in(client, email="hq@test.example", password="wrong")
    blocked = log_in(client, email="hq@test.example").status_code
    with connection.cursor() as cursor:  # as if another process had kept the table and we nothing
        cursor.execute("DELETE FROM shared_cache")

    assert (blocked, log_in(client, email="hq@test.example").status_code) == (429, 200)


def test_one_phone_account_under_attack_does_not_lock_out_the_others(client: Client, cast: Cast) -> None:
    user = make.make_user(email=None, phone="+254712345678")
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, factory=cast.litein)
    for _ in range(6):
        log_in(client, phone="+254799999999", password="wrong")

    assert log_in(client, phone="+254712345678").status_code == 200


def test_right_passwords_are_not_counted_as_failures(client: Client, cast: Cast) -> None:
    assert [log_in(client, email="hq@test.example").status_code for _ in range(7)] == [200] * 7


# --- Second factor -----------------------------------------------------------------------------
@pytest.fixture
def secret(cast: Cast) -> str:
    """HQ has set up an authenticator app."""
    secret = generate_totp_secret()
    TOTP.activate(cast.hq, secret)
    return secret


def code_of(secret: str) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_without_a_code_it_is_asked_for(client: Client, secret: str) -> None:
    response = log_in(client, email="hq@test.example")

    assert (response.status_code, response.json()["code"]) == (403, "mfa_required")
    assert ApiToken.objects.count() == 0


def test_a_wrong_password_does_not_learn_that_there_is_a_second_factor(client: Client, secret: str) -> None:
    response = log_in(client, email="hq@test.example", password="wrong", code="000000")

    assert response.json()["code"] == "invalid_credentials"


def test_the_right_code_signs_in_and_only_once(client: Client, secret: str) -> None:
    code = code_of(secret)

    first, second = (log_in(client, email="hq@test.example", code=code) for _ in range(2))

    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (403, "mfa_required")


@pytest.mark.parametrize("code", ["000000", "abc", "0", "'; --", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_a_wrong_code_does_not(client: Client, secret: str, code: str) -> None:
    if code == code_of(secret):
        code = "000001"

    assert log_in(client, email="hq@test.example", code=code).json()["code"] == "mfa_required"


def test_codes_cannot_be_tried_without_end(client: Client, secret: str) -> None:
    answers = [log_in(client, email="hq@test.example", code="12345") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert log_in(client, email="hq@test.example", code=code_of(secret)).status_code == 429


def test_a_recovery_code_is_used_up(client: Client, secret: str, cast: Cast) -> None:
    code = RecoveryCodes.activate(cast.hq).generate_codes()[0]

    first, second = (log_in(client, email="hq@test.example", code=code) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 403)
    assert Authenticator.objects.filter(user=cast.hq).count() == 2


# --- Tokens ------------------------------------------------------------------------------------
def test_signing_out_ends_this_token_and_no_other(client: Client, cast: Cast) -> None:
    one, two = (log_in(client, email="hq@test.example").json()["token"] for _ in range(2))

    assert with_token(one).post("/api/logout/").status_code == 204

    assert with_token(one).get("/api/me/").status_code == 401
    assert with_token(two).get("/api/me/").status_code == 200


def test_signing_out_everywhere_ends_all_of_mine_and_nobody_elses(cast: Cast) -> None:
    mine = [make.make_token(cast.hq) for _ in range(3)]
    other = make.make_token(cast.auditor)

    assert with_token(mine[0]).post("/api/logoutall/").status_code == 204

    assert [with_token(token).get("/api/me/").status_code for token in mine] == [401] * 3
    assert with_token(other).get("/api/me/").status_code == 200


def test_signing_out_everywhere_ends_browser_sessions_too(client: Client, cast: Cast, as_user: AsUser) -> None:
    browser, other = as_user(cast.hq), as_user(cast.auditor)
    token = log_in(client, email="hq@test.example").json()["token"]

    assert with_token(token).post("/api/logoutall/").status_code == 204

    assert browser.get("/api/me/").status_code == 401
    assert other.get("/api/me/").status_code == 200
    assert log_in(client, email="hq@test.example").status_code == 200


def test_a_program_does_not_sign_its_person_out_everywhere(cast: Cast) -> None:
    program, person = make.make_token(cast.hq, Scope.READ), make.make_token(cast.hq)

    answer = with_token(program).post("/api/logoutall/")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert with_token(person).get("/api/me/").status_code == 200


def test_a_token_ends_after_its_time(client: Client, cast: Cast) -> None:
    body = log_in(client, email="hq@test.example").json()
    lasts = ApiToken.objects.get().expiry - timezone.now()
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))

    assert timedelta(hours=11, minutes=59) < lasts <= timedelta(hours=12)
    assert with_token(body["token"]).get("/api/me/").status_code == 401


def test_when_a_token_was_used_last_is_noted_once_a_minute(cast: Cast) -> None:
    client = with_token(make.make_token(cast.hq))
    client.get("/api/me/")
    first = ApiToken.objects.get().last_used_at
    client.get("/api/me/")
    second = ApiToken.objects.get().last_used_at
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    client.get("/api/me/")

    assert first is not None
    assert second == first
    assert ApiToken.objects.get().last_used_at > first


def test_a_token_that_reads_reads_and_does_nothing_else(cast: Cast) -> None:
    make.make_device(factory=cast.litein, device_id="litein-1")
    client = with_token(make.make_token(cast.hq, Scope.READ))

    assert client.get("/api/mcu-devices/litein-1/").status_code == 200
    assert client.post("/api/mcu-devices/litein-1/rotate-secret/").status_code == 403


def test_a_token_that_writes_energy_reads_nothing(cast: Cast) -> None:
    assert with_token(make.make_token(cast.hq, Scope.WRITE_ENERGY)).get("/api/factories/").status_code == 403


def test_a_token_of_one_factory_sees_that_factory(cast: Cast) -> None:
    make.make_device(factory=cast.momul, device_id="momul-1")
    _record, token = create_token(cast.hq, name="meter", factory_id=cast.litein.pk)
    client = with_token(token)

    assert [row["id"] for row in client.get("/api/factories/").json()["results"]] == [cast.litein.pk]
    assert client.get(f"/api/factories/{cast.momul.pk}/").status_code == 404
    assert client.get("/api/mcu-devices/momul-1/").status_code == 404


def test_a_token_wins_over_the_session_it_comes_with(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)
    header = {"Authorization": f"Token {make.make_token(cast.litein_manager)}"}

    assert browser.get("/api/me/", headers=header).json()["email"] == "litein@test.example"


def test_a_bad_token_is_not_saved_by_a_session(cast: Cast, as_user: AsUser) -> None:
    assert as_user(cast.hq).get("/api/me/", headers={"Authorization": "Token x"}).status_code == 401


def test_me_is_one_query_or_few(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = with_token(make.make_token(cast.hq))
    client.get("/api/me/")

    with django_assert_max_num_queries(3 + 6):  # six are the rate limit's, in the shared cache
        body = client.get("/api/me/").json()

    assert json.dumps(body)


# --- Phone numbers as people type them, and the other word for a token --------------------------
@pytest.mark.parametrize(
    "text", ["+254712345678", "+254 712 345 678", "254712345678", "0712 345 678", "00254712345678"]
)
def test_every_spelling_of_a_phone_number_signs_in(client: Client, cast: Cast, text: str) -> None:
    make.make_organisation(country="IN")
    person = make.make_user(email=None, phone="+254712345678")
    make.make_membership(user=person, role=Role.FACTORY_MANAGER, factory=cast.litein)

    answer = client.post("/api/login/", {"phone": text, "password": make.PASSWORD}, content_type="application/json")
    page = client.post("/accounts/login/", {"login": text, "password": make.PASSWORD})

    assert answer.status_code == 200
    assert answer.json()["user"]["phone"] == "+254712345678"
    assert page.status_code == 302


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "Token  {}", 'Token "{}"', " Token {} "])
def test_a_token_is_taken_as_clients_send_it(client: Client, cast: Cast, form: str) -> None:
    token = make.make_token(cast.hq)

    assert client.get("/api/me/", headers={"Authorization": form.format(token)}).status_code == 200


@pytest.mark.parametrize("token", ["", " ", "\0", "\xe9", "a b c", "x" * 10_000])
def test_what_is_no_token_is_refused(client: Client, token: str) -> None:
    answer = client.get("/api/me/", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_token_alone_is_told_how_to_write_it(client: Client, cast: Cast) -> None:
    answer = client.get("/api/me/", headers={"Authorization": make.make_token(cast.hq)})

    assert answer.status_code == 401
    assert "Authorization: Token" in answer.json()["message"]
    assert answer["WWW-Authenticate"] == "Token"
