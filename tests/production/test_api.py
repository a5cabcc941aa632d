"""The production API: shapes, roles, idempotency, corrections, history, filters, CSV, and what the schema shows."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Scope
from production.api import NewProductionSerializer, ProductionCorrectionSerializer
from production.models import ProductionEntry
from tests import make

pytestmark = pytest.mark.django_db

URL = "/api/production/"


@pytest.fixture
def manager(cast: SimpleNamespace, as_user: Callable[..., Client]) -> Client:
    return as_user(cast.litein_manager)


def body(cast: SimpleNamespace, **fields: Any) -> dict[str, Any]:
    return {
        "factory": cast.litein.pk,
        "timestamp": "2026-11-20T07:30:00+03:00",
        "product": "Made tea",
        "amount": "11.5",
        "unit": "t",
    } | fields


def post(client: Client, data: Any, url: str = URL, key: object = None) -> Any:
    headers = {"Idempotency-Key": str(key)} if key else {}
    return client.post(url, data, content_type="application/json", headers=headers)


def send(client: Client, method: str, entry: int, data: Any) -> Any:
    return getattr(client, method)(f"{URL}{entry}/", data, content_type="application/json")


# --- Logging -----------------------------------------------------------------------------------
def test_a_manager_logs_made_tea_and_finds_it_again(cast: SimpleNamespace, manager: Client) -> None:
    response = post(manager, body(cast))

    row = response.json()
    assert response.status_code == 201
    assert (row["product"], row["amount"], row["unit"], row["amount_kg"]) == ("made_tea", "11.5", "t", "11500")
    assert (row["period_start"], row["period_end"]) == ("2026-11-20T03:00:00Z", "2026-11-21T03:00:00Z")
    assert (row["origin"], row["recorded_by"], row["warnings"]) == ("entry", cast.litein_manager.pk, [])
    assert manager.get(f"{URL}{row['id']}/").json() == row


def test_nothing_made_is_a_fact_and_not_a_gap(cast: SimpleNamespace, manager: Client) -> None:
    row = post(manager, body(cast, amount=0, unit="kg")).json()

    assert (row["amount"], row["amount_kg"]) == ("0", "0")


def test_what_is_odd_is_stored_and_said_in_words(cast: SimpleNamespace, manager: Client) -> None:
    post(manager, body(cast, product="green_leaf", amount=20, unit="t"))

    row = post(manager, body(cast)).json()

    assert [notice["code"] for notice in row["warnings"]] == ["out_turn_outside_band"]
    assert row["warnings"][0]["message"].startswith("0.575 kg of made tea a kg of green leaf is outside")


def test_an_idempotency_key_makes_a_second_call_safe(cast: SimpleNamespace, manager: Client) -> None:
    key = uuid.uuid4()
    first = post(manager, body(cast), key=key)

    again = post(manager, body(cast, amount="11.500"), key=key)
    other = post(manager, body(cast, amount="12"), key=key)

    assert (again.status_code, again.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (409, "key_conflict")
    assert ProductionEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"amount": "-1"}, "amount", "min_value"),
        ({"amount": "lots"}, "amount", "invalid"),
        ({"amount": "NaN"}, "amount", "invalid"),
        ({"amount": "99999999", "unit": "t"}, "amount", "out_of_range"),
        ({"unit": "lorry"}, "unit", "unknown_unit"),
        ({"product": "coal"}, "product", "unknown_product"),
        ({"product": "a\x00b"}, "product", "null_characters_not_allowed"),
        ({"timestamp": "yesterday"}, "timestamp", "invalid"),
        ({"timestamp": "2126-11-20T07:30:00Z"}, "timestamp", "in_future"),
        ({"factory": "Litein"}, "factory", "invalid"),
        ({"note": "x" * 301}, "note", "max_length"),
    ],
)
def test_a_wrong_field_is_named(
    cast: SimpleNamespace, manager: Client, fields: dict[str, Any], field: str, code: str
) -> None:
    response = post(manager, body(cast, **fields))

    assert response.status_code == 400
    assert {name: errors[0]["code"] for name, errors in response.json()["fields"].items()} == {field: code}
    assert ProductionEntry.objects.count() == 0


@pytest.mark.parametrize("data", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(manager: Client, data: Any) -> None:
    assert post(manager, data).status_code == 400


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
    ("scopes", "status"), [([Scope.READ], 403), ([Scope.WRITE_PRODUCTION], 201), ([Scope.WRITE_ENERGY], 403)]
)
def test_an_integrator_writes_by_a_token_of_that_scope(scopes: list[Scope], status: int, cast: SimpleNamespace) -> None:
    client = Client(headers={"Authorization": f"Token {make.make_token(cast.integrator, *scopes)}"})

    assert post(client, body(cast)).status_code == status


def test_lists_hold_the_entries_of_ones_own_factories(cast: SimpleNamespace, as_user: Callable[..., Client]) -> None:
    litein, elsewhere = make.make_production(cast.litein), make.make_production(cast.elsewhere)

    def seen(user: Any) -> list[int]:
        return [row["id"] for row in as_user(user).get(URL).json()["results"]]

    assert seen(cast.litein_manager) == seen(cast.auditor) == [litein.pk]
    assert seen(cast.momul_manager) == []
    assert seen(cast.outsider) == [elsewhere.pk]
    assert as_user(cast.outsider).get(f"{URL}?factory={cast.litein.pk}").status_code == 400
    assert as_user(cast.outsider).get(f"{URL}{litein.pk}/").status_code == 404


# --- Correct, delete, undo, history ------------------------------------------------------------
def test_correct_delete_undo_and_the_history_of_it(cast: SimpleNamespace, manager: Client) -> None:
    entry = post(manager, body(cast)).json()["id"]

    corrected = send(manager, "patch", entry, {"amount": "11", "reason": "weighed again"})
    deleted = send(manager, "delete", entry, {"reason": "logged twice"})
    undone = post(manager, {}, f"{URL}{entry}/undo/")

    assert (corrected.status_code, corrected.json()["amount_kg"]) == (200, "11000")
    assert (deleted.status_code, deleted.json()["deleted_at"] is None) == (200, False)
    assert (undone.status_code, undone.json()["deleted_at"]) == (200, None)
    history = manager.get(f"{URL}{entry}/history/").json()["results"]
    assert [(row["act"], row["amount_kg"], row["reason"]) for row in history] == [
        ("recorded", "11500", ""),
        ("corrected", "11000", "weighed again"),
        ("deleted", "11000", "logged twice"),
        ("undone", "11000", "undone"),
    ]
    assert {row["by"] for row in history} == {cast.litein_manager.pk}


def test_deleted_entries_leave_the_list_and_can_be_asked_for(cast: SimpleNamespace, manager: Client) -> None:
    entry = post(manager, body(cast)).json()["id"]
    send(manager, "delete", entry, {"reason": "logged twice"})

    assert manager.get(URL).json()["count"] == 0
    assert manager.get(f"{URL}?deleted=true").json()["count"] == 1
    assert manager.get(f"{URL}{entry}/").json()["change_reason"] == "logged twice"


@pytest.mark.parametrize(("method", "data"), [("patch", {"amount": "22"}), ("delete", {}), ("patch", {"reason": " "})])
def test_no_change_without_a_reason(cast: SimpleNamespace, manager: Client, method: str, data: dict[str, Any]) -> None:
    entry = post(manager, body(cast)).json()["id"]

    response = send(manager, method, entry, data)

    assert (response.status_code, list(response.json()["fields"])) == (400, ["reason"])


# --- Lists -------------------------------------------------------------------------------------
def test_filters_narrow_by_product_and_time(cast: SimpleNamespace, manager: Client) -> None:
    make.make_production(cast.litein)
    make.make_production(cast.litein, product="green_leaf")
    make.make_production(cast.litein, timestamp=datetime(2026, 10, 1, 9, tzinfo=UTC))

    def count(query: str) -> int:
        return manager.get(f"{URL}?{query}").json()["count"]

    assert (count(""), count("product=green_leaf"), count(f"factory={cast.litein.pk}")) == (3, 1, 3)
    assert (count("from=2026-11-01T00:00:00Z"), count("to=2026-11-01T00:00:00%2B03:00")) == (2, 1)
    assert manager.get(f"{URL}?from=soon").status_code == 400
    assert manager.get(f"{URL}?product=gold").status_code == 400


def test_a_longer_list_takes_no_more_queries(cast: SimpleNamespace, manager: Client) -> None:
    make.make_production(cast.litein)
    manager.get(URL)
    with CaptureQueriesContext(connection) as few:
        manager.get(URL)
    for day in range(1, 8):
        make.make_production(cast.litein, timestamp=datetime(2026, 11, day, 9, tzinfo=UTC))

    with CaptureQueriesContext(connection) as many:
        assert manager.get(URL).json()["count"] == 8

    assert len(many) == len(few)


def test_the_list_is_a_csv_file_too(cast: SimpleNamespace, manager: Client) -> None:
    make.make_production(cast.litein, note="=1+1")

    text = manager.get(f"{URL}?as=csv").content.decode()

    assert "amount_kg" in text
    assert "'=1+1" in text


# --- The schema --------------------------------------------------------------------------------
def test_the_schema_has_every_route_and_its_examples_work(cast: SimpleNamespace, manager: Client) -> None:
    paths = manager.get("/api/schema.json").json()["paths"]
    example = dict(NewProductionSerializer.Meta.swagger_schema_fields["example"]) | {"factory": cast.litein.pk}

    created = post(manager, example)
    correction = ProductionCorrectionSerializer.Meta.swagger_schema_fields["example"]
    corrected = send(manager, "patch", created.json()["id"], correction)

    assert {path for path in paths if "production" in path} >= {
        "/production/",
        "/production/{id}/",
        "/production/{id}/undo/",
        "/production/{id}/history/",
    }
    assert [r.status_code for r in (created, corrected)] == [201, 200]
