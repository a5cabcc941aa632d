"""Factories over HTTP: their shape, their filters, their cost."""

import pytest
from django.test import Client

from tests import make
from tests.cast import Cast
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db


def test_a_factory_has_the_names_of_the_source_document(hq: Client, cast: Cast) -> None:
    chimney = make.make_chimney(factory=cast.litein, diameter_m=0.9)

    body = hq.get(f"/api/factories/{cast.litein.pk}/").json()

    assert body == {
        "id": cast.litein.pk,
        "name": "Litein Tea Factory",
        "location": "",
        "county": "Kericho",
        "country": "KE",
        "sector": "tea",
        "altitude_m": 2000.0,
        "altitude_is_estimated": True,
        "latitude": None,
        "longitude": None,
        "time_zone": "Africa/Nairobi",
        "day_starts_at": 6,
        "wood_moisture_fraction": None,
        "chimney_dimensions": [
            {
                "id": chimney.pk,
                "name": "Chimney 1",
                "shape": "circle",
                "diameter_m": 0.9,
                "width_m": None,
                "height_m": None,
                "probe_position": "axis",
                "velocity_profile_factor": 1.0,
                "moisture_method": "fixed",
                "moisture_fraction": 0.13,
            }
        ],
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
