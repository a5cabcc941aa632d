"""The API of either log: shapes, roles, idempotency, corrections, history, lists, import, and what the schema shows."""

import io
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.roles import Scope
from factories.models import Factory
from logbook.api import ReasonSerializer
from tests import make
from tests.cast import AsUser, Cast
from tests.logbook.doors import Door, both_doors
from tests.measuring import queries_of

pytestmark = [pytest.mark.django_db, both_doors]


# --- Logging -----------------------------------------------------------------------------------
def test_an_idempotency_key_makes_a_second_call_safe(door: Door, cast: Cast, manager: Client) -> None:
    key = uuid.uuid4()
    first = door.post(manager, door.body(cast.litein), key=key)

    again = door.post(manager, door.body(cast.litein, amount="24.000"), key=key)
    other = door.post(manager, door.body(cast.litein, amount="25"), key=key)

    assert (again.status_code, again.json()) == (201, first.json())
    assert first.json()["client_id"] == str(key)
    assert (other.status_code, other.json()["code"]) == (409, "key_conflict")
    assert door.model.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "stored"),
    [("1234.5", "1234.5"), ("2.070", "2.07"), ("2,5", "2.5"), ("1,234.5", "1234.5"), ("1 234,5", "1234.5"), (3, "3")],
)
def test_an_amount_is_a_number_or_a_text_as_people_type_it(
    door: Door, cast: Cast, manager: Client, amount: Any, stored: str
) -> None:
    assert door.post(manager, door.body(cast.litein, amount=amount, unit="kg")).json()["amount"] == stored


def test_an_amount_with_two_readings_is_refused_with_both(door: Door, cast: Cast, manager: Client) -> None:
    response = door.post(manager, door.body(cast.litein, amount="2,070"))

    problem = response.json()["fields"]["amount"][0]
    assert (response.status_code, problem["code"]) == (400, "two_readings")
    assert "write 2070 or 2.0700" in problem["message"]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"amount": "-1"}, "amount", "min_value"),
        ({"amount": "lots"}, "amount", "invalid"),
        ({"amount": "NaN"}, "amount", "invalid"),
        ({"amount": True}, "amount", "invalid"),
        ({"amount": [1]}, "amount", "invalid"),
        ({"amount": "1e400"}, "amount", "max_digits"),
        ({"unit": "bushel"}, "unit", "unknown_unit"),
        ({"unit": "a\x00b"}, "unit", "null_characters_not_allowed"),
        ({"timestamp": "yesterday"}, "timestamp", "invalid_time"),
        ({"timestamp": "2026-11-20T07:30:00"}, "timestamp", "offset_missing"),
        ({"period_end": "2026-11-20 07:30"}, "period_end", "offset_missing"),
        ({"timestamp": "2026-02-30"}, "timestamp", "invalid_date"),
        ({"timestamp": "1912-11-20"}, "timestamp", "invalid_date"),
        ({"timestamp": "20261120"}, "timestamp", "offset_missing"),
        ({"timestamp": "2126-11-20T07:30:00Z"}, "timestamp", "in_future"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp", "overflow"),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, "timestamp", "overflow"),
        ({"factory": "Litein"}, "factory", "invalid"),
        ({"note": "x" * 301}, "note", "max_length"),
        ({"note": "\ud800"}, "note", "surrogate_characters_not_allowed"),
        ({"note": "a\x00b"}, "note", "null_characters_not_allowed"),
    ],
)
def test_a_wrong_field_is_named(
    door: Door, cast: Cast, manager: Client, fields: dict[str, Any], field: str, code: str
) -> None:
    response = door.post(manager, door.body(cast.litein, **fields))

    assert response.status_code == 400
    assert {name: errors[0]["code"] for name, errors in response.json()["fields"].items()} == {field: code}
    assert door.model.objects.count() == 0


