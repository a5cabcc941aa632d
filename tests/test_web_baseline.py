"""What a passive scan (ZAP's baseline) would say of allauth's pages, of the admin site and of errors.

`test_access.py` looks at the answers of our own addresses, for every role: pages, redirects and refusals alike.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from carbontrack.urls import urlpatterns as our_urlpatterns
from tests import make
from tests.access_rows import _stream_keeps_the_connection_of_the_test, address, asked, cast, clients, kept_asked
from tests.cast import Cast
from tests.test_access import ADMIN_ROUTES, routes
from tests.web_scan import TRACES, Page, finds_in

__all__ = ["_stream_keeps_the_connection_of_the_test", "address", "asked", "cast", "clients", "kept_asked"]  # fixtures
pytestmark = pytest.mark.django_db

ALLAUTH_ROUTES = [route for route, _pattern in routes() if route.startswith("accounts/")]


def walked(found_by: dict[str, Client], urls: list[str]) -> dict[tuple[str, str], list[str]]:
    problems = {}
    for url in urls:
        cache.clear()  # rate limits are not the question here
        for who, client in found_by.items():
            answer = client.get(url)
            if finds := finds_in(answer, url):
                problems[url, who] = finds
            if answer.streaming:
                answer.close()
    return problems


def test_every_page_of_sign_in_and_second_factor_passes(
    clients: dict[str, Client], address: Callable[[str], str]
) -> None:
    just_confirmed = Client()
    just_confirmed.post("/accounts/login/", {"login": "hq@test.example", "password": make.PASSWORD})
    just_confirmed.post("/accounts/reauthenticate/", {"password": make.PASSWORD})
    found_by = {"not_signed_in": clients["not_signed_in"], "hq": clients["hq"], "hq, just confirmed": just_confirmed}

    assert walked(found_by, [address(route) for route in ALLAUTH_ROUTES]) == {}


def test_the_admin_site_passes(clients: dict[str, Client], address: Callable[[str], str]) -> None:
    """Django's own pages: its scripts and styles are files of ours too, so the policy holds there as well."""
    lists = [address(route) for route in ADMIN_ROUTES if route.count("/") == 3 or route.endswith("/add/")]

    problems = walked({"superuser": clients["superuser"]}, lists)

    finds = {find for found in problems.values() for find in found}
    assert {find for find in finds if not re.match(r"<\w+ style>", find)} == set()


# --- Errors --------------------------------------------------------------------------------------
def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("DEBUG = True would show this")


class BrokenUrls:
    urlpatterns = [path("broken/", broken), *our_urlpatterns]


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("get", "/no-such-page/", None, 404),
        ("get", "/api/no-such-thing/", None, 404),
        ("get", "/factories/999999999/", None, 404),
        ("post", "/factories/", {}, 405),
        ("post", "/account/", {"language": "xx"}, 200),
        ("get", "/api/emissions/?from=never", None, 400),
        ("get", "/broken/", None, 500),
    ],
)
def test_an_error_tells_nothing_of_the_inside(
    cast: Cast, hq: Client, method: str, url: str, body: Any, status: int
) -> None:
    hq.raise_request_exception = False
    with override_settings(ROOT_URLCONF=BrokenUrls):
        answer = getattr(hq, method)(url, body)

    assert answer.status_code == status
    assert finds_in(answer, url) == []


def test_a_form_from_elsewhere_and_a_foreign_host_are_refused_without_a_trace(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    forged = client.post("/accounts/login/", {"login": "hq@test.example", "password": make.PASSWORD})
    foreign = client.get("/", headers={"host": "evil.example"})

    assert (forged.status_code, foreign.status_code) == (403, 400)
    assert finds_in(forged, "/accounts/login/") == []
    assert not TRACES.search(foreign.content.decode())


def test_the_scan_finds_what_it_looks_for() -> None:
    page = Page(
        '<p onclick="x()" style="color: red">a</p><script>x()</script><form method="post"></form>'
        '<a href="javascript:x">'
        '<input type="password" name="p"><img src="http://elsewhere.example/a.png"><a target="_blank">'
        '<script type="application/json">{}</script>'
    )

    assert page.finds == [
        "<p onclick> runs inline",
        "<p style>",
        "a script stands in the page",
        "a form posts without a CSRF token",
        "<a href=javascript:x>",
        "password field p has autocomplete=None",
        "<img src=http://elsewhere.example/a.png>",
        "<a target=_blank> without noopener",
    ]
