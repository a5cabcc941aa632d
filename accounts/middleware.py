"""What the signed-in user decides about every request: the language, whether a second factor has to come first, and
that no copy of the answers is kept.

A user's language wins over cookie and browser, on every device; else one of the organisation's is used.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation

from accounts import second_factor
from accounts.models import User
from accounts.permissions import organisation_of
from lib.errors import json_error


class UserLanguageMiddleware:
    """Runs after LocaleMiddleware and authentication. API calls keep the Accept-Language they ask for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/") and isinstance(request.user, User):
            language = request.user.language or _language_of_organisation(request.user)
            if language:
                translation.activate(language)
                request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


def _language_of_organisation(user: User) -> str:
    """Its first language, unless the browser asks for another of them; empty without an organisation."""
    organisation = organisation_of(user)
    languages = organisation.languages if organisation else []
    return "" if not languages or translation.get_language() in languages else languages[0]


class SecondFactorMiddleware:
    """An HQ manager of an organisation that requires a second factor sets one up before anything else."""

    # Setting one up, confirming the password for it, changing the language, and leaving.
    OPEN = frozenset({"account", "account_reauthenticate", "account_logout", "set_language"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        name = request.resolver_match.url_name or "" if request.resolver_match else ""
        if name in self.OPEN or name.startswith("mfa_") or not second_factor.must_set_up(request.user):
            return None
        if request.path.startswith("/api/"):
            return json_error(403, second_factor.CODE, second_factor.words())
        return redirect("account")


class NoStoreMiddleware:
    """`Cache-Control: no-store`, so that on a shared computer "back" after signing out shows nothing.

    For every answer to a request with a session or a token, and for every one that gives something: a form's, a
    cookie's. A view may decide otherwise: charts are kept by the browser, which asks each time whether they are new.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        has_credentials = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        if has_credentials or response.cookies or request.method not in ("GET", "HEAD"):
            response.setdefault("Cache-Control", "no-store")
        return response
