"""Whom the access tests ask about what: a row of all that an address speaks of, and a client of each kind of user.

They are made once for tests that follow one another (`shared.py`).
"""

import copy
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessRequest, ApiToken, Invitation, Membership, User
from accounts.roles import Scope
from alerts.models import Alert, AlertRule
from alerts.rules import ensure_usual_rules
from compliance.models import BasisLock, ComplianceReport, Dispute, ReportBatch, ReportRecipient, SiteSheet, Target
from compliance.verification.disputes import contest
from compliance.verification.room import open_room
from devices.models import DeviceClaim, DeviceProfile
from devices.registration import make_claims
from emissions.models import SensorChannel
from energy.models import EmissionFactor, EnergyEntry, LocalUnit
from energy.services import set_local_unit
from factories.services import record_event
from lib.background import TaskState
from logbook.models import EvidenceFile, SheetImport
from mqtt_ingest.models import RejectedGroup
from production.models import ProductionEntry
from tests import make
from tests.access_answers import WHO
from tests.alerts.test_models import make_alert
from tests.cast import Cast, make_cast, signed_in, with_token
from tests.compliance.report_world import make_published_october
from tests.mqtt_ingest.foreign_build import give_profile
from tests.shared import shared

PKS = ("(?P<pk>[0-9]{1,9})", "<int:pk>")  # in the API and in pages
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
    "energy-entries": EnergyEntry,
    "local-units": LocalUnit,
    "production": ProductionEntry,
    "evidence": EvidenceFile,
    "disputes": Dispute,
    "alerts": Alert,
    "alarms": Alert,
}


def first(rows: Any, field: str = "pk") -> Any:
    """0 if there is none."""
    return rows.values_list(field, flat=True).first() or 0


