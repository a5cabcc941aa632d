"""When PostgreSQL is away every answer says so: JSON in the API, a plain page elsewhere, one line in the log."""

import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.test import Client

from lib import outages

WORDS = "connection to server failed: Connection refused\n\tIs the server running?"
PATHS = ["/api/me/", "/api/emissions/latest/", "/api/emissions/stream/", "/api/factories/", "/api/login/"]


@pytest.fixture
def away(db: None) -> Iterator[None]:
    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise OperationalError(WORDS)

    with pytest.MonkeyPatch.context() as patch:  # ends before the database of the test does
        patch.setattr("emissions.live.connection", SimpleNamespace(close=lambda: None))
        patch.setattr(type(connections["default"]), "cursor", refuse)
        patch.setattr(type(connections["default"]), "ensure_connection", refuse)
        patch.setattr(outages, "_last_logged_s", {})
        yield


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False, headers={"Authorization": "Token ct_" + 64 * "a"})


@pytest.mark.parametrize("path", PATHS)
def test_the_api_answers_503_in_its_shape(away: None, browser: Client, path: str) -> None:
    body = {"email": "hq@test.example", "password": "x"}
    answer = browser.post(path, body, content_type="application/json") if "login" in path else browser.get(path)

    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/json"
    assert answer["Retry-After"] == "5"
    assert set(answer.json()) == {"code", "message", "params", "fields"}
    assert answer.json()["code"] == "database_unavailable"
    assert answer.json()["params"] == {"retry_after_s": 5}


@pytest.mark.parametrize("path", ["/", "/factories/", "/accounts/login/"])
def test_a_page_is_plain_and_says_when_to_come_again(away: None, path: str) -> None:
    browser = Client(raise_request_exception=False)
    browser.cookies["sessionid"] = "a" * 32

    answer = browser.get(path)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer["Content-Type"].startswith("text/html")
    assert "database does not answer" in answer.content.decode()


def test_an_outage_is_one_line_in_the_log(away: None, browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for path in PATHS * 3:
            browser.get(path)

    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    said = [words for words in said if not words.startswith(("Unauthorized", "Method Not Allowed"))]
    assert said == ["the database does not answer: connection to server failed: Connection refused"]


def test_an_error_of_ours_has_the_shape_too(db: None, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("accounts.authentication.ApiTokenAuthentication.authenticate", fail)

    answer = browser.get("/api/me/")

    assert answer.status_code == 500
    assert answer.json()["code"] == "server_error"
    monkeypatch.setattr("emissions.live.connection", SimpleNamespace(close=lambda: None))
    assert browser.get("/api/emissions/stream/").json()["code"] == "server_error"


def test_a_foreign_host_name_is_refused_in_the_shape(db: None, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["carbon.example"]
    stranger = Client(headers={"Host": "evil.example"})

    assert stranger.get("/api/me/").json()["code"] == "bad_request"
    assert stranger.get("/accounts/login/").status_code == 400
