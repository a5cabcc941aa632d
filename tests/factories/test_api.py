"""Factories over HTTP: their shape, their filters, their cost."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from factories.models import Factory
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db


def test_a_factory_has_the_names_of_the_source_document(hq: Client, cast: Cast) -> None:
    chimney = make.make_chimney(factory=cast.litein, diameter_m=0.9)

    def source(name: str, chimney_id: int) -> dict[str, Any]:
        row = cast.litein.emission_sources.get(name=name)
        fuels = {"Boiler": "firewood", "Generator": "diesel", "Grid": "electricity"}[name]
        of_boiler = {"chimney": chimney_id if name == "Boiler" else None, "capacity_kw": None, "dryer_type": ""}
        of_mine = {"mine_class": "", "methane_per_t": None, "methane_unit": "", "methane_reference": ""}
        undated = {"first_day": None, "last_day": None}
        told = {"id": row.pk, "factory": cast.litein.pk, "name": name, "kind": row.kind, "fuels": fuels}
        return told | of_boiler | of_mine | undated

    body = hq.get(f"/api/factories/{cast.litein.pk}/").json()

    assert body == {
        "id": cast.litein.pk,
        "organisation": cast.organisation.pk,
        "name": "Litein Tea Factory",
        "location": "",
        "county": "Kericho",
        "country": "KE",
        "currency": "KES",
        "sector": "tea",
        "altitude_m": 2000.0,
        "altitude_is_estimated": True,
        "latitude": None,
        "longitude": None,
        "time_zone": "Africa/Nairobi",
        "day_starts_at": 6,
        "wood_moisture_fraction": None,
        "electricity_capacity_kw": None,
        "product_capacity_kg_per_day": None,
        "archived_at": None,
        "chimney_dimensions": [
            {
                "id": chimney.pk,
                "factory": cast.litein.pk,
                "name": "Chimney 1",
                "shape": "circle",
                "diameter_m": 0.9,
                "width_m": None,
                "height_m": None,
                "probe_height_m": None,
                "probe_position": "axis",
                "velocity_profile_factor": 1.0,
                "profile_factor_reason": "",
                "traverse_ms": None,
                "traverse_probe_ms": None,
                "moisture_method": "fixed",
                "moisture_fraction": 0.13,
                "archived_at": None,
            }
        ],
        "emission_sources": [source(name, chimney.pk) for name in ("Boiler", "Generator", "Grid")],
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("county=Bomet", ["Kapset"]),
        ("county=kericho", []),
        ("sector=coal_mine", ["Gevra"]),
        ("name=kaps", ["Kapset"]),
        ("county=Bomet&sector=coal_mine", []),
    ],
)
def test_the_list_is_filtered(hq: Client, cast: Cast, query: str, names: list[str]) -> None:
    make.make_factory(organisation=cast.organisation, name="Kapset", county="Bomet")
    make.make_factory(organisation=cast.organisation, name="Gevra", county="Korba", sector="coal_mine")

    rows = hq.get(f"/api/factories/?{query}").json()["results"]

    assert [row["name"] for row in rows] == names


@pytest.mark.parametrize("query", ["county=%00", "sector=gold", "page=0", "page=x", "page=99"])
def test_a_filter_that_cannot_be_is_no_crash(hq: Client, query: str) -> None:
    assert hq.get(f"/api/factories/?{query}").status_code in (400, 404)


def test_pages_have_a_count_and_up_to_a_thousand_rows(hq: Client, cast: Cast) -> None:
    body = hq.get("/api/factories/?page_size=1").json()

    assert set(body) == {"count", "next", "previous", "results"}
    assert (body["count"], len(body["results"])) == (2, 1)
    assert len(hq.get("/api/factories/?page_size=100000").json()["results"]) == 2


def test_the_number_of_queries_does_not_grow_with_factories(hq: Client, cast: Cast) -> None:
    make.make_chimney(factory=cast.litein)
    queries_of(hq, "/api/factories/")  # the first makes the row in which requests are counted
    few = queries_of(hq, "/api/factories/")
    for _ in range(5):
        make.make_chimney(factory=make.make_factory(organisation=cast.organisation))

    assert queries_of(hq, "/api/factories/") == few


# --- Adding a site -----------------------------------------------------------------------------
MINE = {"name": "Gevra", "sector": "coal_mine", "mine_class": "opencast", "altitude_m": 300}


def test_a_mine_of_an_indian_organisation_is_indian(as_user: AsUser) -> None:
    """1,000 kWh in April 2024: 1,000 x 0.7117 kg (CEA, version 21) = 711.7 kg; with Kenya's factor it was 95.4 kg."""
    coal = make.make_organisation(country="IN")
    manager = make.make_user()
    make.make_membership(user=manager, role=Role.HQ_MANAGER, organisation=coal)

    answer = as_user(manager).post("/api/factories/", MINE, content_type="application/json")

    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert (body["organisation"], body["country"], body["currency"]) == (coal.pk, "IN", "INR")
    assert body["time_zone"] == "Asia/Kolkata"
    assert {(s["kind"], s["mine_class"]) for s in body["emission_sources"]} == {
        ("haul_truck", ""),
        ("grid", ""),
        ("explosives", ""),
        ("mine_methane", "opencast"),
    }
    mine = Factory.objects.get(pk=body["id"])
    moment = datetime(2024, 4, 10, 9, tzinfo=UTC)
    entry = make.make_energy_entry(mine, energy_type="electricity", amount=Decimal(1000), unit="kWh", timestamp=moment)
    assert entry.co2e_kg == Decimal("711.7")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mine_class": None}, "mine_class"),
        ({"sector": "tea"}, "mine_class"),
        ({"sector": None}, "sector"),
        ({"country": "AU"}, "time_zone"),
        ({"country": "XX"}, "country"),
        ({"name": None}, "name"),
        ({"organisation": 999_999}, "organisation"),
        ({"name": "LITEIN tea factory"}, "name"),
        ({"boiler_capacity_kw": 3500}, "boiler_capacity_kw"),
        ({"electricity_capacity_kw": 1e308}, "electricity_capacity_kw"),
        ({"product_capacity_kg_per_day": 0}, "product_capacity_kg_per_day"),
    ],
)
def test_what_a_site_needs_is_asked_by_name(hq: Client, change: dict[str, Any], field: str) -> None:
    told = {name: value for name, value in (MINE | change).items() if value is not None}

    answer = hq.post("/api/factories/", told, content_type="application/json")

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Factory.objects.filter(name="Gevra").exists()
