"""The life of a report, what the database refuses, entered values, and the verifier."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from compliance.formats.json import read
from compliance.models import ComplianceReport, ReportState, Signature, SigningKey
from compliance.reports import entered, life
from compliance.reports.build import digest_of, rebuilt
from compliance.reports.keys import is_signature
from compliance.reports.queries import due_reports, visible_reports
from compliance.reports.verify import VerifiedAs, verify_digest, verify_file
from compliance.schemes import schemes
from factories.models import Factory, Organisation
from lib.errors import ApiError
from tests.cast import Cast
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
from tests.make import make_energy_entry, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monthly() -> Iterator[None]:
    with registered():
        yield


def codes(report: ComplianceReport) -> dict[str, str]:
    return {one["code"]: one["severity"] for one in report.findings}


def refused(code: str, act: Any, *args: Any, **given: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        act(*args, **given)
    assert caught.value.code == code
    return caught.value


# --- Life -------------------------------------------------------------------------------------
def test_a_draft_lists_what_blocks_it_and_where_it_is_mended(litein: Factory) -> None:
    report = make_report(litein)
    assert codes(report) == {
        "heat_missing": "error",
        "electricity_missing": "error",
        "production_missing": "warning",
        "not_provided": "warning",
    }
    heat = next(one for one in report.findings if one["code"] == "heat_missing")
    assert heat["minutes"] == 2 * 31
    assert heat["link"] == f"/factories/{litein.pk}/month/2026-10/"
    error = refused("checks_failed", life.sign, make_user(), report.pk, name="Ann", role="Manager")
    assert [one["code"] for one in error.params["findings"]] == ["electricity_missing", "heat_missing"]
    log_october(litein)
    assert codes(life.check(report.pk)) == {"not_provided": "warning"}


def test_a_report_is_signed_published_superseded_and_verified(litein: Factory) -> None:
    log_october(litein)
    first = make_published(litein)
    # 1,000 kg of wood: 0.366513 kg CH4 x 27 + 0.048868 kg N2O x 273; 1,000 kWh at the grid's factor
    assert first.state == ReportState.PUBLISHED
    assert b'"code":"scope_1","figure":"","high":' in bytes(first.content)
    assert b'"value":"23.236815"' in bytes(first.content)
    assert rebuilt(first) == bytes(first.content)
    assert verify_file(bytes(first.content)).outcome == VerifiedAs.VALID
    refused("published_exists", make_report, litein)
    refused("not_open", life.withdraw, first.pk, "a mistake")

    make_energy_entry(litein, amount=Decimal(500), unit="kg", timestamp=None, **_half())
    second = life.supersede(make_user(), first.pk, "Wood of the second half was missing.")
    assert (second.version, second.supersedes_id, second.state) == (2, first.pk, ReportState.DRAFT)
    # 500 kg more: 0.183256 kg CH4 x 27 + 0.024434 kg N2O x 273 = 11.618394
    change = next(one for one in second_changes(second) if one["code"] == "scope_1")
    assert (change["before"], change["after"]) == ("23.236815", "34.855209")
    assert verify_digest(first.digest).outcome == VerifiedAs.VALID  # in force until the next is out
    life.sign(make_user(), second.pk, name="Ann Koech", role="Energy manager", digest=second.digest)
    life.publish(make_user(), second.pk)
    found = verify_file(bytes(first.content))
    assert (found.outcome, found.in_force and found.in_force.pk) == (VerifiedAs.SUPERSEDED, second.pk)


def _half() -> dict[str, Any]:
    return {"period_start": START + (END - START) / 2, "period_end": END}


def second_changes(report: ComplianceReport) -> list[dict[str, Any]]:
    return list(read(bytes(report.content)).changes)


def test_one_flipped_byte_fails(litein: Factory) -> None:
    log_october(litein)
    report = make_published(litein)
    content = bytes(report.content)
    for place in range(0, len(content), max(1, len(content) // 50)):
        changed = bytearray(content)
        changed[place] ^= 1
        assert not verify_file(bytes(changed)).is_unchanged
    key = SigningKey.objects.get().public_key
    statement = bytes(report.statement or b"")
    assert is_signature(statement, report.signature, key)
    assert not is_signature(statement[:-1] + b" ", report.signature, key)
    assert not is_signature(statement, report.signature, "ab" * 32)
    assert verify_file(b"%PDF").outcome == VerifiedAs.NOT_A_REPORT


def test_a_draft_is_not_verified(litein: Factory) -> None:
    log_october(litein)
    assert verify_digest(make_report(litein).digest).outcome == VerifiedAs.UNKNOWN_DIGEST


def test_who_signed_does_not_publish_where_two_people_are_needed(litein: Factory) -> None:
    Organisation.objects.update(reports_need_two_people=True)
    log_october(litein)
    report, ann, ben = make_report(litein), make_user(), make_user()
    life.sign(ann, report.pk, name="Ann", role="Manager")
    refused("second_person_needed", life.publish, ann, report.pk)
    assert life.publish(ben, report.pk).state == ReportState.PUBLISHED


def test_figures_that_changed_since_they_were_read_are_not_signed(litein: Factory) -> None:
    log_october(litein)
    report = make_report(litein)
    make_energy_entry(litein, amount=Decimal(500), unit="kg", timestamp=None, **_half())
    given = {"name": "Ann", "role": "Manager", "digest": report.digest}
    refused("changed_meanwhile", life.sign, make_user(), report.pk, **given)


def test_a_withdrawn_draft_makes_room_for_another(litein: Factory) -> None:
    report = make_report(litein)
    refused("draft_exists", make_report, litein)
    refused("invalid", life.withdraw, report.pk, " ")
    life.withdraw(report.pk, "the wrong month")
    assert make_report(litein).version == 1


def test_a_place_or_period_that_the_scheme_does_not_cover_is_refused(litein: Factory) -> None:
    user, organisation = make_user(), litein.organisation
    period = (date(2026, 10, 2), date(2026, 10, 31))
    assert "period_start" in refused("invalid", life.draft, user, "monthly", organisation, litein, period).fields
    assert "scheme" in refused("invalid", life.draft, user, "none", organisation, litein, PERIOD).fields
    schemes()["monthly"] = replace(MONTHLY, country="IN")
    assert "scheme" in refused("invalid", life.draft, user, "monthly", organisation, litein, PERIOD).fields


# --- The database -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [
        {"content": b"{}"},
        {"digest": "0" * 64},
        {"signature": "00"},
        {"total_emissions_kg": 1},
        {"state": "draft"},
        {"state": "withdrawn"},
        {"reasons": "none"},
    ],
)
def test_the_database_refuses_to_change_what_is_published(litein: Factory, change: dict[str, Any]) -> None:
    log_october(litein)
    report = make_published(litein)
    with pytest.raises(DatabaseError), transaction.atomic():
        ComplianceReport.objects.filter(pk=report.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Signature.objects.update(name="Somebody else")
    with pytest.raises(DatabaseError), transaction.atomic():
        ComplianceReport.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        report.entered.create(field="removals", value="3", by=report.created_by)


def test_the_database_refuses_a_second_published_report(litein: Factory) -> None:
    log_october(litein)
    report = make_published(litein)
    report.pk = None
    with pytest.raises(IntegrityError, match="report_one_published"):
        report.save()


# --- Entered values ---------------------------------------------------------------------------
def test_what_is_not_provided_has_no_value(litein: Factory) -> None:
    log_october(litein)
    report = make_report(litein)
    assert b'"code":"removals","figure":"","high":null,"label":"Removals","low":null,"note":"","origin":"entered"' in (
        bytes(report.content)
    )
    life.enter(make_user(), report.pk, {"removals": "1,250.5", "lab": "kebs", "sampled_on": "2026-10-12"})
    report.refresh_from_db()
    assert dict(report.entered.values_list("field", "value"))["removals"] == "1250.5"
    assert b'"value":"KEBS"' in bytes(report.content)
    assert "not_provided" not in codes(report)
    life.enter(make_user(), report.pk, {"removals": ""})
    assert not report.entered.filter(field="removals").exists()


@pytest.mark.parametrize(
    ("field", "typed", "code"),
    [
        ("removals", "5001", "out_of_range"),
        ("removals", "-1", "out_of_range"),
        ("removals", "1e3", "invalid_number"),
        ("removals", "0.1234567", "too_many_decimals"),
        ("sampled_on", "12 October", "invalid_date"),
        ("lab", "ours", "unknown_choice"),
        ("nox", "3", "unknown_field"),
    ],
)
def test_a_value_that_cannot_be_is_refused_beside_its_field(litein: Factory, field: str, typed: str, code: str) -> None:
    error = refused("invalid", life.enter, make_user(), make_report(litein).pk, {field: typed})
    assert [one["code"] for one in error.fields[field]] == [code]


def test_the_last_report_proposes_its_values(litein: Factory) -> None:
    log_october(litein)
    report, user = make_report(litein), make_user()
    life.enter(user, report.pk, {"lab": "sgs"})
    life.sign(user, report.pk, name="Ann", role="Manager")
    life.publish(user, report.pk)
    november = (date(2026, 11, 1), date(2026, 11, 30))
    following = life.draft(user, "monthly", litein.organisation, litein, november, language="en")
    assert entered.proposals(following) == {"lab": "sgs"}


# --- Who sees, and what is due ----------------------------------------------------------------
def test_a_manager_sees_what_is_published_of_the_own_site(cast: Cast) -> None:
    log_october(cast.litein)
    report = make_report(cast.litein)
    seers = (cast.hq, cast.auditor, cast.litein_manager, cast.momul_manager, cast.installer)
    assert [visible_reports(user).count() for user in seers] == [1, 1, 0, 0, 0]
    life.sign(cast.hq, report.pk, name="Ann", role="Manager")
    life.publish(cast.hq, report.pk)
    assert [visible_reports(user).count() for user in seers] == [1, 1, 1, 0, 0]


def test_what_is_due_and_what_blocks_it(litein: Factory) -> None:
    organisation = litein.organisation
    Factory.objects.update(created_at=START)

    def due() -> Any:
        found = due_reports([organisation], date(2026, 11, 20))
        return next(one for one in found if one.factory == litein and one.scheme.code == "monthly")

    assert (due().first_day, due().due_on, due().report, due().blocker) == (PERIOD[0], date(2026, 11, 30), None, None)
    report = make_report(litein)
    assert due().blocker["code"] == "electricity_missing"
    log_october(litein)
    life.check(report.pk)
    assert (due().blocker, due().is_done) == (None, False)
    life.sign(make_user(), report.pk, name="Ann", role="Manager")
    life.publish(make_user(), report.pk)
    assert due().is_done
    assert digest_of(bytes(report.content)) == report.digest
