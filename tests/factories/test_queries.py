"""Names that people use, and time zones that the database knows."""

from zoneinfo import available_timezones

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from factories.models import validate_time_zone
from factories.queries import find_factory
from tests import make


def test_a_zone_that_nobody_knows_is_refused_with_an_example() -> None:
    with pytest.raises(ValidationError, match="use a name like Africa/Nairobi"):
        validate_time_zone("Kenya/Litein")


@pytest.mark.django_db
def test_every_zone_that_we_take_postgresql_knows_as_well() -> None:
    """Days and months are cut by the database: one that it does not know would fail there."""
    taken = []
    for name in sorted(available_timezones()):
        try:
            validate_time_zone(name)
        except ValidationError:
            continue
        taken.append(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor.fetchall()}

    assert set(taken) - known == set()
    assert len(taken) > 400


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["Momul", "momul tea factory", "MOMUL", " Momul  Tea  Factory "])
def test_a_factory_is_found_by_its_name(asked: str) -> None:
    momul = make.make_factory(name="Momul Tea Factory")
    make.make_factory(name="Litein Tea Factory")

    assert find_factory(asked) == momul


@pytest.mark.django_db
def test_the_full_name_of_one_is_not_the_short_name_of_another() -> None:
    make.make_factory(name="Tea Factory Tea Factory")

    with pytest.raises(ValidationError, match="no factory"):
        find_factory("Factory")


@pytest.mark.django_db
def test_with_no_factories_at_all_there_is_an_answer_too() -> None:
    with pytest.raises(ValidationError, match="no factory 'Litein'"):
        find_factory("Litein")
