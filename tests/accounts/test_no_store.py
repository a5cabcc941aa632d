"""No copy of a person's answers is kept; what everybody gets may be."""

from types import SimpleNamespace

import pytest
from django.contrib.staticfiles.finders import find
from django.test import Client

from tests import make
from tests.access_rows import addresses
from tests.cast import AsUser, Cast, with_token
from tests.test_access import OUR_ROUTES

pytestmark = pytest.mark.django_db
PUBLIC = ["/healthz", "/api/schema.json", "/api/schema/swagger-ui/", "/static/css/base.css"]
# The browser asks each time whether its copy is still right: an ETag.
ASKED_EACH_TIME = ("api/emissions/chart.svg", "api/emissions/chart.png")


@pytest.fixture(autouse=True)
def _stream_keeps_the_connection_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emissions.live.connection", SimpleNamespace(close=lambda: None))


@pytest.mark.parametrize("who", ["session", "token"])
def test_every_answer_to_a_signed_in_person_is_not_stored(cast: Cast, as_user: AsUser, who: str) -> None:
    make.make_device(factory=cast.litein, device_id="litein-1")
    browser = as_user(cast.hq) if who == "session" else with_token(make.make_token(cast.hq))
    browser.raise_request_exception = False

    address, stored = addresses(cast), {}
    for route in OUR_ROUTES:
        kept = browser.head("/" + address(route)).get("Cache-Control", "")
        if "no-store" not in kept and not (route in ASKED_EACH_TIME and kept == "private, no-cache"):
            stored[route] = kept

    assert stored == {}


def test_a_token_that_is_given_is_not_stored(client: Client, cast: Cast) -> None:
    body = {"email": "hq@test.example", "password": make.PASSWORD}

    answer = client.post("/api/login/", body, content_type="application/json")

    assert answer["Cache-Control"] == "no-store"


def test_a_form_that_sets_a_cookie_is_not_stored(client: Client, db: None) -> None:
    assert "no-store" in client.get("/accounts/login/")["Cache-Control"]


@pytest.mark.parametrize("path", PUBLIC)
def test_what_everybody_gets_may_be_stored(client: Client, db: None, path: str) -> None:
    assert find("css/base.css")
    answer = client.get(path)

    assert answer.status_code == 200
    assert "no-store" not in answer.get("Cache-Control", "") or path == "/api/schema.json"
