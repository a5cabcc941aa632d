"""Times of sheets: order of day and month, midnight, clock changes, spacing. No database."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logbook.sheets.options import DateOrder, TimeIs
from logbook.sheets.questions import SheetError
from logbook.sheets.read import Problem
from logbook.sheets.time_axis import Axis, Slot, calendar_day

NAIROBI, LONDON = ZoneInfo("Africa/Nairobi"), ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)


def read(cells: list[Any], *, zone: ZoneInfo, **options: Any) -> list[Slot | Problem]:
    return Axis(zone=zone, day_of=lambda day: calendar_day(day, zone), **options).periods(cells)


def ends(cells: list[Any], zone: ZoneInfo = NAIROBI, **options: Any) -> list[str]:
    options = {"time_is": TimeIs.END} | options
    found = read(cells, zone=zone, **options)
    return [slot.end.astimezone(zone).strftime("%d.%m. %H:%M") if isinstance(slot, Slot) else "?" for slot in found]


@pytest.mark.parametrize(
    "cells",
    [
        ["13/01/2026 22:00", "13/01/2026 23:00", "13/01/2026 00:00", "14/01/2026 01:00"],  # 00:00 ends its date
        ["13/01/2026 22:00", "13/01/2026 23:00", "14/01/2026 00:00", "14/01/2026 01:00"],  # 00:00 begins its date
        ["13/01/2026 22:00", "13/01/2026 23:00", "13/01/2026 24:00", "14/01/2026 01:00"],
        ["2026-01-13 22:00", "2026-01-13 23:00", "2026-01-14T00:00", "2026-01-14 01:00:00"],
        ["13.01.2026 22:00", "13.01.2026 23:00", "14.01.2026 00:00", "14.01.2026 01:00"],
        ["01/13/2026 10:00 PM", "01/13/2026 11:00 pm", "01/14/2026 12:00 AM", "01/14/2026 1:00 AM"],
        ["2026-01-13T19:00Z", "2026-01-13T20:00Z", "2026-01-13T21:00+00:00", "2026-01-13T22:00+0000"],
    ],
)
def test_one_night_in_seven_spellings(cells: list[str]) -> None:
    assert ends(cells) == ["13.01. 22:00", "13.01. 23:00", "14.01. 00:00", "14.01. 01:00"]


def test_a_midnight_first_in_the_file_goes_by_the_row_after_it() -> None:
    assert ends(["13/01/2026 00:00", "14/01/2026 01:00"], interval=HOUR)[0] == "14.01. 00:00"
    assert ends(["14/01/2026 00:00", "14/01/2026 01:00"], interval=HOUR)[0] == "14.01. 00:00"


def test_a_file_that_runs_backwards_is_read_as_well() -> None:
    cells = ["14/01/2026 01:00", "13/01/2026 00:00", "13/01/2026 23:00"]

    assert ends(cells) == ["14.01. 01:00", "14.01. 00:00", "13.01. 23:00"]


def test_where_times_are_starts_midnight_is_the_start_of_its_date() -> None:
    found = read(["13/01/2026 00:00", "13/01/2026 01:00"], zone=NAIROBI, time_is=TimeIs.START)

    assert found[0] == Slot(datetime(2026, 1, 12, 21, tzinfo=UTC), datetime(2026, 1, 12, 22, tzinfo=UTC))


def test_dates_of_a_workbook_are_dates() -> None:
    of_a_program: list[Any] = [datetime(2026, 1, 13), datetime(2026, 1, 14), None]  # noqa: DTZ001  no zone
    days = read(["2026-01-13", "2026-01-14"], zone=NAIROBI)

    for time_is in (TimeIs.AUTO, TimeIs.START, TimeIs.DAY):
        assert read(of_a_program, zone=NAIROBI, time_is=time_is)[:2] == days
        assert read(["2026-01-13 00:00:00", "2026-01-14 00:00:00"], zone=NAIROBI, time_is=time_is) == days
    for time_is in TimeIs:
        assert read([date(2026, 1, 13), date(2026, 1, 14)], zone=NAIROBI, time_is=time_is) == days


def test_dates_alone_are_whole_days_of_the_zone() -> None:
    # 29 March 2026 has 23 hours in London.
    found = read(["28/03/2026", "29/03/2026", "30/03/2026"], zone=LONDON, time_is=TimeIs.END)

    assert [slot.end - slot.start for slot in found if isinstance(slot, Slot)] == [24 * HOUR, 23 * HOUR, 24 * HOUR]


def test_the_order_of_the_file_dates_the_hour_that_a_clock_change_repeats() -> None:
    cells = [
        "25/10/2026 00:30",
        "25/10/2026 01:00",
        "25/10/2026 01:30",
        "25/10/2026 01:00",
        "25/10/2026 01:30",
        "25/10/2026 02:00",
    ]

    found = read(cells, zone=LONDON, time_is=TimeIs.START)

    starts = [slot.start for slot in found if isinstance(slot, Slot)]
    assert [b - a for a, b in itertools.pairwise(starts)] == [HOUR / 2] * 5


def test_a_time_that_never_was_is_a_problem_of_its_row() -> None:
    found = read(["29/03/2026 00:30", "29/03/2026 01:30", "29/03/2026 02:30"], zone=LONDON, time_is=TimeIs.START)

    assert isinstance(found[1], Problem)
    assert "set forward" in found[1].message


@pytest.mark.parametrize(
    "cell",
    [
        "",
        None,
        "soon",
        "13/01/226 10:00",
        "13/01/2026 10:00 EAT",
        "32/01/2026",
        "2026-02-30",
        "13/01/2026 25:00",
        "13/01/2026 24:15",
        "13/13/2026 01:00",
        "0000-01-01 00:00",
        "9999-12-31 24:00",
        "13-01/2026 10:00",
    ],
)
def test_what_is_no_time_is_a_problem_of_its_row_alone(cell: Any) -> None:
    found = read(["13/01/2026 01:00", cell, "13/01/2026 03:00"], zone=NAIROBI, time_is=TimeIs.END, interval=HOUR)

    assert [isinstance(slot, Problem) for slot in found] == [False, True, False]


def test_ambiguous_days_and_months_need_an_answer() -> None:
    with pytest.raises(SheetError, match="give date_order"):
        read(["03/04/2026 01:00", "03/04/2026 02:00"], zone=NAIROBI, time_is=TimeIs.END)


@pytest.mark.parametrize("order", list(DateOrder))
def test_a_column_of_both_orders_is_refused_whatever_was_said(order: DateOrder) -> None:
    with pytest.raises(SheetError, match="'13/04/2026', '04/13/2026' cannot all be"):
        read(["13/04/2026", "04/13/2026", "03/04/2026"], zone=NAIROBI, date_order=order)


def test_what_somebody_said_is_done() -> None:
    cells = ["03/04/2026 01:00", "03/04/2026 02:00"]

    assert ends(cells, date_order=DateOrder.DMY)[0] == "03.04. 01:00"
    assert ends(cells, date_order=DateOrder.MDY)[0] == "04.03. 01:00"


def test_days_that_are_months_apart_are_not_taken_for_days() -> None:
    with pytest.raises(SheetError, match="31 days apart: does a row end on its date"):
        read(["2026-01-01", "2026-02-01", "2026-03-01"], zone=NAIROBI)


@settings(max_examples=30, deadline=None)
@given(
    st.datetimes(min_value=datetime(1991, 1, 1), max_value=datetime(2035, 1, 1)),  # noqa: DTZ001
    st.sampled_from([15, 30, 60]),
    st.sampled_from(["Africa/Nairobi", "Asia/Kolkata", "Asia/Seoul"]),
    st.booleans(),
)
def test_forty_days_written_either_way_has_no_hole_and_no_overlap(
    first: datetime, minutes: int, zone_name: str, midnight_ends_its_date: bool
) -> None:
    start = first.replace(hour=0, minute=0, second=0, microsecond=0)
    cells = []
    for i in range(1, 40 * 24 * 60 // minutes):
        moment = start + timedelta(minutes=minutes) * i
        printed = moment - timedelta(days=1) if midnight_ends_its_date and moment.hour == moment.minute == 0 else moment
        cells.append(f"{printed:%d/%m/%Y} {moment:%H:%M}")

    found = read(cells, zone=ZoneInfo(zone_name), time_is=TimeIs.END)

    slots = [slot for slot in found if isinstance(slot, Slot)]
    assert len(slots) == len(cells)
    assert all(a.end == b.start for a, b in itertools.pairwise(slots))


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(max_size=25), st.none(), st.integers(), st.floats(), st.datetimes(), st.dates())))
def test_no_cell_breaks_the_reader(cells: list[Any]) -> None:
    found = read(cells, zone=NAIROBI, time_is=TimeIs.END, date_order=DateOrder.DMY, interval=HOUR)

    assert len(found) == len(cells)
