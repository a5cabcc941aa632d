"""Rounds of evaluation over stored minutes, devices and logs: what opens, what is told, and that nothing is lost."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.choices import AlertAct, AlertKind, AlertState
from alerts.evaluation import evaluate, evaluate_seldom
from alerts.kinds import KINDS
from alerts.models import Alert, AlertEvent, AlertRule
from alerts.price import price_open
from alerts.rules import ensure_usual_rules, set_rule
from alerts.sentences import sentence_of
from alerts.services import close
from devices.choices import HoldKind
from devices.models import AssignmentHold, Calibration, MCUDevice
from factories.services import archive
from mqtt_ingest.models import DeviceMessage
from tests import make
from tests.alerts.build import MINUTE, make_sensor, put_minutes
from tests.cast import Cast
from tests.compliance.test_fire import burned, fire_under

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOT: dict[str, Any] = {"co2_ppm": 180_000.0}


def acts() -> list[str]:
    return list(AlertEvent.objects.order_by("pk").values_list("act", flat=True))


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices were heard a moment ago, unless a test says otherwise."""
    MCUDevice.objects.update(last_heartbeat=None)


def test_high_co2_for_five_minutes_opens_one_alarm_and_closes_it(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, {}, *[HOT] * 4)
    assert evaluate(end) == 0

    end = put_minutes(sensor, end, HOT)
    assert evaluate(end) == 1
    assert evaluate(end + timedelta(seconds=15)) == 0

    alert = Alert.objects.get()
    assert (alert.kind, alert.state, alert.factory, alert.device) == ("co2_high", "open", cast.litein, sensor.device)
    assert (alert.value, alert.limit) == (180_000.0, 170_000.0)
    assert alert.began_at == NOW + MINUTE
    end = put_minutes(sensor, end, *[{}] * 5)
    assert evaluate(end) == 1
    alert.refresh_from_db()
    assert (alert.state, alert.closed_at, alert.closed_by) == (AlertState.CLOSED, end, None)
    assert acts() == [AlertAct.OPENED, AlertAct.CLOSED]


def test_an_open_alarm_keeps_limit_and_duration_when_its_rule_changes(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[HOT] * 6)
    evaluate(end)
    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"limit": 160_000.0, "duration_s": 3600}, factory=None)

    end = put_minutes(sensor, end, {"co2_ppm": 190_000.0})
    evaluate(end)

    alert = Alert.objects.get()
    assert (alert.value, alert.limit) == (190_000.0, 170_000.0)
    assert alert.params == {"device": sensor.device.device_id, "duration_s": 300}


def test_within_an_hour_it_is_the_same_alarm_opened_again(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[HOT] * 6)
    evaluate(end)
    end = put_minutes(sensor, end, *[{}] * 6)
    evaluate(end)

    end = put_minutes(sensor, end, *[HOT] * 6)
    evaluate(end)

    assert Alert.objects.get().reopened_count == 1
    assert acts() == [AlertAct.OPENED, AlertAct.CLOSED, AlertAct.REOPENED]


def test_a_rule_of_an_hour_opens_the_same_alarm_again_too(cast: Cast) -> None:
    """It begins again 30 minutes after it closed, and its hour is over 90 minutes after it closed."""
    sensor = make_sensor(cast.litein)
    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"duration_s": 3600}, factory=None)
    end = put_minutes(sensor, NOW, *[HOT] * 61)
    evaluate(end)
    end = put_minutes(sensor, end, *[{}] * 61)
    evaluate(end)
    assert acts() == [AlertAct.OPENED, AlertAct.CLOSED]

    end = put_minutes(sensor, end, *[{}] * 30, *[HOT] * 61)
    evaluate(end)

    assert acts() == [AlertAct.OPENED, AlertAct.CLOSED, AlertAct.REOPENED]


