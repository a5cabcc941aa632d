"""The gas of a fire in hours and days, from real readings: what enters, how parts add up, what stays out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from emissions import rollups
from emissions.fires import fires
from emissions.models import EmissionDay, EmissionHour
from emissions.settling import SitePeriod
from tests import make

pytestmark = pytest.mark.django_db
MIDNIGHT = datetime(2026, 11, 20, tzinfo=ZoneInfo("Africa/Nairobi"))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def rolled_up(device: Any) -> list[EmissionHour]:
    rollups.touch_period(device.pk, datetime(2020, 1, 1, tzinfo=UTC), None)
    rollups.roll_up_touched()
    return list(EmissionHour.objects.filter(device=device).order_by("period_start"))


def burn(device: Any, start: datetime, co2_ppm: float, celsius: float, count: int = 720, **fields: Any) -> None:
    values = {"temperature_c": celsius, "velocity_ms": 3.0, **fields}
    make.make_readings(device, start, count, co2_ppm=lambda i: co2_ppm + i % 7, **values)


def test_an_hour_of_a_dry_sensor_tells_its_co2_and_temperature() -> None:
    device = make.make_assignment(co2_basis="dry", pressure_compensation="none").device
    burn(device, MIDNIGHT, 80_000.0, 230.0)

    hour = rolled_up(device)[0]

    assert hour.fire_co2_dry == pytest.approx(0.080_003, rel=1e-5)
    assert hour.fire_temperature_c == pytest.approx(230.0)
    assert hour.fire_ug == pytest.approx(hour.measured_ug, rel=1e-3)


def test_a_wet_sensor_is_taken_to_dry_gas() -> None:
    assignment = make.make_assignment(co2_basis="wet", pressure_compensation="none")
    assignment.chimney.moisture_method, assignment.chimney.moisture_fraction = "fixed", 0.2
    assignment.chimney.save()
    burn(assignment.device, MIDNIGHT, 80_000.0, 230.0)

    assert rolled_up(assignment.device)[0].fire_co2_dry == pytest.approx(0.080_003 / 0.8, rel=1e-5)


def test_two_hours_add_up_by_their_gas() -> None:
    # The same velocity and temperature, so CO2 is as the fractions: 1 and 2 parts. Dry gas: 1 / 0.06 = 16.67 and
    # 2 / 0.12 = 16.67 parts, the same. So 3 / 33.33 = 0.09, and not the mean of 0.10 weighted by CO2.
    device = make.make_assignment(co2_basis="dry", pressure_compensation="none").device
    burn(device, MIDNIGHT, 60_000.0, 200.0)
    burn(device, MIDNIGHT + HOUR, 120_000.0, 200.0)

    rolled_up(device)

    day = EmissionDay.objects.get(device=device)
    assert day.fire_co2_dry == pytest.approx(0.09, rel=2e-3)
    assert day.fire_temperature_c == pytest.approx(200.0)
    hours = EmissionHour.objects.filter(device=device)
    assert day.fire_ug == sum(hour.fire_ug for hour in hours)
    factory = device.factory
    ((gas,),) = fires([SitePeriod(factory.pk, MIDNIGHT, MIDNIGHT + DAY)])
    assert (gas.co2_ug, gas.chimney_id) == (day.fire_ug, device.assignments.get().chimney_id)
    assert (gas.co2_dry_fraction, gas.temperature_c) == (pytest.approx(day.fire_co2_dry), pytest.approx(200.0))


@pytest.mark.parametrize(
    "fields",
    [
        {"co2_ppm": 500.0, "celsius": 22.0, "velocity_ms": 0.3},  # idle
        {"co2_ppm": 200_000.0, "celsius": 230.0},  # at the end of the range: a bound, no mean
    ],
)
def test_minutes_without_a_fire_or_at_the_end_of_the_range_tell_nothing(fields: dict[str, float]) -> None:
    device = make.make_assignment(co2_basis="dry", pressure_compensation="none", range_ppm=200_000.0).device
    burn(device, MIDNIGHT, **fields)

    hour = rolled_up(device)[0]

    assert (hour.fire_ug, hour.fire_co2_dry, hour.fire_temperature_c) == (0, None, None)
    assert fires([SitePeriod(device.factory_id, MIDNIGHT, MIDNIGHT + DAY)]) == [[]]


def test_a_cross_check_and_other_sites_stay_out() -> None:
    of_record = make.make_assignment(co2_basis="dry")
    beside = make.make_device(factory=of_record.factory, device_id="beside")
    make.make_assignment(device=beside, chimney=of_record.chimney, is_of_record=False, co2_basis="dry")
    elsewhere = make.make_assignment(co2_basis="dry")
    for device in (of_record.device, beside, elsewhere.device):
        burn(device, MIDNIGHT, 80_000.0, 230.0, count=120)
        rolled_up(device)

    ((gas,),) = fires([SitePeriod(of_record.factory_id, MIDNIGHT, MIDNIGHT + HOUR)])

    assert gas.co2_ug == EmissionHour.objects.get(device=of_record.device).fire_ug
    assert fires([]) == []
