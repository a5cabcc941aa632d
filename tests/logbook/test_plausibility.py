"""Amounts that are impossible or unusual for a site, through every door that writes entries."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from lib.errors import ApiError
from logbook.notices import ASKED
from logbook.sheets.options import TimeIs
from logbook.sheets.read import read_sheet
from production.models import ProductionEntry
from production.sheets import ProductionSheet
from tests import make
from tests.logbook.doors import problem_of
from tests.logbook.verdicts import DAY, LAST, POWER, USUAL_KWH, asked, log_days, now, odd_rows, sheet, site

__all__ = ["site"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


# --- Usual -------------------------------------------------------------------------------------
def test_a_slip_of_the_decimal_is_found_and_the_right_number_suggested(site: Factory) -> None:
    log_days(site, USUAL_KWH, **POWER)

    notice = now(site, "110000", **POWER)

    # Four days of 1,060 are in the last 28, and the 3 highest days are left out: the limit is 3 x 1060.
    assert notice["code"] == "above_usual"
    assert notice["params"] == {"amount": "110000", "unit": "kWh", "limit": "3180", "suggestion": "1100 kWh"}


def test_a_stored_slip_does_not_make_the_next_one_usual(site: Factory) -> None:
    log_days(site, [*USUAL_KWH[:-1], "110000"], **POWER)

    assert now(site, "110000", **POWER)["code"] == "above_usual"


def test_kilograms_for_stacked_cubic_metres_are_too_little(site: Factory) -> None:
    log_days(site, ["49"] * 10, energy_type="firewood", unit="stere")

    notice = now(site, "49", unit="kg")

    # A stere is 450 kg at 25 % moisture, as much dry wood as 450 x 0.75 / 0.70 kg at 30 %: 49 of them / 3 are 7,875 kg.
    assert (notice["code"], notice["params"]["suggestion"]) == ("below_usual", "49 stere")
    assert notice["params"]["limit"] == "7875"


@pytest.mark.parametrize(
    ("days", "code"), [(["49"] * 10, "zero_unusual"), (["49"] * 9 + ["0"], None), (["49"] * 4, None)]
)
def test_zero_is_asked_about_where_it_never_was(site: Factory, days: list[str], code: str | None) -> None:
    log_days(site, days, unit="stere")

    notice = now(site, "0", unit="m3")

    assert notice.get("code") == code
    assert not code or notice["params"] == {"amount": "0", "unit": "stere", "usual": "49"}


def test_a_bill_is_compared_with_days_and_days_with_a_bill(site: Factory) -> None:
    month = {"timestamp": None, "period_start": LAST - 51 * DAY, "period_end": LAST - 21 * DAY}
    make.make_energy_entry(site, amount=Decimal(30_900), **POWER, **month)
    log_days(site, ["1030"] * 20, **POWER)

    next_bill = {"timestamp": None, "period_start": LAST - 21 * DAY, "period_end": LAST}
    bill = make.make_energy_entry(site, amount=Decimal(216_300), **POWER, **next_bill)

    assert [n["code"] for n in asked(bill)] == ["above_usual", "overlaps"]  # 216,300 in 21 days is 10,300 a day
    energy_log.delete(None, bill.pk, "typed wrong")
    assert now(site, "1030", **POWER) == {}
    assert now(site, "300", **POWER | {"timestamp": LAST + DAY})["code"] == "below_usual"


def test_shifts_of_a_day_are_added_before_they_are_compared(site: Factory) -> None:
    def shift(day: datetime, hour: int, amount: str) -> EnergyEntry:
        start = day.replace(hour=hour)
        period = {"timestamp": None, "period_start": start, "period_end": start + timedelta(hours=8)}
        return make.make_energy_entry(site, amount=Decimal(amount), **POWER, **period)

    for days_ago in range(1, 11):
        for hour, amount in ((3, "400"), (11, "450"), (19, "150")):
            shift(LAST - DAY * days_ago, hour, amount)

    today = [shift(LAST, 3, "400"), shift(LAST, 11, "450"), shift(LAST, 19, "150")]

    assert [asked(entry) for entry in today] == [[], [], []]
    assert [n["code"] for n in asked(shift(LAST + DAY, 3, "4000"))] == ["above_usual"]


def test_an_old_day_is_compared_with_the_days_after_it(site: Factory) -> None:
    log_days(site, USUAL_KWH, **POWER)

    notice = now(site, "110000", **POWER | {"timestamp": LAST - 29 * DAY})

    assert notice["params"]["suggestion"] == "1100 kWh"


# --- Possible ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fields",
    [
        # 40,000 kW of fuel, five times a large tea factory, is 3,456 GJ a day.
        {"amount": Decimal(5000), "unit": "m3"},
        {"amount": Decimal(99_999_999_999), "unit": "L", "energy_type": "diesel"},
        {"amount": Decimal(99_999_999_999), "unit": "L", "energy_type": "diesel", "kind": EntryKind.RECEIVED},
        {"amount": Decimal(99_999_999_999), "unit": "kg", "kind": EntryKind.STOCK_COUNT},
        {"amount": Decimal(121_000), **POWER},  # 5 x 1,000 kW in 24 hours is 120,000 kWh
    ],
)
def test_what_no_site_of_the_sector_can_use_is_refused(site: Factory, fields: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        make.make_energy_entry(site, **fields)

    field, code, message = problem_of(caught)
    assert (field, code) == ("amount", "beyond_capacity")
    assert "check the number, the unit and the times" in message
    assert not EnergyEntry.objects.exists()


def test_a_first_entry_is_compared_with_a_large_site_of_the_sector(site: Factory) -> None:
    notice = now(site, "110000", **POWER)

    assert (notice["code"], notice["params"]["limit"]) == ("above_capacity", "24000")  # 1,000 kW in 24 hours


def test_a_stated_connection_is_the_limit() -> None:
    site = make.make_factory(electricity_capacity_kw=400)

    assert now(site, "9600", **POWER) == {}  # 400 kW in 24 hours
    with pytest.raises(ApiError) as caught:
        make.make_energy_entry(site, amount=Decimal(9700), **POWER, timestamp=LAST - DAY)

    assert "above 9600 kWh, the most that this site can use or make in that time (1 d)" in problem_of(caught)[2]


def test_the_capacity_of_a_boiler_limits_its_wood(site: Factory) -> None:
    boiler = site.emission_sources.get(kind=SourceKind.BOILER)
    EmissionSource.objects.filter(pk=boiler.pk).update(capacity_kw=1_000)  # 86.4 GJ a day

    with pytest.raises(ApiError) as caught:
        make.make_energy_entry(site, amount=Decimal(20), unit="t", source_id=boiler.pk)
    assert now(site, "4", unit="t", source_id=boiler.pk) == {}

    assert problem_of(caught)[1] == "beyond_capacity"


def test_leaf_and_tea_have_limits(site: Factory) -> None:
    for product, tonnes in (("made_tea", 301), ("green_leaf", 1501)):  # 5 x 60 t of tea, and its leaf at 20 %
        with pytest.raises(ApiError) as caught:
            make.make_production(site, product=product, amount=Decimal(tonnes), unit="t")
        assert problem_of(caught)[1] == "beyond_capacity"


# --- Doors -------------------------------------------------------------------------------------
def test_a_sheet_says_which_rows_to_look_at(site: Factory) -> None:
    log_days(site, USUAL_KWH, **POWER)

    result = sheet(site, "2026-11-21,110000\n2026-11-22,1010\n")

    assert (result.stored, odd_rows(result)) == (2, [(2, "above_usual")])
    assert [(n.code, n.params["count"], n.params["row"]) for n in result.notices if n.code in ASKED] == [
        ("above_usual", 1, 2)
    ]
    assert EnergyEntry.objects.filter(warnings__contains=[{"code": "above_usual"}]).count() == 1


def test_a_counter_in_place_of_the_use_is_found_in_all_rows(site: Factory) -> None:
    log_days(site, USUAL_KWH, **POWER)
    EnergyEntry.objects.filter(period_start__gt=LAST - 3 * DAY).delete()

    result = sheet(site, "".join(f"2026-11-{day},{48_210 + day * 1_010}\n" for day in range(19, 23)))

    assert odd_rows(result) == [(row, "above_usual") for row in (2, 3, 4, 5)]


def test_a_first_sheet_is_compared_with_its_own_other_rows(site: Factory) -> None:
    rows = [f"2026-11-{day:02},{110 if day == 3 else 1100}\n" for day in range(1, 21)]

    result = sheet(site, "".join(rows))

    assert odd_rows(result) == [(4, "below_usual")]


def test_a_sheet_refuses_a_row_that_is_impossible(site: Factory) -> None:
    result = sheet(site, "2026-11-20,990000000\n2026-11-21,1010\n")

    assert (result.stored, result.amount, [error.row for error in result.errors]) == (1, 1010, [2])
    assert "the most that this site can use" in result.errors[0].message


def test_quarter_hours_are_compared_by_day(site: Factory) -> None:
    log_days(site, USUAL_KWH, **POWER)
    start = datetime(2026, 11, 21, 3, tzinfo=UTC)
    rows = [f"{start + n * timedelta(minutes=15):%Y-%m-%dT%H:%M}Z,{9000 if n == 7 else 10}\n" for n in range(96)]

    result = sheet(site, "".join(rows), time_is=TimeIs.START)

    assert odd_rows(result) == [(9, "above_usual")]


def test_a_sheet_of_production_is_compared_too(site: Factory) -> None:
    plan = ProductionSheet(factory=site, time_column="t", value_column="kg", unit="kg", product="made_tea")
    rows = "".join(f"2026-11-{day:02},{11_500 if day != 9 else 0}\n" for day in range(1, 21))

    result = plan.run(None, read_sheet(io.BytesIO(f"t,kg\n{rows}".encode())))

    assert odd_rows(result) == [(10, "zero_unusual")]
    assert ProductionEntry.objects.get(amount_kg=0).warnings[0]["params"]["usual"] == "11500"


def test_a_correction_is_compared_too(site: Factory) -> None:
    log_days(site, USUAL_KWH, **POWER)
    entry = make.make_energy_entry(site, amount=Decimal(1030), timestamp=LAST, **POWER)

    corrected = energy_log.correct(None, entry.pk, {"amount": Decimal(110_000)}, "typed again")

    assert [n["code"] for n in asked(corrected)] == ["above_usual"]
    with pytest.raises(ApiError) as caught:
        energy_log.correct(None, entry.pk, {"amount": Decimal(10_300_000)}, "typed again")
    assert problem_of(caught)[1] == "beyond_capacity"


def test_what_a_meter_counted_is_compared_too(site: Factory) -> None:
    log_days(site, USUAL_KWH, **POWER)
    read = {**POWER, "kind": EntryKind.METER_READING}
    make.make_energy_entry(site, amount=Decimal(50_000), timestamp=LAST - DAY, **read)

    reading = make.make_energy_entry(site, amount=Decimal(99_000), timestamp=LAST, **read)

    assert "above_usual" in [n["code"] for n in asked(reading)]
    with pytest.raises(ApiError) as caught:
        make.make_energy_entry(site, amount=Decimal(9_000_000), timestamp=LAST + timedelta(hours=8), **read)
    assert problem_of(caught)[1] == "beyond_capacity"


@pytest.mark.parametrize("ends", [LAST + 3 * DAY, LAST + 366 * DAY])
def test_a_period_into_the_future_is_refused(site: Factory, ends: datetime) -> None:
    with pytest.raises(ApiError) as caught:
        make.make_bill(site, 31_000, LAST - DAY, ends)

    assert problem_of(caught)[:2] == ("period_end", "in_future")


def test_a_sheet_refuses_a_day_in_the_future(site: Factory) -> None:
    result = sheet(site, "2026-11-22,1000\n2026-11-23,1010\n2026-11-24,1010\n2027-11-24,1010\n")

    assert [error.row for error in result.errors] == [3, 4, 5]


# --- The same twice ----------------------------------------------------------------------------
def test_a_bill_without_a_source_and_a_meter_count_the_same(site: Factory) -> None:
    grid = site.emission_sources.get(kind=SourceKind.GRID)
    read = {**POWER, "kind": EntryKind.METER_READING, "source_id": grid.pk}
    make.make_energy_entry(site, amount=Decimal(50_000), timestamp=LAST - 5 * DAY, **read)
    make.make_energy_entry(site, amount=Decimal(55_000), timestamp=LAST, **read)

    bill = make.make_bill(site, 5_000, LAST - 4 * DAY, LAST)

    assert [n["code"] for n in asked(bill)] == ["overlaps"]


def test_a_meter_reading_over_a_bill_says_so(site: Factory) -> None:
    make.make_bill(site, 5_000, LAST - 4 * DAY, LAST)
    read = {**POWER, "kind": EntryKind.METER_READING}
    make.make_energy_entry(site, amount=Decimal(50_000), timestamp=LAST - 5 * DAY, **read)

    reading = make.make_energy_entry(site, amount=Decimal(55_000), timestamp=LAST, **read)

    assert [n["code"] for n in asked(reading)] == ["overlaps"]
