"""Who read raw readings, took a file, or as an auditor opened a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from accounts.roles import Role, Scope
from audit.jobs import READS_KEPT, drop_old_reads
from audit.models import DataRead
from lib.reads import ReadKind
from tests import make
from tests.cast import AsUser, Cast, with_token

pytestmark = pytest.mark.django_db
MEASURED_AT = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture
def reader(cast: Cast) -> Client:
    device = make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-1")).device
    make.make_readings(device, MEASURED_AT, 5)
    return with_token(make.make_token(cast.integrator, Scope.READ, name="dashboard"))


def reads(kind: ReadKind) -> list[DataRead]:
    return list(DataRead.objects.filter(kind=kind).order_by("pk"))


def test_pages_of_raw_readings_are_one_row_with_token_period_and_rows(cast: Cast, reader: Client) -> None:
    url = f"/api/emissions/?factory={cast.litein.pk}&from=2026-11-20T06:00:00Z&to=2026-11-20T07:00:00Z&page_size=2"
    pages = 0
    while url:
        url, pages = reader.get(url).json()["next"], pages + 1

    (read,) = reads(ReadKind.READINGS)

    assert pages == 3
    assert (read.user, read.token, read.organisation) == (cast.integrator, "dashboard", cast.organisation)
    assert (read.factory, read.path, read.times, read.rows) == (cast.litein, "/api/emissions/", 3, 5)
    assert (read.period_start, read.period_end) == (MEASURED_AT, MEASURED_AT + timedelta(hours=1))


def test_a_read_without_a_limit_has_no_limit_whatever_was_read_before(cast: Cast, reader: Client) -> None:
    reader.get("/api/emissions/?from=2026-11-20T06:00:00Z")
    reader.get("/api/emissions/?from=2026-11-20T05:00:00Z&to=2026-11-20T07:00:00Z")

    (read,) = reads(ReadKind.READINGS)

    assert (read.period_start, read.period_end) == (MEASURED_AT - timedelta(hours=1), None)
    assert (read.factory, read.organisation) == (None, cast.organisation)


def test_a_moving_window_writes_no_row_of_its_own(reader: Client) -> None:
    for minute in range(5):
        reader.get(f"/api/emissions/?device=litein-1&from=2026-11-20T06:0{minute}:00Z")

    (read,) = reads(ReadKind.READINGS)

    assert (read.device, read.times, read.rows) == ("litein-1", 5, 5)


@pytest.mark.parametrize("path", ["/api/energy-entries/", "/api/factories/", "/api/emissions/hours/", "/factories/"])
def test_a_file_of_any_list_is_a_read(path: str, cast: Cast, as_user: AsUser) -> None:
    make.make_energy_entry(cast.litein)

    response: Any = as_user(cast.hq).get(path, {"as": "csv"})

    assert [read.rows for read in reads(ReadKind.EXPORT)] == [None if response.streaming else 2]
    text = response.getvalue().decode()  # a file counts its rows when it has left
    (read,) = reads(ReadKind.EXPORT)
    assert (read.path, read.user, read.times, read.rows) == (path, cast.hq, 1, len(text.splitlines()) - 1)


def test_what_others_open_is_no_read_and_what_an_auditor_opens_is(cast: Cast, as_user: AsUser) -> None:
    page = f"/factories/{cast.litein.pk}/"
    for user in (cast.hq, cast.litein_manager):
        assert as_user(user).get(page).status_code == 200
    assert not DataRead.objects.exists()

    auditor = as_user(cast.auditor)
    for url in (page, "/api/energy-entries/", "/tokens/", "/healthz", "/factories/999/"):
        auditor.get(url)

    found = [(read.path, read.factory) for read in reads(ReadKind.PAGE)]
    assert found == [(page, cast.litein), ("/api/energy-entries/", None)]


def test_hq_and_auditor_see_the_reads_of_their_organisation_alone(cast: Cast, reader: Client, as_user: AsUser) -> None:
    reader.get("/api/emissions/")

    for user, count in ((cast.hq, 1), (cast.auditor, 1), (cast.outsider, 0)):
        rows = as_user(user).get("/api/audit/?act=read&kind=dataread").json()["results"]
        raw = [row for row in rows if row["address"] == "/api/emissions/"]
        assert len(raw) == count, user
    assert raw == []
    (row,) = as_user(cast.hq).get(f"/api/audit/?act=read&by={cast.integrator.pk}").json()["results"]
    assert (row["token"], row["thing"]) == ("dashboard", f"raw readings: /api/emissions/, {cast.organisation}, 5 rows")


def test_of_several_organisations_none_learns_the_rows_of_another(cast: Cast, reader: Client) -> None:
    make.make_membership(user=cast.integrator, role=Role.INTEGRATOR, organisation=cast.elsewhere.organisation)

    reader.get("/api/emissions/")

    assert {(read.organisation_id, read.rows) for read in reads(ReadKind.READINGS)} == {
        (cast.organisation.pk, None),
        (cast.elsewhere.organisation_id, None),
    }


def test_a_foreign_factory_in_the_address_writes_into_no_foreign_log(cast: Cast, as_user: AsUser) -> None:
    as_user(cast.hq).get("/factories/", {"as": "csv", "factory": cast.elsewhere.pk})

    assert not DataRead.objects.filter(organisation=cast.elsewhere.organisation_id).exists()


def test_a_page_takes_no_place_from_its_address(cast: Cast, as_user: AsUser) -> None:
    """It ignores these parameters: its file is of all sites, whatever they say."""
    make.make_device(factory=cast.litein, device_id="litein-1")

    as_user(cast.hq).get("/factories/", {"as": "csv", "device": "litein-1", "to": "2026-11-20T06:00:00Z"})

    (read,) = reads(ReadKind.EXPORT)
    assert (read.factory, read.device, read.period_end) == (None, "", None)


@pytest.mark.parametrize("period", ["from=0001-01-01T00:00:00%2B14:00", "to=9999-12-31T23:59:59-12:00"])
def test_a_time_beyond_the_calendar_does_not_close_the_log(period: str, cast: Cast, as_user: AsUser) -> None:
    hq = as_user(cast.hq)

    assert hq.get(f"/api/emissions/?{period}").status_code < 500

    assert hq.get("/api/audit/").status_code == 200


@pytest.mark.parametrize("refusing", ["connection", "visible_to"])
def test_a_read_that_cannot_be_recorded_is_answered_and_logged(
    refusing: str, reader: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Full:
        def cursor(self) -> Any:
            return self()

        def __call__(self, *_args: object, **_options: object) -> Any:
            raise DatabaseError("could not extend file: No space left on device")

    monkeypatch.setattr(f"audit.reads.{refusing}", Full())

    assert reader.get("/api/emissions/").status_code == 200
    assert "is not in the audit log" in caplog.text


def test_reads_are_kept_for_three_years(cast: Cast, reader: Client) -> None:
    reader.get("/api/emissions/")
    DataRead.objects.update(last_at=datetime.now(UTC) - READS_KEPT + timedelta(minutes=1))
    assert drop_old_reads() == 0
    DataRead.objects.update(last_at=datetime.now(UTC) - READS_KEPT - timedelta(minutes=1))
    assert drop_old_reads() == 1