@pytest.mark.parametrize("data", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(door: Door, manager: Client, data: Any) -> None:
    assert door.post(manager, data).status_code == 400


def test_a_key_that_is_no_uuid_is_refused(door: Door, cast: Cast, manager: Client) -> None:
    response = door.post(manager, door.body(cast.litein), key="abc")

    assert (response.status_code, list(response.json()["fields"])) == (400, ["Idempotency-Key"])


# --- Who ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("litein_manager", 201),
        ("momul_manager", 404),
        ("hq", 201),
        ("installer", 403),
        ("auditor", 403),
        ("integrator", 403),
        ("outsider", 404),
        ("nobody", 403),
    ],
)
def test_who_may_log_and_import_for_litein(door: Door, who: str, status: int, cast: Cast, as_user: AsUser) -> None:
    client = as_user(getattr(cast, who))

    assert door.post(client, door.body(cast.litein)).status_code == status
    assert upload(door, client, cast, SHEET).status_code == (200 if status == 201 else status)


@pytest.mark.parametrize(
    ("who", "status"), [("momul_manager", 404), ("outsider", 404), ("auditor", 403), ("installer", 403)]
)
def test_who_may_not_change_what_litein_logged(door: Door, who: str, status: int, cast: Cast, as_user: AsUser) -> None:
    entry = door.make(cast.litein, user=cast.litein_manager)
    client = as_user(getattr(cast, who))

    answers = [
        door.send(client, "patch", entry.pk, {"amount": "1", "reason": "x"}),
        door.send(client, "delete", entry.pk, {"reason": "x"}),
        door.post(client, {}, f"{entry.pk}/undo/"),
    ]

    assert [answer.status_code for answer in answers] == [status] * 3
    assert entry.events.count() == 1


def test_nobody_undoes_what_somebody_else_did(door: Door, cast: Cast, manager: Client, as_user: AsUser) -> None:
    entry = door.post(manager, door.body(cast.litein)).json()["id"]

    undone = door.post(as_user(cast.hq), {}, f"{entry}/undo/")

    assert (undone.status_code, undone.json()["code"]) == (409, "undo_expired")


@pytest.mark.parametrize("scopes", [[], [Scope.READ], [Scope.WRITE_EMISSIONS], ["other"], ["own"], ["own", Scope.READ]])
def test_an_integrator_writes_by_a_token_of_that_scope(door: Door, scopes: list[str], cast: Cast) -> None:
    other = Scope.WRITE_PRODUCTION if door.scope == Scope.WRITE_ENERGY else Scope.WRITE_ENERGY
    named = [{"own": door.scope, "other": other}.get(scope, scope) for scope in scopes or [Scope.READ]]
    client = Client(headers={"Authorization": f"Token {make.make_token(cast.integrator, *named)}"})  # type: ignore[arg-type]

    assert door.post(client, door.body(cast.litein)).status_code == (201 if "own" in scopes else 403)
    assert upload(door, client, cast, SHEET).status_code == (200 if "own" in scopes else 403)


def test_a_token_of_one_factory_writes_for_no_other(door: Door, cast: Cast) -> None:
    token = make.make_token(cast.integrator, door.scope, factory=cast.momul)

    response = door.post(Client(headers={"Authorization": f"Token {token}"}), door.body(cast.litein))

    assert response.status_code == 404


def test_lists_hold_the_entries_of_ones_own_factories(door: Door, cast: Cast, as_user: AsUser) -> None:
    litein, elsewhere = door.make(cast.litein), door.make(cast.elsewhere)

    def seen(user: Any) -> list[int]:
        return [row["id"] for row in as_user(user).get(door.url).json()["results"]]

    assert seen(cast.litein_manager) == seen(cast.auditor) == [litein.pk]
    assert seen(cast.momul_manager) == []
    assert seen(cast.outsider) == [elsewhere.pk]
    assert as_user(cast.outsider).get(f"{door.url}?factory={cast.litein.pk}").status_code == 400
    assert as_user(cast.outsider).get(f"{door.url}{litein.pk}/").status_code == 404


