"""Every address with every kind of user: who may enter, who may act, and who gets 404.

The tables are in `access_matrix.py` (API) and `access_pages.py`. A route that is in no table fails by its name: a new
address needs its users in a table.
"""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.roles import Action, Role
from carbontrack.urls import urlpatterns as our_urlpatterns
from tests import make
from tests.access_answers import NO_METHOD, NOBODYS, UNSAFE, WHO
from tests.access_matrix import OURS
from tests.access_pages import ALLAUTH_OPEN, ALLAUTH_SIGNED_IN
from tests.access_rows import (
    _stream_keeps_the_connection_of_the_test,
    address,
    asked,
    cast,
    clients,
    kept_asked,
    reading,
)
from tests.cast import Cast
from tests.web_scan import finds_in

__all__ = ["_stream_keeps_the_connection_of_the_test", "address", "asked", "cast", "clients", "kept_asked"]  # fixtures
pytestmark = pytest.mark.django_db


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route, pattern


OUR_ROUTES = [route for route, _pattern in routes() if not route.startswith(("accounts/", "admin/"))]
ADMIN_ROUTES = [route for route, _pattern in routes() if route.startswith("admin/")]


def test_every_address_of_ours_is_in_the_table() -> None:
    assert set(OUR_ROUTES) - set(OURS) == set(), "say in OURS who may use it"
    assert set(OURS) - set(OUR_ROUTES) == set(), "take it off the table"


@pytest.mark.parametrize("route", OURS)
def test_who_may_do_what(route: str, cast: Cast, clients: dict[str, Client], address: Callable[[str], str]) -> None:
    url = address(route)
    expected, found, finds = {}, {}, {}
    default = NO_METHOD if route.startswith("api/") else NOBODYS
    # Of a stream HEAD alone; GET of all others also where only POST leads somewhere, for a scan sees that too.
    of_all = UNSAFE if "HEAD" in OURS[route] else ("GET", *UNSAFE)
    for method in dict.fromkeys([*OURS[route], *of_all]):
        cache.clear()  # rate limits are not the question here
        row = OURS[route].get(method, default).split()
        for who, status in zip(WHO, row, strict=True):
            expected[method, who] = int(status)
            is_json = url.startswith("/api/")
            answer = clients[who].generic(
                method,
                url,
                "[]" if is_json else "",
                REMOTE_ADDR="198.51.100.7",
                content_type="application/json" if is_json else "application/x-www-form-urlencoded",
            )
            found[method, who], finds[method, who] = answer.status_code, finds_in(answer, url)
            if answer.streaming:
                answer.close()
            if found[method, who] == 204:  # signed out
                clients[who] = reading(cast.integrator)

    assert {key: found[key] for key in found if found[key] != expected[key]} == {}
    assert {key: words for key, words in finds.items() if words} == {}, "what a scan would find"


def test_pages_that_need_a_sign_in_lead_to_it_and_back(cast: Cast, client: Client) -> None:
    response = client.get(f"/factories/{cast.litein.pk}/")

    assert response["Location"] == f"/accounts/login/?next=/factories/{cast.litein.pk}/"


def test_pages_of_allauth_are_open_or_ask_for_a_sign_in(client: Client, address: Callable[[str], str]) -> None:
    names = {pattern.name: pattern for route, pattern in routes() if route.startswith("accounts/")}

    assert set(names) == ALLAUTH_OPEN | ALLAUTH_SIGNED_IN
    for name in ALLAUTH_SIGNED_IN:
        route = next(route for route, pattern in routes() if pattern.name == name)
        response = client.get(address(route))
        assert response.status_code == 302, name
        assert response["Location"].startswith("/accounts/login/"), name


def test_nobody_signs_up_uninvited(client: Client) -> None:
    fields = {"email": "new@test.example", "password1": make.PASSWORD, "password2": make.PASSWORD}

    response = client.post("/accounts/signup/", fields)

    assert response.templates[0].name == "account/signup_closed.html"
    assert not User.objects.filter(email="new@test.example").exists()


def test_the_admin_site_is_for_staff_alone(clients: dict[str, Client], address: Callable[[str], str]) -> None:
    # Nobody but staff comes so far that a role could matter: three kinds of stranger stand for all.
    for who in ("not_signed_in", "hq", "read_token"):
        for route in ADMIN_ROUTES:
            url = address(route)
            response = clients[who].get(url)
            assert response.status_code in (302, 403), (who, url)
            if response.status_code == 302 and url != "/admin/logout/":
                assert "/login/" in response["Location"], (who, url)


