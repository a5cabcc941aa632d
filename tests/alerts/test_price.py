"""The price of an alarm: three bases, null where it is not known, never zero for that."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.choices import AlertKind, AlertState, CostBasis
from alerts.models import Alert
from alerts.price import price_open, prices
from emissions.models import EmissionHour
from emissions.rollup_rows import insert_rollups
from factories.models import EmissionSource
from tests import make
from tests.alerts.build import make_sensor, put_minutes
from tests.alerts.test_models import make_alert
from tests.cast import Cast
from tests.compliance.test_fire import fire_under

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def priced(alert: Alert) -> Alert:
    price_open(NOW)
    alert.refresh_from_db()
    return alert


def pay_for_wood(cast: Cast) -> Decimal:
    """24 stere of firewood for KES 30,000 on 20 November; returns what a kg of its CO2 cost."""
    entry = make.make_energy_entry(cast.litein, cost=Decimal(30_000), currency="KES")
    assert entry.biogenic_co2_kg
    return Decimal(30_000) / entry.biogenic_co2_kg


def test_co2_above_its_limit_is_the_mass_beyond_it(cast: Cast) -> None:
    """Ten minutes of 13 kg at 200,000 ppm with a limit of 160,000: 10 x 13 x (1 - 160/200) = 26 kg."""
    per_kg = pay_for_wood(cast)
    sensor = make_sensor(cast.litein)
    began = NOW - timedelta(minutes=10)
    put_minutes(sensor, began, *[{"co2_ppm": 200_000.0}] * 10)
    high = {"kind": AlertKind.CO2_HIGH, "device": sensor.device, "chimney": sensor.chimney}
    alert = make_alert(cast.litein, **high, began_at=began, limit=160_000.0, value=200_000.0)

    fire_under(sensor)
    EmissionSource.objects.filter(chimney=sensor.chimney).update(fuels="firewood, heavy_fuel_oil")

    oil = priced(alert)

    assert (oil.cost_kg_co2, oil.cost_amount) == (26, None)  # what burns there may be oil, which wood's price is not
    fire_under(sensor)
    found = priced(alert)
    assert (found.cost_kg_co2, found.cost_basis) == (Decimal("26.000"), CostBasis.ABOVE_LIMIT)
    assert (found.cost_amount, found.cost_currency) == (round(26 * per_kg, 2), "KES")


def test_a_closed_alarm_gets_its_last_minutes(cast: Cast) -> None:
    """Closed after five of ten such minutes: 13 kg, though it was not priced while it was open."""
    sensor = make_sensor(cast.litein)
    began = NOW - timedelta(minutes=10)
    put_minutes(sensor, began, *[{"co2_ppm": 200_000.0}] * 10)
    closed = {"state": AlertState.CLOSED, "closed_at": began + timedelta(minutes=5), "limit": 160_000.0}

    found = priced(make_alert(cast.litein, kind=AlertKind.CO2_HIGH, device=sensor.device, began_at=began, **closed))

    assert found.cost_kg_co2 == 13


def an_hour(sensor: Any, start: datetime, kg: float) -> EmissionHour:
    ug = round(kg * 1e9)
    masses = {"measured_ug": ug, "record_ug": ug, "flux_ug_per_m2": 0, "weight_s": 3600.0}
    times = {"covered_ms": 3_600_000, "operating_ms": 3_600_000, "idle_ms": 0, "readings": 720, "valid_readings": 720}
    return EmissionHour(
        device_id=sensor.device_id,
        assignment_id=sensor.pk,
        period_start=start,
        status="measured",
        method_version="1",
        **masses,
        **times,
    )


def test_a_silent_sensor_costs_what_it_usually_measures_and_no_money(cast: Cast) -> None:
    """Two hours of record of 700 and 900 kg, silent for 3 h: 3 x 800 = 2,400 kg that nobody measured."""
    pay_for_wood(cast)
    sensor = make_sensor(cast.litein)
    began = NOW - timedelta(hours=3)
    insert_rollups([an_hour(sensor, began - timedelta(hours=n), kg) for n, kg in ((5, 700), (4, 900))])
    alert = make_alert(cast.litein, kind=AlertKind.SENSOR_SILENT, device=sensor.device, began_at=began)

    found = priced(alert)

    assert (found.cost_kg_co2, found.cost_basis) == (Decimal("2400.000"), CostBasis.NOT_MEASURED)
    assert found.cost_amount is None
    # 45 of the 180 minutes were measured: it came back in between, or sent them late. 2.25 x 800 = 1,800.
    put_minutes(sensor, began + timedelta(hours=1), *[{}] * 45)
    assert priced(alert).cost_kg_co2 == 1_800


def test_what_the_stack_shows_beyond_the_log(cast: Cast) -> None:
    """4,000 kg that the stack shows beyond the log, at what the site paid. Of a sensor that drifts: not known."""
    per_kg = pay_for_wood(cast)
    fire_under(make_sensor(cast.litein))
    more = {"difference_kg": 4_000.0, "verdict": "unlogged_fuel"}
    alert = make_alert(cast.litein, kind=AlertKind.STACK_AGAINST_FUEL, params=more)

    found = priced(alert)

    assert (found.cost_kg_co2, found.cost_basis) == (4_000, CostBasis.NOT_IN_LOG)
    assert found.cost_amount == round(4_000 * per_kg, 2)
    alert.params = {"difference_kg": 4_000.0, "verdict": "sensor_drift"}
    assert prices([alert], NOW) == {}


def test_what_is_not_known_is_null(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    silent = make_alert(cast.litein, kind=AlertKind.SENSOR_SILENT, device=sensor.device, began_at=NOW)
    more = {"difference_kg": 4_000.0, "verdict": "unlogged_fuel"}
    stack = make_alert(cast.litein, kind=AlertKind.STACK_AGAINST_FUEL, params=more)

    assert priced(silent).cost_kg_co2 is None  # without an hour of record nothing is usual
    assert priced(stack).cost_amount is None  # no cost was logged
    assert price_open(NOW) == 0  # nothing changed
