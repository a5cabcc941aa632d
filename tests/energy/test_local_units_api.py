"""The local units API: who sees and changes them, what they are made of, and that entries stay as valued."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Scope
from energy.models import LocalUnit
from energy.services import set_local_unit
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db

URL = "/api/local-units/"


def body(cast: Cast, **fields: Any) -> dict[str, Any]:
    return {"factory": cast.litein.pk, "energy_type": "Firewood", "name": "Lorry", "amount": "12", "unit": "stere"} | (
        fields
    )


def send(client: Client, data: Any, url: str = URL, method: str = "post") -> Any:
    return getattr(client, method)(url, data, content_type="application/json")


def test_a_manager_adds_a_lorry_and_logs_in_it(cast: Cast, manager: Client) -> None:
    response = send(manager, body(cast))

    row = response.json()
    assert response.status_code == 201
    assert (row["energy_type"], row["name"], row["amount"], row["unit"]) == ("firewood", "Lorry", "12", "stere")
    assert manager.get(f"{URL}{row['id']}/").json() == row
    assert make.make_energy_entry(cast.litein, amount=Decimal(2), unit="lorry").factor_amount == 24


def test_a_changed_unit_leaves_entries_as_they_were_valued(cast: Cast, manager: Client) -> None:
    unit = send(manager, body(cast)).json()["id"]
    before = make.make_energy_entry(cast.litein, amount=Decimal(1), unit="lorry")

    changed = send(manager, {"amount": "11.5"}, f"{URL}{unit}/", "patch")

    before.refresh_from_db()
    after = make.make_energy_entry(cast.litein, amount=Decimal(1), unit="lorry")
    assert (changed.status_code, changed.json()["amount"], changed.json()["unit"]) == (200, "11.5", "stere")
    assert (before.factor_amount, after.factor_amount) == (12, Decimal("11.5"))
    assert LocalUnit.objects.get().events.count() == 2


def test_a_changed_unit_forgets_the_moisture_of_the_old_ones_kilograms(cast: Cast, manager: Client) -> None:
    unit = send(manager, body(cast, amount="5400", unit="kg", moisture_fraction="0.25")).json()["id"]

    kept = send(manager, {"amount": "5300"}, f"{URL}{unit}/", "patch").json()
    changed = send(manager, {"amount": "12", "unit": "stere"}, f"{URL}{unit}/", "patch")

    assert (kept["amount"], kept["moisture_fraction"]) == ("5300", "0.25")
    assert (changed.status_code, changed.json()["moisture_fraction"]) == (200, None)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"unit": "armful"}, "unit", "unknown_unit"),
        ({"name": "stere", "unit": "stere"}, "unit", "circular_unit"),
        ({"amount": "0"}, "amount", "min_value"),
        ({"amount": "NaN"}, "amount", "invalid"),
        ({"energy_type": "plutonium"}, "energy_type", "unknown_energy_type"),
        ({"name": ""}, "name", "blank"),
        ({"name": "a\x00b"}, "name", "null_characters_not_allowed"),
        ({"name": "cart"}, "name", "taken"),
        ({"name": " CART "}, "name", "taken"),
        ({"factory": "Litein"}, "factory", "invalid"),
    ],
)
def test_a_wrong_field_is_named(cast: Cast, manager: Client, fields: dict[str, Any], field: str, code: str) -> None:
    set_local_unit(cast.litein, "firewood", "Cart", amount=Decimal(1), unit="stere")

    response = send(manager, body(cast, **fields))

    assert response.status_code == 400
    assert {name: errors[0]["code"] for name, errors in response.json()["fields"].items()} == {field: code}
    assert LocalUnit.objects.count() == 1


def test_units_may_not_be_changed_into_a_circle(cast: Cast, manager: Client) -> None:
    set_local_unit(cast.litein, "firewood", "lorry", amount=Decimal(3), unit="stere")
    stere = set_local_unit(cast.litein, "firewood", "stere", amount=Decimal(480), unit="kg")

    response = send(manager, {"unit": "lorry"}, f"{URL}{stere.pk}/", "patch")

    assert (response.status_code, list(response.json()["fields"])) == (400, ["unit"])


def test_a_token_that_reads_changes_nothing(cast: Cast) -> None:
    unit = set_local_unit(cast.litein, "firewood", "lorry", amount=Decimal(12), unit="stere")
    client = Client(headers={"Authorization": f"Token {make.make_token(cast.hq, Scope.READ)}"})

    assert send(client, {"amount": "13"}, f"{URL}{unit.pk}/", "patch").status_code == 403
    assert client.get(URL).json()["count"] == 1


def test_lists_hold_the_units_of_ones_own_factories(cast: Cast, as_user: AsUser) -> None:
    for factory in (cast.litein, cast.elsewhere):
        set_local_unit(factory, "firewood", "lorry", amount=Decimal(12), unit="stere")
    set_local_unit(cast.litein, "diesel", "drum", amount=Decimal(200), unit="L")

    def seen(user: Any, query: str = "") -> list[str]:
        return [row["name"] for row in as_user(user).get(f"{URL}{query}").json()["results"]]

    assert seen(cast.litein_manager) == seen(cast.auditor) == ["drum", "lorry"]
    assert seen(cast.litein_manager, "?energy_type=diesel") == ["drum"]
    assert (seen(cast.momul_manager), seen(cast.outsider)) == ([], ["lorry"])
    theirs = LocalUnit.objects.get(factory=cast.elsewhere).pk
    assert as_user(cast.hq).get(f"{URL}{theirs}/").status_code == 404
    assert send(as_user(cast.hq), {"amount": "1"}, f"{URL}{theirs}/", "patch").status_code == 404


def test_a_longer_list_takes_no_more_queries_and_is_a_csv_file_too(cast: Cast, manager: Client) -> None:
    set_local_unit(cast.litein, "firewood", "lorry", amount=Decimal(12), unit="stere")
    manager.get(URL)
    few = queries_of(manager, URL)
    for number in range(7):
        set_local_unit(cast.litein, "firewood", f"cart {number}", amount=Decimal(1), unit="stere")

    assert queries_of(manager, URL) == few
    assert manager.get(URL).json()["count"] == 8
    assert "cart 6" in manager.get(f"{URL}?as=csv").getvalue().decode()
