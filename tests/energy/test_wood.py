"""One moisture a fire: which one holds, and that mass, carbon and energy of an entry all follow from it."""

from decimal import Decimal
from typing import Any

import pytest

from energy.choices import EntryKind
from energy.models import LocalUnit
from energy.services import set_local_unit
from energy.stock import balances
from leaderboard.metrics import BIOGENIC, CO2E, ENERGY, CeilingBook
from lib.errors import ApiError
from tests.compliance.build import DAY, START
from tests.logbook.doors import codes, problem_of
from tests.make import make_energy_entry

pytestmark = pytest.mark.django_db
CO2_PER_KG_CARBON = Decimal(44) / 12


def moist(factory: Any, fraction: str) -> Any:
    factory.wood_moisture_fraction = Decimal(fraction)
    factory.save()
    return factory


def burned_kg(entry: Any) -> tuple[Decimal, Decimal]:
    """Kg as burned by the carbon of an entry, and by its energy."""
    dry = 1 - entry.moisture_fraction
    by_carbon = entry.biogenic_co2_kg / (dry * Decimal("0.50") * CO2_PER_KG_CARBON)
    by_energy = 1000 * entry.energy_gj / (Decimal("18.5") * dry - Decimal("2.443") * entry.moisture_fraction)
    return by_carbon, by_energy


@pytest.mark.parametrize(("site", "stated", "held"), [(None, None, "0.3"), ("0.4", None, "0.4"), ("0.4", "0.2", "0.2")])
@pytest.mark.parametrize("unit", ["kg", "stere", "GJ"])
def test_moisture_of_entry_or_site_or_30_percent_gives_carbon_and_energy(
    litein: Any, site: str | None, stated: str | None, held: str, unit: str
) -> None:
    if site:
        moist(litein, site)

    entry = make_energy_entry(litein, amount=Decimal(100), unit=unit, moisture_fraction=stated and Decimal(stated))

    assert (entry.moisture_fraction, entry.moisture_is_default) == (Decimal(held), stated is None)
    assert ("moisture_default" in codes(entry)) is (site is None and stated is None)
    by_carbon, by_energy = burned_kg(entry)
    assert by_carbon == pytest.approx(by_energy, rel=Decimal("1e-6"))  # energies are kept to a kilojoule
    assert entry.wood_kg == pytest.approx(by_carbon, abs=Decimal("0.000001"))


def test_ten_steres_are_the_two_figures_that_people_know(litein: Any) -> None:
    entry = make_energy_entry(litein, amount=Decimal(10), unit="m3 stacked")

    # 4,500 kg at 25 % are 3,375 kg dry, with 1,687.5 kg carbon. At 30 % they are 4,821.4 kg of 12.2171 MJ/kg.
    assert entry.biogenic_co2_kg == Decimal("6187.5")
    assert round(entry.co2e_kg, 1) == round(Decimal("4821.428571") * Decimal("0.0122171") * Decimal("1.902"), 1) == 112


def test_ipcc_default_is_a_set_with_its_moisture_for_carbon_too(litein: Any) -> None:
    entry = make_energy_entry(moist(litein, "0.4"), amount=Decimal(1000), unit="kg", factor_set="ipcc-2006")

    # 15.6 MJ/kg means (18.5 - 15.6) / (18.5 + 2.443) = 13.8 %, whatever the site says.
    assert (entry.moisture_fraction, entry.energy_gj) == (Decimal("0.138"), Decimal("15.6"))
    assert entry.biogenic_co2_kg == round(862 * Decimal("0.50") * CO2_PER_KG_CARBON, 6)
    assert (entry.co2e_kg, codes(entry)) == (Decimal("29.6712"), [])


def test_heat_from_wood_has_the_carbon_of_the_wood_that_makes_it(litein: Any) -> None:
    bought = {"energy_type": "steam_biomass", "amount": Decimal(10), "unit": "GJ"}
    heat = make_energy_entry(litein, **bought, factor_set="boiler-80pct-firewood")

    burned = make_energy_entry(litein, amount=Decimal("12.5"), unit="GJ")  # 10 GJ / 0.80, at 30 %

    # 105.044 kg/GJ: 0.7 x 0.50 x 44/12 kg over 12.2171 MJ; NCV x 112 kg/GJ was 1,400 kg.
    assert heat.biogenic_co2_kg == Decimal("1313.05")
    assert heat.biogenic_co2_kg == pytest.approx(burned.biogenic_co2_kg, rel=Decimal("1e-6"))
    assert (heat.energy_gj, heat.co2e_kg) == (burned.energy_gj, burned.co2e_kg)


