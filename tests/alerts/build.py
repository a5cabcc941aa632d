"""Builders of alarms' tests: a device of record, and its minutes as roll-ups leave them."""

from datetime import datetime, timedelta
from typing import Any

from alerts.rules import ensure_usual_rules
from devices.models import Assignment
from emissions.models import EmissionMinute
from emissions.rollup_rows import insert_rollups
from factories.models import Factory
from tests import make

MINUTE = timedelta(minutes=1)


def make_sensor(factory: Factory, **device: Any) -> Assignment:
    """A device of record of a new chimney, with the usual rules of its organisation."""
    ensure_usual_rules()
    made = make.make_device(factory=factory, **device)
    return make.make_assignment(device=made, chimney=make.make_chimney(factory=factory))


def a_minute(sensor: Assignment, start: datetime, **values: Any) -> EmissionMinute:
    """A good fire: 96,000 ppm, 210 degrees, 4.1 m/s, 13 kg of CO2 a minute."""
    row = {
        "measured_ug": 13 * 10**9,
        "flux_ug_per_m2": 0,
        "covered_ms": 60_000,
        "weight_s": 60.0,
        "co2_ppm": 96_000.0,
        "temperature_c": 210.0,
        "velocity_ms": 4.1,
        "flow_rate_m3s": 2.6,
        "readings": 12,
        "valid_readings": 12,
        "valid_ug": 13 * 10**9,
        "valid_ms": 60_000,
        "is_idle_like": False,
        "is_firing_like": True,
    } | values
    return EmissionMinute(device_id=sensor.device_id, assignment_id=sensor.pk, period_start=start, **row)


def put_minutes(sensor: Assignment, start: datetime, *rows: dict[str, Any]) -> datetime:
    """Minutes one after the other from `start`; returns the end of the last one."""
    insert_rollups([a_minute(sensor, start + i * MINUTE, **row) for i, row in enumerate(rows)])
    return start + len(rows) * MINUTE
