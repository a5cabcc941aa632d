"""Reports by API, pages, command, mail and batch, as people and programs meet them."""

import hashlib
import json
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from alerts.findings import due_reports_of_sites
from alerts.models import AlertRule
from alerts.rules import WatchedSite
from compliance.models import ComplianceReport, ReportBatch, ReportMail, ReportRecipient, ReportState
from compliance.reports import life, mails, tasks
from compliance.reports.keys import is_signature
from factories.models import Factory, Organisation
from logbook.models import EvidenceFile
from tests.background import run_next
from tests.cast import AsUser, Cast, with_token
from tests.compliance.report_world import MONTHLY, PERIOD, START, log_october, make_published, make_report, registered
from tests.make import PASSWORD, PNG, make_token

pytestmark = pytest.mark.django_db
SIGNED_BY = {"name": "Ann Koech", "role": "Energy manager"}


@pytest.fixture(autouse=True)
def _monthly() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def hq(cast: Cast) -> Client:
    return with_token(make_token(cast.hq))


def post(client: Client, url: str, body: Any = None) -> Any:
    return client.post(url, json.dumps(body or {}), content_type="application/json")


def new(hq: Client, cast: Cast) -> dict[str, Any]:
    asked = {"scheme": "monthly", "factory": cast.litein.pk, "period_start": "2026-10-01", "period_end": "2026-10-31"}
    answer = post(hq, "/api/compliance/", asked)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


# --- API --------------------------------------------------------------------------------------
def test_from_a_draft_to_files_by_api(cast: Cast, hq: Client) -> None:
    log_october(cast.litein)
    draft = new(hq, cast)
    url = f"/api/compliance/{draft['id']}/"
    assert (draft["state"], draft["factory"], draft["target_met"]) == ("draft", cast.litein.pk, None)
    assert (draft["period_start"], draft["period_end"]) == ("2026-10-01", "2026-10-31")
    values = {"values": {"removals": "12.5", "lab": "sgs", "sampled_on": "2026-10-03"}}
    entered = hq.patch(f"{url}entered/", json.dumps(values), content_type="application/json").json()
    assert entered["entered"]["removals"] == "12.5"
    assert entered["findings"] == []

    assert post(hq, f"{url}sign/", SIGNED_BY).json()["code"] == "confirmation_required"
    assert post(hq, f"{url}sign/", SIGNED_BY | {"password": "wrong"}).json()["code"] == "invalid_credentials"
    assert post(hq, f"{url}sign/", SIGNED_BY | {"password": PASSWORD}).json()["state"] == "signed"
    report = post(hq, f"{url}publish/").json()
    assert report["state"] == "published"
    assert [one["name"] for one in report["signatures"]] == ["Ann Koech"]

    file = hq.get(f"{url}?as=json").content
    assert hashlib.sha256(file).hexdigest() == report["digest"] == json.loads(report["statement"])["digest"]
    assert is_signature(report["statement"].encode(), report["signature"], report["public_key"])
    keys = Client().get("/.well-known/carbontrack-report-keys.json").json()["keys"]
    assert [one["public_key"] for one in keys] == [report["public_key"]]
    for name in ("pdf", "xlsx", "csv", "json"):
        first, second = (hq.get(f"{url}?as={name}").content for _time in range(2))
        assert first == second, name
    total_kg = Decimal(json.loads(file)["total_emissions_kg"])
    # 23.236815 kg of wood beside 1,000 kWh of the grid
    assert Decimal("23.236815") < total_kg == Decimal(report["total_emissions_kg"])


def test_a_recent_sign_in_needs_no_password_and_a_program_never_signs(cast: Cast, hq: Client) -> None:
    log_october(cast.litein)
    url = f"/api/compliance/{new(hq, cast)['id']}/sign/"
    ApiToken.objects.filter(user=cast.hq).update(scopes=["read"])
    assert post(hq, url, SIGNED_BY).status_code == 403
    ApiToken.objects.filter(user=cast.hq).update(scopes=["all"], is_sign_in=True)
    ApiToken.objects.filter(user=cast.hq).update(created=timezone.now() - timedelta(minutes=6))
    assert post(hq, url, SIGNED_BY).json()["code"] == "confirmation_required"
    ApiToken.objects.filter(user=cast.hq).update(created=timezone.now())
    assert post(hq, url, SIGNED_BY).json()["state"] == "signed"


