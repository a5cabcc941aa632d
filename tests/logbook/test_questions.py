"""What a sheet leaves open is decided by its whole column or asked, with both readings side by side; nothing is stored
from a sheet that was misread. The everyday files: bills, fills, restated exports, registers, our own export."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from energy.models import EnergyEntry
from production.models import ProductionEntry
from tests.cast import Cast
from tests.logbook.uploads import ENERGY, PRODUCTION, Upload, days, workbook

pytestmark = pytest.mark.django_db


# --- Numbers -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["1,234", "987.50", "1,410.25", "1,002"], ["1234", "987.5", "1410.25", "1002"]),
        (["1,234", "987.50"], ["1234", "987.5"]),
        (["1.234", "987", "12.450,5", "2.001"], ["1234", "987", "12450.5", "2001"]),
    ],
)
def test_thousands_beside_decimals_are_thousands(upload: Upload, amounts: list[str], expected: list[str]) -> None:
    rows = [f"{day:02d}/03/2012;{amount}" for day, amount in enumerate(amounts, start=3)]

    result = upload.stored("\n".join(["Date;kWh", *rows]), date_order="dmy")

    assert (result["rejected"], [row[2] for row in days()]) == (0, [Decimal(amount) for amount in expected])


def test_a_number_with_two_readings_is_asked_with_both(upload: Upload) -> None:
    sheet = "Date;kWh\n2012-03-03;5\n2012-03-04;1,234\n2012-03-05;2,500\n"

    question = upload.asked("decimal_mark", sheet)

    assert question["choices"] == ["point", "comma"]
    point, comma = question["readings"]
    assert [row["amount"] for row in point["rows"]] == ["1234", "2500"]  # row 2 has one reading
    assert [row["amount"] for row in comma["rows"]] == ["1.234", "2.5"]
    assert (point["rows"][0]["row"], point["rows"][0]["period_start"]) == (3, "2012-03-04T00:00:00+03:00")
    assert "decimal_mark=comma stores row 3 as 1.234 kWh from 2012-03-04T00:00:00+03:00" in question["message"]
    assert upload.stored(sheet, decimal_mark="point")["amount"] == "3739"  # 5 + 1234 + 2500


# --- Dates -------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["csv", "workbook", "pandas csv", "pandas workbook"])
@pytest.mark.parametrize("time_is", ["auto", "start"])
def test_a_date_a_day_fills_the_same_days_from_every_file(upload: Upload, kind: str, time_is: str) -> None:
    dates = [date(2013, 3, day) for day in range(4, 9)]
    texts = [f"{day}{' 00:00:00' if 'pandas' in kind else ''},{100 + day.day}" for day in dates]
    midnights = [[datetime(2013, 3, day.day) if "pandas" in kind else day, 100 + day.day] for day in dates]  # noqa: DTZ001
    sheet: Any = workbook([["Date", "kWh"], *midnights]) if "workbook" in kind else "\n".join(["Date,kWh", *texts])

    upload.stored(sheet, time_is=time_is)

    assert days() == [(f"03-{day:02d}", f"03-{day + 1:02d}", Decimal(100 + day)) for day in range(4, 9)]


def september() -> bytes:
    """A list of dd/mm/yyyy in a US spreadsheet: what could be a month became another date, the rest stayed text."""
    rows: list[list[Any]] = [["Date", "Litres"]]
    for day in range(1, 29):
        rows.append([datetime(2014, day, 9) if day <= 12 else f"{day}/09/2014", 50 + day])  # noqa: DTZ001
    return workbook(rows)


DIESEL = {"energy_type": "diesel", "unit": "L", "value_column": "Litres"}


@pytest.mark.parametrize("order", ["auto", "dmy"])
def test_days_that_a_spreadsheet_exchanged_are_asked_about(upload: Upload, order: str) -> None:
    question = upload.asked("swapped_days", september(), **DIESEL, date_order=order)

    swapped, as_they_are = question["readings"]
    assert (swapped["choice"], as_they_are["choice"]) == ("yes", "no")
    assert [row["period_start"][:10] for row in swapped["rows"]] == ["2014-09-01", "2014-09-02", "2014-09-03"]
    assert [row["period_start"][:10] for row in as_they_are["rows"]] == ["2014-01-09", "2014-02-09", "2014-03-09"]
    upload.stored(september(), **DIESEL, swapped_days="yes")
    assert [row[0] for row in days()] == [f"09-{day:02d}" for day in range(1, 29)]


def test_exchanged_days_of_a_csv_file_are_asked_about_too(upload: Upload) -> None:
    dates = [f"9/{day}/2014" if day <= 12 else f"{day}/09/2014" for day in range(1, 29)]

    question = upload.asked("swapped_days", "\n".join(["Date,kWh", *(f"{day},1" for day in dates)]))

    assert question["params"]["count"] == 11  # 1 to 12 September, but for the 9th, which reads the same


def test_a_column_of_both_orders_stores_nothing(upload: Upload) -> None:
    response = upload("Date,kWh\n13/04/2026,1\n04/14/2026,2\n15/04/2026,3\n", date_order="dmy")

    assert "'13/04/2026', '04/14/2026' cannot all be" in response.json()["fields"]["date_order"][0]["message"]
    assert not EnergyEntry.objects.exists()


def test_a_column_that_holds_few_times_stores_nothing(upload: Upload) -> None:
    response = upload("Date,kWh\n2026-04-13,1\nsoon,2\nlater,3\n")

    assert "2 of 3 times in 'Date' are wrong" in response.json()["fields"]["time_column"][0]["message"]
    assert not EnergyEntry.objects.exists()


def test_month_names_need_no_order(upload: Upload) -> None:
    upload.stored('Date,kWh\n5 March 2013,1\n06-Mar-13,2\n"Mar 7, 2013",3\n')

    assert [row[0] for row in days()] == ["03-05", "03-06", "03-07"]


def test_times_in_the_middle_of_a_day_are_asked_for_their_meaning(upload: Upload) -> None:
    sheet = "Date,kWh\n" + "".join(f"2026-03-02 {hour:02d}:00,1\n" for hour in range(9, 14))

    question = upload.asked("time_is", sheet)

    assert [reading["rows"][0]["period_start"][11:16] for reading in question["readings"]] == ["08:00", "09:00"]


@pytest.mark.parametrize(("first", "start"), [(0, "00:00"), (1, "00:00")])
def test_hours_that_fill_whole_days_decide_it(upload: Upload, first: int, start: str) -> None:
    begin = datetime(2026, 3, 2)  # noqa: DTZ001
    times = [begin + timedelta(hours=hour) for hour in range(first, first + 48)]

    upload.stored("\n".join(["Date,kWh", *(f"{time:%Y-%m-%d %H:%M},1" for time in times)]))

    entries = EnergyEntry.objects.order_by("period_start")
    assert f"{entries[0].period_start + timedelta(hours=3):%d %H:%M}" == f"02 {start}"
    assert f"{entries[47].period_end + timedelta(hours=3):%d %H:%M}" == "04 00:00"


def test_date_and_time_in_two_columns(upload: Upload) -> None:
    sheet = "Date,Hour,kWh\n" + "".join(f"{2 + n // 24:02d}/03/2026,{n % 24:02d}:00,1\n" for n in range(48))

    question = upload.asked("clock_column", sheet, date_order="dmy", same_time="separate")
    result = upload.stored(sheet, date_order="dmy", clock_column="hour")

    assert question["choices"] == ["Hour", "none"]
    assert [reading["rows"][0]["period_end"][11:16] for reading in question["readings"]] == ["01:00", "00:00"]
    assert (result["stored"], result["period_end"]) == (48, "2026-03-03T21:00:00Z")


# --- Units -------------------------------------------------------------------------------------
def test_a_unit_in_the_header_is_asked_against_the_one_given(upload: Upload) -> None:
    sheet = "Date,Active energy (MWh)\n2021-03-01,1.2\n2021-03-02,1.3\n"
    columns = {"value_column": "Active energy (MWh)"}

    question = upload.asked("unit_from", sheet, **columns)

    assert question["code"] == "unit_differs"
    assert [[row["unit"] for row in reading["rows"]] for reading in question["readings"]] == [["MWh"] * 2, ["kWh"] * 2]
    result = upload.stored(sheet, **columns, unit="")
    assert (result["amount"], result["unit"]) == ("2.5", "MWh")
    first = EnergyEntry.objects.earliest("period_start")
    assert first.co2e_kg == Decimal("1.2") * 1000 * first.co2e_kg / first.factor_amount  # a MWh is 1,000 of the factor


def test_a_column_of_units_holds_for_its_rows(upload: Upload) -> None:
    sheet = "Date,Usage,Usage Units\n2021-03-05,1200000,Wh\n2021-03-06,1300,kWh\n"

    question = upload.asked("unit_from", sheet, value_column="Usage")
    result = upload.stored(sheet, value_column="Usage", unit_from="sheet")

    assert [len(reading["rows"]) for reading in question["readings"]] == [1, 1]  # row 3 is in kWh either way
    assert (result["amount"], result["totals"]) == (None, {"Wh": "1200000", "kWh": "1300"})
    first, second = EnergyEntry.objects.order_by("period_start")
    assert (first.factor_amount, second.factor_amount) == (1200, 1300)


def test_units_behind_the_numbers_are_read(upload: Upload) -> None:
    result = upload.stored('Date,Usage\n2021-03-05,"1,200.5 kWh"\n2021-03-06,900 kWh\n', value_column="Usage", unit="")

    assert (result["amount"], result["unit"]) == ("2100.5", "kWh")


def test_power_is_no_energy(upload: Upload) -> None:
    question = upload.asked("unit_from", "Date,Load (kW)\n2021-03-05,12\n2021-03-06,13\n", value_column="Load (kW)")

    assert "unit='kW' is unknown" in question["readings"][0]["rows"][0]["message"]


# --- Sheets and rows of a workbook ------------------------------------------------------------
def a_sheet_a_month() -> bytes:
    months = [
        [["Date", "Litres"], *([f"2010-{month:02d}-{day:02d}", 50] for day in range(1, 29))] for month in (1, 2, 3)
    ]
    return workbook(*months, names=("Jan", "Feb", "Mar"))


def test_a_sheet_a_month_is_asked_about(upload: Upload) -> None:
    question = upload.asked("sheet", a_sheet_a_month(), **DIESEL)

    assert question["choices"] == ["Jan", "Feb", "Mar", "all"]
    assert [reading["count"] for reading in question["readings"]] == [28, 28, 28, 84]
    february = upload.stored(a_sheet_a_month(), **DIESEL, sheet="Feb")
    assert (february["stored"], february["warnings"][0]["code"]) == (28, "sheets_unread")
    assert february["warnings"][0]["params"] == {"sheet": "Feb", "others": "Jan, Mar"}
    rest = upload.stored(a_sheet_a_month(), **DIESEL, sheet="all")
    assert (rest["stored"], rest["duplicate"], rest["amount"]) == (56, 28, "4200")


def test_errors_of_several_sheets_name_theirs_and_columns_may_change_places(upload: Upload) -> None:
    sheets = (
        [["Date", "kWh"], ["2010-01-01", 1], ["2010-01-02", "x"]],
        [["kWh", "Date"], ["y", "2010-02-01"], [3, "2010-02-02"]],
    )

    result = upload.stored(workbook(*sheets, names=("A", "B")), sheet="all")

    assert [(error["sheet"], error["row"], error["value"]) for error in result["errors"]] == [
        ("A", 3, "x"),
        ("B", 2, "y"),
    ]
    assert result["amount"] == "4"


def test_the_only_sheet_with_the_columns_is_read_and_named(upload: Upload) -> None:
    cover = [["Fill in the sheet Data"], ["by", "7 of each month"]]
    data = [["Tea factory Litein"], [], ["Date", "kWh"], ["2022-04-01", 100], ["2022-04-02", 101]]

    result = upload.stored(workbook(cover, data, names=("Read me", "Data")))

    assert (result["stored"], result["warnings"][0]["params"]) == (2, {"sheet": "Data", "others": "Read me"})


def test_hidden_rows_are_asked_about(upload: Upload) -> None:
    rows = [["Date", "Meter", "kWh"]]
    rows += [[f"2022-03-{1 + n // 2:02d}", "AB"[n % 2], 900 if n % 2 else 100] for n in range(8)]  # type: ignore[list-item]
    sheet = workbook(rows, hidden=(3, 5, 7, 9))

    question = upload.asked("hidden_rows", sheet, same_time="separate")
    result = upload.stored(sheet, hidden_rows="skip")

    assert [(reading["choice"], reading["count"]) for reading in question["readings"]] == [("skip", 4), ("read", 8)]
    assert question["readings"][1]["rows"][0]["amount"] == "900"
    assert (result["received"], result["amount"]) == (4, "400")
    assert {"code": "hidden_rows", "params": {"count": 4}}.items() <= result["warnings"][0].items()


def test_a_header_below_a_preamble_is_found(upload: Upload) -> None:
    upload.stored("KTDA report\nPrinted;1,5;x\n\nDate;kWh\n2022-03-01;1,5\n2022-03-02;2,5\n")

    assert [row[2] for row in days()] == [Decimal("1.5"), Decimal("2.5")]


# --- Bills -------------------------------------------------------------------------------------
BILLS = "Meter Name,Start Date,End Date,Usage/Quantity,Usage Units,Cost (KES)\n"
USAGE = {"value_column": "Usage/Quantity"}


@pytest.mark.parametrize("time_column", ["Start Date", "End Date"])
def test_a_bill_fills_its_period(upload: Upload, time_column: str) -> None:
    rows = "Main,2015-01-01,2015-01-31,41200,kWh,82\nMain,2015-02-01,2015-02-28,39850,kWh,80\n"

    result = upload.stored(BILLS + rows, **USAGE, time_column=time_column)

    assert (result["stored"], [w["code"] for w in result["warnings"]]) == (2, ["columns_unused"])
    january = EnergyEntry.objects.earliest("period_start")
    assert (january.period_end - january.period_start, january.amount) == (timedelta(days=31), 41200)
    assert january.period_start == datetime(2014, 12, 31, 21, tzinfo=UTC)
    assert days() == [("01-01", "02-01", 41200), ("02-01", "03-01", 39850)]


def test_bills_that_meet_on_one_date_exclude_their_last_day(upload: Upload) -> None:
    rows = "Main,2015-01-15,2015-02-14,1,kWh,8\nMain,2015-02-14,2015-03-16,2,kWh,8\n"

    upload.stored(BILLS + rows, **USAGE, from_column="start date", to_column="End Date")

    assert days() == [("01-15", "02-14", 1), ("02-14", "03-16", 2)]


def test_a_bill_alone_is_asked_whether_its_last_day_belongs_to_it(upload: Upload) -> None:
    sheet = BILLS + "Main,2015-01-15,2015-02-14,1,kWh,8\n"

    question = upload.asked("end_is", sheet, **USAGE, time_column="End Date")

    ends = [reading["rows"][0]["period_end"][:10] for reading in question["readings"]]
    assert (question["choices"], ends) == (["inclusive", "exclusive"], ["2015-02-15", "2015-02-14"])


def test_bills_with_one_date_each_are_asked_for_what_they_fill(upload: Upload) -> None:
    sheet = "Date,kWh\n2015-01-31,310\n2015-02-28,280\n2015-03-31,311\n"

    question = upload.asked("time_is", sheet)
    upload.stored(sheet, time_is="end")

    assert question["choices"] == ["end", "start", "day"]
    assert days() == [("01-01", "02-01", 310), ("02-01", "03-01", 280), ("03-01", "04-01", 311)]


def test_a_bill_that_ends_before_it_begins_is_refused(upload: Upload) -> None:
    rows = "Main,2015-01-01,2015-01-31,1,kWh,8\nMain,2015-02-28,2015-02-01,2,kWh,8\n"

    result = upload.stored(BILLS + rows, **USAGE, time_column="End Date")

    assert [error["message"] for error in result["errors"]] == ["ends before it begins; check from and to"]


# --- Several rows of one time ------------------------------------------------------------------
def test_fills_of_one_day_are_entries_of_their_own(upload: Upload) -> None:
    sheet = "Date,Truck,Litres\n2015-01-02,A,40\n2015-01-02,B,40\n2015-01-02,A,35\n2015-01-09,A,60\n"

    first = upload.stored(sheet, **DIESEL)
    again = upload.stored(sheet, **DIESEL)
    longer = upload.stored(sheet + "2015-01-09,B,20\n", **DIESEL)

    assert (first["stored"], first["amount"]) == (4, "175")
    assert [w["code"] for w in first["warnings"]] == ["columns_unused", "rows_of_one_time"]
    assert (again["stored"], again["duplicate"], again["rejected"]) == (0, 4, 0)
    assert (longer["stored"], longer["duplicate"], longer["rejected"]) == (1, 4, 0)
    assert [*EnergyEntry.objects.order_by("period_start", "id").values_list("number_in_period", flat=True)] == [
        1,
        2,
        3,
        1,
        2,
    ]


def test_two_rows_of_one_time_of_a_meter_are_asked_about(upload: Upload) -> None:
    sheet = "Date,kWh\n2015-01-02,40\n2015-01-03,50\n2015-01-03,50\n"

    question = upload.asked("same_time", sheet)
    result = upload.stored(sheet, same_time="once")

    assert [reading["count"] for reading in question["readings"]] == [3, 2]
    assert (result["received"], result["stored"], result["duplicate"]) == (3, 2, 1)


# --- A restated export -------------------------------------------------------------------------
@pytest.mark.parametrize("url", [ENERGY, PRODUCTION])
def test_a_restated_export_shows_what_changed_and_is_taken_over_with_a_reason(upload: Upload, url: str) -> None:
    said = {} if url == ENERGY else {"product": "made_tea", "value_column": "kg"}
    unit = "kWh" if url == ENERGY else "kg"
    before = f"Date,{unit}\n2015-01-02,40\n2015-01-03,50\n"
    upload.stored(before, url, **said)
    restated = before.replace("50", "55") + "2015-01-04,60\n"

    shown = upload.stored(restated, url, **said, dry_run="true")
    taken = upload.stored(restated, url, **said, reason="the supplier's correction")
    again = upload.stored(restated, url, **said)

    change = shown["changes"][0]
    assert (change["row"], change["before"], change["now"]) == (3, f"50 {unit}", f"55 {unit}")
    assert (shown["stored"], shown["duplicate"], shown["rejected"], shown["changed"]) == (1, 1, 1, 0)
    assert (taken["stored"], taken["duplicate"], taken["rejected"], taken["changed"]) == (2, 1, 0, 1)
    assert (again["stored"], again["duplicate"], again["rejected"]) == (0, 3, 0)
    history = upload.client.get(f"{url}{change['entry']}/history/").json()["results"]
    assert [(row["act"], row["reason"], Decimal(row["amount"])) for row in history] == [
        ("recorded", "", 50),
        ("corrected", "the supplier's correction", 55),
    ]


# --- Registers ---------------------------------------------------------------------------------
REGISTER = "Date,kWh\n2015-01-31,99100\n2015-02-28,99870\n2015-03-31,120\n2015-04-30,900\n"


def test_a_register_that_goes_back_is_asked_about(upload: Upload) -> None:
    question = upload.asked("register_digits", REGISTER, values_are="readings")

    rolled_over, replaced = question["readings"]
    assert (rolled_over["choice"], replaced["choice"]) == ("5", "0")
    assert (rolled_over["count"], replaced["count"]) == (3, 2)
    assert rolled_over["rows"][0]["amount"] == "250"


@pytest.mark.parametrize(("digits", "uses"), [(5, [770, 250, 780]), (0, [770, 780])])
def test_a_register_counts_through_its_end(upload: Upload, digits: int, uses: list[int]) -> None:
    said = {"values_are": "readings", "register_digits": digits}

    result = upload.stored(REGISTER, **said)
    again = upload.stored(REGISTER, **said)

    # 99870 - 99100; 100000 - 99870 + 120, or unknown; 900 - 120
    assert [row[2] for row in days()] == uses
    assert days()[0][:2] == ("01-31", "02-28")
    assert (result["received"], again["duplicate"]) == (len(uses), len(uses))


def test_a_reading_too_far_back_for_its_register_is_refused(upload: Upload) -> None:
    result = upload.stored("Date,kWh\n2015-01-31,4521\n2015-02-28,4512\n", values_are="readings", register_digits=5)

    assert "too far for a register of 5 digits" in result["errors"][0]["message"]


# --- Our own export ----------------------------------------------------------------------------
@pytest.mark.parametrize("url", [ENERGY, PRODUCTION])
def test_our_own_export_is_known_row_by_row(upload: Upload, url: str, cast: Cast) -> None:
    client = upload.client
    of = {"energy_type": "electricity", "unit": "kWh"} if url == ENERGY else {"product": "made_tea", "unit": "kg"}
    other = {"energy_type": "diesel", "unit": "L"} if url == ENERGY else {"product": "green_leaf", "unit": "kg"}
    for body in (of | {"amount": "12.5"}, other | {"amount": "7"}):
        body |= {"factory": cast.litein.pk, "timestamp": "2025-11-20T07:30:00+03:00"}
        assert client.post(url, body, content_type="application/json").status_code == 201
    text = client.get(f"{url}?as=csv").getvalue().decode()
    columns = {"time_column": "period_start", "value_column": "amount", "time_is": "start"} | of

    back = upload.stored(text, url, **columns)
    edited = upload.stored(text.replace(",12.5,", ",13.5,"), url, **columns, reason="read again")

    assert (back["received"], back["stored"], back["duplicate"], back["rejected"]) == (2, 0, 2, 0)
    assert (edited["changed"], edited["duplicate"], edited["rejected"]) == (1, 1, 0)
    model = EnergyEntry if url == ENERGY else ProductionEntry
    assert sorted(entry.amount for entry in model.objects.all()) == [7, Decimal("13.5")]


def test_our_own_export_of_imported_days_is_known(upload: Upload) -> None:
    upload.stored("Date,kWh\n" + "".join(f"2011-06-{day:02d},{1000 + day}\n" for day in range(1, 11)))
    text = upload.client.get(f"{ENERGY}?as=csv").getvalue().decode()
    rows = list(csv.reader(io.StringIO(text)))

    for lines in (text, "SIMULATED DATA\n" + text, text.splitlines()[0] + "\n" + "\n".join(text.splitlines()[1:])):
        back = upload.stored(lines, value_column="amount", time_column="period_start")
        assert (back["received"], back["duplicate"], back["rejected"]) == (len(rows) - 1, 10, 0)