# --- Correct, delete, undo, history --------------------------------------------------------------
def test_correct_delete_undo_and_the_history_of_it(door: Door, cast: Cast, manager: Client) -> None:
    entry = door.post(manager, door.body(cast.litein)).json()["id"]

    corrected = door.send(manager, "patch", entry, {"amount": "22", "reason": "counted again"})
    deleted = door.send(manager, "delete", entry, {"reason": "logged twice"})
    undone = door.post(manager, {}, f"{entry}/undo/")

    assert (corrected.status_code, corrected.json()["amount"]) == (200, "22")
    assert (deleted.status_code, deleted.json()["deleted_at"] is None) == (200, False)
    assert (undone.status_code, undone.json()["deleted_at"], undone.json()["amount"]) == (200, None, "22")
    history = manager.get(f"{door.url}{entry}/history/").json()["results"]
    assert [(row["act"], row["amount"], row["reason"]) for row in history] == [
        ("recorded", "24", ""),
        ("corrected", "22", "counted again"),
        ("deleted", "22", "logged twice"),
        ("undone", "22", "undone"),
    ]
    assert {row["by"] for row in history} == {cast.litein_manager.pk}


def test_list_and_history_are_files_with_names_of_their_own(door: Door, cast: Cast, manager: Client) -> None:
    entry = door.post(manager, door.body(cast.litein)).json()["id"]
    base = door.url.split("/")[2]

    names = [manager.get(f"{door.url}{path}?as=csv")["Content-Disposition"] for path in ("", f"{entry}/history/")]

    assert [re.sub(r"-\d{8}T\d{4}Z", "", name) for name in names] == [
        f'attachment; filename="{base}.csv"',
        f'attachment; filename="{base}-history.csv"',
    ]


def test_deleted_entries_leave_the_list_and_can_be_asked_for(door: Door, cast: Cast, manager: Client) -> None:
    entry = door.post(manager, door.body(cast.litein)).json()["id"]
    door.send(manager, "delete", entry, {"reason": "logged twice"})

    assert manager.get(door.url).json()["count"] == 0
    assert manager.get(f"{door.url}?deleted=true").json()["count"] == 1
    assert manager.get(f"{door.url}{entry}/").json()["change_reason"] == "logged twice"


@pytest.mark.parametrize(("method", "data"), [("patch", {"amount": "22"}), ("delete", {}), ("patch", {"reason": " "})])
def test_no_change_without_a_reason(door: Door, cast: Cast, manager: Client, method: str, data: dict[str, Any]) -> None:
    entry = door.post(manager, door.body(cast.litein)).json()["id"]

    response = door.send(manager, method, entry, data)

    assert (response.status_code, list(response.json()["fields"])) == (400, ["reason"])


def test_put_is_no_way_to_change_what_was_logged(door: Door, cast: Cast, manager: Client) -> None:
    entry = door.post(manager, door.body(cast.litein)).json()["id"]

    assert door.send(manager, "put", entry, door.body(cast.litein)).status_code == 405


# --- Lists -------------------------------------------------------------------------------------
def test_filters_narrow_by_factory_and_time(door: Door, cast: Cast, manager: Client) -> None:
    door.make(cast.litein)
    door.make(cast.litein, timestamp=datetime(2026, 10, 1, 9, tzinfo=UTC))

    def count(query: str) -> int:
        return manager.get(f"{door.url}?{query}").json()["count"]

    assert (count(""), count(f"factory={cast.litein.pk}")) == (2, 2)
    assert (count("from=2026-11-01T00:00:00Z"), count("to=2026-11-01T00:00:00%2B03:00")) == (1, 1)
    for local in ("soon", "2026-11-20T07:30:00", "2026-11-20 07:30"):
        problem = manager.get(f"{door.url}?from={local}").json()["fields"]["from"][0]
        assert (problem["params"], "+03:00" in problem["message"]) == ({"value": local}, True)


