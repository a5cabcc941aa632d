"""The energy API: shapes, roles, idempotency, corrections, history, import, CSV, and what the schema shows."""

import io
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Scope
from energy.api import CorrectionSerializer, NewEntrySerializer
from energy.models import EnergyEntry
from logbook.api import ReasonSerializer
from tests import make

pytestmark = pytest.mark.django_db

ENTRIES = "/api/energy-entries/"


@pytest.fixture
def manager(cast: SimpleNamespace, as_user: Callable[..., Client]) -> Client:
    return as_user(cast.litein_manager)


def body(cast: SimpleNamespace, **fields: Any) -> dict[str, Any]:
    return {
        "factory": cast.litein.pk,
        "timestamp": "2026-11-20T07:30:00+03:00",
        "energy_type": "Firewood",
        "amount": "24",
        "unit": "stere",
    } | fields


def post(client: Client, data: Any, url: str = ENTRIES, key: object = None) -> Any:
    headers = {"Idempotency-Key": str(key)} if key else {}
    return client.post(url, data, content_type="application/json", headers=headers)


def send(client: Client, method: str, entry: int, data: Any) -> Any:
    return getattr(client, method)(f"{ENTRIES}{entry}/", data, content_type="application/json")


# --- Logging -----------------------------------------------------------------------------------
def test_a_manager_logs_firewood_and_sees_what_it_emitted(cast: SimpleNamespace, manager: Client) -> None:
    response = post(manager, body(cast))

    row = response.json()
    assert response.status_code == 201
    assert (row["factory"], row["energy_type"], row["amount"], row["unit"]) == (
        cast.litein.pk,
        "firewood",
        "24",
        "stere",
    )
    assert (row["scope"], row["co2e_kg"], row["biogenic_co2_kg"]) == (1, "320.448960", "18869.760000")
    assert (row["factor"]["value"], row["factor"]["unit"], row["factor"]["gas"]) == ("786.24", "kg CO2/stere", "CO2")
    assert (row["gwp_set"], row["period_start"]) == ("AR6", "2026-11-20T03:00:00Z")
    assert [notice["code"] for notice in row["warnings"]] == ["moisture_default"]
    assert "30 % stands in" in row["warnings"][0]["message"]
    assert manager.get(f"{ENTRIES}{row['id']}/").json() == row


def test_the_source_documents_own_words_are_understood(cast: SimpleNamespace, manager: Client) -> None:
    row = post(manager, body(cast, energy_type="Diesel", unit="liters", amount=10.5)).json()

    assert (row["energy_type"], row["amount"], row["co2_kg"]) == ("diesel", "10.5", "28.103166")


def test_an_idempotency_key_makes_a_second_call_safe(cast: SimpleNamespace, manager: Client) -> None:
    key = uuid.uuid4()
    first = post(manager, body(cast), key=key)

    again = post(manager, body(cast, amount="24.00"), key=key)
    other = post(manager, body(cast, amount="25"), key=key)

    assert (again.status_code, again.json()) == (201, first.json())
    assert first.json()["client_id"] == str(key)
    assert (other.status_code, other.json()["code"]) == (409, "key_conflict")
    assert EnergyEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"unit": "kWh", "energy_type": "firewood", "amount": "-1"}, "amount", "min_value"),
        ({"unit": "L"}, "unit", "unit_of_another_kind"),
        ({"unit": "bushel"}, "unit", "unknown_unit"),
        ({"unit": "a\x00b"}, "unit", "null_characters_not_allowed"),
        ({"energy_type": "plutonium"}, "energy_type", "unknown_energy_type"),
        ({"amount": "lots"}, "amount", "invalid"),
        ({"amount": "1e400"}, "amount", "max_digits"),
        ({"timestamp": "yesterday"}, "timestamp", "invalid"),
        ({"timestamp": "2126-11-20T07:30:00Z"}, "timestamp", "in_future"),
        ({"kind": "burnt"}, "kind", "invalid_choice"),
        ({"currency": "kes", "cost": "5"}, "currency", "invalid"),
        ({"source": 2_000_000_000}, "source", "unknown_source"),
        ({"factor_set": "mine"}, "factor_set", "no_factor"),
        ({"factory": "Litein"}, "factory", "invalid"),
        ({"moisture_fraction": "0.9"}, "moisture_fraction", "out_of_range"),
    ],
)
def test_a_wrong_field_is_named(
    cast: SimpleNamespace, manager: Client, fields: dict[str, Any], field: str, code: str
) -> None:
    response = post(manager, body(cast, **fields))

    assert response.status_code == 400
    assert {name: errors[0]["code"] for name, errors in response.json()["fields"].items()} == {field: code}
    assert EnergyEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timestamp", "0001-01-01T00:00:00+14:00"),
        ("timestamp", "9999-12-31T23:59:59-14:00"),
        ("unit", "\ud800"),
        ("note", "\ud800"),
        ("amount", True),
        ("amount", "NaN"),
        ("moisture_fraction", "-0.1"),
        ("source", True),
    ],
)
def test_hostile_values_are_refused_by_name(cast: SimpleNamespace, manager: Client, name: str, value: Any) -> None:
    response = post(manager, body(cast, **{name: value}))

    assert (response.status_code, list(response.json()["fields"])) == (400, [name])


