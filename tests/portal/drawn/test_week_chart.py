"""A week of hours as a line: its lowest and highest, and where nothing came."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.drawn.week_chart import WeekChart, build_week_chart

NOW = datetime(2026, 11, 22, 9, 40, tzinfo=UTC)
NAIROBI = ZoneInfo("Africa/Nairobi")


def hour(ago: int) -> datetime:
    return NOW.replace(minute=0) - timedelta(hours=ago)


def build(values: dict[datetime, float]) -> WeekChart | None:
    return build_week_chart("Supply", values, now=NOW, zone=NAIROBI, word=lambda value: f"{value:g} V")


def test_the_line_stops_where_no_status_came():
    """168 hours on 960 points: 5.714 an hour. The last hour begins at 167 x 5.714 = 954.3."""
    chart = build({hour(5): 4.0, hour(4): 5.0, hour(0): 4.5})

    assert chart is not None
    assert chart.path == "M925.7 114V114H931.4V6H937.1M954.3 60V60H960"
    assert (chart.highest, chart.lowest) == ("5 V", "4 V")
    assert chart.summary == "Last 4.5 V; from 4 V to 5 V in seven days."
    assert [tick.label for tick in chart.ticks][-1] == "Sun 22"  # midnight of Nairobi, 21:00 UTC


def test_of_a_device_that_said_nothing_this_week_there_is_no_line():
    assert build({}) is None
    assert build({hour(8 * 24): 5.0}) is None
