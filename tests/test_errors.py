"""Every error of the API has one shape, whatever went wrong: {"code", "message", "params", "fields"}."""

import json
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Scope
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
SHAPE = {"code", "message", "params", "fields"}


@pytest.fixture
def hq(cast: Cast, as_user: AsUser) -> Client:
    make.make_device(factory=cast.litein, device_id="litein-1")
    return as_user(cast.hq)


def error(response: Any, status: int) -> dict[str, Any]:
    """The body of an error, after looking at its shape."""
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/json")
    body: dict[str, Any] = response.json()
    assert set(body) == SHAPE
    assert body["code"]
    assert body["message"]
    assert isinstance(body["params"], dict)
    for errors in body["fields"].values():
        assert [set(item) for item in errors] == [{"code", "message", "params"}] * len(errors)
    return body


def post(client: Client, url: str, body: Any, **extra: Any) -> Any:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.generic("POST", url, text, content_type="application/json", **extra)


# --- 400 ---------------------------------------------------------------------------------------
def test_a_missing_field_is_named(client: Client) -> None:
    body = error(post(client, "/api/login/", {"email": "a@test.example"}), 400)

    assert body["code"] == "invalid"
    assert body["fields"]["password"][0]["code"] == "required"


def test_an_error_of_no_field_has_a_name_too(client: Client) -> None:
    body = error(post(client, "/api/login/", {"password": "x"}), 400)

    assert body["fields"]["non_field_errors"][0]["code"] == "email_or_phone"


@pytest.mark.parametrize("text", [b"{", b'{"a":', b"\xff\xfe", b"NaN", b"[" * 200_000, b"{}}"])
def test_malformed_json_is_the_callers_fault(client: Client, text: bytes) -> None:
    body = error(post(client, "/api/login/", text), 400)

    assert body["code"] == "parse_error"


@pytest.mark.parametrize("charset", ["zlib", "hex", "undefined", "nonsense", "utf-16"])
def test_json_is_read_as_utf_8_whatever_charset_a_client_names(client: Client, charset: str) -> None:
    bomb = zlib.compress(b" " * 1_000_000)
    response = client.generic("POST", "/api/login/", bomb, content_type=f"application/json; charset={charset}")

    assert error(response, 400)["code"] == "parse_error"


@pytest.mark.parametrize("body", [[], "text", 7, None])
def test_json_that_is_no_object_is_refused(client: Client, body: object) -> None:
    error(post(client, "/api/login/", body), 400)


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("cursor=nonsense", "cursor", "invalid_cursor"),
        ("cursor=%C3%A9%00", "cursor", "invalid_cursor"),
        ("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OSwxLDEsMSww", "cursor", "invalid_cursor"),  # a year that is none
        ("cursor=MSwyLDk5OTk5OTk5OTk5OTksMSww", "cursor", "invalid_cursor"),  # a stream beyond 32 bit
        ("from=2026-11-22T00:00:00", "from", "offset_missing"),
        ("to=2026-11-22", "to", "offset_missing"),
        ("from=yesterday", "from", "invalid_time"),
        ("to=2026-13-40T00:00:00Z", "to", "invalid_time"),
        ("to=%00", "to", "invalid_time"),
        ("from=2026-11-22T00:00:00Z&to=2026-11-22T00:00:00Z", "to", "period_backward"),
        ("factory=Litein", "factory", "invalid"),
        ("factory=%C2%B2", "factory", "invalid"),  # a superscript two: a digit to str.isdigit, not to int
        ("factory=99999999999999999999", "factory", "invalid"),
        ("factory=-1", "factory", "invalid"),
    ],
)
def test_a_bad_parameter_of_emissions_is_named(hq: Client, query: str, field: str, code: str) -> None:
    body = error(hq.get(f"/api/emissions/?{query}"), 400)

    assert body["fields"][field][0]["code"] == code


def test_a_bad_filter_is_named(hq: Client) -> None:
    body = error(hq.get("/api/mcu-devices/?factory=abc"), 400)

    assert set(body["fields"]) == {"factory"}


def test_a_time_says_how_it_is_written(hq: Client) -> None:
    message = error(hq.get("/api/emissions/?from=2026-11-22"), 400)["fields"]["from"][0]["message"]

    assert "'2026-11-22'" in message
    assert "2026-11-22T06:00:00+03:00" in message


# --- 401, 403 ----------------------------------------------------------------------------------
def test_a_request_without_a_user_gets_401_and_how_to_sign_in(client: Client) -> None:
    response = client.get("/api/me/")

    assert error(response, 401)["code"] == "not_signed_in"
    assert response["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("header", ["Token nonsense", "Token", "Token a b", "Token " + "x" * 5000, "Token \xe9"])
def test_a_bad_token_is_called_that(client: Client, header: str) -> None:
    assert error(client.get("/api/me/", headers={"Authorization": header}), 401)["code"] == "invalid_token"


def test_an_expired_token_is_a_bad_one(client: Client, cast: Cast) -> None:
    token = make.make_token(cast.hq, expiry=timedelta(seconds=-1))

    body = error(client.get("/api/me/", headers={"Authorization": f"Token {token}"}), 401)

    assert body["code"] == "invalid_token"


def test_the_token_of_a_user_who_left_is_invalid(client: Client, cast: Cast) -> None:
    token = make.make_token(cast.hq)
    cast.hq.is_active = False
    cast.hq.save()

    error(client.get("/api/me/", headers={"Authorization": f"Token {token}"}), 401)


def test_no_right_is_forbidden(hq: Client, cast: Cast, as_user: AsUser) -> None:
    response = as_user(cast.litein_manager).post("/api/mcu-devices/litein-1/rotate-secret/")

    assert error(response, 403)["code"] == "forbidden"


def test_a_browser_without_its_csrf_token_is_refused_in_our_shape(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.hq, backend="allauth.account.auth_backends.AuthenticationBackend")

    error(post(browser, "/api/emissions/", []), 403)


# --- 404, 405 ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        "factories/999999/",
        "factories/abc/",
        "factories/99999999999999999999999/",
        "mcu-devices/no-such-device/",
        "emissions/?factory=999999",
        "emissions/?device=nope",
        "emissions/?device=a%00b",
        "emissions/latest/?device=x",
        "emissions/7/",
        "no-such-thing",
        "no/such/thing/",
        "factories",
        "mcu-devices/%00/",
    ],
)
def test_what_is_not_there_is_not_found(hq: Client, path: str) -> None:
    assert error(hq.get(f"/api/{path}"), 404)["code"] == "not_found"