@pytest.mark.parametrize("data", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(manager: Client, data: Any) -> None:
    assert post(manager, data).status_code == 400


def test_a_key_that_is_no_uuid_is_refused(cast: SimpleNamespace, manager: Client) -> None:
    response = post(manager, body(cast), key="abc")

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
def test_who_may_log_for_litein(who: str, status: int, cast: SimpleNamespace, as_user: Callable[..., Client]) -> None:
    assert post(as_user(getattr(cast, who)), body(cast)).status_code == status


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        ([Scope.READ], 403),
        ([Scope.WRITE_ENERGY], 201),
        ([Scope.READ, Scope.WRITE_ENERGY], 201),
        ([Scope.WRITE_EMISSIONS], 403),
    ],
)
def test_an_integrator_writes_by_a_token_of_that_scope(scopes: list[Scope], status: int, cast: SimpleNamespace) -> None:
    client = Client(headers={"Authorization": f"Token {make.make_token(cast.integrator, *scopes)}"})

    assert post(client, body(cast)).status_code == status


def test_a_token_of_one_factory_writes_for_no_other(cast: SimpleNamespace) -> None:
    token = make.make_token(cast.integrator, Scope.WRITE_ENERGY, factory=cast.momul)

    response = post(Client(headers={"Authorization": f"Token {token}"}), body(cast))

    assert response.status_code == 404


def test_lists_hold_the_entries_of_ones_own_factories(cast: SimpleNamespace, as_user: Callable[..., Client]) -> None:
    litein, elsewhere = make.make_energy_entry(cast.litein), make.make_energy_entry(cast.elsewhere)

    def seen(user: Any, query: str = "") -> list[int]:
        return [row["id"] for row in as_user(user).get(f"{ENTRIES}{query}").json()["results"]]

    assert seen(cast.litein_manager) == seen(cast.auditor) == [litein.pk]
    assert seen(cast.momul_manager) == []
    assert seen(cast.outsider) == [elsewhere.pk]
    assert as_user(cast.outsider).get(f"{ENTRIES}?factory={cast.litein.pk}").status_code == 400


# --- Correct, delete, undo, history --------------------------------------------------------------
def test_correct_delete_undo_and_the_history_of_it(cast: SimpleNamespace, manager: Client) -> None:
    entry = post(manager, body(cast)).json()["id"]

    corrected = send(manager, "patch", entry, {"amount": "22", "reason": "counted again"})
    deleted = send(manager, "delete", entry, {"reason": "logged twice"})
    undone = post(manager, {}, f"{ENTRIES}{entry}/undo/")

    assert (corrected.status_code, corrected.json()["amount"]) == (200, "22")
    assert corrected.json()["co2e_kg"] == "293.744880"
    assert (deleted.status_code, deleted.json()["deleted_at"] is None) == (200, False)
    assert (undone.status_code, undone.json()["deleted_at"], undone.json()["amount"]) == (200, None, "22")
    history = manager.get(f"{ENTRIES}{entry}/history/").json()["results"]
    assert [(row["act"], row["amount"], row["reason"]) for row in history] == [
        ("recorded", "24", ""),
        ("corrected", "22", "counted again"),
        ("deleted", "22", "logged twice"),
        ("undone", "22", "undone"),
    ]
    assert {row["by"] for row in history} == {cast.litein_manager.pk}


