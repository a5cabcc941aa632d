"""The energy API: what only energy has in its shapes, filters and lists. The rest is in tests/logbook/test_api.py."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from energy.models import EnergyEntry
from tests import make
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ENTRIES = "/api/energy-entries/"


def body(cast: Cast, **fields: Any) -> dict[str, Any]:
    return {
        "factory": cast.litein.pk,
        "timestamp": "2026-11-20T07:30:00+03:00",
        "energy_type": "Firewood",
        "amount": "24",
        "unit": "stere",
    } | fields


def post(client: Client, data: Any) -> Any:
    return client.post(ENTRIES, data, content_type="application/json")


# --- Logging -----------------------------------------------------------------------------------
def test_a_manager_logs_firewood_and_sees_what_it_emitted(cast: Cast, manager: Client) -> None:
    response = post(manager, body(cast))

    row = response.json()
    assert response.status_code == 201
    assert (row["factory"], row["energy_type"], row["amount"], row["unit"]) == (
        cast.litein.pk,
        "firewood",
        "24",
        "stere",
    )
    assert (row["scope"], row["co2e_kg"], row["biogenic_co2_kg"]) == (1, "268.884409", "14850.000000")
    assert (row["factor"]["value"], row["factor"]["unit"], row["factor"]["gas"]) == ("618.75", "kg CO2/stere", "CO2")
    assert (row["gwp_set"], row["period_start"]) == ("AR6", "2026-11-20T03:00:00Z")
    assert [notice["code"] for notice in row["warnings"]] == ["moisture_default"]
    assert "of 30 % moisture" in row["warnings"][0]["message"]
    assert manager.get(f"{ENTRIES}{row['id']}/").json() == row


def test_the_source_documents_own_words_are_understood(cast: Cast, manager: Client) -> None:
    row = post(manager, body(cast, energy_type="Diesel", unit="liters", amount=10.5)).json()

    assert (row["energy_type"], row["amount"], row["co2_kg"]) == ("diesel", "10.5", "28.103166")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"unit": "L"}, "unit", "unit_of_another_kind"),
        ({"energy_type": "plutonium"}, "energy_type", "unknown_energy_type"),
        ({"kind": "burnt"}, "kind", "invalid_choice"),
        ({"currency": "kes", "cost": "5"}, "currency", "invalid"),
        ({"source": 2_000_000_000}, "source", "unknown_source"),
        ({"factor_set": "mine"}, "factor_set", "no_factor"),
        ({"source": True}, "source", "invalid"),
        ({"moisture_fraction": "0.9"}, "moisture_fraction", "out_of_range"),
        ({"moisture_fraction": "-0.1"}, "moisture_fraction", "out_of_range"),
        ({"moisture_fraction": "0.2", "energy_type": "diesel"}, "moisture_fraction", "not_wood"),
    ],
)
def test_a_wrong_field_is_named(cast: Cast, manager: Client, fields: dict[str, Any], field: str, code: str) -> None:
    response = post(manager, body(cast, **fields))

    assert response.status_code == 400
    assert {name: errors[0]["code"] for name, errors in response.json()["fields"].items()} == {field: code}
    assert EnergyEntry.objects.count() == 0


def test_each_number_knows_how_many_decimals_it_has(cast: Cast, manager: Client) -> None:
    row = post(manager, body(cast, cost="1,500", currency="KES", moisture_fraction="0,3")).json()

    assert (row["cost"], row["moisture_fraction"]) == ("1500.00", "0.3")


# --- Lists -------------------------------------------------------------------------------------
def test_filters_narrow_by_type_kind_and_time(cast: Cast, manager: Client) -> None:
    make.make_energy_entry(cast.litein, energy_type="diesel", unit="L")
    make.make_energy_entry(cast.litein, timestamp=datetime(2026, 10, 1, 9, tzinfo=UTC))
    make.make_energy_entry(cast.litein, kind="received")

    def count(query: str) -> int:
        return manager.get(f"{ENTRIES}?{query}").json()["count"]

    assert (count(""), count("energy_type=diesel"), count("kind=received"), count("scope=1")) == (3, 1, 1, 2)
    assert (count("from=2026-11-01T00:00:00Z"), count("to=2026-11-01T00:00:00%2B03:00")) == (2, 1)
    assert manager.get(f"{ENTRIES}?from=soon").status_code == 400


@pytest.mark.parametrize("name", ["energy-types", "emission-factors", "energy-entries"])
def test_any_list_is_a_csv_file_too(cast: Cast, manager: Client, name: str) -> None:
    make.make_energy_entry(cast.litein, note="=1+1")

    response: Any = manager.get(f"/api/{name}/?as=csv")

    text = response.getvalue().decode()
    lines = text.splitlines()
    assert response["Content-Type"].startswith("text/csv")
    assert len(lines) > 1
    assert "=1+1" not in text.replace("'=1+1", "")


def test_factors_are_found_by_type_place_and_day(manager: Client) -> None:
    url = "/api/emission-factors/?energy_type=electricity&country=KE&on=2024-06-01"

    rows = manager.get(url).json()["results"]

    assert [(row["value"], row["unit"], row["basis"], row["gwp_set"], row["valid_to"]) for row in rows] == [
        ("0.059561", "kg CO2/kWh", "direct", "", "2025-01-01"),
        ("0.0852", "kg CO2e/kWh", "life-cycle", "AR5", "2025-01-01"),
    ]
    assert all(row["source"].startswith("Ember") for row in rows)


def test_types_are_found_by_code(manager: Client) -> None:
    row = manager.get("/api/energy-types/firewood/").json()

    assert (row["default_unit"], row["scope"], row["is_biogenic"], row["is_wood"]) == ("stere", 1, True, True)
