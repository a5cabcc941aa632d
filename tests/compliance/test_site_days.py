"""Site days: what entries and production become, a factory day at a time."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from compliance.models import SiteDay, TouchedSite
from compliance.site_days import rebuild, refresh
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.choices import Product, SourceKind
from factories.models import EmissionSource, Factory
from tests.compliance.build import DAY, LENGTH, START, as_told, day_of, days_of, make_production
from tests.make import make_bill, make_energy_entry, make_factory, make_user

STEAM = "boiler-80pct-firewood"  # heat names the boiler that made it

pytestmark = pytest.mark.django_db


# --- One day -----------------------------------------------------------------------------------
def test_a_day_of_firewood_holds_what_its_entry_holds(litein: Factory) -> None:
    entry = make_energy_entry(litein, amount=Decimal(24), unit="stere")

    row = day_of(litein)

    assert (row.starts_at, row.ends_at, row.heat_covered_s) == (START, START + LENGTH, 86_400)
    assert (row.heat_scope1_co2e_kg, row.biogenic_co2_kg) == (entry.co2e_kg, entry.biogenic_co2_kg)
    assert (row.firewood_kg, row.heat_gj, row.gwp_set) == (Decimal("11571.428571"), entry.energy_gj, "AR6")
    assert (row.basis, row.heat_co2_kg) == ("fuel", entry.biogenic_co2_kg)
    # 24 x 450 kg at 25 % moisture are 8,100 kg dry, or 11,571 kg at 30 %; x 0.50 x 44/12.
    assert row.heat_carbon_co2_kg == entry.biogenic_co2_kg == Decimal("14850.000000")
    assert (row.made_kg, row.electricity_kwh, row.methane_co2e_kg, row.stack_co2_kg) == (None,) * 4


def test_what_nobody_logged_is_null_and_a_day_without_anything_has_no_row(litein: Factory) -> None:
    make_production(litein, 0)

    row = day_of(litein)

    assert (row.made_kg, row.production_covered_s) == (0, 86_400)
    assert (row.green_leaf_kg, row.firewood_kg, row.heat_co2_kg, row.basis, row.gwp_set) == (None, None, None, "", "")
    assert SiteDay.objects.count() == 1


def test_fuels_are_classed_by_where_they_burn_and_else_by_what_they_are(litein: Factory) -> None:
    boiler = EmissionSource.objects.get(factory=litein, kind=SourceKind.BOILER)
    genset = EmissionSource.objects.create(factory=litein, name="Genset", kind=SourceKind.GENSET)
    engine = make_energy_entry(litein, energy_type="diesel", amount=Decimal(100), unit="L")
    burned = make_energy_entry(litein, energy_type="diesel", amount=Decimal(10), unit="L", source_id=boiler.pk)
    blast = make_energy_entry(litein, energy_type="explosive_anfo", amount=Decimal(1), unit="t")
    oiled = make_energy_entry(litein, energy_type="kerosene", amount=Decimal(7), unit="L", source_id=genset.pk)

    row = day_of(litein)

    assert row.other_scope1_co2e_kg == engine.co2e_kg + blast.co2e_kg + oiled.co2e_kg
    assert row.other_gj == engine.energy_gj + oiled.energy_gj
    assert (row.heat_scope1_co2e_kg, row.heat_gj) == (burned.co2e_kg, burned.energy_gj)
    assert (row.fuel_fossil_co2_kg, row.heat_carbon_co2_kg) == (burned.co2_kg,) * 2
    assert row.has_all_energy


def test_electricity_and_heat_bought_are_scope_2(litein: Factory) -> None:
    power = make_energy_entry(litein, energy_type="electricity", amount=Decimal("1.5"), unit="MWh")
    steam = make_energy_entry(litein, energy_type="steam_biomass", amount=Decimal(2), unit="GJ", factor_set=STEAM)

    row = day_of(litein)

    assert (row.electricity_kwh, row.electricity_gj) == (1500, Decimal("5.4"))
    assert row.scope2_co2e_kg == power.co2e_kg + steam.co2e_kg
    assert (row.heat_scope1_co2e_kg, row.heat_carbon_co2_kg, row.heat_covered_s) == (0, None, 86_400)


def test_fuel_by_a_factor_without_co2_or_energy_leaves_both_unknown(litein: Factory) -> None:
    make_energy_entry(litein, energy_type="kerosene", amount=Decimal(1000), unit="L", factor_set="desnz-2025")
    make_energy_entry(litein, amount=Decimal(1000), unit="kg")

    row = day_of(litein)

    assert (row.firewood_kg, row.has_all_energy) == (1000, False)
    assert (row.heat_carbon_co2_kg, row.heat_co2_kg, row.basis) == (None, None, "")


def test_wood_has_carbon_and_heat_by_its_moisture_whatever_its_set_gives(litein: Factory) -> None:
    by_sum = make_energy_entry(litein, amount=Decimal(1000), unit="kg", factor_set="desnz-2025")
    by_gas = make_energy_entry(litein, amount=Decimal(1000), unit="kg")

    row = day_of(litein)

    assert by_sum.energy_gj == by_gas.energy_gj == Decimal("12.2171")
    assert (row.firewood_kg, row.has_all_energy, row.basis) == (2000, True, "fuel")
    assert row.heat_carbon_co2_kg == by_sum.biogenic_co2_kg + by_gas.biogenic_co2_kg


def test_what_was_received_or_counted_is_in_no_day(litein: Factory) -> None:
    for kind in ("received", "stock_count", "meter_reading"):
        make_energy_entry(litein, kind=kind, period_start=START, period_end=START + LENGTH)

    assert days_of(litein) == []


# --- Spreading ---------------------------------------------------------------------------------
def test_an_entry_is_spread_by_seconds_and_its_days_sum_exactly_to_it(litein: Factory) -> None:
    start = START + timedelta(hours=7)
    entry = make_energy_entry(
        litein,
        amount=Decimal("10.000001"),
        unit="kg",
        timestamp=None,
        period_start=start,
        period_end=start + timedelta(hours=48),
    )

    days = days_of(litein)

    assert [day.heat_covered_s for day in days] == [17 * 3600, 24 * 3600, 7 * 3600]
    assert sum(day.heat_scope1_co2e_kg for day in days) == entry.co2e_kg
    for day, share in zip(days, (17, 24, 7), strict=True):
        exact = entry.co2e_kg * share / 48
        assert abs(day.heat_scope1_co2e_kg - exact) < Decimal("0.000001")


def test_a_bill_of_400_days_fills_each_of_them(litein: Factory) -> None:
    entry = make_bill(litein, "123456.789", START - 400 * LENGTH, START)

    days = days_of(litein)

    assert len(days) == 400
    assert sum(day.scope2_co2e_kg for day in days) == entry.co2e_kg
    assert sum(day.electricity_kwh or 0 for day in days) == entry.amount
    assert {day.electricity_covered_s for day in days} == {86_400}


def test_entries_that_overlap_add_their_amounts_and_cover_each_second_once(litein: Factory) -> None:
    first = make_energy_entry(litein, timestamp=None, period_start=START, period_end=START + LENGTH / 2)
    second = make_energy_entry(litein, timestamp=None, period_start=START + LENGTH / 4, period_end=START + LENGTH / 2)

    row = day_of(litein)

    assert row.heat_covered_s == 43_200
    assert row.heat_scope1_co2e_kg == first.co2e_kg + second.co2e_kg


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 10, 25), 24)]
)
def test_a_day_on_which_clocks_change_has_23_or_25_hours(day: date, hours: int) -> None:
    berlin = make_factory(country="KE", time_zone="Europe/Berlin")
    start = datetime(day.year, day.month, 1, tzinfo=UTC)
    entry = make_energy_entry(
        berlin,
        amount=Decimal(31 * 24 * 1000),
        unit="kg",
        timestamp=None,
        period_start=start,
        period_end=start + timedelta(days=31),
    )
    make_production(berlin, 2400, datetime(day.year, day.month, day.day, 6, tzinfo=berlin.zone).astimezone(UTC))

    row = day_of(berlin, day)

    assert row.ends_at - row.starts_at == timedelta(hours=hours)
    assert (row.heat_covered_s, row.firewood_kg) == (hours * 3600, hours * 1000)
    assert row.made_kg == min(hours, 24) * 100  # 24 hours from 6 o'clock; the twenty-fifth says nothing
    assert sum(one.heat_scope1_co2e_kg for one in days_of(berlin)) == entry.co2e_kg


@pytest.mark.parametrize("hour", [0, 2, 3])
def test_days_meet_without_gap_where_clocks_change_at_the_hour_at_which_they_begin(hour: int) -> None:
    berlin = make_factory(time_zone="Europe/Berlin", day_starts_at=hour)
    for month in (3, 10):
        start = datetime(2026, month, 20, tzinfo=UTC)
        make_production(berlin, 100, start, start + timedelta(days=12))

    for month in (3, 10):
        days = [row for row in days_of(berlin) if row.day.month == month or row.day.month == month + 1]
        assert all(a.ends_at == b.starts_at for a, b in pairwise(days))
        assert sum(row.production_covered_s for row in days) == 12 * 86_400
        assert sum(row.made_kg or 0 for row in days) == 100


# --- Changes -----------------------------------------------------------------------------------
def test_a_deleted_entry_leaves_its_days_and_undo_brings_it_back(litein: Factory) -> None:
    user = make_user()
    entry = make_energy_entry(litein, user=user)
    before = as_told(days_of(litein))

    energy_log.delete(user, entry.pk, "logged twice")
    assert days_of(litein) == []
    energy_log.undo(user, entry.pk)

    assert as_told(days_of(litein)) == before


def test_a_corrected_period_moves_an_entry_from_its_old_day_to_its_new(litein: Factory) -> None:
    user = make_user()
    entry = make_energy_entry(litein, user=user)
    day_of(litein)

    energy_log.correct(user, entry.pk, {"timestamp": entry.timestamp - LENGTH}, "it was the day before")

    assert [row.day for row in days_of(litein)] == [date(2026, 11, 19)]


def test_an_import_marks_one_stretch_however_many_rows_it_has(litein: Factory) -> None:
    model = make_energy_entry(litein)
    TouchedSite.objects.all().delete()
    rows = []
    for n in range(200):
        start = START + timedelta(minutes=15 * n)
        copy = EnergyEntry.objects.get(pk=model.pk)
        copy.pk, copy.period_start, copy.period_end = None, start, start + timedelta(minutes=15)
        rows.append(copy)

    EnergyEntry.objects.bulk_create(rows)

    (mark,) = TouchedSite.objects.all()
    assert (mark.factory, mark.starts_at, mark.ends_at) == (litein, START, START + timedelta(hours=50))


def test_refresh_asks_once_when_nothing_is_marked(litein: Factory, django_assert_num_queries: object) -> None:
    make_energy_entry(litein)
    refresh()

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert refresh([litein.pk]) == 0


def test_many_entries_and_marks_need_no_more_queries_than_one(django_assert_max_num_queries: object) -> None:
    factories = [make_factory() for _n in range(5)]
    for factory in factories:
        for n in range(4):
            make_energy_entry(factory, timestamp=START + LENGTH * -n)

    with django_assert_max_num_queries(15):  # type: ignore[operator]  # whatever the number of sites
        assert refresh() == 20


def test_another_hour_or_zone_recomputes_the_days(litein: Factory) -> None:
    make_production(litein, 2400)
    day_of(litein)

    litein.day_starts_at = 18
    litein.save()
    moved = days_of(litein)
    assert [(row.day, row.made_kg) for row in moved] == [(date(2026, 11, 19), 1200), (DAY, 1200)]

    litein.time_zone, litein.day_starts_at = "Asia/Kolkata", 0
    litein.save()
    assert [row.starts_at for row in days_of(litein)] == [
        datetime(2026, 11, 19, 18, 30, tzinfo=UTC),
        datetime(2026, 11, 20, 18, 30, tzinfo=UTC),
    ]


def test_rebuild_makes_rows_that_somebody_spoiled_as_they_were(litein: Factory) -> None:
    make_energy_entry(litein)
    before = as_told(days_of(litein))
    SiteDay.objects.update(heat_gj=1, made_kg=5)

    assert rebuild([litein.pk], DAY, DAY) == 1
    assert as_told(days_of(litein)) == before


# --- Mines -------------------------------------------------------------------------------------
@pytest.fixture
def mine() -> Factory:
    return make_factory(sector="coal_mine", country="IN", time_zone="Asia/Kolkata", day_starts_at=0)


def test_methane_of_a_mine_comes_from_its_coal_and_its_class(mine: Factory) -> None:
    source = EmissionSource.objects.create(
        factory=mine, name="Seam", kind=SourceKind.MINE_METHANE, mine_class="underground_degree_3"
    )
    start = datetime(2026, 11, 19, 18, 30, tzinfo=UTC)
    make_production(mine, 2_000_000, start, product=Product.COAL)

    row = day_of(mine)
    assert row.made_kg == 2_000_000
    # 2,000 t x (23.64 + 3.12) m3/t x 0.67 kg/m3 x 29.8
    assert row.methane_co2e_kg == 2000 * Decimal("26.76") * Decimal("0.67") * Decimal("29.8")
    assert row.gwp_set == "AR6"

    mine.organisation.gwp_set = "AR5"
    mine.organisation.save()
    assert day_of(mine).methane_co2e_kg == 2000 * Decimal("26.76") * Decimal("0.67") * 28

    source.mine_class = ""
    source.save()
    assert day_of(mine).methane_co2e_kg is None


def test_a_mine_whose_sources_disagree_has_no_methane_figure(mine: Factory) -> None:
    for name, mine_class in (("North", "opencast"), ("South", "underground_degree_1")):
        EmissionSource.objects.create(factory=mine, name=name, kind=SourceKind.MINE_METHANE, mine_class=mine_class)
    make_production(mine, 1000, product=Product.COAL)

    assert {row.methane_co2e_kg for row in days_of(mine)} == {None}


def test_entries_of_two_sets_of_potentials_are_called_mixed(litein: Factory) -> None:
    make_energy_entry(litein)
    litein.organisation.gwp_set = "AR5"
    litein.organisation.save()
    make_energy_entry(litein, energy_type="diesel", unit="L", timestamp=START)

    assert day_of(litein).gwp_set == "mixed"