def test_deleted_entries_leave_the_list_and_can_be_asked_for(cast: SimpleNamespace, manager: Client) -> None:
    entry = post(manager, body(cast)).json()["id"]
    send(manager, "delete", entry, {"reason": "logged twice"})

    assert manager.get(ENTRIES).json()["count"] == 0
    assert manager.get(f"{ENTRIES}?deleted=true").json()["count"] == 1
    assert manager.get(f"{ENTRIES}{entry}/").json()["change_reason"] == "logged twice"


@pytest.mark.parametrize(("method", "data"), [("patch", {"amount": "22"}), ("delete", {}), ("patch", {"reason": " "})])
def test_no_change_without_a_reason(cast: SimpleNamespace, manager: Client, method: str, data: dict[str, Any]) -> None:
    entry = post(manager, body(cast)).json()["id"]

    response = send(manager, method, entry, data)

    assert (response.status_code, list(response.json()["fields"])) == (400, ["reason"])


def test_put_is_no_way_to_change_what_was_logged(cast: SimpleNamespace, manager: Client) -> None:
    entry = post(manager, body(cast)).json()["id"]

    assert send(manager, "put", entry, body(cast)).status_code == 405


# --- Lists -------------------------------------------------------------------------------------
def test_filters_narrow_by_type_kind_and_time(cast: SimpleNamespace, manager: Client) -> None:
    make.make_energy_entry(cast.litein, energy_type="diesel", unit="L")
    make.make_energy_entry(cast.litein, timestamp=datetime(2026, 10, 1, 9, tzinfo=UTC))
    make.make_energy_entry(cast.litein, kind="received")

    def count(query: str) -> int:
        return manager.get(f"{ENTRIES}?{query}").json()["count"]

    assert (count(""), count("energy_type=diesel"), count("kind=received"), count("scope=1")) == (3, 1, 1, 2)
    assert (count("from=2026-11-01T00:00:00Z"), count("to=2026-11-01T00:00:00%2B03:00")) == (2, 1)
    assert manager.get(f"{ENTRIES}?from=soon").status_code == 400


def test_a_longer_list_takes_no_more_queries(cast: SimpleNamespace, manager: Client) -> None:
    make.make_energy_entry(cast.litein)
    manager.get(ENTRIES)
    with CaptureQueriesContext(connection) as few:
        manager.get(ENTRIES)
    for day in range(1, 8):
        make.make_energy_entry(cast.litein, timestamp=datetime(2026, 11, day, 9, tzinfo=UTC))

    with CaptureQueriesContext(connection) as many:
        assert manager.get(ENTRIES).json()["count"] == 8

    assert len(many) == len(few)


@pytest.mark.parametrize("name", ["energy-types", "emission-factors", "energy-entries"])
def test_any_list_is_a_csv_file_too(cast: SimpleNamespace, manager: Client, name: str) -> None:
    make.make_energy_entry(cast.litein, note="=1+1")

    response = manager.get(f"/api/{name}/?as=csv")

    lines = response.content.decode().splitlines()
    assert response["Content-Type"].startswith("text/csv")
    assert len(lines) > 1
    assert "=1+1" not in response.content.decode().replace("'=1+1", "")


def test_factors_are_found_by_type_place_and_day(manager: Client) -> None:
    url = "/api/emission-factors/?energy_type=electricity&country=KE&on=2024-06-01"

    rows = manager.get(url).json()["results"]

    assert [(row["value"], row["unit"], row["set_name"], row["valid_to"]) for row in rows] == [
        ("0.0852", "kg CO2e/kWh", "ember-owid", "2025-01-01")
    ]
    assert rows[0]["source"].startswith("Ember")