@pytest.mark.parametrize(
    ("site", "starts_at"),
    # On 28 October 2012 Berlin's clock showed 02:00 to 03:00 twice.
    [("Africa/Nairobi", 6), ("Asia/Kolkata", 0), ("Europe/Berlin", 22), ("Europe/Berlin", 2), ("Europe/Berlin", 3)],
)
def test_a_bare_date_is_the_factory_day_of_the_site(
    door: Door, cast: Cast, manager: Client, site: str, starts_at: int
) -> None:
    Factory.objects.filter(pk=cast.litein.pk).update(time_zone=site, day_starts_at=starts_at)
    # In UTC, because Python calls no time of an hour that comes twice equal to one of another zone.
    start, end = (datetime(2012, 10, n, starts_at, tzinfo=ZoneInfo(site)).astimezone(UTC) for n in (27, 28))

    day, next_day = (door.post(manager, door.body(cast.litein, timestamp=f"2012-10-{n}")).json() for n in (27, 28))
    bill = {"period_start": "2012-10-29", "period_end": "2012-11-01"}
    month = door.post(manager, door.body(cast.litein) | bill | {"timestamp": "2012-10-30"}).json()

    def found(first: str, last: str) -> list[int]:
        return [row["id"] for row in manager.get(door.url, {"from": first, "to": last}).json()["results"]]

    assert [datetime.fromisoformat(day[name]) for name in ("period_start", "period_end")] == [start, end]
    assert datetime.fromisoformat(month["period_end"]) == datetime(2012, 11, 1, starts_at, tzinfo=ZoneInfo(site))
    assert found("2012-10-27", "2012-10-28") == [day["id"]]
    assert (found("2012-10-26", "2012-10-27"), found("2012-10-28", "2012-10-29")) == ([], [next_day["id"]])
    assert found(start.isoformat(), end.isoformat()) == [day["id"]]


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-11-21", "2026-11-20"), ("2026-11-20", "2026-11-20"), ("2026-11-20T00:00:00Z", "2026-11-20T03:00:00+03:00")],
)
def test_a_period_backward_is_refused(door: Door, manager: Client, first: str, last: str) -> None:
    problem = manager.get(door.url, {"from": first, "to": last}).json()["fields"]["to"][0]

    assert problem["code"] == "period_backward"


def test_a_correction_takes_a_bare_date_too(door: Door, cast: Cast, manager: Client) -> None:
    entry = door.post(manager, door.body(cast.litein)).json()["id"]

    corrected = door.send(manager, "patch", entry, {"timestamp": "2026-11-18", "reason": "another day"}).json()

    assert corrected["period_start"] == "2026-11-18T03:00:00Z"


def test_a_longer_list_takes_no_more_queries_and_is_a_csv_file_too(door: Door, cast: Cast, manager: Client) -> None:
    door.make(cast.litein, note="=1+1")
    manager.get(door.url)
    few = queries_of(manager, door.url)
    for day in range(1, 8):
        door.make(cast.litein, timestamp=datetime(2026, 11, day, 9, tzinfo=UTC))

    assert queries_of(manager, door.url) == few
    assert manager.get(door.url).json()["count"] == 8
    text = manager.get(f"{door.url}?as=csv").getvalue().decode()
    assert "'=1+1" in text
    assert "=1+1" not in text.replace("'=1+1", "")


# --- Import ------------------------------------------------------------------------------------
SHEET = "time,amount\n2025-11-20 01:00,10\n2025-11-20 02:00,ten\n2025-11-20 03:00,30\n"


def upload(door: Door, client: Client, cast: Cast, sheet: str | bytes, **fields: Any) -> Any:
    data = sheet if isinstance(sheet, bytes) else sheet.encode()
    said = {"file": SimpleUploadedFile("sheet", data), "factory": cast.litein.pk, "time_column": "time", **door.sheet}
    return client.post(f"{door.url}import/", said | fields)


def workbook(*amounts: Any) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    hours = ([datetime(2025, 11, 20, hour), amount] for hour, amount in enumerate(amounts, start=1))  # noqa: DTZ001
    for row in (["time", "amount"], *hours):
        book.worksheets[0].append(row)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("is_workbook", [False, True], ids=["csv", "xlsx"])
