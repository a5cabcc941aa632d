"""What browsers and finders of weaknesses read about us: /.well-known/security.txt, and one header of every answer."""

from collections.abc import Callable
from datetime import UTC, datetime, time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import public_page

# Pages use no sensor of the phone and no payment; a passkey is asked for by our own pages alone.
_UNUSED = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb")
_OURS = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS_POLICY = ", ".join([*(f"{name}=()" for name in _UNUSED), *(f"{name}=(self)" for name in _OURS)])


@require_safe
@public_page
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a weakness (RFC 9116). Without a contact, or after its last day, there is no such file."""
    expires_on = settings.SECURITY_CONTACT_EXPIRES
    if not settings.SECURITY_CONTACT or expires_on is None or expires_on < timezone.now().date():
        raise Http404
    expires_at = datetime.combine(expires_on, time(23, 59, 59), UTC)
    lines = [
        *(f"Contact: {address}" for address in settings.SECURITY_CONTACT),
        f"Expires: {expires_at:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(code for code, _name in settings.LANGUAGES)}",
        f"Canonical: {request.build_absolute_uri(request.path)}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


class PermissionsPolicyMiddleware:
    """The one header of its kind that Django does not set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        return response
