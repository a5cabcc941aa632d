"""Importing sheets: the real steel-works file, its synthetic twin with every trap, bad rows, and the command."""

import csv
import io
import itertools
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Sum

from energy.models import EnergyEntry
from energy.services import set_local_unit
from energy.sheets import EnergySheet
from lib.errors import ApiError
from logbook.sheets.options import DateOrder, SameTime, TimeIs
from logbook.sheets.questions import SheetError
from logbook.sheets.read import read_sheet
from logbook.sheets.results import ImportResult
from tests.conftest import REAL_DATA_VARIABLE
from tests.make import make_bill, make_factory

pytestmark = pytest.mark.django_db

STEEL = "steel_industry_energy_15min.csv"
STEEL_ARGUMENTS = (
    "--factory",
    "Steel Works",
    "--energy-type",
    "electricity",
    "--time-column",
    "date",
    "--value-column",
    "Usage_kWh",
    "--unit",
    "kWh",
    "--time-zone",
    "Asia/Seoul",
    "--time-is",
    "end",
)
COLUMNS = "date,Usage_kWh,Lagging_Current_Reactive.Power_kVarh,CO2(tCO2),NSM,WeekStatus,Day_of_week,Load_Type"


@pytest.fixture
def works(db: None) -> Any:
    return make_factory(name="Steel Works", time_zone="Asia/Seoul")


def twin(days: int = 14, *, first: datetime | None = None) -> str:
    """The real file's shape: quarter-hours, day/month/year, no zone, and 00:00 printed under the date that it ends."""
    start = first or datetime(2018, 1, 1)  # noqa: DTZ001  a wall clock, as printed
    lines = [COLUMNS]
    for i in range(1, days * 96 + 1):
        end = start + timedelta(minutes=15) * i
        printed = end - timedelta(days=1) if end.hour == end.minute == 0 else end
        lines.append(
            f"{printed:%d/%m/%Y} {end:%H:%M},{3 + i % 7 * Decimal('0.01')},2.95,0,900,Weekday,Monday,Light_Load"
        )
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def run(plan: EnergySheet, text: str | bytes, **options: Any) -> ImportResult:
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    return plan.run(None, read_sheet(io.BytesIO(data)), **options)


def plan_for(factory: Any, **fields: Any) -> EnergySheet:
    fields = {
        "energy_type": "electricity",
        "unit": "kWh",
        "time_column": "date",
        "value_column": "Usage_kWh",
        "time_zone": "Asia/Seoul",
        "time_is": TimeIs.END,
    } | fields
    return EnergySheet(factory=factory, **fields)


def sheet_of(*rows: str, header: str = "time,kWh") -> str:
    return "\n".join([header, *rows])


def small_plan(factory: Any, **fields: Any) -> EnergySheet:
    return plan_for(factory, **({"time_column": "time", "value_column": "kWh", "time_zone": ""} | fields))


# --- The real file -----------------------------------------------------------------------------
@pytest.mark.real_data
def test_the_real_steel_works_file_comes_in_whole_and_once(works: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(os.environ[REAL_DATA_VARIABLE]) / STEEL
    with path.open(encoding="utf-8-sig", newline="") as file:
        expected = sum(Decimal(row["Usage_kWh"]) for row in csv.DictReader(file))

    call_command("import_energy", str(path), *STEEL_ARGUMENTS)
    first = capsys.readouterr().out
    call_command("import_energy", str(path), *STEEL_ARGUMENTS)
    second = capsys.readouterr().out

    entries = EnergyEntry.objects.filter(factory=works)
    total = entries.aggregate(kwh=Sum("amount"))["kwh"]
    assert entries.count() == 35_040
    assert total == expected == Decimal("959636.71")  # to the digits that the file prints: 959,637 kWh
    assert round(total) == 959_637
    assert first.startswith("35040 rows: 35040 stored, 0 there before, 0 rejected; 959636.71 kWh")
    assert second.startswith("35040 rows: 0 stored, 35040 there before, 0 rejected; 959636.71 kWh")
    ordered = list(entries.order_by("period_start").values_list("period_start", "period_end"))
    assert ordered[0][0] == datetime(2017, 12, 31, 15, tzinfo=UTC)
    assert ordered[-1][1] == datetime(2018, 12, 31, 15, tzinfo=UTC)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(ordered)), "a hole or an overlap"


