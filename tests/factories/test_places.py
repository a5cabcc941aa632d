"""The table of places: what is in it, that no value lacks a source, and what a name finds."""

import csv
from pathlib import Path
from time import perf_counter

import pytest
from django.test import Client

from demo import cast as demo_cast
from factories.models import HIGHEST_SITE_M
from factories.places import all_places, find_places
from tests.test_sources import unlisted

PLACES = [place for _plain, place in all_places()]
FACTORIES = [place for place in PLACES if place.kind == "factory"]


def test_the_67_factories_are_the_demos_and_stand_in_their_county() -> None:
    assert {(place.name, place.region) for place in FACTORIES} == {(f.name, f.county) for f in demo_cast.factories()}
    assert len(FACTORIES) == 67


def test_every_value_has_a_source_and_none_is_impossible() -> None:
    for place in PLACES:
        known = [place.latitude, place.longitude, place.altitude_m]
        assert bool(place.source) == any(value is not None for value in known), place
        assert not place.source or not unlisted(place.source), place
        assert place.altitude_m is None or -430 <= place.altitude_m <= HIGHEST_SITE_M, place
        if place.latitude is not None and place.longitude is not None:
            south, north, west, east = (-5, 6, 33, 42) if place.country == "KE" else (6, 36, 68, 98)
            assert south <= place.latitude <= north, place
            assert west <= place.longitude <= east, place


def test_a_factory_has_its_own_altitude_or_that_of_its_named_town_or_none() -> None:
    towns = {place.name: place for place in PLACES if place.kind == "town" and place.country == "KE"}
    own = [place for place in FACTORIES if place.altitude_m is not None and not place.town]
    by_town = [place for place in FACTORIES if place.town]

    assert (len(own), len(by_town), len(FACTORIES) - len(own) - len(by_town)) == (11, 27, 29)
    for place in by_town:
        town = towns[place.town]
        assert (place.latitude, place.longitude, place.altitude_m) == (town.latitude, town.longitude, town.altitude_m)
        assert place.altitude_is_estimated
        assert place.source == town.source
    assert [place.name for place in own if place.altitude_is_estimated] == ["Kagwe Tea Factory"]  # 6,800 ft


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Litein", "Litein Tea Factory"),  # a factory before the town of its name
        ("  LITEIN tea factory ", "Litein Tea Factory"),
        ("dhanbad", "Dhanbād"),  # accents do not matter
        ("murang'a", "Murang’a"),
        ("Korb", "Korba"),
    ],
)
def test_a_name_finds_its_place(name: str, first: str) -> None:
    assert find_places(name)[0].name == first


def test_a_name_of_several_towns_gives_them_all_with_their_region() -> None:
    regions = {place.region for place in find_places("Ramgarh", country="IN") if place.name == "Rāmgarh"}

    assert {"Jharkhand", "Rajasthan"} <= regions
    assert find_places("Ramgarh", country="KE") == []
    assert find_places("a") == find_places("") == find_places("\x00\x00\x00") == []


def test_a_search_is_quick_and_short() -> None:
    find_places("warm")
    began = perf_counter()

    assert len(find_places("pur")) == 10
    assert perf_counter() - began < 0.05  # measured: 1 ms


def test_every_row_of_the_file_has_its_ten_columns() -> None:
    rows = list(csv.reader((Path(__file__).parents[2] / "factories/data/places.csv").open(encoding="utf-8")))

    assert {len(row) for row in rows} == {10}


@pytest.mark.django_db
def test_the_api_gives_candidates_with_their_source(hq: Client) -> None:
    found = hq.get("/api/places/", {"name": "kapset", "country": "ke"}).json()["results"]

    assert found == [
        {
            "name": "Kapset Tea Factory",
            "kind": "factory",
            "region": "Bomet",
            "country": "KE",
            "latitude": -0.54322,
            "longitude": 35.25175,
            "altitude_m": 1979.0,
            "altitude_is_estimated": False,
            "town": "",
            "source": "KTDA factory pages start=21",
        }
    ]
    assert hq.get("/api/places/").json()["results"] == []
