"""Names that people use, and where hours and days of a site begin."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from factories.models import validate_time_zone
from factories.queries import find_factory, local_day_start, local_hour_start, next_local_day
from tests import make

ZONES = ("Africa/Nairobi", "Asia/Kolkata", "Asia/Kathmandu", "UTC", "America/St_Johns")
moments = st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC))  # 2020 to 2034


@given(moment=moments, zone=st.sampled_from(ZONES))
def test_an_hour_begins_at_most_an_hour_before_and_is_whole_at_the_site(moment: datetime, zone: str) -> None:
    start = local_hour_start(moment, ZoneInfo(zone))

    assert timedelta(0) <= moment - start.astimezone(UTC) < timedelta(hours=1)
    assert (start.minute, start.second, start.microsecond) == (0, 0, 0)


@given(moment=moments, zone=st.sampled_from((*ZONES, "Europe/Berlin")), hour=st.integers(0, 23))
def test_a_day_holds_its_moment(moment: datetime, zone: str, hour: int) -> None:
    start = local_day_start(moment, ZoneInfo(zone), hour)
    end = next_local_day(start)

    assert start.astimezone(UTC) <= moment < end.astimezone(UTC)
    assert start.hour == end.hour == hour
    assert timedelta(hours=23) <= end.astimezone(UTC) - start.astimezone(UTC) <= timedelta(hours=25)


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
