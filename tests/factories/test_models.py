"""What the database refuses of places: shapes without dimensions, altitudes not on earth, names twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from factories.models import Chimney
from factories.services import add_chimney, create_factory, create_organisation
from production.models import ProductionEntry
from tests import make

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"shape": "circle"},
        {"shape": "circle", "diameter_m": 0},
        {"shape": "circle", "diameter_m": 5.1},
        {"shape": "circle", "diameter_m": float("nan")},
        {"shape": "circle", "diameter_m": 1, "width_m": 1},
        {"shape": "circle", "width_m": 1, "height_m": 1},
        {"shape": "rectangle"},
        {"shape": "rectangle", "width_m": 1},
        {"shape": "rectangle", "height_m": 1},
        {"shape": "rectangle", "width_m": 1, "height_m": 0},
        {"shape": "rectangle", "width_m": 1, "height_m": 1, "diameter_m": 1},
        {"shape": "oval", "diameter_m": 1},
    ],
)
def test_a_chimney_has_the_dimensions_of_its_shape(fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="chimney_dimensions_fit_shape"):
        Chimney.objects.create(factory=make.make_factory(), name="x", **fields)


def _changed_chimney(**fields: float) -> None:
    Chimney.objects.filter(pk=make.make_chimney().pk).update(**fields)


@pytest.mark.parametrize("factor", [0.49, 1.21, float("nan")])
def test_a_profile_factor_is_plausible(factor: float) -> None:
    with pytest.raises(IntegrityError, match="chimney_profile_factor_plausible"):
        _changed_chimney(velocity_profile_factor=factor)


@pytest.mark.parametrize("fraction", [-0.01, 0.51])
def test_a_moisture_fraction_is_plausible(fraction: float) -> None:
    with pytest.raises(IntegrityError, match="chimney_moisture_fraction_plausible"):
        _changed_chimney(moisture_fraction=fraction)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("altitude_m", 5501),
        ("altitude_m", float("nan")),
        ("latitude", 91),
        ("longitude", -181),
        ("time_zone", "Nairobi"),
        ("day_starts_at", 24),
        ("day_starts_at", -1),
        ("sector", "gold"),
        ("name", ""),
    ],
)
def test_a_factory_that_cannot_be_is_refused_by_its_field(field: str, value: object) -> None:
    organisation = make.make_organisation()
    fields = {"name": "Litein", "altitude_m": 2000.0} | {field: value}

    with pytest.raises(ValidationError) as caught:
        create_factory(organisation, **fields)

    assert field in caught.value.message_dict or "__all__" in caught.value.message_dict


def test_a_factory_name_is_taken_once_in_an_organisation_and_free_in_another() -> None:
    litein = make.make_factory(name="Litein")
    make.make_factory(name="Litein")

    with pytest.raises(ValidationError):
        make.make_factory(name="Litein", organisation=litein.organisation)


def test_a_production_entry_goes_forward_in_time() -> None:
    entry = {
        "factory": make.make_factory(),
        "product": "made_tea",
        "recorded_by": make.make_user(),
        "amount_kg": 1,
        "period_start": NOON,
    }

    with pytest.raises(IntegrityError, match="production_period_forward"):
        ProductionEntry.objects.create(**entry, period_end=NOON)


def test_production_is_not_negative() -> None:
    with pytest.raises(IntegrityError, match="production_not_negative"):
        ProductionEntry.objects.create(
            factory=make.make_factory(),
            product="made_tea",
            recorded_by=make.make_user(),
            amount_kg=-1,
            period_start=NOON,
            period_end=NOON + timedelta(days=1),
        )


# --- Services ----------------------------------------------------------------------------------
def test_a_factory_begins_with_its_boiler_and_the_first_chimney_belongs_to_it() -> None:
    factory = make.make_factory()
    boiler = factory.emission_sources.get(kind="boiler")
    first, second = add_chimney(factory, diameter_m=0.9), make.make_chimney(factory=factory, width_m=1, height_m=2)

    boiler.refresh_from_db()
    assert (boiler.kind, boiler.chimney) == ("boiler", first)
    assert (first.shape, second.shape) == ("circle", "rectangle")


def test_the_profile_factor_follows_the_probe_or_is_stated() -> None:
    factory = make.make_factory()

    assert add_chimney(factory, diameter_m=0.9).velocity_profile_factor == 0.84
    assert add_chimney(factory, diameter_m=0.9, velocity_profile_factor=0.8).velocity_profile_factor == 0.8
    for unclear in ({"diameter_m": 0.9, "probe_position": "other"}, {"width_m": 1.0, "height_m": 2.0}):
        with pytest.raises(ValidationError, match="State the velocity profile factor"):
            add_chimney(factory, **unclear)


def test_a_chimney_without_dimensions_has_no_geometry() -> None:
    chimney = add_chimney(make.make_factory())

    assert (chimney.shape, chimney.diameter_m, chimney.velocity_profile_factor) == ("", None, None)


def test_the_creator_of_an_organisation_is_its_first_manager() -> None:
    user = make.make_user()

    organisation = create_organisation(user, "Tea Group", country="KE")

    membership = user.memberships.get()
    assert (membership.organisation, membership.role, membership.factory) == (organisation, "hq_manager", None)
    with pytest.raises(ValidationError):
        create_organisation(user, "Tea Group", country="KE")


def test_currency_and_languages_follow_from_the_country() -> None:
    india = create_organisation(None, "Coal Group", country="IN")
    stated = create_organisation(None, "Tea Group", country="KE", currency="USD", languages=["sw"])

    assert (india.currency, india.languages) == ("INR", ["en"])
    assert (stated.currency, stated.languages) == ("USD", ["sw"])
    assert make.make_factory(organisation=stated, country="UG").currency == "UGX"


def test_languages_are_those_that_pages_speak() -> None:
    with pytest.raises(ValidationError, match="Pages speak these languages: en, sw"):
        create_organisation(None, "Nowhere", country="KE", languages=["en", "xx"])


def test_no_country_is_assumed() -> None:
    with pytest.raises(ValidationError) as caught:
        create_organisation(None, "Nowhere")

    assert "country" in caught.value.error_dict
