"""/integrate/: a first API call ready to copy, with the base URL and a new token, in three languages."""

import json
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.permissions import page, user_of, visible_to
from accounts.roles import Action, Scope
from accounts.tokens import create_token, offered_scopes
from devices.models import MCUDevice
from lib.errors import ApiError
from mqtt_ingest import spare_device

TOKEN_DAYS = 30
PLACEHOLDER = "ct_..."


@dataclass(frozen=True, slots=True)
class Snippet:
    """A call that runs unchanged. `anchor` is the id of its block on the page."""

    anchor: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class FirstCall:
    """What the page shows. `token` is shown only once, right after it was made."""

    base_url: str
    token: str
    reads: tuple[Snippet, ...]
    write: Snippet | None
    device_id: str
    factory_name: str
    refusal: str = ""


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.VIEW_FACTORY)
def first_call(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    token, refusal = "", ""
    if request.method == "POST":
        try:
            _record, token = create_token(user, name=_("First call"), scopes=[Scope.READ], days=TOKEN_DAYS)
        except ApiError as error:
            refusal = error.message
    context = {"page": _page(request, user, token, refusal), "token_days": TOKEN_DAYS}
    return render(request, "portal/first_call.html", context)


def _page(request: HttpRequest, user: User, token: str, refusal: str) -> FirstCall:
    base_url = request.build_absolute_uri("/api/")
    # Readings of the spare device are not in any total of a real factory.
    device = (
        visible_to(user, MCUDevice.objects.select_related("factory"), action=Action.VIEW_DEVICES)
        .filter(device_id=spare_device.DEVICE_ID, revoked_at=None)
        .first()
    )
    may_write = Scope.WRITE_EMISSIONS in offered_scopes(user)
    return FirstCall(
        base_url,
        token,
        read_snippets(base_url, token or PLACEHOLDER),
        write_snippet(base_url, device.device_id) if device and may_write else None,
        device.device_id if device else "",
        device.factory.name if device else "",
        refusal,
    )


def read_snippets(base_url: str, token: str) -> tuple[Snippet, ...]:
    url = f"{base_url}factories/?page_size=3"
    curl = f"curl -s '{url}' \\\n  -H 'Authorization: Token {token}'"
    python = (
        "import json, urllib.request\n"
        f'call = urllib.request.Request("{url}",\n'
        f'    headers={{"Authorization": "Token {token}"}})\n'
        "print(json.load(urllib.request.urlopen(call)))"
    )
    javascript = (
        f'const answer = await fetch("{url}",\n'
        f'  {{ headers: {{ Authorization: "Token {token}" }} }});\n'
        "console.log(await answer.json());"
    )
    return (
        Snippet("curl", "curl", curl),
        Snippet("python", "Python", python),
        Snippet("javascript", "JavaScript", javascript),
    )


def write_snippet(base_url: str, device_id: str) -> Snippet:
    """One reading for the spare device. The API refuses a reading without a time, so the shell inserts it."""
    reading = {"device": device_id, "co2_ppm": 96000, "temperature_c": 210, "velocity_ms": 4.1}
    body = json.dumps(reading)[:-1] + ", \"t\": '$(date +%s)'000}"
    return Snippet(
        "write",
        "curl",
        f"curl -s '{base_url}emissions/' \\\n  -H 'Authorization: Token {PLACEHOLDER}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'",
    )
