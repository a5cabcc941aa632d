"""The month of a factory and single entries of its log: holes, sums, the file, corrections, history."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from emissions.models import EmissionHour
from energy.models import EnergyEntry
from production.models import ProductionEntry
from tests import make
from tests.cast import AsUser, Cast
from tests.compliance.build import make_hours
from tests.portal.logged_site import TODAY, YESTERDAY, day_start, log_days, wood_stere

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
A_DAY = timedelta(days=1)


@pytest.fixture
def url(cast: Cast) -> str:
    """November with a hole on the 14th, and a bill of electricity from October to today."""
    days = [YESTERDAY - back * A_DAY for back in range(21) if (YESTERDAY - back * A_DAY).day != 14]
    log_days(cast.litein, cast.litein_manager, days)
    EnergyEntry.objects.filter(energy_type__code="electricity").delete()
    make.make_bill(cast.litein, 53_000, day_start(TODAY - 52 * A_DAY), day_start(TODAY + A_DAY))
    return f"/factories/{cast.litein.pk}/month/"


def test_a_sensor_at_the_end_of_its_range_is_said_below_the_sums(as_user: AsUser, cast: Cast) -> None:
    assignment = make.make_assignment(device=make.make_device(factory=cast.litein))
    make_hours(assignment, day_start(YESTERDAY), 24)
    EmissionHour.objects.update(over_range_ms=5_000)

    page = as_user(cast.litein_manager).get(f"/factories/{cast.litein.pk}/month/")

    assert "CO2 from the chimney is at least what is shown." in page.content.decode()


# --- The grid ------------------------------------------------------------------------------------
def test_the_grid_has_each_day_its_holes_and_sums(as_user: AsUser, cast: Cast, url: str) -> None:
    page = as_user(cast.litein_manager).get(url).context["page"]

    by_day = {row.day.day: [cell.text for cell in row.cells] for row in page.rows}
    assert [column.key for column in page.columns] == ["firewood", "electricity", "diesel", "made_tea", "green_leaf"]
    assert by_day[21] == [str(wood_stere(YESTERDAY)), "1,000", "", "10,000", ""]
    assert by_day[14] == ["", "1,000", "", "", ""]
    assert by_day[23] == ["", "", "", "", ""], "a bill says nothing about days to come"
    holes = {
        (row.day.day, column.key): cell.hole_url
        for row in page.rows
        for column, cell in zip(page.columns, row.cells, strict=True)
        if cell.is_hole
    }
    assert holes == {
        (14, name): f"{url.replace('month', 'log')}?day=2026-11-14#row-{name}" for name in ("firewood", "made_tea")
    }
    wood = sum(wood_stere(YESTERDAY - back * A_DAY) for back in range(21)) - wood_stere(YESTERDAY - 7 * A_DAY)
    assert page.totals == (f"{wood:,}", "22,000", "", "200,000", "")
    rows = as_user(cast.auditor).get("/api/energy-entries/", {"factory": cast.litein.pk}).json()["results"]
    wood_kg = sum(Decimal(row["biogenic_co2_kg"]) for row in rows)
    assert page.biogenic_t == wood_kg / 1000


def test_an_auditor_sees_holes_and_no_way_to_fill_them(as_user: AsUser, cast: Cast, url: str) -> None:
    response = as_user(cast.auditor).get(url)

    assert response.context["page"].holes == 2
    assert "/log/" not in response.content.decode()


def test_the_file_holds_amounts_in_full_and_nothing_for_what_is_missing(as_user: AsUser, cast: Cast, url: str) -> None:
    response = as_user(cast.auditor).get(f"{url}2026-11/?as=csv")

    rows = {row["day"]: row for row in csv.DictReader(io.StringIO(response.content.decode()))}
    assert len(rows) == 30
    assert rows["2026-11-20"]["firewood_stere"] == str(wood_stere(YESTERDAY - A_DAY))
    assert rows["2026-11-20"]["electricity_kWh"] == "1000"
    assert rows["2026-11-14"]["firewood_stere"] == rows["2026-11-14"]["made_tea_kg"] == ""


@pytest.mark.parametrize("month", ["2026-12", "2026-13", "1989-12", "x", "2026-1", "20261", "2026-11-01"])
def test_a_month_that_is_none_or_to_come_is_not_there(as_user: AsUser, cast: Cast, url: str, month: str) -> None:
    assert as_user(cast.hq).get(f"{url}{month}/").status_code == 404


def test_months_lead_to_each_other_and_days_to_their_entries(as_user: AsUser, cast: Cast, url: str) -> None:
    browser = as_user(cast.hq)
    before = browser.get(f"{url}2026-10/?day=2026-10-03").context["page"]

    assert (before.previous_url, before.next_url) == (f"{url}2026-09/", f"{url}2026-11/")
    assert browser.get(url).context["page"].next_url == ""
    (entry,) = before.entries
    assert (entry.amount, entry.period) == ("53000 kWh", "1 Oct to 22 Nov")
    assert browser.get(entry.url).status_code == 200


# --- One entry -----------------------------------------------------------------------------------
@pytest.fixture
def entry(cast: Cast) -> EnergyEntry:
    return make.make_energy_entry(
        cast.litein, user=cast.litein_manager, amount=Decimal(24), timestamp=day_start(YESTERDAY)
    )


def send(browser: Client, entry: Any, **fields: str) -> Any:
    kind = "production" if isinstance(entry, ProductionEntry) else "entries"
    return browser.post(f"/factories/{entry.factory_id}/{kind}/{entry.pk}/", fields, follow=True)


def test_a_correction_with_a_reason_is_in_the_history_and_can_be_undone(
    as_user: AsUser, cast: Cast, entry: EnergyEntry
) -> None:
    browser = as_user(cast.litein_manager)

    done = send(
        browser, entry, act="correct", amount="22,5", unit="stere", day="2026-11-20", note="", reason="counted again"
    )
    entry.refresh_from_db()
    assert (entry.amount, entry.period_start) == (Decimal("22.5"), day_start(YESTERDAY - A_DAY))
    newest, first = done.context["page"].history
    assert (newest.act, newest.amount, newest.reason) == ("corrected", "22.5 stere", "counted again")
    assert (first.act, first.amount) == ("recorded", "24 stere")

    undone = send(browser, entry, act="undo")
    entry.refresh_from_db()
    assert (entry.amount, undone.context["page"].history[0].act) == (24, "undone")


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"amount": "22", "reason": ""}, "reason", "Say why"),
        ({"amount": "1,2,3", "reason": "x"}, "amount", "not a plain number"),
        ({"amount": "24", "reason": "x"}, "amount", "Nothing has changed"),
        ({"amount": "22", "unit": "furlong", "reason": "x"}, "unit", "furlong"),
        ({"amount": "22", "day": "2026-13-01", "reason": "x"}, "day", "is not a date"),
        ({"amount": "22", "day": "2027-11-01", "reason": "x"}, "day", "is in the future"),
        ({"act": "delete", "reason": " "}, "delete_reason", "Say why"),
    ],
)
def test_an_error_in_a_change_is_beside_its_field(
    as_user: AsUser, cast: Cast, entry: EnergyEntry, fields: dict[str, str], field: str, words: str
) -> None:
    usual = {"act": "correct", "unit": "stere", "day": YESTERDAY.isoformat(), "note": ""}

    response = send(as_user(cast.litein_manager), entry, **(usual | fields))

    assert words in response.context["page"].form.errors[field][0]
    assert words in response.content.decode()
    entry.refresh_from_db()
    assert (entry.amount, entry.deleted_at) == (24, None)


def test_a_correction_reads_thousands_and_leaves_an_amount_that_nobody_touched(as_user: AsUser, cast: Cast) -> None:
    made = make.make_production(
        cast.litein, user=cast.hq, amount=Decimal("2070.125"), unit="kg", timestamp=day_start(YESTERDAY)
    )
    typed = {"act": "correct", "unit": "kg", "day": YESTERDAY.isoformat(), "reason": "note added"}

    send(as_user(cast.hq), made, **typed, amount="2070.125", note="weighed twice")
    made.refresh_from_db()
    assert (made.amount, made.note) == (Decimal("2070.125"), "weighed twice")
    send(as_user(cast.hq), made, **typed, amount="2,070", note="weighed twice")

    made.refresh_from_db()
    assert made.amount_kg == 2070


def test_a_correction_keeps_the_point_of_an_amount_that_has_three_decimals(as_user: AsUser, cast: Cast) -> None:
    made = make.make_production(
        cast.litein, user=cast.hq, amount=Decimal("970.125"), unit="kg", timestamp=day_start(YESTERDAY)
    )
    typed = {"act": "correct", "unit": "kg", "day": YESTERDAY.isoformat(), "note": "", "reason": "weighed again"}

    send(as_user(cast.hq), made, **typed, amount="971.125")

    made.refresh_from_db()
    assert made.amount_kg == Decimal("971.125")


@pytest.mark.parametrize("amount", ["22.1234567", "1" * 20])
def test_a_correction_that_the_column_cannot_hold_is_refused(
    as_user: AsUser, cast: Cast, entry: EnergyEntry, amount: str
) -> None:
    made = make.make_production(cast.litein, user=cast.hq, amount=Decimal(24), timestamp=day_start(YESTERDAY))
    for one, unit in ((entry, "stere"), (made, "kg")):
        typed = {"unit": unit, "day": YESTERDAY.isoformat(), "note": "", "reason": "x"}
        response = send(as_user(cast.hq), one, act="correct", amount=amount, **typed)

        assert response.context["page"].form.errors["amount"]
        one.refresh_from_db()
        assert one.amount == 24


def test_production_is_corrected_and_deleted_the_same_way(as_user: AsUser, cast: Cast) -> None:
    made = make.make_production(
        cast.litein, user=cast.hq, amount=Decimal("2.5"), unit="t", timestamp=day_start(YESTERDAY)
    )
    browser = as_user(cast.hq)

    send(browser, made, act="correct", amount="2,6", unit="t", day=YESTERDAY.isoformat(), note="", reason="typo")
    made.refresh_from_db()
    assert made.amount_kg == 2600
    gone = send(browser, made, act="delete", reason="logged twice")

    assert gone.context["page"].entry.deleted_at
    assert [row.act for row in gone.context["page"].history] == ["deleted", "corrected", "recorded"]
    assert "logged twice" in gone.content.decode()


def test_an_entry_of_another_factory_is_not_there(as_user: AsUser, cast: Cast, entry: EnergyEntry) -> None:
    for pk in (cast.momul.pk, cast.elsewhere.pk):
        assert as_user(cast.hq).get(f"/factories/{pk}/entries/{entry.pk}/").status_code == 404


def test_what_a_meter_counted_is_corrected_by_its_readings(as_user: AsUser, cast: Cast) -> None:
    for day, reading in ((YESTERDAY - A_DAY, 48_210), (YESTERDAY, 53_210)):
        make.make_energy_entry(
            cast.litein,
            energy_type="electricity",
            unit="kWh",
            kind="meter_reading",
            amount=Decimal(reading),
            timestamp=day_start(day) + A_DAY,
        )
    derived = EnergyEntry.objects.get(kind="used")

    page = as_user(cast.hq).get(f"/factories/{cast.litein.pk}/entries/{derived.pk}/").content.decode()

    assert "This amount is computed from two meter readings" in page
    assert 'name="reason"' not in page


def test_days_that_await_a_bill_are_neither_logged_nor_missing(as_user: AsUser, cast: Cast) -> None:
    log_days(cast.litein, cast.litein_manager, [YESTERDAY - back * A_DAY for back in range(21)])
    EnergyEntry.objects.filter(energy_type__code="electricity").delete()
    # Yesterday was the 21st: 1 to 3 November lie before the bill of 4 to 14 November.
    make.make_bill(cast.litein, 11_000, day_start(YESTERDAY - 17 * A_DAY), day_start(YESTERDAY - 6 * A_DAY))

    response = as_user(cast.litein_manager).get(f"/factories/{cast.litein.pk}/month/2026-11/")

    page = response.context["page"]
    power = {row.day.day: row.cells[1] for row in page.rows}
    assert [day for day, cell in power.items() if cell.is_awaited] == [15, 16, 17, 18, 19, 20, 21]
    assert [day for day, cell in power.items() if cell.is_hole] == [1, 2, 3]
    assert page.awaited_sentence == "Electricity: 7 days wait for a bill. The next bill is due by 20 Dec."
    assert response.content.decode().count("bill awaited") == 7


# --- Questions about a correction ----------------------------------------------------------------
def test_an_unusual_correction_is_asked_and_then_kept(as_user: AsUser, cast: Cast) -> None:
    log_days(cast.litein, cast.litein_manager, [YESTERDAY - back * A_DAY for back in range(10)])
    entry = EnergyEntry.objects.filter(energy_type__code="electricity").latest("period_start")
    browser, typed = as_user(cast.litein_manager), {"act": "correct", "amount": "50000", "unit": "kWh", "note": ""}
    typed |= {"day": YESTERDAY.isoformat(), "reason": "read again"}

    asked = send(browser, entry, **typed)
    entry.refresh_from_db()
    assert entry.amount == 5000
    assert "Did you mean 5000 kWh?" in asked.context["page"].form.questions[0]

    send(browser, entry, **typed, keep=asked.context["page"].form.typed)
    entry.refresh_from_db()
    assert entry.amount == 50_000
    assert "above_usual" in [notice["code"] for notice in entry.warnings]


def test_a_correction_into_the_time_of_another_entry_is_asked(as_user: AsUser, cast: Cast) -> None:
    log_days(cast.litein, cast.litein_manager, [YESTERDAY, YESTERDAY - A_DAY])
    made = ProductionEntry.objects.latest("period_start")

    asked = send(
        as_user(cast.litein_manager),
        made,
        act="correct",
        amount="10000",
        unit="kg",
        day=(YESTERDAY - A_DAY).isoformat(),
        reason="of the day before",
    )

    made.refresh_from_db()
    assert made.period_start == day_start(YESTERDAY)
    assert "Somebody already logged 10000 kg for this time" in asked.context["page"].form.errors["amount"][0]
