"""Laws of column decisions: a column is read as it was written or asked about, in any order of rows. No database."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logbook.registers import counted_between, likely_digits
from logbook.sheets.amounts import amounts
from logbook.sheets.moments import with_clock
from logbook.sheets.options import EndIs, SwappedDays, TimeIs
from logbook.sheets.questions import SheetError
from logbook.sheets.registers import RegisterReading, uses_between
from logbook.sheets.time_axis import Axis, Slot, calendar_day

NAIROBI = ZoneInfo("Africa/Nairobi")
DAY = timedelta(days=1)
DATES = st.lists(st.dates(date(1995, 1, 1), date(2035, 1, 1)), min_size=1, max_size=40, unique=True)
NUMBERS = st.lists(st.decimals(Decimal("0.001"), Decimal(10) ** 9, places=3, allow_nan=False), min_size=1, max_size=30)


def axis(**options: Any) -> Axis:
    return Axis(zone=NAIROBI, day_of=lambda day: calendar_day(day, NAIROBI), **options)


def in_german(number: Decimal) -> str:
    return f"{number.normalize():,f}".translate(str.maketrans(",.", ".,"))


# --- Numbers -----------------------------------------------------------------------------------
@settings(deadline=None)
@given(NUMBERS, st.sampled_from([in_german, lambda number: f"{number.normalize():,f}"]))
def test_numbers_are_read_as_written_or_asked_about(numbers: list[Decimal], written: Any) -> None:
    try:
        found = amounts([written(number) for number in numbers])
    except SheetError as error:
        assert error.field == "decimal_mark"  # noqa: PT017  no other question is allowed
    else:
        assert found == numbers


@settings(deadline=None)
@given(NUMBERS, st.randoms())
def test_the_order_of_rows_changes_no_number(numbers: list[Decimal], random: Any) -> None:
    cells: list[Any] = [*map(in_german, numbers), "12.450,5"]  # the last one shows the mark
    shuffled = random.sample(cells, len(cells))

    assert amounts(shuffled) == [amounts([cell, "12.450,5"])[0] for cell in shuffled]


# --- Dates -------------------------------------------------------------------------------------
@settings(deadline=None)
@given(DATES, st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%b %d, %Y"]))
def test_dates_of_one_form_are_read_as_written_or_asked_about(days: list[date], form: str) -> None:
    ordered = sorted(days)
    try:
        found = axis(time_is=TimeIs.DAY).periods([f"{day:{form}}" for day in ordered])
    except SheetError as error:
        assert error.field == "date_order"  # noqa: PT017
        assert all(day.day <= 12 for day in ordered)
    else:
        assert found == [calendar_day(day, NAIROBI) for day in ordered]


@settings(deadline=None)
@given(st.dates(date(1995, 1, 13), date(2035, 1, 1)), st.integers(14, 60), st.booleans())
def test_days_that_a_spreadsheet_exchanged_are_never_stored_as_they_are(
    first: date, count: int, is_workbook: bool
) -> None:
    days = [first + DAY * n for n in range(count)]
    cells: list[Any] = [f"{day:%d/%m/%Y}" for day in days]
    for at, day in enumerate(days):
        if day.day <= 12:
            wrong = day.replace(day=day.month, month=day.day)
            cells[at] = datetime(wrong.year, wrong.month, wrong.day) if is_workbook else f"{day:%m/%d/%Y}"  # noqa: DTZ001
    is_changed = any(day.day <= 12 and day.day != day.month for day in days)

    if is_changed:
        with pytest.raises(SheetError) as caught:
            axis(time_is=TimeIs.DAY).periods(cells)
        assert caught.value.field == "swapped_days"
    found = axis(time_is=TimeIs.DAY, swapped_days=SwappedDays.YES).periods(cells)
    assert found == [calendar_day(day, NAIROBI) for day in days]


@settings(deadline=None)
@given(DATES)
def test_a_workbook_and_its_csv_twin_fill_the_same_days(days: list[date]) -> None:
    ordered = sorted(days)
    midnights = [datetime(day.year, day.month, day.day) for day in ordered]  # noqa: DTZ001  a workbook has no zone
    kinds: list[list[Any]] = [ordered, midnights, [*map(str, ordered)], [*map(str, midnights)]]  # type: ignore[list-item]

    assert all(
        axis(is_of_acts=True).periods(cells) == [calendar_day(day, NAIROBI) for day in ordered] for cells in kinds
    )


# --- Date and time in two columns --------------------------------------------------------------
@settings(deadline=None)
@given(st.datetimes(datetime(1995, 1, 1), datetime(2035, 1, 1)))  # noqa: DTZ001
def test_two_columns_are_one(moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    day, clock = moment.date(), moment.time()

    joined = [
        with_clock([one], [other])[0]
        for one, other in (
            (day, clock),
            (f"{day}", f"{clock:%H:%M}"),
            (day, f"{clock:%H:%M}"),
            (day, timedelta(hours=clock.hour, minutes=clock.minute)),
        )
    ]

    found = axis(time_is=TimeIs.START, interval=timedelta(minutes=15)).periods(joined)
    assert len(set(found)) == 1
    assert with_clock([day], ["24:00"]) == [datetime(day.year, day.month, day.day) + DAY]  # noqa: DTZ001


# --- Bills -------------------------------------------------------------------------------------
@settings(deadline=None)
@given(
    st.dates(date(1995, 1, 1), date(2030, 1, 1)), st.lists(st.integers(2, 90), min_size=2, max_size=12), st.booleans()
)
def test_bills_in_a_row_fill_their_time_without_hole_or_overlap(
    first: date, lengths: list[int], ends_belong: bool
) -> None:
    starts = [first + DAY * sum(lengths[:n]) for n in range(len(lengths) + 1)]
    ends = [start - DAY if ends_belong else start for start in starts[1:]]

    found = axis().between([f"{day}" for day in starts[:-1]], ends)

    slots = [slot for slot in found if isinstance(slot, Slot)]
    assert [slot.start for slot in slots] == [calendar_day(day, NAIROBI).start for day in starts[:-1]]
    assert [slot.end for slot in slots] == [calendar_day(day, NAIROBI).start for day in starts[1:]]


@pytest.mark.parametrize(("said", "days"), [(EndIs.INCLUSIVE, 31), (EndIs.EXCLUSIVE, 30)])
def test_what_was_said_of_the_last_day_is_done(said: EndIs, days: int) -> None:
    (slot,) = axis(end_is=said).between(["2015-01-15"], ["2015-02-14"])

    assert isinstance(slot, Slot)
    assert slot.end - slot.start == DAY * days


@pytest.mark.parametrize("end", ["2015-01-31 23:59", "2015-01-31 23:59:59", "2015-02-01 00:00", "2015-01-31T21:00Z"])
def test_the_last_minute_of_a_day_is_its_end(end: str) -> None:
    (slot,) = axis(end_is=EndIs.EXCLUSIVE).between(["2015-01-01 00:00"], [end])

    assert isinstance(slot, Slot)
    assert slot.end - slot.start == DAY * 31


# --- Registers ---------------------------------------------------------------------------------
@given(st.integers(3, 8), st.lists(st.integers(0, 400), min_size=1, max_size=40), st.integers(0, 10**8))
def test_what_a_register_counted_is_what_was_used(digits: int, uses: list[int], began_at: int) -> None:
    size, begin = 10**digits, datetime(2026, 1, 1, tzinfo=UTC)
    shown = [Decimal((began_at + sum(uses[:n])) % size) for n in range(len(uses) + 1)]
    readings = [RegisterReading(n, begin + DAY * n, counted) for n, counted in enumerate(shown)]

    found = uses_between(readings, digits, lambda question: pytest.fail(question.message))

    assert found[0] is None
    assert [found[n + 1] for n in range(len(uses))] == [
        (Slot(begin + DAY * n, begin + DAY * (n + 1)), used) for n, used in enumerate(uses)
    ]


@given(st.integers(1, 12))
def test_the_digits_of_a_register_are_those_of_its_largest_reading(digits: int) -> None:
    assert likely_digits(Decimal(10) ** digits - Decimal("0.5")) == digits
    assert counted_between(Decimal(10) ** digits - 1, Decimal(0), digits) == 1
    assert counted_between(Decimal(5), Decimal(4), None) is None