def test_pellets_do_not_take_the_moisture_of_the_firewood(litein: Any) -> None:
    entry = make_energy_entry(moist(litein, "0.4"), energy_type="wood_pellets", amount=Decimal(1000), unit="kg")

    assert (entry.moisture_fraction, entry.biogenic_co2_kg) == (Decimal("0.076"), Decimal("1694"))
    with pytest.raises(ApiError) as caught:
        make_energy_entry(litein, energy_type="wood_pellets", amount=Decimal(1), unit="m3")
    assert problem_of(caught)[:2] == ("unit", "unit_of_another_kind")


def test_a_stere_weighed_here_has_its_own_moisture(litein: Any) -> None:
    said = set_local_unit(litein, "firewood", "stere", amount=Decimal(480), unit="kg")
    assert said.moisture_fraction == Decimal("0.25")
    said = set_local_unit(litein, "firewood", "stere", amount=Decimal(480), unit="kg", moisture_fraction=Decimal("0.2"))
    assert said.moisture_fraction == Decimal("0.2")

    entry = make_energy_entry(litein, amount=Decimal(1), unit="stere")

    assert entry.biogenic_co2_kg == 704  # 480 x 0.8 x 0.50 x 44/12
    assert entry.wood_kg == round(480 * Decimal("0.8") / Decimal("0.7"), 6)
    # A barrow is weighed as it is burned.
    set_local_unit(litein, "firewood", "barrow", amount=Decimal(60), unit="kg")
    assert make_energy_entry(litein, amount=Decimal(1), unit="barrow").wood_kg == 60


@pytest.mark.parametrize(
    ("energy_type", "unit", "code"), [("firewood", "stere", "not_weighed"), ("diesel", "kg", "not_wood")]
)
def test_a_moisture_of_what_has_no_kg_of_wood_is_refused(litein: Any, energy_type: str, unit: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        set_local_unit(litein, energy_type, "load", amount=Decimal(2), unit=unit, moisture_fraction=Decimal("0.2"))

    assert problem_of(caught)[:2] == ("moisture_fraction", code)
    assert not LocalUnit.objects.exists()


def test_steres_and_kilograms_balance_at_the_moisture_of_the_site(litein: Any) -> None:
    moist(litein, "0.4")
    for kind, amount, unit, month in (
        (EntryKind.STOCK_COUNT, 100, "stere", 10),
        (EntryKind.USED, 22_500, "kg", 10),
        (EntryKind.STOCK_COUNT, 60, "stere", 11),
    ):
        moment = START.replace(month=month, day=1)
        make_energy_entry(litein, kind=kind, amount=Decimal(amount), unit=unit, timestamp=moment)

    (row,) = balances([litein.pk], DAY.replace(month=10, day=1), DAY.replace(month=10, day=1))

    # 450 x 0.75 / 0.60 = 562.5 kg a stere.
    assert (row.opening_kg, row.closing_kg, row.state) == (56_250, 33_750, "ok")


def test_kilograms_of_a_stated_moisture_balance_by_their_dry_mass(litein: Any) -> None:
    for kind, amount, moisture, day in (
        (EntryKind.STOCK_COUNT, 100_000, None, 1),
        (EntryKind.RECEIVED, 70_000, "0.5", 9),  # 35,000 kg dry, or 50,000 kg at 30 %
        (EntryKind.USED, 56_000, "0.2", 10),  # 44,800 kg dry, or 64,000 kg at 30 %
        (EntryKind.STOCK_COUNT, 86_000, "0.3", 31),
    ):
        stated = moisture and Decimal(moisture)
        moment = START.replace(month=10, day=day)
        fields = {"kind": kind, "unit": "kg", "timestamp": moment, "moisture_fraction": stated}
        make_energy_entry(litein, amount=Decimal(amount), **fields)

    (row,) = balances([litein.pk], DAY.replace(month=10, day=1), DAY.replace(month=10, day=1))

    assert row.used_kg is not None
    assert row.balance is not None
    assert (row.received_kg, round(row.used_kg, 6), row.state) == (50_000, 64_000, "ok")
    assert round(row.balance.difference_kg, 6) == 0


@pytest.mark.parametrize(
    ("site", "co2e", "mj", "co2"), [(None, 0.0929477, 48.8684, 5.13333), ("0.2", 0.108881, 57.2456, 5.86667)]
)
def test_ceilings_of_the_leaderboard_follow_the_moisture(
    litein: Any, site: str | None, co2e: float, mj: float, co2: float
) -> None:
    found = CeilingBook(DAY).of(moist(litein, site) if site else litein)

    # 4 kg of wood per kg of tea: 4 x 12.2171 or 14.3114 MJ, x 1.902 kg/GJ; 4 x 0.7 or 0.8 x 0.50 x 44/12.
    assert found is not None
    assert float(found.heat[CO2E]) == pytest.approx(co2e, rel=1e-5)
    assert 1000 * float(found.heat[ENERGY]) == pytest.approx(mj, rel=1e-5)
    assert float(found.heat[BIOGENIC]) == pytest.approx(co2, rel=1e-5)
