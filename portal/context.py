"""What every page of the portal knows: whether the figures are simulated, and where the user belongs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from accounts.permissions import organisation_of


def site(request: HttpRequest) -> dict[str, Any]:
    """Template context of every page. Costs no query for somebody who is not signed in."""
    user = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        "organisation_name": _organisation_name(user),
        "languages": settings.LANGUAGES,
    }


def _organisation_name(user: Any) -> str:
    if not isinstance(user, User):
        return ""
    organisation = organisation_of(user)
    return organisation.name if organisation else ""