def test_flapping_does_not_bring_back_what_was_put_off(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[HOT] * 6)
    evaluate(end)
    alert = Alert.objects.get()
    Alert.objects.update(state=AlertState.SNOOZED, snoozed_until=end + timedelta(hours=2))

    for row in ({}, HOT):
        end = put_minutes(sensor, end, *[row] * 6)
        evaluate(end)

    alert.refresh_from_db()
    assert (alert.state, alert.reopened_count) == (AlertState.SNOOZED, 1)


def test_what_a_person_closed_stays_closed_until_it_was_over(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[HOT] * 6)
    evaluate(end)
    close(cast.hq, Alert.objects.get().pk, cause="works")

    end = put_minutes(sensor, end, *[HOT] * 60)
    assert evaluate(end) == 0
    end = put_minutes(sensor, end, {})
    assert evaluate(end) == 0
    end = put_minutes(sensor, end, *[HOT] * 6)
    assert evaluate(end) == 1
    assert Alert.objects.count() == 2


def test_noise_around_the_limit_is_one_alarm_in_the_tables(cast: Cast) -> None:
    """Minutes of 2 h that jump over the limit and back within the hysteresis, looked at after each."""
    sensor = make_sensor(cast.litein)
    end = NOW

    for i in range(120):
        end = put_minutes(sensor, end, {"co2_ppm": 171_000.0 if i % 2 else 168_000.0})
        evaluate(end)

    assert Alert.objects.count() == 1
    assert acts() == [AlertAct.OPENED]


def test_a_cold_stack_has_no_alarm_of_low_co2(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[{"co2_ppm": 600.0, "temperature_c": 25.0, "is_firing_like": False}] * 40)
    assert evaluate(end) == 0

    end = put_minutes(sensor, end, *[{"co2_ppm": 6_000.0}] * 31)
    evaluate(end)

    assert Alert.objects.get().kind == AlertKind.CO2_LOW


def test_a_site_has_its_own_rule_instead(cast: Cast) -> None:
    sensors = [make_sensor(cast.litein), make_sensor(cast.momul)]
    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"limit": 190_000.0}, factory=cast.litein)
    for sensor in sensors:
        end = put_minutes(sensor, NOW, *[HOT] * 6)

    evaluate(end)

    assert [alert.factory for alert in Alert.objects.all()] == [cast.momul]
    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"is_enabled": False}, factory=cast.momul)
    evaluate(end)
    assert Alert.objects.get().state == AlertState.CLOSED


def test_outside_its_hours_a_rule_opens_nothing(cast: Cast) -> None:
    """12:00 in Nairobi at 9:00 UTC."""
    ensure_usual_rules()
    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"from_hour": 18, "to_hour": 6}, factory=None)
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[HOT] * 6)

    assert evaluate(end) == 0

    set_rule(cast.hq, cast.organisation, AlertKind.CO2_HIGH, {"from_hour": 12, "to_hour": 13}, factory=None)
    assert evaluate(end) == 1


def test_a_storm_opens_in_one_round(cast: Cast) -> None:
    for n in range(67):
        sensor = make_sensor(make.make_factory(organisation=cast.organisation))
        MCUDevice.objects.filter(pk=sensor.device_id).update(last_heartbeat=NOW - timedelta(minutes=20 + n))

    assert evaluate(NOW) == 67

    assert acts() == [AlertAct.OPENED] * 67


