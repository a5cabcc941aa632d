"""Files as people keep them: short years, months, the newest row first, several meters, our own export of elsewhere.

Each is read as it was meant, asked about, or refused as a whole.
"""

import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings

from energy.models import EnergyEntry
from logbook.sheets.moments import with_clock
from logbook.sheets.options import DateOrder, SwappedDays, TimeIs
from logbook.sheets.questions import Asker, SheetError
from logbook.sheets.read import Problem, read_sheet
from logbook.sheets.time_axis import Axis, Slot, calendar_day
from tests.cast import Cast
from tests.logbook.uploads import ENERGY, PRODUCTION, Upload, days, workbook

NAIROBI, BERLIN = ZoneInfo("Africa/Nairobi"), ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)


def periods(cells: list[Any], zone: ZoneInfo = NAIROBI, **options: Any) -> list[Any]:
    """Local start and end of each cell, or its problem."""
    axis = Axis(zone=zone, day_of=lambda day: calendar_day(day, zone), **options)
    return [
        f"{slot.start.astimezone(zone):%Y-%m-%d %H:%M} {slot.end.astimezone(zone):%Y-%m-%d %H:%M}"
        if isinstance(slot, Slot)
        else slot
        for slot in axis.periods(cells)
    ]


# --- Dates -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["1/14/26", "1/15/26"], "2026-01-14"),  # a spreadsheet of America
        (["31/12/99", "01/01/00"], "1999-12-31"),
        (["32.11.05", "32.11.06"], "2032-11-05"),
        (["13.04.2026", "14.04.26"], "2026-04-13"),
    ],
)
def test_years_of_two_digits_are_read_where_one_order_fits(cells: list[str], first: str) -> None:
    assert periods(cells, time_is=TimeIs.DAY)[0][:10] == first


@pytest.mark.parametrize(("order", "first"), [(DateOrder.DMY, "2026-11-22"), (DateOrder.YMD, "2022-11-26")])
def test_years_of_two_digits_are_asked_about_where_two_orders_fit(order: DateOrder, first: str) -> None:
    with pytest.raises(SheetError, match="give date_order, one of dmy, ymd"):
        periods(["22/11/26", "23/11/26"])

    assert periods(["22/11/26", "23/11/26"], date_order=order, time_is=TimeIs.DAY)[0][:10] == first


def test_an_order_in_which_a_date_is_none_is_refused() -> None:
    with pytest.raises(SheetError, match="'22/11/26' cannot all be of the order mdy"):
        periods(["22/11/26", "23/11/26"], date_order=DateOrder.MDY)


@pytest.mark.parametrize("form", ["%b %Y", "%B-%Y", "%Y-%m", "%m/%Y"])
def test_a_month_fills_its_days(form: str) -> None:
    found = periods([f"{month:{form}}" for month in (date(2015, 1, 1), date(2015, 2, 1), date(2015, 4, 1))])

    assert found == [
        "2015-01-01 00:00 2015-02-01 00:00",
        "2015-02-01 00:00 2015-03-01 00:00",
        "2015-04-01 00:00 2015-05-01 00:00",
    ]


def test_months_among_days_store_nothing() -> None:
    with pytest.raises(SheetError, match="some name a month and some a day"):
        periods(["Jan 2015", "2015-02-01"])
    axis = Axis(zone=NAIROBI, day_of=lambda day: calendar_day(day, NAIROBI))
    assert isinstance(axis.between(["Jan 2015"], ["2015-01-31"])[0], Problem)


def test_the_first_of_each_month_is_not_suspected_of_an_exchange() -> None:
    """01/01, 01/02, 01/03 are also 1, 2 and 3 January, but no day above 12 shows that a spreadsheet was there."""
    found = periods(["01/01/2026", "01/02/2026", "01/03/2026"], date_order=DateOrder.DMY, time_is=TimeIs.START)

    assert [slot[:10] for slot in found] == ["2026-01-01", "2026-02-01", "2026-03-01"]