# --- Its twin ----------------------------------------------------------------------------------
def test_the_twin_with_every_trap_is_read_without_hole_or_overlap(works: Any) -> None:
    text = twin()

    result = run(plan_for(works), text)

    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    ordered = list(EnergyEntry.objects.order_by("period_start"))
    assert (result.received, result.stored, result.duplicate, result.errors) == (1344, 1344, 0, [])
    assert sum(entry.amount for entry in ordered) == sum(Decimal(row["Usage_kWh"]) for row in rows) == result.amount
    assert ordered[0].period_start == datetime(2017, 12, 31, 15, tzinfo=UTC)
    assert all(a.period_end == b.period_start for a, b in itertools.pairwise(ordered))
    # The row of 00:00 under 1 January ends that day: it is the 96th, not the first.
    assert ordered[95].amount == Decimal(rows[95]["Usage_kWh"])
    assert ordered[95].period_end == datetime(2018, 1, 1, 15, tzinfo=UTC)


def test_imported_rows_are_worth_what_an_entry_by_hand_is(works: Any) -> None:
    works.country = "KE"
    run(plan_for(works), twin(1))

    row = EnergyEntry.objects.order_by("period_start")[10]
    by_hand = make_bill(make_factory(time_zone="Asia/Seoul"), row.amount, row.period_start, row.period_end)
    names = ("scope", "co2e_kg", "co2_kg", "biogenic_co2_kg", "energy_gj", "factor_amount", "factor", "gwp_set")
    assert [getattr(row, name) for name in names] == [getattr(by_hand, name) for name in names]
    assert row.co2e_kg == row.amount * Decimal("0.1177")
    assert (row.origin, row.kind, row.events.count()) == ("import", "used", 1)


def test_the_same_file_again_adds_nothing_and_a_longer_one_only_what_is_new(works: Any) -> None:
    run(plan_for(works), twin(1))

    again = run(plan_for(works), twin(1))
    longer = run(plan_for(works, date_order=DateOrder.DMY), twin(2))

    assert (again.stored, again.duplicate, again.errors) == (0, 96, [])
    assert (longer.stored, longer.duplicate, longer.amount) == (96, 96, sum_of(twin(2)))
    assert EnergyEntry.objects.count() == 192


def sum_of(text: str) -> Decimal:
    return sum((Decimal(line.split(",")[1]) for line in text.splitlines()[1:]), Decimal(0))


def test_columns_that_nobody_named_are_said(works: Any) -> None:
    result = run(plan_for(works), twin(1))

    assert [n.code for n in result.notices] == ["columns_unused"]
    assert "Load_Type" in result.notices[0].params["columns"]


# --- Bad rows ----------------------------------------------------------------------------------
def test_each_bad_row_is_named_and_the_good_ones_are_stored(works: Any) -> None:
    text = sheet_of(
        "2026-11-20 00:00,1",
        "2026-11-20 01:00,",
        "2026-11-20 02:00,-3",
        "2026-11-20 03:00,1.234,5",
        '2026-11-20 04:00,"1,234"',
        "yesterday,4",
        ",4",
        "2026-02-30 05:00,4",
        "2026-11-20 06:00,NaN",
        "",
        "2026-11-20 07:00,7.1234567",
        "2026-11-20 07:00,7",
        "2027-01-01 00:00,1",
        "2026-11-20 08:00",
        "2026-11-20 09:00,1e3",
    )

    result = run(small_plan(works, time_is=TimeIs.START, same_time=SameTime.ONCE), text)

    # 7.1234567 shows that the point is the decimal mark of the column, so 1,234 is 1234.
    assert [(error.row, error.column, error.value) for error in result.errors] == [
        (3, "kWh", ""),
        (4, "kWh", "-3"),
        (5, "kWh", "1.234"),
        (7, "time", "yesterday"),
        (8, "time", ""),
        (9, "time", "2026-02-30 05:00"),
        (10, "kWh", "NaN"),
        (13, "time", "2026-11-20T07:00:00+09:00"),
        (14, "time", "2027-01-01 00:00"),
        (15, "kWh", ""),
    ]
    assert all(len(error.message) > 20 for error in result.errors)
    assert result.received == result.stored + result.duplicate + len(result.errors) == 14
    assert (result.stored, result.amount) == (4, 1 + 1234 + Decimal("7.123457") + 1000)
    assert {notice.code for notice in result.notices} == {"rounded", "gaps", "factor_of_earlier_year"}


