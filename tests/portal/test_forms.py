"""The form of a factory: numbers as people type them, and errors that say what to do."""

from typing import Any

import pytest

from factories.models import Factory
from portal.sites.forms import FactoryForm
from tests import make

pytestmark = pytest.mark.django_db


def form(**values: Any) -> FactoryForm:
    usual = {
        "name": "Walk Hill",
        "county": "Kericho",
        "country": "KE",
        "sector": "tea",
        "altitude_m": "1960",
        "time_zone": "Africa/Nairobi",
        "day_starts_at": "6",
    }
    return FactoryForm(usual | values, organisation=make.make_organisation())


@pytest.mark.parametrize("typed", ["1960", "1,960", "1.960", "1 960", " 1,960.0 "])
def test_an_altitude_is_read_in_whole_metres(typed: str):
    filled = form(altitude_m=typed)

    assert filled.is_valid(), filled.errors
    assert filled.save().altitude_m == 1960


def test_a_place_on_the_map_has_a_decimal_comma_or_point():
    filled = form(latitude="-0,367", longitude="35.283")

    assert filled.is_valid(), filled.errors
    factory = filled.save()
    assert (factory.latitude, factory.longitude) == (-0.367, 35.283)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("altitude_m", "1.96", "1.96 m has decimals; write a whole number, like 1960."),
        ("altitude_m", "5900", "5900 m is outside -430 to 3500 m"),
        ("latitude", "91", "91 ° is outside -90 to 90 °"),
        ("altitude_m", "1e3", "1e3 is not a plain number"),
    ],
)
def test_a_wrong_number_is_named_with_its_limits(field: str, value: str, words: str):
    filled = form(**{field: value})

    assert not filled.is_valid()
    assert words in " ".join(filled.errors[field])
    assert Factory.objects.count() == 0


def test_the_capacities_of_a_site_are_asked_with_those_of_a_large_one():
    filled = form(boiler_capacity_kw="3,500", electricity_capacity_kw="400", product_capacity_kg_per_day="25,000")

    assert "tea factory 8,000" in str(filled.fields["boiler_capacity_kw"].help_text).lower()
    assert filled.is_valid(), filled.errors
    site = filled.save()
    assert (site.electricity_capacity_kw, site.product_capacity_kg_per_day) == (400, 25_000)
    assert list(site.emission_sources.exclude(capacity_kw=None).values_list("kind", "capacity_kw")) == [
        ("boiler", 3500)
    ]


def test_a_mine_has_no_boiler_to_state():
    filled = form(sector="coal_mine", mine_class="opencast", boiler_capacity_kw="3500")

    assert list(filled.errors) == ["boiler_capacity_kw"]
