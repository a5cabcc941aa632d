"""Every address with every kind of user: who may enter, who may act, and who gets 404.

The tables are in `access_matrix.py` (API) and `access_pages.py`. A route that is in no table fails by its name: a new
address needs its users in a table.
"""

import re
import uuid
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import AccessRequest, ApiToken, Invitation, Membership, User
from accounts.roles import Action, Role, Scope
from alerts.models import Alert, AlertRule
from alerts.rules import ensure_usual_rules
from carbontrack.urls import urlpatterns as our_urlpatterns
from compliance.models import SiteSheet, Target
from devices.models import DeviceClaim, DeviceProfile
from devices.registration import make_claims
from emissions.models import SensorChannel
from energy.models import EmissionFactor, EnergyEntry, LocalUnit
from energy.services import set_local_unit
from factories.services import record_event
from lib.background import TaskState
from logbook.models import SheetImport
from mqtt_ingest.models import RejectedGroup
from production.models import ProductionEntry
from tests import make
from tests.access_answers import NO_METHOD, NOBODYS, UNSAFE, WHO
from tests.access_matrix import OURS
from tests.access_pages import ALLAUTH_OPEN, ALLAUTH_SIGNED_IN
from tests.alerts.test_models import make_alert
from tests.cast import AsUser, Cast
from tests.mqtt_ingest.foreign_build import give_profile

pytestmark = pytest.mark.django_db


PKS = ("(?P<pk>[0-9]{1,9})", "<int:pk>")  # in the API and in pages


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route, pattern


OUR_ROUTES = [route for route, _pattern in routes() if not route.startswith(("accounts/", "admin/"))]
ADMIN_ROUTES = [route for route, _pattern in routes() if route.startswith("admin/")]


def hq_token_key(cast: Cast) -> str:
    return ApiToken.objects.filter(user=cast.hq).values_list("token_key", flat=True).first() or "none"


# The first row of each stands in its addresses.
FIRST_OF: dict[str, Any] = {
    "registrations": AccessRequest,
    "requests": AccessRequest,
    "invitations": Invitation,
    "members": Membership,
    "device-profiles": DeviceProfile,
    "rejected-messages": RejectedGroup,
    "sensor-channels": SensorChannel,
    "device-claims": DeviceClaim,
    "device-codes": DeviceClaim,
}


def _of_the_organisation(cast: Cast) -> dict[str, str]:
    """Its own pages, its targets and its sheet of sites, in the API and in pages."""
    sheet, target = (getattr(model.objects.first(), "pk", 0) for model in (SiteSheet, Target))
    rows = {"organisations": cast.organisation.pk, "site-sheets": sheet, "organisation/sites": sheet, "targets": target}
    return {f"{name}/{pk}": f"{name}/{key}" for name, key in rows.items() for pk in PKS}