def test_a_day_without_a_factor_is_an_error_of_its_rows(works: Any) -> None:
    text = sheet_of("2009-12-31 22:00,1", "2009-12-31 23:00,1", "2010-01-01 00:00,1")

    result = run(small_plan(works, time_is=TimeIs.START), text)

    assert (result.stored, [error.row for error in result.errors]) == (1, [2, 3])
    assert "no factor" in result.errors[0].message


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"unit": "kg"}, "unit"),
        ({"unit": "furlong"}, "unit"),
        ({"energy_type": "phlogiston"}, "energy_type"),
        ({"source_id": 2_000_000_000}, "source"),
    ],
)
def test_what_holds_for_no_row_ends_the_import(works: Any, fields: dict[str, Any], name: str) -> None:
    with pytest.raises(ApiError) as caught:
        run(plan_for(works, **fields), twin(1))

    assert list(caught.value.fields) == [name]
    assert EnergyEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("time,kWh\n", "no rows"),
        ("time,power\n2026-11-20,1", "'power'"),
        ("time,kWh,KWH\n2026-11-20,1,2", "appears 2 times"),
        ("time,kWh\n2026-11-20 01:00,1", "how long a period is"),
        (b"PK\x03\x04 no workbook", "as an XLSX workbook"),
        (b"\x00\x01\x02\x03", "binary"),
        (b'a,b\n"' + b"x" * 200_000 + b'",1', "cannot be read as CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(works: Any, text: str | bytes, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        run(small_plan(works), text)


# --- Spellings ---------------------------------------------------------------------------------
def test_semicolons_come_with_decimal_commas_and_tabs_with_points(works: Any) -> None:
    semicolons = run(small_plan(works), "time;kWh\n20.11.2026 01:00;1,5\n20.11.2026 02:00;2.25", dry_run=True)
    tabs = run(small_plan(works), "time\tkWh\n20.11.2026 01:00\t1.5\n20.11.2026 02:00\t2.25", dry_run=True)

    assert semicolons.amount == tabs.amount == Decimal("3.75")


def test_a_windows_spreadsheet_in_its_old_encoding(works: Any) -> None:
    text = "time,kWh,Größe\n2026-11-20 01:00,1,ü\n2026-11-20 02:00,1,ß".encode("cp1252")

    assert run(small_plan(works), text, dry_run=True).stored == 2


def test_firewood_by_day_in_a_local_unit(works: Any) -> None:
    set_local_unit(works, "firewood", "lorry", amount=Decimal(12), unit="stere")
    text = sheet_of("20/11/2026,2", "21/11/2026,3", header="time,Lorry")
    fields = {"energy_type": "Firewood", "value_column": "lorry", "unit": "lorry", "date_order": DateOrder.DMY}

    run(small_plan(works, **fields), text)

    first = EnergyEntry.objects.earliest("period_start")
    assert (first.period_start, first.period_end) == (
        datetime(2026, 11, 19, 15, tzinfo=UTC),
        datetime(2026, 11, 20, 15, tzinfo=UTC),
    )
    assert (first.factor_amount, first.moisture_is_default) == (24, True)


# --- The command -------------------------------------------------------------------------------
def test_the_command_names_bad_rows_stores_the_others_and_fails(
    works: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "meter.csv"
    path.write_text(twin(1).replace("00:30,3.02,", "00:30,three,"), encoding="utf-8")

    with pytest.raises(CommandError, match="1 of 96 rows were not taken"):
        call_command("import_energy", str(path), *STEEL_ARGUMENTS)

    said = capsys.readouterr()
    assert "row 3, Usage_kWh='three': is not a number" in said.err
    assert said.out.startswith("96 rows: 95 stored, 0 there before, 1 rejected; 287.86 kWh")
    assert ", CO2e in its scope (kg) of new rows: 33.8" in said.out
    assert "_kg" not in said.out
    assert EnergyEntry.objects.count() == 95


def test_the_command_shows_progress_on_a_long_file(
    works: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "meter.csv"
    path.write_text(twin(105), encoding="utf-8")

    call_command("import_energy", str(path), *STEEL_ARGUMENTS, "--dry-run")

    said = capsys.readouterr()
    assert "10000 of 10080 rows" in said.err
    assert "10080 would be stored" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--factory", "Atlantis"), "no factory 'Atlantis'"),
        (("--time-zone", "Mars/Olympus"), "Mars/Olympus is not an IANA time zone"),
        (("--source", "Genset"), "source='Genset' is not an emission source"),
        (("--user", "no@body.example"), "is no account"),
        (("--factor", "no-such-set"), "96 of 96 rows were not taken"),
        (("--time-column", "when"), "time_column='when' is not there"),
        (("--unit", "kg"), "use kWh"),
    ],
)
def test_the_command_says_which_argument_is_wrong(
    works: Any, tmp_path: Path, arguments: tuple[str, str], words: str
) -> None:
    path = tmp_path / "meter.csv"
    path.write_text(twin(1), encoding="utf-8")

    with pytest.raises(CommandError, match=words):
        call_command("import_energy", str(path), *STEEL_ARGUMENTS, *arguments)


def test_a_file_that_is_not_there_is_said(works: Any) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_energy", "/no/such/file.csv", *STEEL_ARGUMENTS)
