"""The production API: what only production has. The rest is in tests/logbook/test_api.py."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from production.models import ProductionEntry
from tests import make
from tests.cast import Cast

pytestmark = pytest.mark.django_db

URL = "/api/production/"


def body(cast: Cast, **fields: Any) -> dict[str, Any]:
    return {
        "factory": cast.litein.pk,
        "timestamp": "2026-11-20T07:30:00+03:00",
        "product": "Made tea",
        "amount": "11.5",
        "unit": "t",
    } | fields


def post(client: Client, data: Any) -> Any:
    return client.post(URL, data, content_type="application/json")


# --- Logging -----------------------------------------------------------------------------------
def test_a_manager_logs_made_tea_and_finds_it_again(cast: Cast, manager: Client) -> None:
    response = post(manager, body(cast))

    row = response.json()
    assert response.status_code == 201
    assert (row["product"], row["amount"], row["unit"], row["amount_kg"]) == ("made_tea", "11.5", "t", "11500")
    assert (row["period_start"], row["period_end"]) == ("2026-11-20T03:00:00Z", "2026-11-21T03:00:00Z")
    assert (row["origin"], row["recorded_by"], row["warnings"]) == ("entry", cast.litein_manager.pk, [])
    assert manager.get(f"{URL}{row['id']}/").json() == row


def test_nothing_made_is_a_fact_and_not_a_gap(cast: Cast, manager: Client) -> None:
    row = post(manager, body(cast, amount=0, unit="kg")).json()

    assert (row["amount"], row["amount_kg"]) == ("0", "0")


def test_an_unusual_amount_is_stored_with_a_warning(cast: Cast, manager: Client) -> None:
    post(manager, body(cast, product="green_leaf", amount=20, unit="t"))

    row = post(manager, body(cast)).json()

    assert [notice["code"] for notice in row["warnings"]] == ["out_turn_outside_band"]
    assert row["warnings"][0]["message"].startswith("0.575 kg of made tea per kg of green leaf is outside")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"amount": "99999999", "unit": "t"}, "amount", "out_of_range"),
        ({"unit": "lorry"}, "unit", "unknown_unit"),
        ({"product": "coal"}, "product", "unknown_product"),
        ({"product": "a\x00b"}, "product", "null_characters_not_allowed"),
    ],
)
def test_a_wrong_field_is_named(cast: Cast, manager: Client, fields: dict[str, Any], field: str, code: str) -> None:
    response = post(manager, body(cast, **fields))

    assert response.status_code == 400
    assert {name: errors[0]["code"] for name, errors in response.json()["fields"].items()} == {field: code}
    assert ProductionEntry.objects.count() == 0


# --- Lists -------------------------------------------------------------------------------------
def test_filters_narrow_by_product_and_time(cast: Cast, manager: Client) -> None:
    make.make_production(cast.litein)
    make.make_production(cast.litein, product="green_leaf")
    make.make_production(cast.litein, timestamp=datetime(2026, 10, 1, 9, tzinfo=UTC))

    def count(query: str) -> int:
        return manager.get(f"{URL}?{query}").json()["count"]

    assert (count(""), count("product=green_leaf"), count(f"factory={cast.litein.pk}")) == (3, 1, 3)
    assert (count("from=2026-11-01T00:00:00Z"), count("to=2026-11-01T00:00:00%2B03:00")) == (2, 1)
    assert manager.get(f"{URL}?from=soon").status_code == 400
    assert manager.get(f"{URL}?product=gold").status_code == 400
