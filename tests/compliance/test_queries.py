"""Sums and intensities over a period: what counts, what is null, and what is left out of a ratio."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from compliance import queries
from compliance.queries import OperatingTime
from compliance.site_days import refresh
from factories.choices import Product, SourceKind
from factories.models import EmissionSource, Factory
from factories.services import add_source
from tests.compliance.build import DAY, LENGTH, START, make_hours, make_production
from tests.make import make_assignment, make_bill, make_device, make_energy_entry, make_factory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def log_day(
    factory: Factory, start: datetime = START, *, wood_kg: int = 2000, kwh: int = 500, made_kg: int | None = 1000
) -> None:
    make_energy_entry(factory, amount=Decimal(wood_kg), unit="kg", timestamp=start)
    make_energy_entry(factory, energy_type="electricity", amount=Decimal(kwh), unit="kWh", timestamp=start)
    if made_kg is not None:
        make_production(factory, made_kg, start)


def sums_of(factory: Factory, first: date = DAY, last: date = DAY) -> queries.Sums:
    refresh()
    return queries.sums([factory.pk], first, last, now=NOW)[factory.pk]


def test_intensities_of_a_day_are_its_own_figures_divided(litein: Factory) -> None:
    log_day(litein)

    own = sums_of(litein)

    assert own.co2e_kg == own.co2e_pair_kg == own.logged_co2e_kg
    assert own.co2e_kg_per_kg == own.co2e_kg / 1000
    # 2,000 kg x 12.2171 MJ and 500 kWh x 3.6 MJ on 1,000 kg.
    assert own.energy_mj_per_kg == Decimal("26.2342")
    assert (own.firewood_kg_per_kg, own.electricity_kwh_per_kg) == (2, Decimal("0.5"))
    assert (own.stack_co2_kg_per_kg, own.gwp_set, own.measured_share) == (None, "AR6", 0)


@pytest.mark.parametrize("made_kg", [None, 0])
def test_without_production_there_is_no_intensity(litein: Factory, made_kg: int | None) -> None:
    log_day(litein, made_kg=made_kg)

    own = sums_of(litein)

    assert own.co2e_kg is not None
    assert (own.co2e_kg_per_kg, own.energy_mj_per_kg, own.firewood_kg_per_kg) == (None, None, None)


def test_a_day_without_electricity_does_not_make_the_ratio_better(litein: Factory) -> None:
    log_day(litein)
    before = sums_of(litein).co2e_kg_per_kg
    make_energy_entry(litein, amount=Decimal(10), unit="kg", timestamp=START - LENGTH)
    make_production(litein, 5000, START - LENGTH)

    own = sums_of(litein, DAY - timedelta(days=1))

    assert (own.known_days, own.heat_days, own.electricity_days, own.co2e_days) == (2, 2, 1, 1)
    assert own.co2e_kg_per_kg == before
    assert own.made_kg == 6000


def test_nothing_logged_is_null_not_zero(litein: Factory) -> None:
    make_production(litein, 1000)

    own = sums_of(litein)

    assert (own.co2e_kg, own.scope1_co2e_kg, own.scope2_co2e_kg, own.energy_gj, own.biogenic_co2_kg) == (None,) * 5
    assert (own.heat_co2_kg, own.stack_co2_kg, own.co2e_kg_per_kg) == (None,) * 3


def test_days_that_have_not_begun_are_in_no_sum(litein: Factory) -> None:
    make_bill(litein, 325, START, NOW + LENGTH)  # 3.25 days: six hours of the 23rd, as far ahead as a period may end

    own = sums_of(litein, DAY, DAY + timedelta(days=40))

    assert (own.known_days, own.electricity_kwh) == (3, 300)  # the 20th, 21st and 22nd
    assert [row.day.day for row in queries.site_days([litein.pk], DAY, date(2027, 1, 1), now=NOW)] == [20, 21, 22]


def test_months_and_days_of_a_period_sum_to_the_whole(litein: Factory) -> None:
    make_energy_entry(
        litein, amount=Decimal("1000.1"), unit="kg", timestamp=None, period_start=START - 45 * LENGTH, period_end=START
    )
    refresh()
    first = DAY - timedelta(days=60)

    whole = sums_of(litein, first)
    by_month = queries.series([litein.pk], first, DAY, by="month", now=NOW)
    by_day = queries.series([litein.pk], first, DAY, by="day", now=NOW)

    assert [row.bucket for row in by_month] == [date(2026, 10, 1), date(2026, 11, 1)]
    assert len(by_day) == whole.known_days == 45
    for rows in (by_month, by_day):
        assert sum(row.co2e_kg or 0 for row in rows) == whole.co2e_kg


def test_a_mine_without_a_class_has_no_total(litein: Factory) -> None:
    mine = make_factory(sector="coal_mine", country="IN")
    make_production(mine, 1_000_000, product=Product.COAL)
    make_energy_entry(mine, energy_type="electricity", amount=Decimal(1000), unit="kWh")
    own = sums_of(mine)
    assert (own.methane_unknown_days, own.co2e_kg, own.co2e_kg_per_kg) == (1, None, None)

    EmissionSource.objects.create(factory=mine, name="Pit", kind=SourceKind.MINE_METHANE, mine_class="opencast")
    own = sums_of(mine)
    assert own.methane_co2e_kg == Decimal("1.33") * Decimal("0.67") * 1000 * Decimal("29.8")
    assert own.co2e_kg_per_kg == (own.methane_co2e_kg + (own.scope2_co2e_kg or 0)) / 1_000_000


def test_sites_of_which_nothing_is_known_are_absent(litein: Factory) -> None:
    assert queries.sums([litein.pk], DAY, DAY) == {}


def test_sums_of_many_sites_are_one_query(litein: Factory, django_assert_num_queries: object) -> None:
    others = [make_factory() for _n in range(4)]
    for factory in [litein, *others]:
        log_day(factory)
    refresh()

    with django_assert_num_queries(1):  # type: ignore[operator]
        found = queries.sums([f.pk for f in [litein, *others]], DAY, DAY, now=NOW)

    assert len(found) == 5


# --- Operating time, last logged ---------------------------------------------------------------
def test_operating_time_counts_hours_that_the_monitoring_worked_of_those_it_was_there_for(litein: Factory) -> None:
    assignment = make_assignment(device=make_device(factory=litein), valid_from=START)
    make_hours(assignment, START, 10)
    make_hours(assignment, START + LENGTH, 14, status="idle", kg=0.0)
    make_hours(assignment, START + 1.75 * LENGTH, 3, status="missing", kg=None)
    without = make_factory()
    refresh()

    days = (DAY - timedelta(days=9), DAY + timedelta(days=1))
    sums = queries.sums([litein.pk, without.pk], *days, now=NOW)
    found = queries.operating_times([litein, without], sums, *days, now=NOW)

    assert found[litein.pk] == OperatingTime(24, 48)
    assert found[litein.pk].share == Decimal("0.5")
    assert found[without.pk].share is None


def test_operating_time_counts_only_the_chimneys_of_heat_sources_while_they_are_in_use(litein: Factory) -> None:
    """118 of 960 hours are 12.3 %; with the chimney of a generator beside them they were 118 of 1,920, 6.1 %."""
    assignment = make_assignment(device=make_device(factory=litein), valid_from=START)
    genset = make_assignment(device=make_device(factory=litein), valid_from=START)
    add_source(litein, name="Genset", kind=SourceKind.GENSET, chimney=genset.chimney)
    later = make_assignment(device=make_device(factory=litein), valid_from=START)
    add_source(litein, name="New", kind=SourceKind.BOILER, chimney=later.chimney, first_day=DAY + timedelta(days=39))
    make_hours(assignment, START, 118)
    refresh()

    last, now = DAY + timedelta(days=39), START + 40 * LENGTH
    found = queries.operating_times([litein], queries.sums([litein.pk], DAY, last, now=now), DAY, last, now=now)

    assert found[litein.pk] == OperatingTime(118, 960 + 24)  # 40 days, and the last day of the new boiler


def test_a_silent_device_counts_against_operating_time_up_to_now(litein: Factory) -> None:
    make_assignment(device=make_device(factory=litein), valid_from=START)

    last, now = DAY + timedelta(days=30), START + timedelta(hours=30)
    found = queries.operating_times([litein], {}, DAY, last, now=now)

    assert found[litein.pk] == OperatingTime(0, 30)