def test_a_sheet_is_imported_once_with_its_bad_rows_named(
    door: Door, is_workbook: bool, cast: Cast, manager: Client
) -> None:
    sheet = workbook(10, "ten", 30.0) if is_workbook else SHEET
    dry = upload(door, manager, cast, sheet, dry_run="true").json()
    first = upload(door, manager, cast, sheet).json()
    second = upload(door, manager, cast, sheet).json()

    assert (dry["dry_run"], dry["stored"], first["stored"], second["stored"]) == (True, 2, 2, 0)
    assert (second["received"], second["duplicate"], second["rejected"]) == (3, 2, 1)
    assert (first["amount"], first["unit"]) == (second["amount"], second["unit"]) == ("40", door.sheet["unit"])
    assert first["errors"] == second["errors"] == dry["errors"]
    error = first["errors"][0]
    assert (error["row"], error["column"], error["value"]) == (3, "amount", "ten")
    rows = door.model.objects.order_by("period_start")
    assert [row.period_start for row in rows] == [datetime(2025, 11, 19, h, tzinfo=UTC) for h in (21, 23)]
    assert {(row.recorded_by, row.origin, row.events.count()) for row in rows} == {(cast.litein_manager, "import", 1)}


def test_numbers_of_a_workbook_have_one_reading(door: Door, cast: Cast, manager: Client) -> None:
    result = upload(door, manager, cast, workbook(12.345, 11.201, 7, "1,5")).json()

    assert (result["stored"], result["amount"], result["errors"]) == (4, "32.046", [])


def test_a_row_with_another_value_and_a_deleted_one(door: Door, cast: Cast, manager: Client) -> None:
    upload(door, manager, cast, SHEET)
    first, last = door.model.objects.order_by("period_start")
    door.log.delete(cast.litein_manager, last.pk, "wrong sheet")

    again = upload(door, manager, cast, SHEET.replace("01:00,10", "01:00,11")).json()

    assert (again["stored"], again["duplicate"], again["rejected"]) == (1, 0, 2)
    assert f"was imported before as 10 {door.sheet['unit']}: correct entry {first.pk}" in again["errors"][0]["message"]


def test_a_deleted_row_that_was_imported_again_does_not_return_by_undo(door: Door, cast: Cast, manager: Client) -> None:
    upload(door, manager, cast, SHEET)
    entry = door.model.objects.earliest("period_start").pk
    door.send(manager, "delete", entry, {"reason": "wrong sheet"})
    assert upload(door, manager, cast, SHEET).json()["stored"] == 1

    undone = door.post(manager, {}, f"{entry}/undo/")

    assert (undone.status_code, undone.json()["code"]) == (409, "imported_twice")
    assert door.model.objects.get(pk=entry).deleted_at is not None


def test_an_imported_row_cannot_move_onto_another_one(door: Door, cast: Cast, manager: Client) -> None:
    upload(door, manager, cast, SHEET)
    first, last = manager.get(door.url).json()["results"]

    period = {name: last[name] for name in ("period_start", "period_end")}
    moved = door.send(manager, "patch", first["id"], period | {"reason": "wrong hour"})

    assert (moved.status_code, moved.json()["code"]) == (409, "imported_twice")
    assert manager.get(f"{door.url}{first['id']}/").json() == first


def test_rows_that_overlap_what_was_logged_before_are_counted(door: Door, cast: Cast, manager: Client) -> None:
    of = {name: value for name, value in door.sheet.items() if name not in ("unit", "time_is")}
    start = datetime(2025, 11, 19, 22, 30, tzinfo=UTC)
    times = {"timestamp": None, "period_start": start, "period_end": datetime(2025, 11, 19, 23, 30, tzinfo=UTC)}
    before = door.make(cast.litein, unit=door.sheet["unit"], **of, **times)
    sheet = "time,amount\n" + "".join(f"2025-11-20 0{hour}:00,10\n" for hour in range(1, 6))

    dry = upload(door, manager, cast, sheet, dry_run="true").json()
    result = upload(door, manager, cast, sheet).json()

    notice = next(notice for notice in result["warnings"] if notice["code"] == "overlaps_logged")
    assert [notice["params"][name] for name in ("count", "row", "entry")] == [2, 3, before.pk]
    assert notice["message"].startswith("2 rows need a look, the first is row 3. Somebody already logged the same for")
    assert [(row["row"], row["code"]) for row in result["row_warnings"]] == [(3, "overlaps"), (4, "overlaps")]
    assert (dry["warnings"], result["stored"]) == (result["warnings"], 5)