def test_the_digest_is_verified_without_a_sign_in(cast: Cast) -> None:
    log_october(cast.litein)
    report = make_published(cast.litein)
    found = Client().get(f"/api/compliance/verify/?digest={report.digest}").json()
    assert (found["outcome"], found["is_unchanged"], found["version"]) == ("valid", True, 1)
    assert "total_emissions_kg" not in found
    other = Client().get(f"/api/compliance/verify/?digest={'0' * 64}").json()
    assert (other["outcome"], other["is_unchanged"]) == ("unknown_digest", False)


@pytest.mark.parametrize("digest", ["%00", "x", "0" * 5000])
def test_what_is_no_digest_is_unknown(cast: Cast, digest: str) -> None:
    assert Client().get(f"/api/compliance/verify/?digest={digest}").json()["outcome"] == "unknown_digest"


def test_files_of_a_draft_are_for_those_who_read_drafts(cast: Cast, as_user: AsUser) -> None:
    draft, headquarters, manager = make_report(cast.litein), as_user(cast.hq), as_user(cast.litein_manager)
    whole = life.draft(cast.hq, "monthly", cast.organisation, None, PERIOD, language="en")

    def upload(client: Client, report: ComplianceReport) -> Any:
        file = SimpleUploadedFile("lab.png", PNG)
        return client.post("/api/evidence/", {"about": "report", "about_id": report.pk, "file": file})

    def seen(client: Client, report: ComplianceReport) -> tuple[int, int, int]:
        file = EvidenceFile.objects.get(about="report", about_id=report.pk).pk
        listed = client.get("/api/evidence/", {"about": "report", "about_id": report.pk}).json()["count"]
        return (
            listed,
            client.get(f"/api/evidence/{file}/file/").status_code,
            client.get(f"/evidence/{file}/file/").status_code,
        )

    assert [upload(headquarters, one).status_code for one in (draft, whole)] == [201, 201]
    for reader in (headquarters, as_user(cast.auditor)):
        assert [seen(reader, one) for one in (draft, whole)] == [(1, 200, 200)] * 2
    assert [seen(manager, one) for one in (draft, whole)] == [(0, 404, 404)] * 2
    assert upload(manager, draft).status_code == 404

    log_october(cast.litein)
    life.sign(cast.hq, draft.pk, **SIGNED_BY)
    life.publish(cast.hq, draft.pk)
    assert seen(manager, draft) == (1, 200, 200)
    assert upload(manager, draft).status_code == 403
    assert seen(as_user(cast.momul_manager), draft) == (0, 404, 404)


