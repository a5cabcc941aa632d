"""What a passive scan (ZAP's baseline) would say of every address, for every role: headers, cookies, forms, scripts.

The addresses are those of the access matrix and allauth's; the answers those that the roles get: pages, redirects and
refusals alike.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from carbontrack.urls import urlpatterns as our_urlpatterns
from tests import make
from tests.access_answers import WHO
from tests.access_matrix import OURS
from tests.cast import Cast
from tests.test_access import ADMIN_ROUTES, _stream_keeps_the_connection_of_the_test, address, clients, routes

__all__ = ["_stream_keeps_the_connection_of_the_test", "clients"]  # fixtures
pytestmark = pytest.mark.django_db

ALLAUTH_ROUTES = [route for route, _pattern in routes() if route.startswith("accounts/")]
# The schema pages are of libraries: their styles stand in the page, their script builds the rest.
SCHEMA_PAGES = ("/api/schema/swagger-ui/", "/api/schema/redoc/")
TRACES = re.compile(r"Traceback \(most recent|site-packages|django\.core|psycopg2|DoesNotExist|DEBUG = True")


class Page(HTMLParser):
    """What a scan looks for in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.finds: list[str] = []
        self._form: dict[str, Any] | None = None
        self._is_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.finds += [f"<{tag} {name}> runs inline" for name in given if name.startswith("on")]
        if "style" in given:
            self.finds.append(f"<{tag} style>")
        for name in ("src", "href", "action", "formaction"):
            target = given.get(name) or ""
            is_link = tag == "a" and name == "href"
            if target.startswith("javascript:") or (not is_link and urlsplit(target).scheme in ("http", "ftp")):
                self.finds.append(f"<{tag} {name}={target}>")
        if given.get("target") == "_blank" and "noopener" not in (given.get("rel") or ""):
            self.finds.append(f"<{tag} target=_blank> without noopener")
        if tag == "script":
            self._is_script = "src" not in given and given.get("type") != "application/json"  # which is data
        if tag == "form":
            self._form = {"is_post": (given.get("method") or "").lower() == "post", "has_token": False}
        if tag == "input":
            self._input(given)

    def _input(self, given: dict[str, str | None]) -> None:
        if self._form is not None and given.get("name") == "csrfmiddlewaretoken":
            self._form["has_token"] = True
        if given.get("type") == "password" and given.get("autocomplete") not in ("current-password", "new-password"):
            self.finds.append(f"password field {given.get('name')} has autocomplete={given.get('autocomplete')}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            if self._form["is_post"] and not self._form["has_token"]:
                self.finds.append("a form posts without a CSRF token")
            self._form = None
        if tag == "script":
            self._is_script = False

    def handle_data(self, text: str) -> None:
        if self._is_script and text.strip():
            self.finds.append("a script stands in the page")


def finds_in_headers(answer: Any) -> Iterator[str]:
    policy = answer.headers.get("Content-Security-Policy", "")
    for directive in ("default-src 'self'", "object-src 'none'", "base-uri 'self'", "form-action 'self'"):
        if directive not in policy:
            yield f"CSP without {directive}"
    if "frame-ancestors 'none'" not in policy or answer.headers.get("X-Frame-Options") != "DENY":
        yield "may be framed"
    scripts = re.search(r"script-src[^;]*", policy)
    if "unsafe-eval" in policy or (scripts and "unsafe-inline" in scripts[0]):
        yield f"CSP allows scripts: {policy}"
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    yield from (
        f"{name}: {answer.headers.get(name)}" for name in expected if answer.headers.get(name) != expected[name]
    )
    if "camera=()" not in answer.headers.get("Permissions-Policy", ""):
        yield "no Permissions-Policy"
    for name in ("Server", "X-Powered-By", "Access-Control-Allow-Origin"):
        if name in answer.headers:
            yield f"{name}: {answer.headers[name]}"
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("text/") and "charset" not in kind and "event-stream" not in kind:
        yield "text without charset"


def finds_in_cookies(answer: Any) -> Iterator[str]:
    for name, cookie in answer.cookies.items():
        if cookie["samesite"] not in ("Lax", "Strict"):
            yield f"cookie {name} without SameSite"
        if name == "sessionid" and not cookie["httponly"]:
            yield f"cookie {name} without HttpOnly"


def finds_in(answer: Any, url: str) -> list[str]:
    finds = [*finds_in_headers(answer), *finds_in_cookies(answer)]
    if not answer.streaming:
        text = answer.content.decode("utf-8", "replace")
        if TRACES.search(text):
            finds.append("shows what is inside")
        if answer.headers.get("Content-Type", "").startswith("text/html") and url not in SCHEMA_PAGES:
            finds += Page(text).finds
    return finds


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


def test_every_address_of_ours_passes_for_every_role(cast: Cast, clients: dict[str, Client]) -> None:
    urls = [address(route, cast) for route in OURS if not route.startswith("api/emissions/stream")]

    assert walked(clients, urls) == {}
    assert len(urls) > 80
    assert set(clients) == set(WHO)


def test_every_page_of_sign_in_and_second_factor_passes(cast: Cast, clients: dict[str, Client]) -> None:
    just_confirmed = Client()
    just_confirmed.post("/accounts/login/", {"login": "hq@test.example", "password": make.PASSWORD})
    just_confirmed.post("/accounts/reauthenticate/", {"password": make.PASSWORD})
    found_by = {"not_signed_in": clients["not_signed_in"], "hq": clients["hq"], "hq, just confirmed": just_confirmed}

    assert walked(found_by, [address(route, cast) for route in ALLAUTH_ROUTES]) == {}


def test_the_admin_site_passes(cast: Cast, clients: dict[str, Client]) -> None:
    """Django's own pages: its scripts and styles are files of ours too, so the policy holds there as well."""
    lists = [address(route, cast) for route in ADMIN_ROUTES if route.count("/") == 3 or route.endswith("/add/")]

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
