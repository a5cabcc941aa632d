"""Contracts and certificates: what an entry needs, and the second total of scope 2, worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest

from compliance import queries
from compliance.queries import Sums
from compliance.site_days import refresh
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.models import Factory
from lib.errors import ApiError
from tests.compliance.build import DAY, LENGTH, START
from tests.logbook.doors import codes, problem_of
from tests.make import make_energy_entry

pytestmark = pytest.mark.django_db

CONTRACT = {
    "kind": "market",
    "instrument": "contract",
    "supplier_factor_kgco2e_per_kwh": Decimal("0.02"),
    "evidence": "PPA 12/2026, clause 4",
}


def electricity(factory: Factory, kwh: int, **fields: Any) -> EnergyEntry:
    period = {"timestamp": None, "period_start": START, "period_end": START + LENGTH}
    fields = period | {"energy_type": "electricity", "unit": "kWh"} | fields
    return make_energy_entry(factory, amount=Decimal(kwh), **fields)


def sums_of(factory: Factory) -> Sums:
    refresh([factory.pk])
    return queries.sums([factory.pk], DAY, DAY, now=START + 9 * LENGTH)[factory.pk]


def test_a_contract_makes_a_second_total_and_changes_the_first_by_nothing(litein: Factory) -> None:
    electricity(litein, 1000)  # by the grid 1,000 x 0.0954 = 95.4 kg
    before = sums_of(litein)

    entry = electricity(litein, 400, **CONTRACT)

    after = sums_of(litein)
    assert (entry.co2e_kg, entry.market_co2e_kg, entry.factor_id) == (None, 8, None)
    assert (before.scope2_co2e_kg, before.scope2_market_co2e_kg) == (Decimal("95.4"), None)
    assert (after.scope2_co2e_kg, after.co2e_kg) == (before.scope2_co2e_kg, before.co2e_kg)
    # 600 kWh by the grid and 400 by the supplier: 600 x 0.0954 + 400 x 0.02.
    assert after.scope2_market_co2e_kg == Decimal("65.24")


def test_certificates_cover_no_more_than_was_used(litein: Factory) -> None:
    electricity(litein, 1000)
    electricity(litein, 5000, **(CONTRACT | {"instrument": "certificate"}))

    assert sums_of(litein).scope2_market_co2e_kg == 20  # 1,000 x 0.02


def test_heat_that_is_bought_stays_in_both_totals(litein: Factory) -> None:
    electricity(litein, 1000)
    steam = make_energy_entry(
        litein, energy_type="steam", amount=Decimal(2), unit="GJ", factor_set="boiler-80pct-diesel", timestamp=START
    )
    electricity(litein, 1000, **CONTRACT)

    found = sums_of(litein)

    assert found.scope2_co2e_kg == Decimal("95.4") + steam.co2e_kg
    assert found.scope2_market_co2e_kg == 20 + steam.co2e_kg


def test_a_contract_of_a_year_is_spread_over_its_days(litein: Factory) -> None:
    electricity(litein, 1000)
    electricity(litein, 36_500, **CONTRACT, period_start=START - 364 * LENGTH)

    # 36,500 / 365 = 100 kWh of that day: 900 x 0.0954 + 100 x 0.02.
    assert sums_of(litein).scope2_market_co2e_kg == pytest.approx(Decimal("87.86"))


def test_a_contract_covers_no_day_whose_use_is_not_logged(litein: Factory) -> None:
    electricity(litein, 1000)
    electricity(litein, 1200, **CONTRACT, period_start=START - 2 * LENGTH)  # 400 kWh a day of three
    refresh([litein.pk])

    found = queries.sums([litein.pk], (START - 2 * LENGTH).date(), DAY, now=START + 9 * LENGTH)[litein.pk]

    # 400 of the 1,000 kWh of the one day that is known, not 1,000 of 1,200: 600 x 0.0954 + 400 x 0.02.
    assert found.scope2_market_co2e_kg == pytest.approx(Decimal("65.24"))


def test_a_contract_that_is_corrected_to_a_use_is_one(litein: Factory) -> None:
    entry = electricity(litein, 1000, **CONTRACT)
    plain = {"kind": "used", "instrument": "", "evidence": "", "supplier_factor_kgco2e_per_kwh": None}

    used = energy_log.correct(None, entry.pk, plain, "it was the bill")
    bought = energy_log.correct(None, entry.pk, CONTRACT, "it was the contract")

    assert (used.co2e_kg, used.market_co2e_kg, used.scope) == (Decimal("95.4"), None, 2)
    assert (bought.co2e_kg, bought.market_co2e_kg, bought.scope) == (None, 20, None)


def test_a_contract_beyond_what_the_site_can_draw_is_refused_and_one_entered_twice_is_noticed(litein: Factory) -> None:
    with pytest.raises(ApiError) as caught:
        electricity(litein, 9_999_999_999, **CONTRACT)
    assert problem_of(caught)[:2] == ("amount", "beyond_capacity")

    first = electricity(litein, 400, **CONTRACT)
    other = electricity(litein, 300, **(CONTRACT | {"evidence": "PPA 13/2026"}))
    again = electricity(litein, 400, **CONTRACT)

    assert (codes(first), codes(other), codes(again)) == ([], [], ["overlaps"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"evidence": ""}, "evidence"),
        ({"instrument": ""}, "instrument"),
        ({"supplier_factor_kgco2e_per_kwh": None}, "supplier_factor_kgco2e_per_kwh"),
        ({"supplier_factor_kgco2e_per_kwh": Decimal(420)}, "supplier_factor_kgco2e_per_kwh"),
        ({"supplier_factor_kgco2e_per_kwh": Decimal("-0.1")}, "supplier_factor_kgco2e_per_kwh"),
        ({"kind": "used"}, "instrument"),
        ({"energy_type": "diesel", "unit": "L"}, "energy_type"),
        ({"unit": "kg"}, "energy_type"),
    ],
)
def test_a_contract_is_whole_and_for_electricity(litein: Factory, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as caught:
        electricity(litein, 400, **(CONTRACT | fields))

    assert list(caught.value.fields) == [field]