def address(route: str, cast: Cast) -> str:
    values = {
        "factories/(?P<pk>[0-9]{1,9})": f"factories/{cast.litein.pk}",
        r"[\s\S]*": "no-such-thing",
        **dict.fromkeys(("(?P<device_id>[A-Za-z0-9_-]{3,64})", "<slug:device_id>"), "litein-1"),
        "<path:object_id>": cast.litein.pk,
        **{
            f"{name.replace('_', '-')}/(?P<pk>[0-9]{{1,9}})": f"{name.replace('_', '-')}/{first.pk if first else 0}"
            for name in ("chimneys", "emission_sources", "site_events")
            for first in [getattr(cast.litein, name).first()]
        },
        "energy-entries/(?P<pk>[0-9]{1,9})": f"energy-entries/{getattr(EnergyEntry.objects.first(), 'pk', 0)}",
        "local-units/(?P<pk>[0-9]{1,9})": f"local-units/{getattr(LocalUnit.objects.first(), 'pk', 0)}",
        "production/(?P<pk>[0-9]{1,9})": f"production/{getattr(ProductionEntry.objects.first(), 'pk', 0)}",
        **{
            f"{name}/{pattern}": f"{name}/{model.objects.values_list('pk', flat=True).first()}"
            for name, model in FIRST_OF.items()
            for pattern in PKS
        },
        **{
            f"{url}/imports/(?P<import_id>[0-9]{{1,9}})": (
                f"{url}/imports/{SheetImport.objects.filter(app=app).values_list('pk', flat=True).first()}"
            )
            for url, app in (("energy-entries", "energy"), ("production", "production"))
        },
        "<slug:code>": "tea",
        "<slug:kind>": "boiler",
        "<int:run_id>": 0,
        "<int:source_id>": getattr(cast.litein.emission_sources.first(), "pk", 0),
        "<int:chimney_id>": getattr(cast.litein.chimneys.first(), "pk", 0),
        "<int:event_id>": getattr(cast.litein.site_events.first(), "pk", 0),
        "device-profiles/(?P<pk>[0-9]{1,9})": f"device-profiles/{getattr(DeviceProfile.objects.first(), 'pk', 0)}",
        "rejected-messages/(?P<pk>[0-9]{1,9})": f"rejected-messages/{getattr(RejectedGroup.objects.first(), 'pk', 0)}",
        "(?P<token_key>[A-Za-z0-9_]{8,40})": hq_token_key(cast),
        "<str:token_key>": hq_token_key(cast),
        "<str:token>": "no-such-link",
        "<str:month>": "2026-11",
        "<uuid:save_id>": uuid.UUID(int=7),
        "(?P<command_id>[0-9a-f-]{36})": uuid.UUID(int=7),
        "entries/<int:entry_id>": f"entries/{getattr(EnergyEntry.objects.first(), 'pk', 0)}",
        "production/<int:entry_id>": f"production/{getattr(ProductionEntry.objects.first(), 'pk', 0)}",
        "alerts/(?P<pk>[0-9]{1,9})": f"alerts/{getattr(Alert.objects.first(), 'pk', 0)}",
        "alert-rules/(?P<pk>[0-9]{1,9})": f"alert-rules/{_rule_of(cast)}",
        "alarms/<int:pk>": f"alarms/{getattr(Alert.objects.first(), 'pk', 0)}",
        "<slug:rule_kind>": "co2_high",
        **_of_the_organisation(cast),
        "(?P<pk>[0-9]{1,9})": EmissionFactor.objects.values_list("pk", flat=True)[0],
        "<int:profile_id>": getattr(DeviceProfile.objects.first(), "pk", 0),
        "<int:pk>": cast.litein.pk,
        "(?P<code>[a-z0-9_]+)": "firewood",
        "<path:content_type_id>": 1,
        "<id>": cast.hq.pk,
        "(?P<url>.*)": "no-such-page",
    }
    for pattern, value in values.items():
        route = route.replace(pattern, str(value))
    route = re.sub(r"\(\?P<app_label>(\w+)[^)]*\)", r"\1", route)
    return "/" + route.replace("^", "").replace("$", "")


def _rule_of(cast: Cast) -> int:
    return AlertRule.objects.filter(organisation=cast.organisation).values_list("pk", flat=True).first() or 0


@pytest.fixture
def clients(cast: Cast, as_user: AsUser) -> dict[str, Client]:
    make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-1"))
    make_alert(cast.litein, kind="sensor_silent", params={"device": "litein-1"})
    ensure_usual_rules()
    foreign = make.make_device(factory=cast.litein, device_id="foreign-1")
    give_profile(foreign)
    SensorChannel.objects.create(device=foreign, code="meter", unit="kWh", kind="counter")
    make.make_rejected("litein-1")
    make.make_energy_entry(cast.litein)
    record_event(cast.litein_manager, cast.litein, happened_at=timezone.now(), text="New fan blades")
    make.make_target(cast.litein)
    make.make_production(cast.litein)
    set_local_unit(cast.litein, "firewood", "lorry", amount=Decimal(12), unit="stere")
    make.make_invitation(cast.hq, cast.litein)
    make.make_access_request(cast.organisation)
    for app in ("energy", "production"):
        make.make_import(cast.litein_manager, cast.litein, app, state=TaskState.DONE, finished_at=timezone.now())
    SiteSheet.objects.create(
        user=cast.hq, organisation=cast.organisation, is_dry_run=True, language="en", content=b"site\nA\n"
    )
    make.make_token(cast.hq)
    make_claims(cast.organisation, cast.hq)
    root = make.make_user(is_superuser=True, is_staff=True)
    users = (
        None,
        cast.nobody,
        cast.litein_manager,
        cast.momul_manager,
        cast.hq,
        cast.outsider,
        cast.installer,
        cast.auditor,
        cast.integrator,
        root,
    )
    found = dict(zip(WHO, [as_user(user) for user in users], strict=False))
    return found | {"read_token": with_token(cast.integrator)}


