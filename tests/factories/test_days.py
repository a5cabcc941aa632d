"""Where hours and days of a site begin and end, on the days too on which its clock is changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.days import (
    day_just_ended,
    days_touched,
    days_until,
    factory_day,
    last_day_over_everywhere,
    local_hour_start,
    month_days,
    running_day,
)
from factories.models import Factory

ZONES = ("Africa/Nairobi", "Asia/Kolkata", "Asia/Kathmandu", "UTC", "America/St_Johns")
HOUR_US = 3_600_000_000
moments = st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC))  # 2020 to 2034


@given(moment=moments, zone=st.sampled_from(ZONES))
def test_an_hour_begins_at_most_an_hour_before_and_is_whole_at_the_site(moment: datetime, zone: str) -> None:
    start = local_hour_start(moment, ZoneInfo(zone))

    assert timedelta(0) <= moment - start.astimezone(UTC) < timedelta(hours=1)
    assert (start.minute, start.second, start.microsecond) == (0, 0, 0)


@given(moment=moments, zone=st.sampled_from((*ZONES, "Europe/Berlin")), hour=st.integers(0, 23))
def test_a_day_holds_its_moment_and_ends_where_the_next_begins(moment: datetime, zone: str, hour: int) -> None:
    factory = Factory(time_zone=zone, day_starts_at=hour)

    day = running_day(factory, moment)

    assert day.starts_at.astimezone(UTC) <= moment < day.ends_at.astimezone(UTC)
    assert day.starts_at.hour == day.ends_at.hour == hour
    assert running_day(factory, day.ends_at).starts_at == day.ends_at
    assert day_just_ended(factory, moment).ends_at == day.starts_at
    assert day.due_at == factory_day(factory, day.day + timedelta(days=1)).ends_at


@pytest.mark.parametrize("hour", [0, 2, 3, 6])
@pytest.mark.parametrize(("month", "hours"), [(3, 23), (6, 24), (10, 25)])
def test_the_day_on_which_the_clock_is_changed_is_an_hour_shorter_or_longer(month: int, hours: int, hour: int) -> None:
    """Berlin changes its clocks on the last Sunday of March (no 02:00) and of October (02:00 twice)."""
    berlin = Factory(time_zone="Europe/Berlin", day_starts_at=hour)

    days = month_days(berlin, date(2026, month, 1))

    lengths = [(day.end_us - day.start_us) // HOUR_US for day in days]
    assert [length for length in lengths if length != 24] == ([] if hours == 24 else [hours])
    assert [day.end_us for day in days[:-1]] == [day.start_us for day in days[1:]]


@pytest.mark.parametrize(
    ("zone", "day_starts_at", "now", "start"),
    [
        ("Africa/Nairobi", 6, "2026-11-20T05:59:59+03:00", "2026-11-19T06:00:00+03:00"),
        ("Africa/Nairobi", 6, "2026-11-20T06:00:00+03:00", "2026-11-20T06:00:00+03:00"),
        ("Africa/Nairobi", 0, "2026-11-20T00:00:00+03:00", "2026-11-20T00:00:00+03:00"),
        ("Africa/Nairobi", 23, "2026-11-20T22:59:00+03:00", "2026-11-19T23:00:00+03:00"),
        ("Asia/Kolkata", 6, "2026-11-20T06:15:00+05:30", "2026-11-20T06:00:00+05:30"),
        ("Asia/Kathmandu", 6, "2026-11-20T05:00:00+05:45", "2026-11-19T06:00:00+05:45"),
        # Berlin put its clocks back on 25 October at 03:00.
        ("Europe/Berlin", 6, "2026-10-25T05:00:00+01:00", "2026-10-24T06:00:00+02:00"),
        ("Europe/Berlin", 0, "2026-10-25T12:00:00+01:00", "2026-10-25T00:00:00+02:00"),
        # and forward on 29 March at 02:00: that day had no such hour.
        ("Europe/Berlin", 0, "2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00"),
    ],
)
def test_a_factory_day_begins_at_its_own_hour(zone: str, day_starts_at: int, now: str, start: str) -> None:
    factory = Factory(time_zone=zone, day_starts_at=day_starts_at)

    assert running_day(factory, datetime.fromisoformat(now)).starts_at == datetime.fromisoformat(start)


@pytest.mark.parametrize(("first", "count"), [("2026-02-14", 28), ("2028-02-01", 29), ("2026-12-31", 31)])
def test_a_month_has_all_of_its_days(first: str, count: int) -> None:
    days = month_days(Factory(time_zone="Africa/Nairobi"), date.fromisoformat(first))

    assert [day.day.day for day in days] == list(range(1, count + 1))


def test_days_until_end_with_the_day_named() -> None:
    assert [day.day for day in days_until(Factory(time_zone="Africa/Nairobi"), date(2026, 3, 1), 3)] == [
        date(2026, 2, 27),
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]


def test_windows_touch_each_day_once_and_a_window_that_ends_where_a_day_begins_does_not_touch_it() -> None:
    six = datetime(2026, 11, 20, 6, tzinfo=ZoneInfo("Africa/Nairobi"))
    hour = timedelta(hours=1)

    days = days_touched(
        Factory(time_zone="Africa/Nairobi"),
        [(six - hour, six), (six - 3 * hour, six + 48 * hour), (six + hour, six + 2 * hour)],
    )

    assert [day.day.day for day in days] == [19, 20, 21]


def test_a_day_is_over_everywhere_when_it_is_over_at_the_last_site() -> None:
    noon = datetime(2026, 11, 22, 9, tzinfo=UTC)
    sites = [Factory(time_zone="Africa/Nairobi", day_starts_at=hour) for hour in (0, 15)]

    assert last_day_over_everywhere(sites, noon) == date(2026, 11, 20)
    assert last_day_over_everywhere([], noon) == date(2026, 11, 21)
