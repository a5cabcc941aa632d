"""The inventory: masses by gas, both totals of scope 2, and sums that no division of a period or group changes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from compliance.inventory.build import build
from compliance.inventory.lines import Inventory
from factories.models import EmissionSource, Factory
from tests.make import make_bill, make_energy_entry, make_factory, make_production

pytestmark = pytest.mark.django_db

NAIROBI = timedelta(hours=3)
FIRST, END = date(2026, 10, 1), date(2026, 11, 1)


def at(day: date) -> datetime:
    """Midnight in Nairobi."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - NAIROBI


def burn(factory: Factory, kg: int, first: date = FIRST, end: date = END, **fields: Any) -> None:
    period = {"timestamp": None, "period_start": at(first), "period_end": at(end)}
    make_energy_entry(factory, amount=Decimal(kg), **({"unit": "kg"} | period | fields))


def kg(inventory: Inventory, gas: str, scope: int = 1) -> Decimal:
    return inventory.mass(lambda line: line.gas == gas and line.scope == scope).likely_kg


def test_wood_gives_methane_and_nitrous_oxide_in_scope_1_and_carbon_dioxide_beside(litein: Factory) -> None:
    burn(litein, 1000)
    found = build([litein], FIRST, END)
    # 1,000 kg at 30 %: 18.5 x 0.7 - 2.443 x 0.3 = 12.2171 GJ; CH4 30 and N2O 4 kg a TJ; carbon 0.7 x 0.5 x 44/12
    assert kg(found, "CH4_biogenic") == Decimal("0.366513")
    assert kg(found, "N2O") == Decimal("0.048868")
    assert found.biogenic.likely_kg == Decimal("1283.333333")
    assert found.scope1.likely_kg == Decimal("0.366513") * 27 + Decimal("0.048868") * 273
    # AR4: 25 and 298; AR5: 28 and 265
    by_set = [found.co2e(lambda line: line.scope == 1, gwp_set=name).likely_kg for name in ("AR4", "AR5", "AR6")]
    assert by_set == [Decimal("23.725489"), Decimal("23.212384"), found.scope1.likely_kg]
    assert found.completeness[0].heat_days == found.completeness[0].days == 31
    assert found.coverage(1) == 1
    assert found.coverage(2) == 0
    assert found.removals == ()


def test_a_published_sum_keeps_its_set_and_a_refrigerant_its_mass(litein: Factory) -> None:
    make_bill(litein, 1000, at(FIRST), at(END))
    burn(litein, 2, energy_type="r134a")
    found = build([litein], FIRST, END, gwp_set="AR4")
    grid = [line for line in found.lines if line.stream == "electricity"]
    assert [(line.gas, line.gwp_set, line.approach) for line in grid] == [
        ("CO2e", "AR5", "location"),
        ("CO2e", "AR5", "market"),
    ]
    assert kg(found, "r134a") == 2
    by_set = [found.co2e(lambda line: line.scope == 1, gwp_set=name).likely_kg for name in ("AR4", "AR5", "AR6")]
    assert by_set == [2 * Decimal(1430), 2 * Decimal(1300), 2 * Decimal(1530)]
    assert found.factors[0].source
    assert {line.factor_ids[0] for line in found.lines} == {row.id for row in found.factors}


@pytest.mark.parametrize(
    ("bought_kwh", "market_kg"),
    [
        (Decimal(400), 600 * Decimal("0.0954") + 400 * Decimal("0.01")),  # 40 % is covered
        (Decimal("0.0001"), 1000 * Decimal("0.0954")),  # 0.00000036 GJ, to six decimals 0: it covers nothing
    ],
)
def test_a_contract_covers_its_share_of_what_was_used(litein: Factory, bought_kwh: Decimal, market_kg: Decimal) -> None:
    make_bill(litein, 1000, at(FIRST), at(END))
    make_energy_entry(
        litein,
        kind="market",
        energy_type="electricity",
        unit="kWh",
        amount=bought_kwh,
        instrument="certificate",
        supplier_factor_kgco2e_per_kwh=Decimal("0.01"),
        evidence="I-REC 7",
        timestamp=None,
        period_start=at(FIRST),
        period_end=at(END),
    )
    found = build([litein], FIRST, END)
    location = found.scope2_location.likely_kg
    assert location == 1000 * Decimal("0.0954")
    assert found.scope2_market.likely_kg == market_kg


def test_methane_of_coal_needs_a_class_or_it_is_not_known() -> None:
    mine = make_factory(sector="coal_mine", altitude_m=300.0)
    make_production(mine, product="coal", amount=Decimal(2_000_000), period_start=at(FIRST), period_end=at(END))
    unknown = build([mine], FIRST, END)
    assert unknown.scope1.likely_kg == 0
    assert [(one.what, one.amount, one.unit) for one in unknown.unknown] == [("methane_factor", 2_000_000, "kg")]
    own = {"methane_per_t": Decimal("25.3"), "methane_unit": "m3_per_t", "methane_reference": "Ventilation, 2025"}
    EmissionSource.objects.create(factory=mine, kind="mine_methane", name="Seam", **own)
    found = build([mine], FIRST, END, gwp_set="AR5")
    # 2,000 t x 25.3 m3 x 0.67 kg = 33,902 kg CH4
    assert kg(found, "CH4_fossil") == Decimal(33_902)
    assert found.scope1.likely_kg == Decimal(33_902) * 28
    assert found.unknown == ()


def test_coal_stands_once_in_a_month_in_which_the_factor_of_the_mine_changes() -> None:
    mine = make_factory(sector="coal_mine", altitude_m=300.0)
    make_production(mine, product="coal", amount=Decimal(3_100_000), period_start=at(FIRST), period_end=at(END))
    own = {"kind": "mine_methane", "methane_unit": "m3_per_t", "methane_reference": "Ventilation"}
    EmissionSource.objects.create(
        factory=mine, name="2025", methane_per_t=Decimal(25), last_day=date(2026, 10, 10), **own
    )
    EmissionSource.objects.create(
        factory=mine, name="2026", methane_per_t=Decimal(20), first_day=date(2026, 10, 11), **own
    )
    lines = build([mine], FIRST, END).lines
    # 10 and 21 of 31 days: 1,000 t x 25 m3 x 0.67 kg and 2,100 t x 20 m3 x 0.67 kg
    assert [(line.amount, line.mass.likely_kg) for line in lines] == [(1_000_000, 16_750), (2_100_000, 28_140)]


def test_days_to_come_are_left_out_and_sites_add_up(litein: Factory, clock: SimpleNamespace) -> None:
    momul = make_factory(organisation=litein.organisation)
    clock.now += timedelta(days=10)
    burn(litein, 300, date(2026, 11, 1), date(2026, 12, 1), energy_type="diesel", unit="L")
    burn(momul, 100)
    clock.now -= timedelta(days=10)
    first = date(2026, 9, 1)
    both, *each = (build(sites, first, date(2027, 1, 1)) for sites in ([litein, momul], [litein], [momul]))
    # 22 of the 30 days have begun: 220 L x 2.676492 kg
    assert kg(each[0], "CO2") == Decimal("588.82824")
    assert both.scope1.likely_kg == sum(one.scope1.likely_kg for one in each)
    assert both.biogenic.likely_kg == each[1].biogenic.likely_kg
