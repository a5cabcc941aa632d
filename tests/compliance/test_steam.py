"""The direct method: kg of steam per kg of wood, what is missing for it, and what is assumed."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from compliance.site_days import refresh
from compliance.steam import FEED_WATER, FEED_WATER_TEMPERATURE, PRESSURE, STEAM, SteamDay, SteamGap, steam_days
from devices.models import MCUDevice
from emissions.channels import ChannelValue, store_channels
from emissions.models import ChannelMinute, MeasuredAs
from factories.days import factory_day
from factories.models import Factory
from science import pressure
from tests import make
from tests.compliance.build import DAY, START

pytestmark = pytest.mark.django_db

UNITS = {
    "kg/h": MeasuredAs.RATE,
    "m3/h": MeasuredAs.RATE,
    "kg": MeasuredAs.COUNTER,
    "m3": MeasuredAs.COUNTER,
    "Pa": MeasuredAs.LEVEL,
    "°C": MeasuredAs.LEVEL,
}


@pytest.fixture
def site() -> Factory:
    return make.make_factory(altitude_m=2000.0)


@pytest.fixture
def flow_meter(site: Factory) -> MCUDevice:
    return make.make_device(factory=site)


def measured(
    device: MCUDevice,
    code: str,
    unit: str,
    amount: float,
    *,
    hours: float = 24,
    grows: float = 0.0,
    start: datetime = START,
) -> None:
    """A value every 5 minutes, as Tasmota reports."""
    values = [
        ChannelValue(device.pk, code, unit, UNITS[unit], start + timedelta(minutes=5 * n), amount + grows * n)
        for n in range(int(hours * 12) + 1)
    ]
    with connection.cursor() as cursor:
        store_channels(cursor, values)


def wood(site: Factory, kg: int = 1000, **fields: Any) -> None:
    fields = {"unit": "kg", "moisture_fraction": Decimal("0.300"), "timestamp": START} | fields
    make.make_energy_entry(site, amount=Decimal(kg), **fields)


def of_day(site: Factory) -> SteamDay | None:
    refresh([site.pk])
    (day,) = steam_days(site, [factory_day(site, DAY)])
    return day


def test_a_day_of_steam_beside_its_wood(site: Factory, flow_meter: MCUDevice) -> None:
    # docs/method.md 13: 4,000 kg at 10 bar absolute from 80 C take up 4,000 x (2,777.1 - 335.2) kJ = 9,767.6 MJ; 1,000
    # kg of wood of 30 % hold 700 x 19.81 = 13,867 MJ: 70.4 %, 4.0 kg of steam per kg of wood.
    wood(site)
    measured(flow_meter, STEAM, "kg/h", 4000 / 24)
    measured(flow_meter, PRESSURE, "Pa", 1e6 - pressure.isa_pressure_pa(2000.0))  # a gauge shows what is above the air
    measured(flow_meter, FEED_WATER_TEMPERATURE, "°C", 80.0)

    day = of_day(site)

    assert day is not None
    assert day.steam_kg == pytest.approx(4000)
    assert day.covered_share == pytest.approx(1.0)
    assert day.kg_per_kg == pytest.approx(4.0)
    assert day.efficiency == pytest.approx(9767.6 / 13867, abs=2e-4)
    assert (day.missing, day.is_feed_water) == ((), False)


def test_without_pressure_and_feed_water_the_usual_ones_are_assumed(site: Factory, flow_meter: MCUDevice) -> None:
    wood(site)
    measured(flow_meter, STEAM, "kg", 100.0, grows=4000 / 288)  # a counter: 288 steps of 13.9 kg

    day = of_day(site)

    assert day is not None
    assert day.missing == (SteamGap.PRESSURE, SteamGap.FEED_WATER)
    assert day.kg_per_kg == pytest.approx(4.0)
    assert day.efficiency == pytest.approx(0.7044, abs=2e-4)


def test_a_cold_boiler_has_no_steam_pressure(site: Factory, flow_meter: MCUDevice) -> None:
    wood(site)
    measured(flow_meter, STEAM, "kg/h", 4000 / 24)
    measured(flow_meter, PRESSURE, "Pa", 0.0)

    day = of_day(site)

    assert day is not None
    assert SteamGap.PRESSURE in day.missing
    assert day.efficiency == pytest.approx(0.7044, abs=2e-4)


def test_feed_water_stands_for_steam_where_nothing_measures_that(site: Factory, flow_meter: MCUDevice) -> None:
    wood(site)
    measured(flow_meter, FEED_WATER, "m3/h", 4.0 / 24)

    day = of_day(site)

    assert day is not None
    assert (day.steam_kg, day.is_feed_water) == (pytest.approx(3992), True)  # 4 m3 of 998 kg


@pytest.mark.parametrize(("hours", "can_compare"), [(20, True), (19, False)])
def test_below_80_percent_of_the_day_steam_and_wood_are_not_set_side_by_side(
    site: Factory, flow_meter: MCUDevice, hours: int, can_compare: bool
) -> None:
    wood(site)
    measured(flow_meter, STEAM, "kg/h", 4000 / 24, hours=hours)

    day = of_day(site)

    assert day is not None
    assert day.covered_share == pytest.approx(hours / 24)
    assert (SteamGap.COVERAGE not in day.missing, day.kg_per_kg is not None) == (can_compare, can_compare)


def test_what_is_missing_is_named(site: Factory, flow_meter: MCUDevice) -> None:
    assert of_day(site) is None
    measured(flow_meter, STEAM, "kg/h", 4000 / 24)
    day = of_day(site)
    assert day is not None
    assert (SteamGap.WOOD in day.missing, day.kg_per_kg) == (True, None)
    wood(site)
    make.make_energy_entry(site, energy_type="heavy_fuel_oil", amount=Decimal(100), unit="L", timestamp=START)

    day = of_day(site)

    assert day is not None
    assert (SteamGap.OTHER_FUEL in day.missing, day.kg_per_kg, day.efficiency) == (True, None, None)


def test_two_boilers_add_up_and_a_silent_meter_is_missing(site: Factory, flow_meter: MCUDevice) -> None:
    second = make.make_device(factory=site)
    wood(site)
    measured(flow_meter, STEAM, "kg/h", 1000 / 24)
    measured(second, STEAM, "kg/h", 3000 / 24)
    day = of_day(site)
    assert day is not None
    assert day.kg_per_kg == pytest.approx(4.0)
    ChannelMinute.objects.filter(channel__device=second).delete()
    MCUDevice.objects.update(created_at=START - timedelta(days=9))

    day = of_day(site)

    assert day is not None
    assert (SteamGap.COVERAGE in day.missing, day.covered_share, day.kg_per_kg) == (True, 0, None)


def test_the_moisture_is_that_of_the_logged_wood(site: Factory, flow_meter: MCUDevice) -> None:
    # Of 50 % 1,000 kg hold 500 x 19.81 = 9,905 MJ: 98.6 %.
    wood(site, moisture_fraction=Decimal("0.500"))
    measured(flow_meter, STEAM, "kg/h", 4000 / 24)

    day = of_day(site)

    assert day is not None
    assert day.wood_moisture_fraction == pytest.approx(0.5, abs=1e-6)
    assert day.efficiency == pytest.approx(9767.6 / 9905, abs=3e-4)


def test_queries_do_not_grow_with_days_and_channels(
    site: Factory, flow_meter: MCUDevice, django_assert_num_queries: Any
) -> None:
    measured(flow_meter, STEAM, "kg/h", 100.0)
    measured(flow_meter, PRESSURE, "Pa", 9e5)

    with django_assert_num_queries(3):
        steam_days(site, [factory_day(site, DAY - timedelta(days=n)) for n in range(9, -1, -1)])