def test_types_are_found_by_code(manager: Client) -> None:
    row = manager.get("/api/energy-types/firewood/").json()

    assert (row["default_unit"], row["scope"], row["is_biogenic"], row["is_wood"]) == ("stere", 1, True, True)


# --- Import ------------------------------------------------------------------------------------
def upload(client: Client, cast: SimpleNamespace, text: str, **fields: Any) -> Any:
    said = {
        "file": SimpleUploadedFile("meter.csv", text.encode()),
        "factory": cast.litein.pk,
        "energy_type": "electricity",
        "unit": "kWh",
        "time_column": "time",
        "value_column": "kWh",
    } | fields
    return client.post(f"{ENTRIES}import/", said)


SHEET = "time,kWh\n2025-11-20 01:00,10\n2025-11-20 02:00,ten\n2025-11-20 03:00,30\n"


def test_a_sheet_is_imported_once_with_its_bad_rows_named(cast: SimpleNamespace, manager: Client) -> None:
    dry = upload(manager, cast, SHEET, dry_run="true").json()
    first = upload(manager, cast, SHEET).json()
    second = upload(manager, cast, SHEET).json()

    assert (dry["dry_run"], dry["stored"], first["stored"], second["stored"]) == (True, 2, 2, 0)
    assert (second["received"], second["duplicate"], second["rejected"]) == (3, 2, 1)
    assert (first["amount"], first["co2e_kg"]) == ("40", "3.816000")
    assert first["errors"] == second["errors"] == dry["errors"]
    assert (first["errors"][0]["row"], first["errors"][0]["column"], first["errors"][0]["value"]) == (3, "kWh", "ten")
    rows = EnergyEntry.objects.order_by("period_start")
    assert [row.period_start for row in rows] == [datetime(2025, 11, 19, h, tzinfo=UTC) for h in (21, 23)]
    assert {row.recorded_by for row in rows} == {cast.litein_manager}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value_column": "MWh"}, "value_column"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"unit": "kg"}, "unit"),
        ({"time_is": "middle"}, "time_is"),
        ({"file": io.BytesIO(b"")}, "file"),
        ({"interval_min": 0}, "interval_min"),
    ],
)
def test_what_is_wrong_with_an_import_is_named(
    cast: SimpleNamespace, manager: Client, fields: dict[str, Any], field: str
) -> None:
    response = upload(manager, cast, SHEET, **fields)

    assert (response.status_code, list(response.json()["fields"])) == (400, [field])
    assert EnergyEntry.objects.count() == 0


@pytest.mark.parametrize(("who", "status"), [("momul_manager", 404), ("hq", 200), ("auditor", 403), ("outsider", 404)])
def test_who_may_import_for_litein(
    who: str, status: int, cast: SimpleNamespace, as_user: Callable[..., Client]
) -> None:
    assert upload(as_user(getattr(cast, who)), cast, SHEET).status_code == status


def test_a_file_that_is_too_large_is_refused(
    cast: SimpleNamespace, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("energy.import_api.LARGEST_FILE_BYTES", 10)

    response = upload(manager, cast, SHEET)

    assert (response.status_code, response.json()["code"]) == (413, "too_large")


# --- The schema --------------------------------------------------------------------------------
def test_the_schema_has_every_route_and_its_examples_work(cast: SimpleNamespace, manager: Client) -> None:
    paths = manager.get("/api/schema.json").json()["paths"]
    example = dict(NewEntrySerializer.Meta.swagger_schema_fields["example"]) | {"factory": cast.litein.pk}

    created = post(manager, example)
    entry = created.json()["id"]
    corrected = send(manager, "patch", entry, CorrectionSerializer.Meta.swagger_schema_fields["example"])
    deleted = send(manager, "delete", entry, ReasonSerializer.Meta.swagger_schema_fields["example"])

    assert {path for path in paths if "energy" in path or "factor" in path} >= {
        "/energy-types/",
        "/emission-factors/",
        "/energy-entries/",
        "/energy-entries/{id}/",
        "/energy-entries/import/",
        "/energy-entries/{id}/undo/",
        "/energy-entries/{id}/history/",
    }
    assert [r.status_code for r in (created, corrected, deleted)] == [201, 200, 200]