def test_an_unknown_address_is_not_found_for_a_program_that_posts() -> None:
    error(post(Client(enforce_csrf_checks=True), "/api/emission/", {}), 404)


def test_what_is_out_of_scope_looks_like_what_is_not_there(hq: Client, cast: Cast) -> None:
    foreign = error(hq.get(f"/api/factories/{cast.elsewhere.pk}/"), 404)

    assert foreign == error(hq.get("/api/factories/999999/"), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_was_measured_is_not_changed(hq: Client, method: str) -> None:
    response = hq.generic(method, "/api/emissions/", "{}", content_type="application/json")

    body = error(response, 405)
    assert body["code"] == "method_not_allowed"
    assert "correct by a new version" in body["message"]
    assert set(response["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", ["factories/", "me/", "mcu-devices/litein-1/"])
def test_a_method_that_is_not_there_has_the_shape(hq: Client, path: str) -> None:
    assert error(hq.delete(f"/api/{path}"), 405)["code"] == "method_not_allowed"


def test_the_stream_refuses_a_post_in_our_shape_and_says_what_is_allowed() -> None:
    response = post(Client(enforce_csrf_checks=True), "/api/emissions/stream/", {})

    error(response, 405)
    assert response["Allow"] == "GET, HEAD"


# --- 409, 413, 415, 429 ------------------------------------------------------------------------
def test_a_revoked_device_conflicts(hq: Client, cast: Cast) -> None:
    make.make_device(factory=cast.litein, device_id="old-one", revoked_at="2026-01-01T00:00:00Z")

    body = error(hq.post("/api/mcu-devices/old-one/rotate-secret/"), 409)

    assert body["code"] == "device_revoked"


def test_too_many_readings_in_one_call(hq: Client) -> None:
    body = error(post(hq, "/api/emissions/", [{}] * 501), 413)

    assert body["code"] == "too_large"
    assert body["params"] == {"count": 501, "limit": 500}


@pytest.mark.parametrize("path", ["login/", "emissions/"])
def test_a_body_larger_than_the_limit_is_not_even_parsed(hq: Client, path: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    body = error(post(hq, f"/api/{path}", {"password": "x" * 1000}), 413)

    assert body["code"] == "too_large"
    assert body["params"] == {"limit": 1000}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_other_than_json_is_no_media_type_of_ours(client: Client, content_type: str) -> None:
    response = client.generic("POST", "/api/login/", "email=a", content_type=content_type)

    assert error(response, 415)["code"] == "unsupported_media_type"


def test_a_rate_limit_says_when_to_come_again(client: Client) -> None:
    answers = [post(client, "/api/login/", {"password": "x"}) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [400] * 20 + [429]
    body = error(answers[-1], 429)
    assert body["code"] == "too_many_requests"
    assert 1 <= int(answers[-1]["Retry-After"]) == body["params"]["retry_after_s"] <= 60


def test_the_rate_limit_of_writing_leaves_reading_alone(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"login": "1/min", "write_emissions": "1/min"}
    monkeypatch.setattr("rest_framework.throttling.ScopedRateThrottle.THROTTLE_RATES", rates)
    token = {"Authorization": f"Token {make.make_token(cast.integrator, Scope.READ, Scope.WRITE_EMISSIONS)}"}
    statuses = [post(client, "/api/emissions/", [], headers=token).status_code for _ in range(2)]

    assert statuses == [400, 429]
    assert client.get("/api/emissions/", headers=token).status_code == 200


def test_a_forged_proxy_header_starts_no_new_count(client: Client) -> None:
    statuses = [
        post(client, "/api/login/", {"password": "x"}, headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code
        for n in range(21)
    ]

    assert statuses[-1] == 429


def test_behind_one_proxy_each_client_has_its_own_count(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rest_framework.settings.api_settings.NUM_PROXIES", 1)
    forwarded = [{"X-Forwarded-For": f"6.6.6.6, 203.0.113.{n}"} for n in range(21)]
    statuses = [post(client, "/api/login/", {"password": "x"}, headers=header).status_code for header in forwarded]

    assert set(statuses) == {400}


# --- Words -------------------------------------------------------------------------------------
def test_the_message_speaks_the_language_asked_for_and_the_code_does_not(client: Client) -> None:
    english = error(client.get("/api/me/", headers={"Accept-Language": "en"}), 401)
    other = error(client.get("/api/me/", headers={"Accept-Language": "sw"}), 401)

    assert english["code"] == other["code"]
