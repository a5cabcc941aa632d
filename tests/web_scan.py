"""What a passive scan (ZAP's baseline) looks for in an answer: headers, cookies, forms, scripts."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

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