def addresses(cast: Cast) -> Callable[[str], str]:
    """The address of a route, with the rows that are there now. Of two patterns that fit the first counts."""
    site, organisation = cast.litein, cast.organisation
    rows: dict[str, Any] = {
        "factories": site.pk,
        **{name: first(model.objects.all()) for name, model in FIRST_OF.items()},
        **{name.replace("_", "-"): first(getattr(site, name)) for name in ("chimneys", "emission_sources")},
        "site-events": first(site.site_events),
        "alert-rules": first(AlertRule.objects.filter(organisation=organisation)),
        # Its own pages, its targets and its sheet of sites.
        "organisations": organisation.pk,
        "site-sheets": first(SiteSheet.objects),
        "batches": first(ReportBatch.objects),
        "reports/batch": first(ReportBatch.objects),
        "recipients": first(ReportRecipient.objects),
        "compliance": first(ComplianceReport.objects),
        "reports": first(ComplianceReport.objects),
        "organisation/sites": first(SiteSheet.objects),
        "targets": first(Target.objects),
        "basis-locks": first(BasisLock.objects),
    }
    token_key = first(ApiToken.objects.filter(user=cast.hq), "token_key") or "none"
    values = {
        r"[\s\S]*": "no-such-thing",
        **dict.fromkeys(("(?P<device_id>[A-Za-z0-9_-]{3,64})", "<slug:device_id>"), "litein-1"),
        "<path:object_id>": site.pk,
        **{f"{name}/{pk}": f"{name}/{key}" for name, key in rows.items() for pk in PKS},
        **{
            f"{url}/imports/(?P<import_id>[0-9]{{1,9}})": f"{url}/imports/{first(SheetImport.objects.filter(app=app))}"
            for url, app in (("energy-entries", "energy"), ("production", "production"))
        },
        "evidence/<slug:about>/<int:about_id>": f"evidence/energy_entry/{rows['energy-entries']}",
        "<slug:code>": "tea",
        "<slug:kind>": "boiler",
        **dict.fromkeys(("<int:run_id>", "<int:finding_id>", "<int:link_id>"), 0),
        "<int:source_id>": rows["emission-sources"],
        "<int:chimney_id>": rows["chimneys"],
        "<int:event_id>": rows["site-events"],
        **dict.fromkeys(("(?P<token_key>[A-Za-z0-9_]{8,40})", "<str:token_key>"), token_key),
        **dict.fromkeys(("<str:token>", "<slug:token>"), "no-such-link"),
        "<str:month>": "2026-11",
        **dict.fromkeys(("<uuid:save_id>", "(?P<command_id>[0-9a-f-]{36})"), uuid.UUID(int=7)),
        "entries/<int:entry_id>": f"entries/{rows['energy-entries']}",
        "production/<int:entry_id>": f"production/{rows['production']}",
        "<slug:rule_kind>": "co2_high",
        "(?P<pk>[0-9]{1,9})": EmissionFactor.objects.values_list("pk", flat=True)[0],
        "<int:profile_id>": rows["device-profiles"],
        "<int:pk>": site.pk,
        "(?P<code>[a-z0-9_]+)": "firewood",
        "<path:content_type_id>": 1,
        "<id>": cast.hq.pk,
        "(?P<url>.*)": "no-such-page",
    }

    def address(route: str) -> str:
        for pattern, value in values.items():
            route = route.replace(pattern, str(value))
        route = re.sub(r"\(\?P<app_label>(\w+)[^)]*\)", r"\1", route)
        return "/" + route.replace("^", "").replace("$", "")

    return address


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows of everything that an address speaks of, and a client of each kind of user."""

    cast: Cast
    clients: dict[str, Client]
    address: Callable[[str], str]
    sessions: dict[str, str]


def make_asked() -> Asked:
    cast = make_cast()
    _make_rows(cast)
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
    browsers = dict(zip(WHO, [signed_in(user) for user in users], strict=False))
    sessions = {who: one.cookies["sessionid"].value for who, one in browsers.items() if one.cookies}
    clients = browsers | {"read_token": reading(cast.integrator)}
    return Asked(cast, clients, addresses(cast), sessions)


kept_asked = shared("kept_asked", make_asked)


def _make_rows(cast: Cast) -> None:
    make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-1"))
    make_alert(cast.litein, kind="sensor_silent", params={"device": "litein-1"})
    ensure_usual_rules()
    foreign = make.make_device(factory=cast.litein, device_id="foreign-1")
    give_profile(foreign)
    SensorChannel.objects.create(device=foreign, code="meter", unit="kWh", kind="counter")
    make.make_rejected("litein-1")
    make.make_evidence(cast.hq, make.make_energy_entry(cast.litein))
    record_event(cast.litein_manager, cast.litein, happened_at=timezone.now(), text="New fan blades")
    make.make_target(cast.litein)
    make.make_basis_lock(cast.litein, cast.hq)
    make.make_production(cast.litein)
    set_local_unit(cast.litein, "firewood", "lorry", amount=Decimal(12), unit="stere")
    make.make_invitation(cast.hq, cast.litein)
    make.make_access_request(cast.organisation)
    for app in ("energy", "production"):
        make.make_import(cast.litein_manager, cast.litein, app, state=TaskState.DONE, finished_at=timezone.now())
    SiteSheet.objects.create(
        user=cast.hq, organisation=cast.organisation, is_dry_run=True, language="en", content=b"site\nA\n"
    )
    report = make_published_october(cast.litein)
    open_room(cast.auditor, report)
    now = timezone.now()
    contest(cast.litein_manager, cast.litein, "place", (now - timedelta(days=30), now), "We logged every day.")
    ReportRecipient.objects.create(organisation=cast.organisation, email="buyer@test.example")
    ReportBatch.objects.create(
        user=cast.hq,
        organisation=cast.organisation,
        act="draft",
        scheme="monthly",
        period_start=report.period_start,
        period_end=report.period_end,
        language="en",
        state=TaskState.DONE,
        finished_at=timezone.now(),
    )
    make.make_token(cast.hq)
    make_claims(cast.organisation, cast.hq)


@pytest.fixture
def asked(kept_asked: Asked) -> Asked:
    for who, client in kept_asked.clients.items():
        client.cookies.clear()
        if who in kept_asked.sessions:
            client.cookies["sessionid"] = kept_asked.sessions[who]
    return kept_asked


@pytest.fixture
def cast(asked: Asked) -> Cast:
    return copy.deepcopy(asked.cast)


@pytest.fixture
def clients(asked: Asked) -> dict[str, Client]:
    return dict(asked.clients)


@pytest.fixture
def address(asked: Asked) -> Callable[[str], str]:
    return asked.address


def reading(user: User) -> Client:
    return with_token(make.make_token(user, Scope.READ))


@pytest.fixture(autouse=True)
def _stream_keeps_the_connection_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream view gives its connection back; here that is the one in whose transaction the test runs."""
    monkeypatch.setattr("emissions.live.connection", SimpleNamespace(close=lambda: None))
