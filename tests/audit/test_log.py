"""The audit log: who sees which rows, in which words, in which order."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pghistory
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, Membership
from accounts.roles import Role, Scope
from audit.queries import Filters, Sight, places
from audit.sources import SOURCES
from audit.words import AuditRow, rows_of
from energy.models import EmissionFactor
from factories.models import Chimney, Organisation
from tests import make
from tests.cast import AsUser, Cast, with_token

pytestmark = pytest.mark.django_db
URL = "/api/audit/"


def log(client: Client, **query: Any) -> list[dict[str, Any]]:
    response = client.get(URL, query)
    assert response.status_code == 200, response.content
    rows: list[dict[str, Any]] = response.json()["results"]
    return rows


def all_rows(user: Any, size: int = 1000) -> list[AuditRow]:
    return rows_of(places(Sight.of(user), Filters(), None, size))


def move(table: str, condition: str, *, hours: int) -> None:
    """Events of the past: the history is append-only, so its trigger is off meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET pgh_created_at = now() - interval '{hours} hours' WHERE {condition}")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def hq(cast: Cast, as_user: AsUser) -> Client:
    return as_user(cast.hq)


def test_every_tracked_table_is_in_the_log() -> None:
    tracked = {model.pgh_tracked_model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")}

    assert tracked == {source.model for source in SOURCES if not source.is_read}


def test_no_secret_is_in_the_history() -> None:
    """Hashes of passwords, tokens and links, keys of second factors, and whatever will be named like them."""
    names = {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        if hasattr(model, "pgh_tracked_model")
        for field in model._meta.concrete_fields
    }

    words = ("password", "sha256", "digest", "pbkdf2", "secret", "sealed")
    assert {name for name in names if any(word in name.split(".")[1] for word in words)} == {
        "energy_energyentryevent.request_sha256",  # of a request, so that a second one is known
        "production_productionentryevent.request_sha256",
        "devices_calibrationevent.certificate_sha256",  # of files that their readers may fetch
        "devices_installationcertificateevent.sha256",
        "logbook_evidencefileevent.sha256",
        "mqtt_ingest_firmwareimageevent.sha256",
        "compliance_compliancereportevent.digest",  # of what is published
    }
    assert not any(name.startswith("audit_secondfactorevent.data") for name in names)


def test_a_change_shows_each_column_before_and_after_in_words(cast: Cast, hq: Client) -> None:
    chimney = make.make_chimney(factory=cast.litein, name="Boiler 1", diameter_m=0.9)
    Chimney.objects.filter(pk=chimney.pk).update(diameter_m=1.1, name="Boiler 2")

    changed, added = log(hq, kind="chimney")

    assert (changed["act"], changed["thing"]) == ("changed", "Litein Tea Factory: Boiler 2")
    assert changed["changes"] == [
        {"column": "name", "label": "name", "before": "Boiler 1", "after": "Boiler 2"},
        {"column": "diameter_m", "label": "inner diameter (m)", "before": "0.9", "after": "1.1"},
    ]
    assert (changed["by"], changed["by_name"], changed["factory_name"]) == (None, "the server", "Litein Tea Factory")
    assert (added["act"], added["changes"][0]["before"]) == ("added", "")


def test_an_amount_has_its_unit_and_the_log_says_who_by_which_request(cast: Cast, as_user: AsUser, hq: Client) -> None:
    entry = make.make_energy_entry(cast.litein)
    token = make.make_token(cast.litein_manager, Scope.READ, Scope.WRITE_ENERGY, name="weighbridge")
    body = {"amount": "13.5", "reason": "counted again"}
    before = f"{entry.amount.normalize():f} {entry.unit}"

    response = with_token(token).patch(f"/api/energy-entries/{entry.pk}/", body, content_type="application/json")

    assert response.status_code == 200, response.content
    row = log(hq, kind="energyentry")[0]
    amount = next(change for change in row["changes"] if change["column"] == "amount")
    assert (amount["before"], amount["after"]) == (before, f"13.5 {entry.unit}")
    assert (row["by"], row["by_name"]) == (cast.litein_manager.pk, str(cast.litein_manager))
    assert (row["token"], row["address"]) == ("weighbridge", f"/api/energy-entries/{entry.pk}/")


def test_members_tokens_factors_targets_and_second_factors_are_in_it(cast: Cast, hq: Client) -> None:
    make.make_target(cast.litein)
    make.make_token(cast.integrator, Scope.READ, name="meter gateway")
    Authenticator.objects.create(user=cast.hq, type="totp", data={"secret": "S3CRET"})
    EmailAddress.objects.create(user=cast.hq, email="new@test.example", verified=True)
    cast.litein_manager.set_password("another-good-password")
    cast.litein_manager.save()
    membership = Membership.objects.get(user=cast.momul_manager)
    membership.role = Role.INSTALLER
    membership.save()
    membership.delete()

    rows = log(hq, page_size=1000)

    found = {(row["kind"], row["act"]) for row in rows}
    assert found >= {
        ("target", "added"),
        ("apitoken", "added"),
        ("secondfactor", "added"),
        ("address", "added"),
        ("user", "password"),
        ("membership", "changed"),
        ("membership", "removed"),
    }
    assert "S3CRET" not in str(rows)
    role = next(row for row in rows if (row["kind"], row["act"]) == ("membership", "changed"))["changes"]
    assert [(c["label"], c["before"], c["after"]) for c in role] == [("role", "Factory manager", "Installer")]


def test_a_use_of_a_token_and_a_sign_in_are_no_change(cast: Cast, hq: Client, as_user: AsUser) -> None:
    token = make.make_token(cast.hq, Scope.READ)
    before = len(log(hq, page_size=1000))

    assert with_token(token).get("/api/factories/").status_code == 200
    as_user(cast.hq)

    assert ApiToken.objects.get(user=cast.hq).last_used_at is not None
    assert len(log(hq, page_size=1000)) == before


def test_nobody_sees_a_row_of_another_organisation(cast: Cast) -> None:
    """Every table has a row of each organisation, so a forgotten filter shows."""
    for factory, person in ((cast.litein, cast.hq), (cast.elsewhere, cast.outsider)):
        make.make_energy_entry(factory)
        make.make_production(factory)
        make.make_target(factory)
        device = make.make_device(factory=factory, device_id=f"device-{factory.pk}")
        make.make_assignment(device=device)
        make.make_invitation(person, factory)
        make.make_access_request(factory.organisation, place=factory.name)
        make.make_token(person, name=factory.name)
        Authenticator.objects.create(user=person, type="totp", data={})

    ours, theirs = all_rows(cast.hq), all_rows(cast.outsider)

    assert {row.factory for row in ours} == {None, cast.litein.pk, cast.momul.pk}
    assert {row.factory for row in theirs} == {None, cast.elsewhere.pk}
    texts = "".join(str(row) for row in theirs)
    assert "Litein" not in texts
    assert "Tea Group" not in texts
    assert str(cast.hq) not in texts
    kinds = {row.kind for row in theirs}
    assert kinds >= {"organisation", "factory", "user", "membership", "apitoken", "secondfactor", "target"}


def test_what_a_person_does_elsewhere_is_not_shown_and_what_they_did_here_stays(cast: Cast) -> None:
    person = cast.litein_manager
    person.first_name = "Here"
    person.save()
    Membership.objects.filter(user=person).delete()
    make.make_membership(user=person, role=Role.HQ_MANAGER, organisation=cast.elsewhere.organisation)
    # The transaction of the test has one time: they joined nine hours ago, became Here two and left one hour ago.
    move("accounts_membershipevent", "pgh_label = 'insert'", hours=9)
    move("accounts_membershipevent", "pgh_label = 'delete'", hours=1)
    move("accounts_userevent", "true", hours=2)
    person.first_name = "Elsewhere"
    person.save()

    names = [change.after for row in all_rows(cast.hq) if row.kind == "user" for change in row.changes]

    assert "Here" in names
    assert "Elsewhere" not in names


def test_a_membership_that_moves_to_another_organisation_moves_the_view(cast: Cast) -> None:
    person = cast.litein_manager
    move("accounts_membershipevent", "true", hours=9)
    Membership.objects.filter(user=person).update(organisation=cast.elsewhere.organisation, factory=None)
    move("accounts_membershipevent", "pgh_label = 'update'", hours=1)
    move("accounts_userevent", "true", hours=12)
    person.first_name = "Elsewhere"
    person.save()

    ours, theirs = (
        [change.after for row in all_rows(user) if row.kind == "user" for change in row.changes]
        for user in (cast.hq, cast.outsider)
    )

    assert "Elsewhere" not in ours
    assert "Elsewhere" in theirs


def test_a_factory_that_was_removed_is_still_in_the_log(cast: Cast, hq: Client) -> None:
    factory = make.make_factory(organisation=cast.organisation, name="Short-lived")
    factory.emission_sources.all().delete()
    factory.delete()

    (row,) = log(hq, kind="factory", act="removed")

    assert row["thing"] == "Short-lived"


def test_published_factors_show_only_what_came_after_the_organisation(cast: Cast, hq: Client) -> None:
    assert log(hq, kind="emissionfactor") == []
    factor: Any = EmissionFactor.objects.filter(organisation=None).first()
    factor.pk, factor.version = None, factor.version + 1
    factor.save(force_insert=True)
    move("energy_emissionfactorevent", f"id <> {factor.pk}", hours=48)
    Organisation.objects.update(created_at=timezone.now() - timedelta(hours=24))

    (row,) = log(hq, kind="emissionfactor")

    value = next(change for change in row["changes"] if change["column"] == "value")
    assert value["after"].split(" ")[0] == f"{Decimal(factor.value).normalize():f}"


def test_filters_narrow_by_kind_act_place_person_and_time(cast: Cast, hq: Client, as_user: AsUser) -> None:
    make.make_chimney(factory=cast.litein)
    make.make_chimney(factory=cast.momul)
    hq.post(f"/members/{Membership.objects.get(user=cast.auditor).pk}/", {"act": "end"})

    assert {row["factory"] for row in log(hq, factory=cast.momul.pk)} == {cast.momul.pk}
    assert {row["kind"] for row in log(hq, kind="chimney")} == {"chimney"}
    (removed,) = log(hq, act="removed")
    assert (removed["kind"], removed["by"]) == ("membership", cast.hq.pk)
    assert log(hq, by=cast.hq.pk, kind="membership") == [removed]
    assert log(hq, to="2020-01-01T00:00:00Z") == []
    assert log(hq, factory=cast.elsewhere.pk) == []


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("kind=no", "kind", "invalid_choice"),
        ("factory=x", "factory", "invalid"),
        ("by=1e3", "by", "invalid"),
        ("cursor=1-2", "cursor", "invalid_cursor"),
        ("cursor=1-99-3", "cursor", "invalid_cursor"),
        ("cursor=999999999999999999-1-1", "cursor", "invalid_cursor"),
        ("from=yesterday", "from", "invalid_time"),
    ],
)
def test_what_cannot_be_read_is_refused(hq: Client, query: str, name: str, code: str) -> None:
    response = hq.get(f"{URL}?{query}")

    assert (response.status_code, response.json()["fields"][name][0]["code"]) == (400, code)


