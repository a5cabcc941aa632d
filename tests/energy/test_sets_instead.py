"""Sets that take the place of the defaults: vehicles, basis of electricity, refrigerants; each worked out by hand."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from energy.factors import FactorBook, main_factor
from energy.models import EmissionFactor, EnergyEntry, EnergyType
from energy.services import energy_log
from energy.sheets import EnergySheet
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from logbook.sheets.read import read_sheet
from tests.make import make_energy_entry, make_factory, make_organisation

pytestmark = pytest.mark.django_db

# kg CO2, CH4 and N2O a litre by AR6: 0.03612 GJ x 74.1, and 0.032782 GJ x 69.3; then GJ x kg/TJ / 1000.
DIESEL_CO2, PETROL_CO2 = Decimal("2.676492"), Decimal("2.2717926")


def by_hand(co2: Decimal, gj: str, ch4_kg_per_tj: str, n2o_kg_per_tj: str) -> Decimal:
    """CO2e of 1,000 L: CO2 + GJ x (CH4 x 29.8 + N2O x 273) / 1000."""
    others = Decimal(gj) * (Decimal(ch4_kg_per_tj) * Decimal("29.8") + Decimal(n2o_kg_per_tj) * 273) / 1000
    return 1000 * (co2 + others)


@pytest.fixture
def mine() -> Factory:
    """Without the sources that a new mine gets, so that each test says which list its fuel."""
    mine = make_factory(country="IN", sector="coal_mine", time_zone="Asia/Kolkata")
    mine.emission_sources.all().delete()
    return mine


def source_of(factory: Factory, kind: SourceKind, fuels: str = "") -> EmissionSource:
    return EmissionSource.objects.create(factory=factory, name=kind.value, kind=kind, fuels=fuels)


def litres(factory: Factory, source: EmissionSource | None = None, **fields: Any) -> EnergyEntry:
    fields = {"energy_type": "diesel", "amount": Decimal(1000), "unit": "L"} | fields
    return make_energy_entry(factory, source_id=source.pk if source else None, **fields)


# --- Vehicles ------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [SourceKind.VEHICLE, SourceKind.HAUL_TRUCK])
def test_diesel_of_a_mines_truck_takes_the_off_road_factor(mine: Factory, kind: SourceKind) -> None:
    entry = litres(mine, source_of(mine, kind))

    assert by_hand(DIESEL_CO2, "0.03612", "4.15", "28.6") == Decimal("2962.9766964")
    assert entry.co2e_kg == Decimal("2962.976696")
    assert (entry.factor.set_name, entry.warnings) == ("ipcc-2006-off-road", [])


def test_diesel_of_a_boiler_or_a_genset_stays_stationary(mine: Factory) -> None:
    for kind in (SourceKind.BOILER, SourceKind.GENSET):
        assert litres(mine, source_of(mine, kind)).co2e_kg == Decimal("2685.637584")
    assert litres(mine).co2e_kg == Decimal("2685.637584")


@pytest.mark.parametrize(
    ("fields", "kind", "co2e_kg"),
    [
        ({}, SourceKind.VEHICLE, by_hand(DIESEL_CO2, "0.03612", "3.9", "3.9")),
        ({}, SourceKind.HAUL_TRUCK, by_hand(DIESEL_CO2, "0.03612", "4.15", "28.6")),
        ({"energy_type": "petrol"}, SourceKind.VEHICLE, by_hand(PETROL_CO2, "0.032782", "25", "8")),
        ({"energy_type": "petrol"}, SourceKind.HAUL_TRUCK, by_hand(PETROL_CO2, "0.032782", "50", "2")),
        ({"energy_type": "lpg"}, SourceKind.VEHICLE, by_hand(Decimal("1.6117002"), "0.025542", "62", "0.2")),
        # There is no off-road factor for LPG: that of the road is nearer than that of a boiler.
        ({"energy_type": "lpg"}, SourceKind.HAUL_TRUCK, by_hand(Decimal("1.6117002"), "0.025542", "62", "0.2")),
    ],
)
def test_fuel_of_a_tea_factorys_vehicles(
    litein: Factory, fields: dict[str, str], kind: SourceKind, co2e_kg: Decimal
) -> None:
    assert litres(litein, source_of(litein, kind), **fields).co2e_kg == pytest.approx(co2e_kg, abs=Decimal("0.000001"))


def test_fuel_without_a_factor_for_vehicles_says_that_it_took_another(litein: Factory) -> None:
    entry = litres(litein, source_of(litein, SourceKind.VEHICLE), energy_type="kerosene")

    assert [notice["code"] for notice in entry.warnings] == ["factor_of_boilers"]


def test_fuel_that_only_trucks_list_is_theirs_without_naming_them(mine: Factory) -> None:
    source_of(mine, SourceKind.HAUL_TRUCK, "diesel")
    assert litres(mine).co2e_kg == Decimal("2962.976696")

    source_of(mine, SourceKind.VEHICLE, "diesel")  # of a mine, so off the road too
    assert litres(mine).co2e_kg == Decimal("2962.976696")

    source_of(mine, SourceKind.GENSET, "petrol, diesel")
    assert litres(mine).co2e_kg == Decimal("2685.637584")


def test_fuel_that_cars_and_a_machine_list_takes_the_factor_of_the_road(litein: Factory) -> None:
    litein.emission_sources.all().delete()
    source_of(litein, SourceKind.HAUL_TRUCK, "diesel")
    source_of(litein, SourceKind.VEHICLE, "diesel")

    road = by_hand(DIESEL_CO2, "0.03612", "3.9", "3.9")
    assert litres(litein).co2e_kg == pytest.approx(road, abs=Decimal("0.000001"))


def test_another_source_values_an_entry_again(mine: Factory) -> None:
    truck, genset = source_of(mine, SourceKind.HAUL_TRUCK), source_of(mine, SourceKind.GENSET)
    entry = litres(mine, genset)

    corrected = energy_log.correct(None, entry.pk, {"source_id": truck.pk}, "the truck's tank")

    assert (entry.co2e_kg, corrected.co2e_kg) == (Decimal("2685.637584"), Decimal("2962.976696"))


def test_a_named_set_outweighs_the_source(mine: Factory) -> None:
    entry = litres(mine, source_of(mine, SourceKind.HAUL_TRUCK), factor_set="ipcc-2006-road")

    assert entry.co2e_kg == pytest.approx(by_hand(DIESEL_CO2, "0.03612", "3.9", "3.9"), abs=Decimal("0.000001"))


def test_a_sheet_of_a_truck_takes_its_factor_too(mine: Factory) -> None:
    sheet = EnergySheet(
        factory=mine,
        energy_type="diesel",
        unit="L",
        source_id=source_of(mine, SourceKind.HAUL_TRUCK).pk,
        time_column="day",
        value_column="litres",
    )
    result = sheet.run(None, read_sheet(io.BytesIO(b"day,litres\n2026-11-02,1000\n2026-11-03,1000\n")))

    assert (result.stored, result.errors) == (2, [])
    assert set(EnergyEntry.objects.values_list("co2e_kg", flat=True)) == {Decimal("2962.976696")}


# --- Electricity -----------------------------------------------------------------------------------
# Ember's mix: oil of all generation in TWh; 9.03 MJ of fuel a kWh (0.25 L of 36.12 MJ/L); 77.4 g CO2 a MJ.
@pytest.mark.parametrize(
    ("year", "oil", "total"), [(2023, "1.31", "12.8"), (2024, "1.13", "13.26"), (2025, "1.4", "14.04")]
)
def test_kenyas_direct_factor_is_its_oil_burned(year: int, oil: str, total: str) -> None:
    row = EmissionFactor.objects.get(set_name="ember-mix-direct", valid_from=f"{year}-01-01")

    fuel_mj_per_kwh = Decimal("0.25") * Decimal("36.12")
    kg_per_kwh = Decimal(oil) / Decimal(total) * fuel_mj_per_kwh * Decimal("77.4") / 1000
    assert row.value == kg_per_kwh.quantize(Decimal("0.000001"))
    assert (row.gas, row.basis, row.is_default) == ("CO2", "direct", False)


@pytest.mark.parametrize(
    ("basis", "country", "kg", "gwp_set", "codes"),
    [
        ("", "KE", "95.400000", "AR5", ["factor_of_earlier_year"]),
        ("direct", "KE", "69.693000", "AR6", ["factor_of_earlier_year"]),
        ("life-cycle", "KE", "95.400000", "AR5", ["factor_of_earlier_year"]),
        ("", "IN", "711.700000", "AR6", ["factor_of_earlier_year"]),
        ("direct", "IN", "711.700000", "AR6", ["factor_of_earlier_year"]),
        ("life-cycle", "IN", "670.000000", "AR5", ["factor_of_earlier_year"]),
    ],
)
def test_an_organisation_chooses_the_basis_of_electricity(
    basis: str, country: str, kg: str, gwp_set: str, codes: list[str]
) -> None:
    factory = make_factory(organisation=make_organisation(electricity_basis=basis), country=country)

    entry = make_energy_entry(factory, energy_type="electricity", amount=Decimal(1000), unit="kWh")

    assert (entry.co2e_kg, entry.gwp_set) == (Decimal(kg), gwp_set)
    assert [notice["code"] for notice in entry.warnings] == codes


def test_a_basis_without_a_factor_of_the_place_says_that_it_took_another() -> None:
    book = FactorBook(EnergyType.objects.get(code="electricity"), "IN", instead=("ember-mix-direct",))

    found = book.on(date(2024, 6, 1))

    assert main_factor(found.by_unit["kWh"]).set_name == "cea-v21"
    assert [notice.code for notice in found.notices] == ["other_basis"]


# --- Refrigerants ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("gwp_set", "r22", "r134a", "r404a", "r410a"),
    [
        # R-404A: 0.44 x HFC-125 + 0.52 x HFC-143a + 0.04 x HFC-134a; R-410A: 0.5 x HFC-32 + 0.5 x HFC-125.
        ("AR4", 1810, 1430, 0.44 * 3500 + 0.52 * 4470 + 0.04 * 1430, 0.5 * 675 + 0.5 * 3500),
        ("AR5", 1760, 1300, 0.44 * 3170 + 0.52 * 4800 + 0.04 * 1300, 0.5 * 677 + 0.5 * 3170),
        ("AR6", 1960, 1530, 0.44 * 3740 + 0.52 * 5810 + 0.04 * 1530, 0.5 * 771 + 0.5 * 3740),
    ],
)
def test_a_refrigerant_counts_by_the_gwp_set_of_the_organisation(
    gwp_set: str, r22: float, r134a: float, r404a: float, r410a: float
) -> None:
    factory = make_factory(organisation=make_organisation(gwp_set=gwp_set))
    for name, per_kg in (("R-22", r22), ("R-134a", r134a), ("R-404A", r404a), ("r410a", r410a)):
        entry = make_energy_entry(factory, energy_type=name, amount=Decimal("2.5"), unit="kg")

        assert float(entry.co2e_kg) == pytest.approx(2.5 * per_kg)
        assert (entry.scope, entry.gwp_set, entry.energy_gj) == (1, gwp_set, None)
