"""A signed-in user's language wins over cookie and browser, on every device; else one of the organisation's is used."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User
from accounts.permissions import organisation_of


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