def test_pages_by_cursor_are_the_whole_log_once(cast: Cast, hq: Client) -> None:
    for number in range(7):
        make.make_chimney(factory=cast.litein, name=f"c{number}")
    whole = log(hq, page_size=1000)
    rows: list[Any] = []
    url = f"{URL}?page_size=3"
    while url:
        body = hq.get(url).json()
        rows, url = rows + body["results"], body["next"]

    assert rows == whole
    assert [row["at"] for row in whole] == sorted((row["at"] for row in whole), reverse=True)


def test_queries_do_not_grow_with_rows(cast: Cast, hq: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(log(hq, kind="calibration")) + len(log(hq, kind="assignment"))
        return len(captured)

    def mount(factory: Any, device_id: str) -> None:
        """Two changes, each in a request of its own."""
        with pghistory.context(user=cast.hq.pk):
            made = make.make_assignment(device=make.make_device(factory=factory, device_id=device_id))
        with pghistory.context(user=cast.hq.pk):
            made.sensor = "another"
            made.save()

    hq.get(URL)
    mount(cast.litein, "first")
    few = count()
    for number in range(6):
        mount(cast.momul, f"other-{number}")

    assert count() == few


def test_the_page_shows_it_and_its_file_has_the_same_filters(cast: Cast, as_user: AsUser) -> None:
    make.make_chimney(factory=cast.litein, name="Boiler 7")
    browser = as_user(cast.auditor)

    page = browser.get("/audit/", {"kind": "chimney", "factory": cast.litein.pk, "first": "2020-01-01"})
    file: Any = browser.get("/audit/", {"kind": "chimney", "as": "csv"})

    assert "Litein Tea Factory: Boiler 7" in page.content.decode()
    lines = file.getvalue().decode().splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(",changes,exported_by,exported_at")


@pytest.mark.parametrize(
    "query", ["last=9999-12-31", "first=0001-01-01", "cursor=9-9-9-9", "cursor=%00", "kind=no", "by=0", "factory=x"]
)
def test_a_wrong_word_in_the_address_of_the_page_filters_nothing(query: str, cast: Cast, as_user: AsUser) -> None:
    make.make_chimney(factory=cast.litein, name="Boiler 7")

    page = as_user(cast.hq).get(f"/audit/?{query}")

    assert page.status_code == 200
    assert "Litein Tea Factory: Boiler 7" in page.content.decode()


def test_the_page_finds_what_a_former_member_did(cast: Cast, as_user: AsUser) -> None:
    person = cast.litein_manager
    Membership.objects.filter(user=person).delete()

    page = as_user(cast.hq).get("/audit/").content.decode()

    assert f'<option value="{person.pk}">{person}' in page
    assert str(cast.outsider) not in page


def test_a_cell_of_the_file_is_no_formula(cast: Cast, as_user: AsUser) -> None:
    cast.hq.first_name = "=1+1"
    cast.hq.save()
    make.make_token(cast.integrator, Scope.READ, name="@SUM(1)")

    file: Any = as_user(cast.hq).get("/audit/", {"as": "csv"})

    cells = [cell for row in csv.reader(io.StringIO(file.getvalue().decode())) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert "'=1+1" in cells
    assert "'@SUM(1): read" in cells


def test_an_auditor_of_one_factory_sees_its_rows_alone(cast: Cast) -> None:
    person = make.make_user(email="one@test.example")
    make.make_membership(user=person, role=Role.AUDITOR, organisation=cast.organisation, factory=cast.litein)

    rows = all_rows(person)

    assert {row.factory for row in rows} == {cast.litein.pk}


def test_what_the_operator_of_the_server_does_is_shown(cast: Cast, hq: Client, as_user: AsUser) -> None:
    root = make.make_user(email="root@test.example", is_superuser=True, is_staff=True)
    membership = Membership.objects.get(user=cast.momul_manager)

    response = as_user(root).post(f"/admin/accounts/membership/{membership.pk}/delete/", {"post": "yes"})

    assert response.status_code == 302, response.content
    (row,) = log(hq, kind="membership", act="removed")
    assert (row["by"], row["by_name"]) == (root.pk, "root@test.example, operator of the server")
