"""Hours of record as a ribbon: also in the night in which an hour comes twice."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from emissions.totals import ChimneyHour
from factories.days import local_hour_start
from portal.drawn.ribbons import day_ribbon

LONDON = ZoneInfo("Europe/London")


def test_both_of_a_repeated_hour_are_drawn():
    now = datetime(2026, 10, 25, 3, 30, tzinfo=UTC)  # clocks went back at 01:00 UTC
    hours = [ChimneyHour(1, datetime(2026, 10, 25, h, tzinfo=UTC), 100.0, "measured") for h in range(4)]

    ribbon = day_ribbon(hours, LONDON, now, 100.0)

    measured = [row for row in ribbon.rows if row.status == "measured"]
    assert [f"{row.start:%H:%M}" for row in measured] == ["01:00", "01:00", "02:00", "03:00"]


def test_the_second_of_a_repeated_hour_begins_at_its_own_time():
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    assert local_hour_start(second, LONDON).astimezone(UTC) == datetime(2026, 10, 25, 1, tzinfo=UTC)