def test_a_sheet_beside_what_was_logged_says_nothing(door: Door, cast: Cast, manager: Client) -> None:
    upload(door, manager, cast, SHEET)

    result = upload(door, manager, cast, SHEET.replace("11-20 0", "11-20 1")).json()

    assert not {"overlaps_logged", "overlaps_in_file"} & {notice["code"] for notice in result["warnings"]}


def test_rows_that_overlap_in_a_file_are_counted(door: Door, cast: Cast, manager: Client) -> None:
    sheet = "time,amount\n2025-11-20 01:00,1\n2025-11-20 02:00,1\n2025-11-20 02:30,1\n2025-11-20 03:30,1\n"

    notices = upload(door, manager, cast, sheet, interval_min=60).json()["warnings"]

    assert [(n["code"], n["params"]["count"], n["params"]["first"]) for n in notices] == [
        ("overlaps_in_file", 1, "2025-11-20T01:30:00+03:00")
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value_column": "MWh"}, "value_column"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"unit": "furlong"}, "unit"),
        ({"time_is": "middle"}, "time_is"),
        ({"decimal_mark": "dash"}, "decimal_mark"),
        ({"file": io.BytesIO(b"")}, "file"),
        ({"interval_min": 0}, "interval_min"),
    ],
)
def test_what_is_wrong_with_an_import_is_named(
    door: Door, cast: Cast, manager: Client, fields: dict[str, Any], field: str
) -> None:
    response = upload(door, manager, cast, SHEET, **fields)

    assert (response.status_code, list(response.json()["fields"])) == (400, [field])
    assert door.model.objects.count() == 0


def test_a_column_that_can_be_read_two_ways_is_refused_whole(door: Door, cast: Cast, manager: Client) -> None:
    sheet = "time;amount\n2025-11-20 01:00;2,070\n2025-11-20 02:00;5\n"

    refused = upload(door, manager, cast, sheet)
    as_thousands = upload(door, manager, cast, sheet, decimal_mark="point", dry_run="true")
    as_decimals = upload(door, manager, cast, sheet, decimal_mark="comma", dry_run="true")

    problem = refused.json()["fields"]["decimal_mark"][0]["message"]
    assert "write 2070 or 2.0700" in problem
    assert (as_thousands.json()["amount"], as_decimals.json()["amount"]) == ("2075", "7.07")
    assert door.model.objects.count() == 0


def test_a_file_that_is_too_large_is_refused(
    door: Door, cast: Cast, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logbook.sheets.api.LARGEST_FILE_BYTES", 10)

    response = upload(door, manager, cast, SHEET)

    assert (response.status_code, response.json()["code"]) == (413, "too_large")


# --- The schema --------------------------------------------------------------------------------
def test_the_schema_has_every_route_and_its_examples_work(door: Door, cast: Cast, manager: Client) -> None:
    paths = manager.get("/api/schema.json").json()["paths"]

    created = door.post(manager, door.new_class.Meta.swagger_schema_fields["example"] | {"factory": cast.litein.pk})
    entry = created.json()["id"]
    corrected = door.send(manager, "patch", entry, door.correction_class.Meta.swagger_schema_fields["example"])
    deleted = door.send(manager, "delete", entry, ReasonSerializer.Meta.swagger_schema_fields["example"])

    assert [r.status_code for r in (created, corrected, deleted)] == [201, 200, 200]
    base = door.url.removeprefix("/api")
    assert {path for path in paths if path.startswith(base)} == {
        f"{base}{part}"
        for part in ("", "{id}/", "import/", "imports/{import_id}/", "imports/{import_id}/cancel/", "{id}/undo/")
    } | {f"{base}{{id}}/history/"}