# --- Pages ------------------------------------------------------------------------------------
def test_a_draft_is_made_read_entered_signed_and_published_on_pages(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)
    given = {"scheme": "monthly", "place": cast.litein.pk, "period_start": "2026-10-01", "period_end": "2026-10-31"}
    url = browser.post("/reports/new/", given)["Location"]
    page = browser.get(url).content.decode()
    assert f"/factories/{cast.litein.pk}/month/" in page
    assert "not provided" in page
    assert "/sign/" not in page
    log_october(cast.litein)
    bad = browser.post(url, {"act": "enter", "removals": "5001"}).content.decode()
    assert "outside 0 to 5000" in bad
    assert browser.post(url, {"act": "enter", "removals": "5,5"}).status_code == 302
    assert "5.5" in browser.get(url).content.decode()
    asked = browser.get(f"{url}sign/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    browser.post(asked["Location"], {"password": PASSWORD})
    digest = ComplianceReport.objects.get().digest
    answer = browser.post(f"{url}sign/", SIGNED_BY | {"declares": "on", "digest": digest})
    assert answer["Location"] == url
    browser.post(url, {"act": "publish"})
    assert ComplianceReport.objects.get().state == ReportState.PUBLISHED
    assert b"Ann Koech" in as_user(cast.litein_manager).get(url).content
    assert b"Litein" in as_user(cast.litein_manager).get("/reports/").content


def test_the_list_of_headquarters_says_what_is_due_and_what_blocks_it(cast: Cast, as_user: AsUser) -> None:
    Factory.objects.update(created_at=timezone.now() - timedelta(days=60))
    first, end = MONTHLY.period.last_over(timezone.now().date())
    life.draft(cast.hq, "monthly", cast.organisation, cast.litein, (first, end - timedelta(days=1)), language="en")
    page = as_user(cast.hq).get("/reports/").content.decode()
    assert f"is logged on 0 of {(end - first).days} days" in page
    assert "It is not begun." in page  # Momul
    assert "is logged on" not in as_user(cast.litein_manager).get("/reports/").content.decode()


def test_a_file_is_verified_on_the_public_page(cast: Cast) -> None:
    log_october(cast.litein)
    content = bytes(make_published(cast.litein).content)
    for file, words in ((content, b"unchanged, and it is in force"), (content.replace(b"23.2", b"23.3"), b"Not valid")):
        assert words in Client().post("/reports/verify/", {"file": SimpleUploadedFile("r.json", file)}).content
    assert b"type the digest" in Client().post("/reports/verify/", {}).content
    deep = SimpleUploadedFile("r.json", b'{"evidence":[{"x":' + b"[" * 200_000)
    assert b"not the JSON file of a report" in Client().post("/reports/verify/", {"file": deep}).content


def test_a_list_is_not_filtered_by_what_is_no_scheme(cast: Cast, as_user: AsUser) -> None:
    make_report(cast.litein)
    for scheme in ("%00", "none"):
        assert b"Litein" in as_user(cast.hq).get(f"/reports/?scheme={scheme}").content


# --- Command ----------------------------------------------------------------------------------
def test_the_command_verifies_a_file_and_computes_it_again(cast: Cast, tmp_path: Path) -> None:
    log_october(cast.litein)
    report, path, out = make_published(cast.litein), tmp_path / "report.json", StringIO()
    path.write_bytes(bytes(report.content))
    call_command("verify_report", path, "--rebuild", stdout=out)
    assert out.getvalue().startswith("valid: monthly, Litein Tea Factory, 2026-10-01 to 2026-10-31, version 1")
    assert out.getvalue().endswith("rebuilt: identical\n")
    path.write_bytes(bytes(report.content)[:-1] + b" ")
    with pytest.raises(CommandError, match="not_a_report"):
        call_command("verify_report", path)


# --- Batches ----------------------------------------------------------------------------------
def test_a_batch_lists_the_site_that_fails_and_does_the_others(cast: Cast, hq: Client) -> None:
    log_october(cast.litein)
    asked = {"act": "draft", "scheme": "monthly", "period_start": "2026-10-01", "period_end": "2026-10-31"}
    url = f"/api/compliance/batches/{post(hq, '/api/compliance/batches/', asked).json()['id']}/"
    assert post(hq, "/api/compliance/batches/", asked).json()["code"] == "batch_running"
    assert run_next()
    assert (hq.get(url).json()["done"], ComplianceReport.objects.count()) == (2, 2)

    tasks.submit(cast.hq, cast.organisation, "sign", "monthly", PERIOD, **SIGNED_BY)
    assert run_next()
    batch = ReportBatch.objects.latest("pk")
    assert (batch.state, batch.done) == ("done", 1)
    assert [(one["name"], one["code"]) for one in batch.failures] == [("Momul Tea Factory", "checks_failed")]
    tasks.submit(cast.hq, cast.organisation, "publish", "monthly", PERIOD)
    assert run_next()
    assert ComplianceReport.objects.filter(state=ReportState.PUBLISHED).count() == 1


def test_a_batch_that_signs_needs_name_and_role(cast: Cast, hq: Client) -> None:
    asked = {"act": "sign", "scheme": "monthly", "period_start": "2026-10-01", "period_end": "2026-10-31"}
    url = "/api/compliance/batches/"
    unsigned = post(hq, url, asked | {"name": "Ann Koech", "password": PASSWORD})
    assert (unsigned.status_code, list(unsigned.json()["fields"])) == (400, ["role"])
    backward = post(hq, url, asked | SIGNED_BY | {"period_end": "2026-09-30", "password": PASSWORD})
    assert (backward.status_code, list(backward.json()["fields"])) == (400, ["period_end"])
    assert not ReportBatch.objects.exists()


# --- Mails ------------------------------------------------------------------------------------
def test_a_published_report_is_mailed_once_until_its_reader_leaves(cast: Cast) -> None:
    log_october(cast.litein)
    recipient = ReportRecipient.objects.create(
        organisation=cast.organisation, email="buyer@test.example", attaches_pdf=True
    )
    report = make_published(cast.litein)
    for _time in range(2):
        mails.send_reports()
    (message,) = mail.outbox
    assert message.to == ["buyer@test.example"]
    assert report.digest in message.body
    assert message.attachments[0][1][:5] == b"%PDF-"
    assert ReportMail.objects.get().state == "sent"

    leave = f"/reports/unsubscribe/{recipient.token}/"
    assert leave in message.body
    Client().get(leave)
    assert ReportRecipient.objects.get().unsubscribed_at is None
    Client().post(leave)
    life.supersede(cast.hq, report.pk, "more wood")
    ComplianceReport.objects.filter(version=2).update(state="withdrawn")
    ReportMail.objects.all().delete()
    mails.send_reports()
    assert len(mail.outbox) == 1


def test_a_mail_that_fails_is_tried_six_times_and_counted(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    log_october(cast.litein)
    ReportRecipient.objects.create(organisation=cast.organisation, email="buyer@test.example")
    make_published(cast.litein)

    monkeypatch.setattr("django.core.mail.EmailMessage.send", _refuse)
    for _time in range(8):
        mails.send_reports()
        ReportMail.objects.update(due_at=timezone.now())
    row = ReportMail.objects.get()
    assert (row.state, row.tries, row.error) == ("failed", 6, "SMTPServerDisconnected")


@pytest.mark.parametrize("end", ["leave", "supersede"])
def test_what_waits_is_not_mailed_to_who_left_nor_when_superseded(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    log_october(cast.litein)
    recipient = ReportRecipient.objects.create(organisation=cast.organisation, email="buyer@test.example")
    report = make_published(cast.litein)
    with monkeypatch.context() as away:
        away.setattr("django.core.mail.EmailMessage.send", _refuse)
        mails.send_reports()
    ReportMail.objects.update(due_at=timezone.now())
    if end == "leave":
        Client().post(f"/reports/unsubscribe/{recipient.token}/")
    else:
        ReportRecipient.objects.update(day_of_month=timezone.now().day % 28 + 1)  # the later version is not due today
        later = life.supersede(cast.hq, report.pk, "more wood")
        life.sign(cast.hq, later.pk, **SIGNED_BY)
        life.publish(cast.hq, later.pk)
    mails.send_reports()
    assert mail.outbox == []


def _refuse(_message: Any) -> None:
    raise smtplib.SMTPServerDisconnected


def test_a_report_that_cannot_be_printed_holds_up_no_other_mail(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for site in (cast.litein, cast.momul):
        log_october(site)
    ReportRecipient.objects.create(organisation=cast.organisation, email="buyer@test.example", attaches_pdf=True)
    broken = make_published(cast.litein)
    make_published(cast.momul)
    printed = mails.file_of

    def print_all_but_one(report: ComplianceReport, file_format: str) -> Any:
        if report.pk == broken.pk:
            raise RuntimeError("no font")
        return printed(report, file_format)

    monkeypatch.setattr(mails, "file_of", print_all_but_one)
    with pytest.raises(RuntimeError):  # the log of the worker says so
        mails.send_reports()
    mails.send_reports()
    assert [one.subject for one in mail.outbox] == ["Monthly statement: Momul Tea Factory, 2026-10-01 to 2026-10-31"]
    waiting = ReportMail.objects.get(report=broken)
    assert (waiting.state, waiting.tries) == ("waiting", 1)


def test_an_address_that_leaves_nothing_is_not_found(db: None) -> None:
    assert Client().get("/reports/unsubscribe/%00/").status_code == 404


# --- Reminders and settings -------------------------------------------------------------------
def test_a_report_that_is_due_is_reminded_of_thirty_seven_and_one_day_before(cast: Cast) -> None:
    Factory.objects.update(created_at=START)
    Organisation.objects.update(created_at=START)
    make_report(cast.litein)
    rule = AlertRule(kind="report_due", severity="warning", duration_s=0, limit=30)
    sites = {site.pk: WatchedSite(site, rule) for site in (cast.litein, cast.momul)}

    def details(day: str) -> list[str]:
        now = datetime.fromisoformat(f"{day}T00:00:00+03:00")
        found = [one for one in due_reports_of_sites(sites, now) if one.params["scheme"] == "monthly"]
        assert all(one.params["due_on"] == "2026-11-30" for one in found)
        return sorted({one.detail for one in found})

    # October is due on 30 November: of both sites and of the organisation
    assert details("2026-11-01") == ["monthly 30", "monthly 30 all"]
    assert details("2026-11-22") == ["monthly 30", "monthly 30 all"]
    assert details("2026-11-23") == ["monthly 7", "monthly 7 all"]
    assert details("2026-11-29") == ["monthly 1", "monthly 1 all"]
    found = due_reports_of_sites(sites, datetime(2026, 11, 29, tzinfo=UTC))
    assert any("is logged on 0 of 31 days" in one.params["blocker"] for one in found)


def test_headquarters_chooses_the_schemes_that_it_follows(cast: Cast, hq: Client) -> None:
    url = f"/api/organisations/{cast.organisation.pk}/"
    bad = hq.patch(url, json.dumps({"report_schemes": ["none"]}), content_type="application/json").json()
    assert bad["fields"]["report_schemes"][0]["code"] == "unknown_scheme"
    good = hq.patch(url, json.dumps({"report_schemes": ["monthly"]}), content_type="application/json").json()
    assert good["report_schemes"] == ["monthly"]