@pytest.mark.parametrize(
    ("cells", "time_is", "first"),
    [
        (["2015-01-31", "2015-02-28"], TimeIs.END, "2015-01-01 00:00 2015-02-01 00:00"),
        (["2015-01-01", "2015-02-01"], TimeIs.START, "2015-01-01 00:00 2015-02-01 00:00"),
    ],
)
def test_two_monthly_dates_are_months_and_not_as_long_as_their_distance(
    cells: list[str], time_is: TimeIs, first: str
) -> None:
    found = periods(cells, time_is=time_is)

    assert (found[0], found[1][:10]) == (first, "2015-02-01")
    assert found[1].endswith("2015-03-01 00:00")  # February has 28 days


@pytest.mark.parametrize("text", ["5 Mar 2026 14:15 EST", "5 Mar 2026 14:15 EAT"])
def test_a_zone_by_name_is_not_passed_over(text: str) -> None:
    assert isinstance(periods([text], interval=timedelta(hours=1), time_is=TimeIs.END)[0], Problem)


def test_an_hour_without_minutes_is_no_whole_day() -> None:
    found = periods(["Mar 5, 2026 2 PM", "Mar 5, 2026 3 PM"], time_is=TimeIs.START)

    assert found == ["2026-03-05 14:00 2026-03-05 15:00", "2026-03-05 15:00 2026-03-05 16:00"]


@pytest.mark.parametrize("cell", ["9999-12-31", date(9999, 12, 31), datetime(9999, 12, 31, 23), "0001-01-01"])  # noqa: DTZ001
def test_the_ends_of_the_calendar_are_a_problem_of_their_row(cell: Any) -> None:
    found = periods(["2026-01-01", cell, "2026-01-02"], time_is=TimeIs.DAY)
    axis = Axis(zone=NAIROBI, day_of=lambda day: calendar_day(day, NAIROBI))

    assert isinstance(found[1], Problem)
    assert isinstance(axis.between(["2026-01-01"], [cell])[0], Problem)


def test_the_hour_that_a_clock_repeats_is_read_with_the_newest_row_first() -> None:
    begin = datetime(2025, 10, 25, 22, tzinfo=UTC)  # the day of 25 hours in Berlin
    instants = [begin + timedelta(minutes=15) * n for n in range(100)]
    walls = [f"{instant.astimezone(BERLIN):%Y-%m-%d %H:%M}" for instant in instants]
    axis = Axis(zone=BERLIN, day_of=lambda day: calendar_day(day, BERLIN))

    for cells, expected in ((walls, instants), (walls[::-1], instants[::-1])):
        assert [slot.start for slot in axis.periods(cells) if isinstance(slot, Slot)] == expected


def test_a_midnight_beside_a_column_of_times_is_a_date() -> None:
    joined = with_clock(["2026-03-02 00:00:00"] * 2, ["06:15", time(6, 30)])

    assert [slot[:16] for slot in periods(joined, time_is=TimeIs.START)] == ["2026-03-02 06:15", "2026-03-02 06:30"]


def test_texts_beside_the_dates_of_a_workbook_are_as_they_were_written() -> None:
    cells = [datetime(2026, 1, 9), datetime(2026, 2, 9), "11/09/2026", "13/09/2026"]  # noqa: DTZ001
    said = {"date_order": DateOrder.DMY, "swapped_days": SwappedDays.YES, "time_is": TimeIs.DAY}

    assert [slot[:10] for slot in periods(cells, **said)] == ["2026-09-01", "2026-09-02", "2026-09-11", "2026-09-13"]


IRREGULAR = ["2026-03-02 07:15", "2026-03-02 09:10", "2026-03-03 11:00"]


