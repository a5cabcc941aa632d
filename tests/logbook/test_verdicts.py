"""Verdicts on amounts in the cases that are easy to get wrong: several kinds of entries, zeros, sheets, overlaps."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from energy.choices import EntryKind
from energy.models import EnergyEntry
from energy.sheets import EnergySheet
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from lib.errors import ApiError
from logbook.sheets.options import TimeIs
from logbook.sheets.read import read_sheet
from production.sheets import ProductionSheet
from tests import make
from tests.logbook.doors import problem_of
from tests.logbook.verdicts import DAY, LAST, POWER, USUAL_KWH, asked, log_days, now, odd_rows, sheet, site

__all__ = ["site"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_two_fills_of_one_day_have_verdicts_of_their_own(site: Factory) -> None:
    log_days(site, ["50"] * 20, energy_type="diesel", unit="L")
    plan = EnergySheet(factory=site, time_column="t", value_column="L", unit="L", energy_type="diesel")

    result = plan.run(None, read_sheet(io.BytesIO(b"t,L\n2026-11-21,5000\n2026-11-21,50\n")))

    assert odd_rows(result) == [(2, "above_usual")]


def test_a_generator_that_rarely_runs_is_usual_when_it_runs(site: Factory) -> None:
    days = ["0"] * 28
    days[3::5] = ["120", "90", "110", "100", "130"]
    log_days(site, days, energy_type="diesel", unit="L")

    assert now(site, "115", energy_type="diesel", unit="L") == {}
    # The highest of the five is left out: 3 x 120 L.
    assert now(site, "1150", energy_type="diesel", unit="L", timestamp=LAST + DAY)["params"]["limit"] == "360"


def test_two_days_of_a_generator_are_too_few_to_compare(site: Factory) -> None:
    log_days(site, ["0"] * 20 + ["100"] * 2 + ["0"] * 6, energy_type="diesel", unit="L")

    assert now(site, "400", energy_type="diesel", unit="L") == {}


def test_an_amount_too_small_to_store_gives_no_unit_a_size_of_zero(site: Factory) -> None:
    log_days(site, ["1000"] * 10, **POWER)
    EnergyEntry.objects.filter(period_start__gte=LAST - 2 * DAY).delete()
    make.make_energy_entry(site, amount=Decimal("0.00001"), timestamp=LAST, **POWER)  # 0.000000 GJ

    assert now(site, "0", **POWER | {"timestamp": LAST - DAY})["params"]["usual"] == "1000"


def test_own_generation_is_not_limited_by_the_connection_to_the_grid() -> None:
    site = make.make_factory(electricity_capacity_kw=10)

    assert now(site, "480", energy_type="own_renewable", unit="kWh") == {}  # 20 kW of sun for a day


def test_the_capacity_of_a_boiler_limits_wood_that_names_no_source(site: Factory) -> None:
    EmissionSource.objects.filter(factory=site, kind=SourceKind.BOILER).update(capacity_kw=1_000)  # 86.4 GJ a day

    with pytest.raises(ApiError) as caught:
        make.make_energy_entry(site, amount=Decimal(20), unit="t")

    assert problem_of(caught)[1] == "beyond_capacity"


def test_a_certificate_above_the_connection_is_refused(site: Factory) -> None:
    contract = {"kind": EntryKind.MARKET, "instrument": "certificate", "evidence": "I-REC 1"}
    with pytest.raises(ApiError) as caught:
        make.make_energy_entry(
            site, amount=Decimal(99_999_999_999), **POWER, **contract, supplier_factor_kgco2e_per_kwh=Decimal(0)
        )

    assert problem_of(caught)[1] == "beyond_capacity"


def test_a_restated_sheet_says_which_of_its_changes_are_odd(site: Factory) -> None:
    log_days(site, USUAL_KWH, **POWER)
    sheet(site, "2026-11-21,1010\n")

    result = sheet(site, "2026-11-21,110000\n", reason="restated")

    assert (result.changed, odd_rows(result)) == (1, [(2, "above_usual")])


def test_a_certificate_that_is_entered_twice_is_said(site: Factory) -> None:
    grid = {**POWER, "kind": EntryKind.MARKET, "instrument": "certificate", "amount": Decimal(1_000)}
    first, second, other = (
        make.make_energy_entry(site, **grid, evidence=proof, supplier_factor_kgco2e_per_kwh=Decimal(0))
        for proof in ("I-REC 1", "i-rec 1", "I-REC 2")
    )

    assert [[n["code"] for n in asked(entry)] for entry in (first, second, other)] == [[], ["overlaps"], []]


@pytest.mark.parametrize("first", ["hours", "day"])
def test_hours_in_a_logged_day_are_found_in_each_order(site: Factory, first: str) -> None:
    start = datetime(2026, 11, 20, 3, tzinfo=UTC)  # 06:00 in Kenya, where the factory day begins

    def day() -> list[Any]:
        return asked(make.make_energy_entry(site, amount=Decimal(24), timestamp=start, **POWER))

    def hours() -> list[Any]:
        rows = "".join(f"{start + n * timedelta(hours=1):%Y-%m-%dT%H:%M}Z,1\n" for n in range(24))
        return [{"code": warning.code} for warning in sheet(site, rows, time_is=TimeIs.START).row_warnings]

    said = (hours(), day()) if first == "hours" else (day(), hours())

    assert said[0] == []
    assert {notice["code"] for notice in said[1]} == {"overlaps"}
    assert len(said[1]) == (1 if first == "hours" else 24)


@pytest.mark.parametrize("first", ["entry", "sheet"])
def test_production_that_is_logged_and_imported_is_found_in_each_order(site: Factory, first: str) -> None:
    plan = ProductionSheet(factory=site, time_column="t", value_column="kg", unit="kg", product="made_tea")

    def entry() -> list[str]:
        made = make.make_production(site, product="made_tea", amount=Decimal(11_500), unit="kg", timestamp=LAST - DAY)
        return [notice["code"] for notice in asked(made)]

    def imported() -> list[str]:
        result = plan.run(None, read_sheet(io.BytesIO(b"t,kg\n2026-11-20,11500\n")))
        return [warning.code for warning in result.row_warnings]

    said = [entry(), imported()] if first == "entry" else [imported(), entry()]

    assert said == [[], ["overlaps"]]