def with_token(user: User) -> Client:
    return Client(headers={"Authorization": f"Token {make.make_token(user, Scope.READ)}"})


@pytest.fixture(autouse=True)
def _stream_keeps_the_connection_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream view gives its connection back; here that is the one in whose transaction the test runs."""
    monkeypatch.setattr("emissions.live.connection", SimpleNamespace(close=lambda: None))


def test_every_address_of_ours_is_in_the_table() -> None:
    assert set(OUR_ROUTES) - set(OURS) == set(), "say in OURS who may use it"
    assert set(OURS) - set(OUR_ROUTES) == set(), "take it off the table"


@pytest.mark.parametrize("route", OURS)
def test_who_may_do_what(route: str, cast: Cast, clients: dict[str, Client]) -> None:
    url = address(route, cast)
    expected, found = {}, {}
    default = NO_METHOD if route.startswith("api/") else NOBODYS
    for method in dict.fromkeys([*OURS[route], *UNSAFE]):
        cache.clear()  # rate limits are not the question here
        row = OURS[route].get(method, default).split()
        for who, status in zip(WHO, row, strict=True):
            expected[method, who] = int(status)
            is_json = url.startswith("/api/")
            found[method, who] = (
                clients[who]
                .generic(
                    method,
                    url,
                    "[]" if is_json else "",
                    REMOTE_ADDR="198.51.100.7",
                    content_type="application/json" if is_json else "application/x-www-form-urlencoded",
                )
                .status_code
            )
            if found[method, who] == 204:  # signed out
                clients[who] = with_token(cast.integrator)

    assert {key: found[key] for key in found if found[key] != expected[key]} == {}


def test_pages_that_need_a_sign_in_lead_to_it_and_back(cast: Cast, client: Client) -> None:
    response = client.get(f"/factories/{cast.litein.pk}/")

    assert response["Location"] == f"/accounts/login/?next=/factories/{cast.litein.pk}/"


def test_pages_of_allauth_are_open_or_ask_for_a_sign_in(client: Client, cast: Cast) -> None:
    names = {pattern.name: pattern for route, pattern in routes() if route.startswith("accounts/")}

    assert set(names) == ALLAUTH_OPEN | ALLAUTH_SIGNED_IN
    for name in ALLAUTH_SIGNED_IN:
        route = next(route for route, pattern in routes() if pattern.name == name)
        response = client.get(address(route, cast))
        assert response.status_code == 302, name
        assert response["Location"].startswith("/accounts/login/"), name


def test_nobody_signs_up_uninvited(client: Client) -> None:
    fields = {"email": "new@test.example", "password1": make.PASSWORD, "password2": make.PASSWORD}

    response = client.post("/accounts/signup/", fields)

    assert response.templates[0].name == "account/signup_closed.html"
    assert not User.objects.filter(email="new@test.example").exists()


def test_the_admin_site_is_for_staff_alone(cast: Cast, clients: dict[str, Client]) -> None:
    # Nobody but staff comes so far that a role could matter: three kinds of stranger stand for all.
    for who in ("not_signed_in", "hq", "read_token"):
        for route in ADMIN_ROUTES:
            url = address(route, cast)
            response = clients[who].get(url)
            assert response.status_code in (302, 403), (who, url)
            if response.status_code == 302 and url != "/admin/logout/":
                assert "/login/" in response["Location"], (who, url)


def test_lists_and_forms_of_the_admin_site_open(cast: Cast, clients: dict[str, Client]) -> None:
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

    statuses = {route: clients["superuser"].get(address(route, cast)).status_code for route in [*lists, *forms]}

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
