"""The auditor's room, disputes, and links for buyers: through the API, and on their pages."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from compliance.models import ComplianceReport, Dispute, ReportLink, Verification
from compliance.reports import life
from compliance.reports.content import Field, Section
from compliance.schemes import schemes
from compliance.verification.sample import drawn
from emissions import rollups
from emissions.models import EmissionHour
from factories.models import Factory
from logbook.models import EvidenceFile
from tests import make
from tests.cast import AsUser, Cast, signed_in
from tests.compliance.report_world import (
    END,
    MONTHLY,
    PERIOD,
    START,
    log_october,
    make_published,
    make_report,
    registered,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monthly() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def report(cast: Cast) -> ComplianceReport:
    log_october(cast.litein)
    return make_published(cast.litein)


@pytest.fixture
def auditor(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.auditor)


def send(client: Client, url: str, body: Any = None, method: str = "post") -> Any:
    return getattr(client, method)(url, {} if body is None else body, content_type="application/json")


# --- The room ----------------------------------------------------------------------------------
def test_an_auditor_samples_finds_and_gives_an_opinion(
    report: ComplianceReport, auditor: Client, manager: Client, hq: Client
) -> None:
    room = f"/api/compliance/{report.pk}/verification/"
    assert hq.get(room).status_code == 404

    send(auditor, room)
    send(auditor, room, {"materiality_pct": "2.5"}, "patch")
    sampled = send(auditor, f"{room}sample/", {"size": 1, "seed": "october"}).json()
    found = send(auditor, f"{room}findings/", {"text": "The bill is missing.", "effect_kg": "95.4"}).json()
    finding = f"{room}findings/{found['findings'][0]['id']}/"
    too_early = send(auditor, f"{room}opinion/", {"opinion": "unmodified", "text": "Traced."})
    answered = send(manager, f"{finding}answer/", {"text": "It is added as evidence."}).json()
    send(auditor, f"{finding}close/")
    given = send(auditor, f"{room}opinion/", {"opinion": "unmodified", "text": "Traced.", "body": "KE-V 12"}).json()

    assert sampled["population"] == {"entry": 2, "production": 1, "hour": 0}
    assert len(sampled["sample"]) == 2
    assert too_early.json()["code"] == "findings_open"
    assert answered["findings"][0]["answer"] == "It is added as evidence."
    assert (given["opinion"], given["materiality_pct"], given["body"]) == ("unmodified", "2.5", "KE-V 12")
    assert hq.get(room).json() == given
    for late in (f"{room}sample/", f"{room}findings/", f"{room}opinion/"):
        body = {"size": 1, "text": "More.", "opinion": "adverse"}
        wanted = {"sample": ("size",), "findings": ("text",), "opinion": ("opinion", "text")}[late.split("/")[-2]]
        assert send(auditor, late, {name: body[name] for name in wanted}).json()["code"] == "opinion_given"
    with pytest.raises(DatabaseError), transaction.atomic():
        Verification.objects.update(opinion="adverse")


def test_an_open_finding_is_not_answered_after_the_opinion(
    report: ComplianceReport, auditor: Client, manager: Client
) -> None:
    room = f"/api/compliance/{report.pk}/verification/"
    send(auditor, room)
    send(auditor, f"{room}sample/", {"size": 1})
    finding = send(auditor, f"{room}findings/", {"text": "The bill is missing."}).json()["findings"][0]["id"]
    send(auditor, f"{room}opinion/", {"opinion": "qualified", "text": "But one."})

    late = send(manager, f"{room}findings/{finding}/answer/", {"text": "Here it is."})

    assert (late.status_code, late.json()["code"]) == (409, "opinion_given")
    assert Verification.objects.get().findings.get().answer == ""


@pytest.mark.parametrize("part", ["made", "signed", "published"])
def test_who_had_part_in_a_report_does_not_verify_it(cast: Cast, part: str) -> None:
    log_october(cast.litein)
    both = make.make_user()
    for role in (Role.HQ_MANAGER, Role.AUDITOR):
        make.make_membership(user=both, role=role, organisation=cast.organisation)
    who = {"made": cast.hq, "signed": cast.hq, "published": cast.hq, part: both}
    made = life.draft(who["made"], "monthly", cast.organisation, cast.litein, PERIOD, language="en")
    life.sign(who["signed"], made.pk, name="Ann Koech", role="Energy manager")
    life.publish(who["published"], made.pk)

    refused = send(signed_in(both), f"/api/compliance/{made.pk}/verification/")

    assert (refused.status_code, refused.json()["code"]) == (409, "own_report")
    assert not Verification.objects.exists()


def test_anybody_draws_the_same_sample_again(report: ComplianceReport, auditor: Client) -> None:
    room = f"/api/compliance/{report.pk}/verification/"
    send(auditor, room)

    first, again = (send(auditor, f"{room}sample/", {"size": 1, "seed": "a"}).json()["sample"] for _time in range(2))
    random = {send(auditor, f"{room}sample/", {"size": 1}).json()["seed"] for _time in range(2)}

    assert first == again
    assert len(random) == 2
    records = [f"entry:{n}:amount" for n in range(1, 101)]
    by_hand = sorted(records, key=lambda one: hashlib.sha256(f"a|{one}".encode()).hexdigest())[:10]
    assert drawn("a", reversed(records), 10) == by_hand


@pytest.mark.django_db(transaction=True)  # what one transaction writes is known at one moment
def test_what_is_written_after_the_report_is_not_in_its_sample(
    cast: Cast, report: ComplianceReport, auditor: Client
) -> None:
    make.make_energy_entry(
        cast.litein, timestamp=None, period_start=START, period_end=END, energy_type="diesel", unit="L"
    )
    room = f"/api/compliance/{report.pk}/verification/"
    send(auditor, room)

    assert send(auditor, f"{room}sample/", {"size": 100}).json()["population"]["entry"] == 2


def test_an_auditor_writes_these_four_alone(cast: Cast, report: ComplianceReport, auditor: Client) -> None:
    bodies = {
        "/api/energy-entries/": {},
        "/api/disputes/": {},
        f"/api/compliance/{report.pk}/supersede/": {"reason": "x"},
        f"/api/compliance/{report.pk}/links/": {"label": "x", "days": 1},
    }
    assert {url: send(auditor, url, body).status_code for url, body in bodies.items()} == dict.fromkeys(bodies, 403)


def test_a_second_auditor_a_draft_and_hq_are_refused(
    cast: Cast, report: ComplianceReport, auditor: Client, hq: Client
) -> None:
    other = make.make_user()
    make.make_membership(user=other, role=Role.AUDITOR, organisation=cast.organisation)
    room = f"/api/compliance/{report.pk}/verification/"
    send(auditor, room)

    second = send(signed_in(other), f"{room}sample/", {"size": 1})
    draft = send(auditor, f"/api/compliance/{make_report(cast.momul).pk}/verification/")

    assert (second.status_code, second.json()["code"]) == (409, "verified_by_another")
    assert (draft.status_code, draft.json()["code"]) == (409, "not_signed")
    assert send(hq, room).status_code == 403


def test_the_room_as_a_page(report: ComplianceReport, auditor: Client, manager: Client, hq: Client) -> None:
    page = f"/reports/{report.pk}/verification/"
    acts: list[tuple[Client, dict[str, str]]] = [
        (auditor, {"act": "begin"}),
        (auditor, {"act": "sample", "size": "2", "seed": "october"}),
        (auditor, {"act": "finding", "text": "<b>No bill</b>"}),
    ]
    for client, body in acts:
        assert client.post(page, body)["Location"] == f"{page}#{body['act']}"
    finding = str(Verification.objects.get().findings.get().pk)

    assert manager.post(page, {"act": "answer", "finding": finding, "text": "Here."}).status_code == 302
    assert hq.post(page, {"act": "close", "finding": finding}).status_code == 403
    early = auditor.post(page, {"act": "opinion", "opinion": "unmodified", "text": "Fine."}).content.decode()
    assert "1 findings are open" in early
    ids = re.findall(r'\bid="([^"]+)"', auditor.get(page).content.decode())
    assert sorted(ids) == sorted(set(ids))  # a label leads to the field of its own form
    assert auditor.post(page, {"act": "close", "finding": finding}).status_code == 302
    assert auditor.post(page, {"act": "opinion", "opinion": "qualified", "text": "But one."}).status_code == 302
    shown = hq.get(page).content.decode()
    assert "&lt;b&gt;No bill&lt;/b&gt;" in shown
    assert "qualified: fair but for what the findings say" in shown


# --- Disputes ----------------------------------------------------------------------------------
MEASURED = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture
def measured(cast: Cast) -> Any:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    make.make_assignment(device=device)
    make.make_readings(device, MEASURED, 720)
    rollups.touch_period(device.pk, MEASURED, None)
    rollups.roll_up_touched()
    return device


def contest(client: Client, factory: Factory, **fields: Any) -> Any:
    body = {
        "factory": factory.pk,
        "subject": "readings",
        "device": "litein-1",
        "period_start": MEASURED.isoformat(),
        "period_end": (MEASURED + timedelta(hours=1)).isoformat(),
        "statement": "The line was open; the photo shows it.",
    }
    return send(client, "/api/disputes/", {k: v for k, v in (body | fields).items() if v is not None})


def test_contested_readings_that_are_upheld_change_the_figures_at_once(
    cast: Cast, measured: Any, manager: Client, hq: Client
) -> None:
    opened = contest(manager, cast.litein).json()
    file = {"about": "dispute", "about_id": opened["id"]}
    photo = manager.post("/api/evidence/", file | {"file": _png()})
    before = EmissionHour.objects.get(device=measured, period_start=MEASURED)
    decided = send(hq, f"/api/disputes/{opened['id']}/decide/", {"outcome": "upheld", "decision": "Right."}).json()
    rollups.touch_changed_setups([measured.pk])
    rollups.roll_up_touched()

    assert (opened["days_left"], opened["outcome"]) == (10, "")
    assert photo.status_code == 201
    assert decided["outcome"] == "upheld"
    assert before.measured_ug > 0
    after = EmissionHour.objects.filter(device=measured, period_start=MEASURED).first()
    assert after is None or after.measured_ug == 0
    again = send(hq, f"/api/disputes/{opened['id']}/decide/", {"outcome": "rejected", "decision": "No."})
    assert again.json()["code"] == "decided"
    with pytest.raises(DatabaseError), transaction.atomic():
        Dispute.objects.update(outcome="rejected")


def _png() -> Any:
    return SimpleUploadedFile("line.png", make.PNG)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"device": None}, "device"),
        ({"subject": "place"}, "device"),
        ({"subject": "gap", "device": None, "period_end": "2026-11-20T05:00:00Z"}, "period_end"),
        ({"subject": "gap", "device": None, "period_end": "2099-01-01T00:00:00Z"}, "period_end"),
        ({"statement": " "}, "statement"),
    ],
)
def test_what_cannot_be_contested_is_refused_by_field(
    cast: Cast, measured: Any, manager: Client, fields: dict[str, Any], field: str
) -> None:
    refused = contest(manager, cast.litein, **fields)

    assert refused.status_code == 400
    assert field in refused.json()["fields"]
    assert not Dispute.objects.exists()


def test_both_see_the_clock_and_nobody_decides_the_own_one(
    cast: Cast, measured: Any, manager: Client, hq: Client, as_user: AsUser
) -> None:
    mine = contest(manager, cast.litein, subject="place", device=None).json()["id"]
    of_hq = contest(hq, cast.litein, subject="gap", device=None).json()["id"]
    Dispute.objects.filter(pk=mine).update(due_on="2020-01-01")

    own = send(hq, f"/api/disputes/{of_hq}/decide/", {"outcome": "upheld", "decision": "Yes."})

    assert own.json()["code"] == "own_dispute"
    assert send(manager, f"/api/disputes/{mine}/decide/", {"outcome": "upheld", "decision": "x"}).status_code == 403
    for client in (manager, hq):
        page = client.get("/disputes/").content.decode()
        assert "late: an answer was due on 2020-01-01" in page
        assert "10 days left to answer" in page
    hq.post(f"/disputes/{mine}/", {"outcome": "rejected", "decision": "The place follows from the log."})
    assert "The place follows from the log." in manager.get(f"/disputes/{mine}/").content.decode()
    assert as_user(cast.momul_manager).get(f"/disputes/{mine}/").status_code == 404


def test_a_site_contests_on_a_page(cast: Cast, measured: Any, manager: Client) -> None:
    form = {
        "factory": cast.litein.pk,
        "subject": "readings",
        "device": "litein-9",
        "period_start": "2026-11-20T09:00",
        "period_end": "2026-11-20T10:00",
        "statement": "The line was open.",
    }

    unknown = manager.post("/disputes/new/", form).content.decode()
    sent = manager.post("/disputes/new/", form | {"device": "litein-1"})

    assert "This site has no device of this id." in unknown
    made = Dispute.objects.get()
    assert sent["Location"] == f"/disputes/{made.pk}/"
    assert made.period_start == MEASURED  # 09:00 in Kericho is 06:00 UTC
    assert "2026-11-20 09:00 - 2026-11-20 10:00 EAT" in manager.get(sent["Location"]).content.decode()
    assert EvidenceFile.objects.count() == 0


# --- Links -------------------------------------------------------------------------------------
def test_a_buyer_sees_one_report_until_the_link_ends(report: ComplianceReport, hq: Client, client: Client) -> None:
    made = send(hq, f"/api/compliance/{report.pk}/links/", {"label": "Buyer", "days": 30}).json()
    path = "/" + made["url"].split("/", 3)[3]

    shown = client.get(path)
    json_file = client.get(f"{path}?as=json")
    counted = ReportLink.objects.get()

    assert shown.status_code == 200
    assert "Recomputed now: identical" in shown.content.decode()
    assert (shown["X-Robots-Tag"], shown["Referrer-Policy"]) == ("noindex", "same-origin")
    assert hashlib.sha256(json_file.content).hexdigest() == report.digest
    assert client.get(f"{path}?as=pdf").content.startswith(b"%PDF")
    assert (counted.opened_count, made["url"].count(counted.token_sha256)) == (1, 0)
    for path_of_others in (f"/api/compliance/{report.pk}/", f"/reports/{report.pk}/"):
        assert client.get(path_of_others).status_code in (401, 302)
    ReportLink.objects.update(expires_at=timezone.now())
    assert client.get(path).status_code == 404


def test_only_who_signed_in_gets_links_to_cards(cast: Cast) -> None:
    scope_1 = Field("scope_1", "Scope 1", "12.5", "kg", figure="entry:1:amount")
    content = SimpleNamespace(sections=[Section("all", "All", (scope_1,))])
    buyer, manager = (
        render_to_string("portal/_report_content.html", {"content": content, "user": user})
        for user in (AnonymousUser(), cast.litein_manager)
    )

    assert ("12.5 kg" in buyer, "/explain/" in buyer) == (True, False)
    assert "/explain/?figure=entry%3A1%3Aamount" in manager


def test_a_link_is_revoked_at_once_and_only_for_what_is_published(
    cast: Cast, report: ComplianceReport, hq: Client, client: Client
) -> None:
    page = f"/reports/{report.pk}/links/"
    made = hq.post(page, {"label": "Buyer", "days": "30"}).content.decode()
    path = f"/r/{made.split('/r/')[1].split('/')[0]}/"
    draft = send(hq, f"/api/compliance/{make_report(cast.momul).pk}/links/", {"label": "B", "days": 1})

    assert client.get(path).status_code == 200
    assert path not in hq.get(page).content.decode()
    assert draft.json()["code"] == "not_published"
    hq.post(page, {"revoke": str(ReportLink.objects.get().pk)})
    assert client.get(path).status_code == 404
    assert client.get("/r/mistyped/").status_code == 404


def test_what_is_computed_otherwise_now_is_not_called_identical(
    report: ComplianceReport, hq: Client, client: Client
) -> None:
    """As after a fault of a later version: the database refuses to change what is signed or its history."""
    made = send(hq, f"/api/compliance/{report.pk}/links/", {"label": "Buyer", "days": 30}).json()
    schemes()["monthly"] = replace(MONTHLY, fill=lambda inputs: replace(MONTHLY.fill(inputs), title="Another"))

    shown = client.get("/" + made["url"].split("/", 3)[3]).content.decode()

    assert "Recomputed now: not identical" in shown