def test_a_silent_sensor_and_its_return(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    never = make_sensor(cast.momul)
    heard = NOW - timedelta(minutes=14)
    MCUDevice.objects.filter(pk=sensor.device_id).update(last_heartbeat=heard)
    assert evaluate(NOW) == 0

    assert evaluate(NOW + MINUTE) == 1
    alert = Alert.objects.get()
    assert (alert.kind, alert.began_at, alert.device_id) == (AlertKind.SENSOR_SILENT, heard, sensor.device_id)
    assert never.device_id != alert.device_id  # it never reported, so it is not silent
    for minute in range(2, 8):  # back, with a message each minute
        now = NOW + minute * MINUTE
        MCUDevice.objects.filter(pk=sensor.device_id).update(last_heartbeat=now)
        evaluate(now)
        alert.refresh_from_db()
        assert alert.is_open == (minute < 7)  # it must stay for five minutes


def test_holds_calibrations_and_alerts_of_devices(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    hold = AssignmentHold.objects.create(
        assignment=sensor, kind=HoldKind.TWO_DEVICES, stream=7, starts_at=NOW, field="", registered="", reported=""
    )
    AssignmentHold.objects.filter(pk=hold.pk).update(opened_at=NOW - timedelta(hours=2))
    ends = {"calibrated_at": NOW - timedelta(days=300), "kind": "span", "pressure_pa": 80_000.0}
    Calibration.objects.create(device=sensor.device, valid_until=NOW + timedelta(days=29), **ends)
    zero = ends | {"calibrated_at": NOW - timedelta(days=2), "kind": "zero"}  # newer, and tells nothing of the span
    Calibration.objects.create(device=sensor.device, valid_until=NOW + timedelta(days=400), **zero)
    payload = {"kind": "temperature_high", "value": 410.0, "limit": 400.0}
    DeviceMessage.objects.create(device=sensor.device, kind="alert", received_at=NOW, payload=payload)

    evaluate(NOW)
    evaluate_seldom(NOW)

    found = {alert.kind: alert for alert in Alert.objects.all()}
    assert set(found) == {AlertKind.HOLD_OPEN, AlertKind.CALIBRATION_ENDING, AlertKind.DEVICE_ALERT}
    assert found[AlertKind.CALIBRATION_ENDING].value == 29.0
    assert "(span) ends on" in sentence_of(found[AlertKind.CALIBRATION_ENDING])
    assert (found[AlertKind.DEVICE_ALERT].detail, found[AlertKind.DEVICE_ALERT].value) == ("temperature_high", 410.0)
    Calibration.objects.create(device=sensor.device, valid_until=NOW + timedelta(days=400), **ends)
    AssignmentHold.objects.filter(pk=hold.pk).update(resolution="registry_right", resolved_at=NOW)
    evaluate(NOW + timedelta(hours=24))
    evaluate_seldom(NOW + timedelta(hours=24))
    assert not Alert.objects.filter(closed_at=None).exists()


def test_no_value_that_a_device_sends_breaks_the_pages_of_alarms(cast: Cast) -> None:
    """The contract takes any number as the value of an alert."""
    sensor = make_sensor(cast.litein)
    payload = {"kind": "co2_high", "value": 1e300, "limit": -1e300}
    DeviceMessage.objects.create(device=sensor.device, kind="alert", received_at=NOW, payload=payload)

    evaluate(NOW)

    assert "CO2 above the device's limit" in sentence_of(Alert.objects.get())


def test_a_log_that_is_missing_at_its_deadline(cast: Cast) -> None:
    """The factory day of 20 November is due on the 22nd at 6:00 (3:00 UTC); what came late closes the alarm."""
    ensure_usual_rules()
    make.make_energy_entry(cast.litein)
    make.make_production(cast.litein)
    due = datetime(2026, 11, 22, 3, tzinfo=UTC)

    evaluate_seldom(due - MINUTE)
    assert not Alert.objects.exists()
    evaluate_seldom(due + MINUTE)

    alert = Alert.objects.get()
    assert (alert.kind, alert.factory) == (AlertKind.LOG_MISSING, cast.litein)
    assert alert.params == {"days": ["2026-11-20"], "items": ["electricity"]}
    assert alert.began_at == due
    day = datetime(2026, 11, 20, 3, tzinfo=UTC)
    make.make_bill(cast.litein, 900, day, day + timedelta(days=1))
    evaluate_seldom(due + 2 * MINUTE)
    assert not Alert.objects.filter(closed_at=None).exists()


def test_much_heat_that_leaves_by_the_chimney(cast: Cast) -> None:
    """Four hours of 1,000 kg at 8 % CO2 and 230 degrees lose 31.0 %, a good fire 18.4: 15.4178 % were not needed."""
    sensor = make_sensor(cast.litein)
    fire_under(sensor)
    for hour in range(4):
        burned(sensor, 1_000.0, 0.08, 230.0, NOW - timedelta(hours=4 - hour))

    evaluate_seldom(NOW)
    price_open(NOW)

    alert = Alert.objects.get()
    assert (alert.kind, alert.value, alert.limit) == (AlertKind.EFFICIENCY_LOW, 31.0, 30.0)
    assert alert.params == {"hours": 4, "good_pct": 18.4, "remedy": "damper"}
    assert float(alert.cost_kg_co2 or 0) == pytest.approx(4_000 * 0.154178, rel=1e-4)
    assert (alert.cost_basis, alert.cost_amount) == ("good_fire", None)  # no cost was logged
    close(cast.hq, alert.pk)
    burned(sensor, 1_000.0, 0.08, 230.0, NOW)
    evaluate_seldom(NOW + timedelta(hours=1))
    assert Alert.objects.count() == 1  # its condition was never over, so it does not open again
    for hour in range(1, 6):
        burned(sensor, 1_000.0, 0.13, 180.0, NOW + timedelta(hours=hour))
    evaluate_seldom(NOW + timedelta(hours=6))
    assert Alert.objects.get().cleared_at is not None


def test_a_device_that_was_taken_away_ends_its_alarm(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[HOT] * 6)
    evaluate(end)

    sensor.valid_to = end
    sensor.save()
    evaluate(end + MINUTE)

    assert Alert.objects.get().state == AlertState.CLOSED


def test_an_archived_site_ends_its_alarms_and_opens_none(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[HOT] * 6)
    evaluate(end)
    archive(cast.litein)

    evaluate(end + MINUTE)
    assert Alert.objects.get().state == AlertState.CLOSED
    end = put_minutes(sensor, end + MINUTE, *[HOT] * 6)
    evaluate(end)
    evaluate_seldom(end + timedelta(days=2))
    assert Alert.objects.count() == 1


def test_an_acknowledged_alarm_is_not_touched_by_rounds_but_closes(cast: Cast) -> None:
    sensor = make_sensor(cast.litein)
    end = put_minutes(sensor, NOW, *[HOT] * 6)
    evaluate(end)
    Alert.objects.update(state="acknowledged", acknowledged_by=cast.hq, acknowledged_at=end)

    end = put_minutes(sensor, end, {"co2_ppm": 195_000.0})
    assert evaluate(end) == 0

    alert = Alert.objects.get()
    assert (alert.state, alert.value) == (AlertState.ACKNOWLEDGED, 195_000.0)


def test_every_organisation_has_the_usual_rules_once() -> None:
    make.make_organisation()

    first = ensure_usual_rules()

    assert first == len(KINDS)
    assert ensure_usual_rules() == 0
    assert AlertRule.objects.count() == first


def test_a_worker_killed_in_the_middle_leaves_nothing_or_all(
    transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 between the alarm and its event; the next round opens it with its event, once."""
    factory = make.make_factory()
    sensor = make_sensor(factory)
    put_minutes(sensor, timezone.now().replace(second=0, microsecond=0) - 7 * MINUTE, *[HOT] * 7)
    code = (
        "import os, signal, django; django.setup()\n"
        "from alerts import evaluation\n"
        "evaluation.store_events = lambda events: os.kill(os.getpid(), signal.SIGKILL)\n"
        "evaluation.evaluate()\n"
    )
    database = settings.DATABASES["default"]
    address = f"postgres://{database['USER']}@/{database['NAME']}?host={database['HOST']}&port={database['PORT']}"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "carbontrack.settings",
        "DATABASE_URL": address,
        "SECRET_KEY": settings.SECRET_KEY,
    }

    for _time in range(3):
        done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
        assert done.returncode == -signal.SIGKILL
        assert not Alert.objects.exists()

    evaluate()
    evaluate()
    assert Alert.objects.count() == 1
    assert acts() == [AlertAct.OPENED]