def test_irregular_times_are_asked_for_their_day_and_no_length_is_made_up() -> None:
    asker = Asker()
    Axis(zone=NAIROBI, day_of=lambda day: calendar_day(day, NAIROBI), ask=asker).periods(IRREGULAR)

    assert asker.questions["time_is"].code == "irregular_times"
    assert asker.questions["time_is"].choices == (TimeIs.DAY, TimeIs.END, TimeIs.START)


@pytest.mark.parametrize("cells", [IRREGULAR, IRREGULAR[:1]])
def test_fills_with_a_time_are_of_their_day(cells: list[str]) -> None:
    assert periods(cells, is_of_acts=True)[0] == "2026-03-02 00:00 2026-03-03 00:00"


# --- Files -------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_tables_of_every_spreadsheet_are_opened(encoding: str, mark: str) -> None:
    rows = [["Datum", "Verbrauch für März"], ["2026-01-01", "1,5"], [" ", ""], ["Summe", "1,5"]]

    (table,) = read_sheet(io.BytesIO("\r\n".join(mark.join(row) for row in rows).encode(encoding)))

    assert [row.cells for row in table.rows] == [rows[0], rows[1], rows[3]]


def test_a_quotation_mark_that_is_not_closed_swallows_no_rows() -> None:
    with pytest.raises(SheetError, match="quotation mark is not closed"):
        read_sheet(io.BytesIO(b'Date,kWh\n2026-01-01,"5\n2026-01-02,6\n2026-01-03,7\n'))
    assert len(read_sheet(io.BytesIO(b'Date,Pipe\n2026-01-01,5"\n2026-01-02,6\n'))[0].rows) == 3


@pytest.mark.django_db
def test_a_date_at_the_end_of_the_calendar_is_answered(upload: Upload) -> None:
    result = upload.stored("Date,kWh\n2026-01-01,1\n9999-12-31,2\n2026-01-02,3\n")

    assert (result["stored"], [error["row"] for error in result["errors"]]) == (2, [3])


@pytest.mark.django_db
def test_totals_and_footnotes_below_the_rows_are_refused_alone(upload: Upload) -> None:
    rows = [
        ["Tea factory Litein"],
        ["Date", "kWh"],
        ["2026-01-01", 5],
        ["2026-01-02", 6],
        [],
        ["Total", 11],
        ["* est."],
    ]

    result = upload.stored(workbook(rows))

    assert (result["amount"], [error["row"] for error in result["errors"]]) == ("11", [6, 7])


@pytest.mark.django_db
def test_the_unit_beside_the_amounts_counts(upload: Upload) -> None:
    sheet = "Date,Demand,Demand unit,Usage,Usage unit\n2026-01-01,40,kW,900,kWh\n2026-01-02,41,kW,950,kWh\n"

    result = upload.stored(sheet, value_column="Usage", unit="")

    assert (result["amount"], result["unit"]) == ("1850", "kWh")


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Reactive (kVARh)", "Amount (KES)"])
def test_a_column_of_something_else_is_no_energy(upload: Upload, header: str) -> None:
    question = upload.asked("unit_from", f"Date,{header}\n2026-01-01,12\n2026-01-02,13\n", value_column=header)

    assert "is unknown" in question["readings"][0]["rows"][0]["message"]


@pytest.mark.django_db
def test_one_odd_fill_of_a_day_is_named_alone(upload: Upload) -> None:
    usual = "".join(f"2025-01-{day:02d},50\n" for day in range(1, 29))

    sheet = f"Date,Litres\n{usual}2025-01-29,900\n2025-01-29,50\n"

    result = upload.stored(sheet, energy_type="diesel", unit="L", value_column="Litres")

    assert [(row["row"], row["code"]) for row in result["row_warnings"]] == [(30, "above_usual")]


