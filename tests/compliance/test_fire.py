"""What the fire tells of a site: the loss, and the wood and the money that a good fire would have saved."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from compliance.fire import GOOD_LOSS, FireTold, chimney_losses, what_fires_tell, wood_chimneys, wood_sites
from devices.models import Assignment
from emissions.derive import milliseconds
from emissions.hours_and_days import roll_up_days
from emissions.models import EmissionHour
from emissions.settling import SitePeriod
from factories.choices import SourceKind
from factories.models import EmissionSource
from science import boiler
from science.boiler import FireRemedy
from tests import make
from tests.compliance.build import DAY, HOUR, START, hour_of
from tests.science.builders import as_printed

pytestmark = pytest.mark.django_db
NOW = START + timedelta(days=1)


@pytest.fixture
def boiler_house() -> Assignment:
    assignment = make.make_assignment()
    fire_under(assignment)
    return assignment


def fire_under(assignment: Assignment) -> None:
    boilers = EmissionSource.objects.filter(factory=assignment.factory, kind=SourceKind.BOILER)
    boilers.update(chimney=assignment.chimney, fuels="firewood")


def burned(assignment: Assignment, kg: float, co2_dry: float, celsius: float, start: Any = START) -> None:
    hour = hour_of(assignment, start, kg=kg)
    hour.fire_ug, hour.fire_co2_dry, hour.fire_temperature_c = round(kg * 1e9), co2_dry, celsius
    EmissionHour.objects.bulk_create([hour])


def told_of(assignment: Assignment) -> FireTold | None:
    factory = assignment.factory
    (told,) = what_fires_tell([factory], [SitePeriod(factory.pk, START, NOW)], NOW)
    return told


def test_a_day_in_wood_and_money(boiler_house: Assignment) -> None:
    # 16,520 kg CO2 of wood of 30 %: 16,520 / 1.28333 = 12,872.7 kg; a stacked m3 has 482.143 kg: 26.7 m3. Loss 31.0 %,
    # of the good fire 18.4 %: 15.4 % or 4.1 m3 were not needed. Paid: 3,000 a stacked m3, so 12,349 shillings.
    entry = make.make_energy_entry(
        boiler_house.factory, amount=Decimal(10), unit="stere", cost=Decimal(30_000), currency="KES"
    )
    assert entry.biogenic_co2_kg == Decimal("6187.500000")
    burned(boiler_house, 16_520.0, 0.08, 230.0)

    told = told_of(boiler_house)

    assert told is not None
    assert 100 * told.loss.total == as_printed("31.0")
    assert as_printed("18.4") == 100 * GOOD_LOSS
    assert told.remedy is FireRemedy.DAMPER
    assert told.avoidable_m3 is not None
    assert float(told.avoidable_m3) == as_printed("4.1")
    assert float(told.avoidable_kg) == pytest.approx(12_872.7 * 0.154178, rel=1e-3)
    assert told.avoidable_cost is not None
    assert float(told.avoidable_cost) == pytest.approx(26.6989 * 0.154178 * 3000, rel=1e-3)
    assert told.price is not None
    assert told.price.currency == "KES"


def test_without_a_cost_there_is_no_money_and_with_two_currencies_neither(boiler_house: Assignment) -> None:
    burned(boiler_house, 1000.0, 0.08, 230.0)
    assert told_of(boiler_house).avoidable_cost is None  # type: ignore[union-attr]
    for currency in ("KES", "USD"):
        make.make_energy_entry(boiler_house.factory, cost=Decimal(100), currency=currency)

    assert told_of(boiler_house).price is None  # type: ignore[union-attr]


def test_the_moisture_of_the_site_counts(boiler_house: Assignment) -> None:
    burned(boiler_house, 1000.0, 0.13, 170.0)
    usual = told_of(boiler_house)  # 30 % is assumed: nobody is told to dry wood for that
    boiler_house.factory.wood_moisture_fraction = Decimal("0.450")
    boiler_house.factory.save()

    wet = told_of(boiler_house)

    assert usual is not None
    assert wet is not None
    assert (usual.remedy, usual.moisture_is_stated) == (FireRemedy.NONE, False)
    assert wet.loss.total > usual.loss.total
    assert wet.remedy is FireRemedy.MOISTURE


def test_a_good_fire_wastes_nothing(boiler_house: Assignment) -> None:
    boiler_house.factory.wood_moisture_fraction = Decimal("0.150")
    boiler_house.factory.save()
    burned(boiler_house, 1000.0, 0.14, 160.0)

    told = told_of(boiler_house)

    assert told is not None
    assert (told.remedy, told.avoidable_co2_kg, told.avoidable_kg) == (FireRemedy.NONE, 0.0, 0)


@pytest.mark.parametrize(
    ("co2_dry", "celsius"),
    [
        (0.004, 230.0),
        (0.01, 300.0),  # 4,163 mol of dry gas a kg of wood, 280 K warmer: 35 MJ, more than the 20 of the wood
        (0.01, -10.0),  # colder than the air: it would gain heat
    ],
)
def test_gas_that_is_no_wood_smoke_tells_nothing(boiler_house: Assignment, co2_dry: float, celsius: float) -> None:
    burned(boiler_house, 1000.0, co2_dry, celsius)

    assert told_of(boiler_house) is None


def test_only_chimneys_under_which_nothing_but_firewood_burns_count(boiler_house: Assignment) -> None:
    factory = boiler_house.factory
    assert (wood_chimneys([factory]), wood_sites([factory])) == ({factory.pk: {boiler_house.chimney_id}}, {factory.pk})
    burned(boiler_house, 1000.0, 0.08, 230.0)
    EmissionSource.objects.filter(factory=factory, kind=SourceKind.BOILER).update(fuels="firewood, heavy_fuel_oil")

    assert (wood_chimneys([factory]), wood_sites([factory])) == ({factory.pk: set()}, set())
    assert told_of(boiler_house) is None


def test_the_number_of_queries_does_not_grow_with_sites(
    boiler_house: Assignment, django_assert_max_num_queries: Any
) -> None:
    sites = [boiler_house]
    for _more in range(3):
        assignment = make.make_assignment()
        fire_under(assignment)
        sites.append(assignment)
    for number, assignment in enumerate(sites):
        burned(assignment, 1000.0, 0.08, 230.0 + number)
    factories = [assignment.factory for assignment in sites]

    with django_assert_max_num_queries(6):
        told = what_fires_tell(factories, [SitePeriod(one.pk, START, START + HOUR) for one in factories], NOW)

    assert [one is None for one in told] == [False] * 4


def test_the_loss_of_many_days_is_that_of_their_gas(boiler_house: Assignment, django_assert_num_queries: Any) -> None:
    # By hand, as in tests/emissions/test_fires.py: 1 part at 6 % and 2 at 12 % are a day of 9 %.
    factory = boiler_house.factory
    for back, kg, co2_dry in ((0, 1000.0, 0.06), (1, 2000.0, 0.12)):
        start = datetime.combine(DAY - timedelta(days=back), time(), factory.zone)
        hour = hour_of(boiler_house, start, kg=kg)
        hour.fire_ug, hour.fire_co2_dry, hour.fire_temperature_c = round(kg * 1e9), co2_dry, 200.0
        EmissionHour.objects.bulk_create([hour])
        roll_up_days(boiler_house.device_id, milliseconds(start), milliseconds(start), factory.zone)

    with django_assert_num_queries(2):
        losses = chimney_losses([factory], DAY - timedelta(days=1), DAY)

    expected = boiler.chimney_loss(boiler.Fire(co2_fraction_dry=0.09, stack_temperature_c=200.0))
    assert losses == {factory.pk: pytest.approx(expected.total)}
    assert chimney_losses([factory], DAY + timedelta(days=1), DAY + timedelta(days=2)) == {}