def test_lists_and_forms_of_the_admin_site_open(clients: dict[str, Client], address: Callable[[str], str]) -> None:
    ours = [
        r
        for r in ADMIN_ROUTES
        if r.split("/")[1] in ("accounts", "factories", "devices", "energy", "compliance", "mqtt_ingest")
    ]
    lists = [route for route in ours if route.count("/") == 3]
    forms = [route for route in ours if route.endswith("/add/")]
    never_added = (
        "organisation",  # the operator founds it on a page
        "apitoken",
        "invitation",
        "accessrequest",
        "assignmenthold",
        "rejectedgroup",
        "rejectedmessage",
        "devicemessage",
        "ingestcounter",
        "energytype",
        "emissionfactor",
        "energyentry",
        "productionentry",
        "target",
    )

    statuses = {route: clients["superuser"].get(address(route)).status_code for route in [*lists, *forms]}

    assert {route for route in lists if statuses[route] != 200} == set()
    assert {route.split("/")[2] for route in forms if statuses[route] != 200} <= set(never_added)
    assert len(lists) > 12


# --- Deny by default ---------------------------------------------------------------------------
def declared(pattern: URLPattern) -> Any:
    view_class = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
    for found in (pattern.callback, view_class):
        if getattr(found, "actions", None) and isinstance(found.actions, dict):
            values = set(found.actions.values())
            if values <= set(Action):
                return found.actions
        if getattr(found, "access", None):
            return found.access
    # A viewset's callback has its own `actions` (method -> function name); ours are on the class.
    return getattr(view_class, "actions", None)


def test_every_view_of_ours_says_who_may_use_it() -> None:
    silent = [
        route for route, pattern in routes() if not route.startswith(("accounts/", "admin/")) and not declared(pattern)
    ]

    assert silent == []


class Forgotten(APIView):
    """Somebody wrote a view and did not say who may use it."""

    def get(self, request: Any) -> Response:
        return Response("secret")

    post = delete = get


class HalfForgotten(Forgotten):
    actions = {"GET": Action.VIEW_FACTORY}


class ForgottenUrls(ModuleType):
    urlpatterns = [path("forgotten/", Forgotten.as_view()), path("half/", HalfForgotten.as_view()), *our_urlpatterns]


forgotten_urls = ForgottenUrls("forgotten_urls")


def test_a_view_that_says_nothing_is_open_to_nobody(clients: dict[str, Client]) -> None:
    with override_settings(ROOT_URLCONF=forgotten_urls):
        for who in WHO:
            for method in ("GET", "POST", "DELETE"):
                status = clients[who].generic(method, "/forgotten/").status_code
                assert status == (401 if who == "not_signed_in" else 403), (who, method)


def test_a_method_that_a_view_forgot_to_declare_is_denied(clients: dict[str, Client]) -> None:
    with override_settings(ROOT_URLCONF=forgotten_urls):
        statuses = [clients["hq"].generic(method, "/half/").status_code for method in ("GET", "POST", "DELETE")]

    assert statuses == [200, 403, 403]


# --- Rows --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("litein_manager", {"Litein Tea Factory"}),
        ("momul_manager", {"Momul Tea Factory"}),
        ("hq", {"Litein Tea Factory", "Momul Tea Factory"}),
        ("hq_of_others", {"Elsewhere Tea Factory"}),
        ("installer", {"Litein Tea Factory"}),
        ("auditor", {"Litein Tea Factory", "Momul Tea Factory"}),
        ("integrator", {"Litein Tea Factory", "Momul Tea Factory"}),
        ("read_token", {"Litein Tea Factory", "Momul Tea Factory"}),
    ],
)
def test_lists_hold_what_is_in_scope_and_nothing_else(who: str, names: set[str], clients: dict[str, Client]) -> None:
    rows = clients[who].get("/api/factories/").json()["results"]

    assert {row["name"] for row in rows} == names


def test_every_role_is_in_the_matrix() -> None:
    assert {Role.FACTORY_MANAGER, Role.HQ_MANAGER, Role.INSTALLER, Role.AUDITOR, Role.INTEGRATOR} == set(Role)