# --- Our own export ----------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("mark", ["True", "yes", "TRUE", True])
def test_simulated_figures_are_not_taken_as_fact(upload: Upload, settings: LazySettings, mark: Any) -> None:
    rows = [["Date", "kWh", "simulated"], ["2026-01-01", 5, mark], ["2026-01-02", 6, mark]]
    sheet = workbook(rows) if mark is True else "\n".join(",".join(map(str, row)) for row in rows)

    response = upload(sheet)

    assert response.status_code == 400
    assert "'simulated' says that these figures are simulated" in response.json()["fields"]["file"][0]["message"]
    assert not EnergyEntry.objects.exists()
    settings.DEMO = True
    assert upload.stored(sheet)["stored"] == 2


@pytest.mark.django_db
@pytest.mark.parametrize("url", [ENERGY, PRODUCTION])
def test_rows_of_an_export_are_stored_as_what_they_say_they_are(upload: Upload, url: str, cast: Cast) -> None:
    """Entries that are not here: of another factory, type or kind, whatever the import asks for."""
    what, of = ("energy_type", "electricity") if url == ENERGY else ("product", "made_tea")
    other, unit = ("heat", "kWh") if url == ENERGY else ("green_leaf", "kg")
    head = f"id,origin,factory,{what},kind,period_start,period_end,amount,unit\n"
    period = "2025-11-20T21:00:00Z,2025-11-21T21:00:00Z,{},{}\n"
    rows = [
        f"900001,manual,{cast.litein.pk},{of},used," + period.format(3, unit),
        f"900002,manual,{cast.litein.pk},{other},used," + period.format(4, unit),
        f"900003,manual,{cast.momul.pk},{of},used," + period.format(5, unit),
    ]
    said: dict[str, Any] = {"value_column": "amount", "time_column": "period_start", "unit": unit, what: of}

    result = upload.stored(head + "".join(rows), url, **said)

    assert (result["received"], result["stored"], result["duplicate"], result["rejected"]) == (3, 1, 0, 2)
    assert [(error["row"], error["column"], error["value"]) for error in result["errors"]] == [
        (3, what, other),
        (4, "factory", str(cast.momul.pk)),
    ]
    assert result["amount"] == "3"


@pytest.mark.django_db
def test_an_export_restores_an_entry_that_was_deleted_since(upload: Upload) -> None:
    upload.stored("Date,kWh\n2011-06-01,10\n2011-06-02,20\n")
    text = upload.client.get(f"{ENERGY}?as=csv").getvalue().decode()  # type: ignore[attr-defined]
    entry = EnergyEntry.objects.earliest("period_start")
    body = {"reason": "logged twice"}
    assert upload.client.delete(f"{ENERGY}{entry.pk}/", body, content_type="application/json").status_code in (200, 204)

    back = upload.stored(text, value_column="amount", time_column="period_start")

    assert (back["stored"], back["duplicate"]) == (1, 1)
    there = EnergyEntry.objects.filter(deleted_at__isnull=True).order_by("period_start")
    assert [entry.amount for entry in there] == [10, 20]


@pytest.mark.django_db
def test_an_export_with_another_period_shows_both(upload: Upload) -> None:
    upload.stored("Date,kWh\n2011-06-01,10\n")
    text = upload.client.get(f"{ENERGY}?as=csv").getvalue().decode()  # type: ignore[attr-defined]
    moved = text.replace("2011-05-31T21:00:00Z", "2011-06-30T21:00:00Z").replace(
        "2011-06-01T21:00:00Z", "2011-07-01T21:00:00Z"
    )

    shown = upload.stored(moved, value_column="amount", time_column="period_start")
    taken = upload.stored(moved, value_column="amount", time_column="period_start", reason="was of July")

    (change,) = shown["changes"]
    assert change["before"] == "10 kWh 2011-05-31 21:00Z – 2011-06-01 21:00Z"
    assert change["now"] == "10 kWh 2011-06-30 21:00Z – 2011-07-01 21:00Z"
    assert "imported before as 10 kWh 2011-05-31" in shown["errors"][0]["message"]
    assert (taken["changed"], [row[:2] for row in days()]) == (1, [("07-01", "07-02")])
