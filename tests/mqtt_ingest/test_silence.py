"""What was heard of a device, as stored, becomes a trace; and supply and signal keep their week."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.access import rotate_secret
from devices.choices import SilenceCause
from devices.models import MCUDevice
from mqtt_ingest import jobs
from mqtt_ingest.choices import MessageKind
from mqtt_ingest.models import DeviceMessage, RejectedGroup
from mqtt_ingest.silence import silence_of, supply_and_signal
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SILENT_SINCE = NOW - timedelta(minutes=20)


@pytest.fixture
def device() -> MCUDevice:
    return make.make_device(device_id="litein-1", last_heartbeat=SILENT_SINCE, reported_online=False)


def say(device: MCUDevice, at: datetime, **payload: Any) -> None:
    body = {"v": 1, "online": True, "stream": 7, "uptime_s": 4000 + (at - NOW).total_seconds()} | payload
    DeviceMessage.objects.create(device=device, kind=MessageKind.STATUS, received_at=at, payload=body)


def say_for_an_hour(device: MCUDevice, **courses: Any) -> None:
    """A status a minute until it fell silent, then its last will; a course is a function of the minute."""
    for minute in range(60):
        values = {name: course(minute) for name, course in courses.items()}
        say(device, SILENT_SINCE - timedelta(minutes=59 - minute), **values)
    say(device, SILENT_SINCE + timedelta(seconds=45), online=False)


def test_a_falling_supply_is_power(device: MCUDevice):
    say_for_an_hour(device, supply_v=lambda minute: 5.0 - minute / 59, rssi_dbm=lambda minute: -62)

    found = silence_of(device, NOW)

    # Median of the first 30 of 5.0 to 4.0 V: (5 - 14/59 + 5 - 15/59) / 2 = 4.75; of the last three 4 + 1/59 = 4.02.
    assert found is not None
    assert (found.cause, found.sentence) == (SilenceCause.POWER, "Power fell slowly: panel or battery.")
    assert found.facts == ("Its supply fell from 4.75 to 4.02 V.",)


def test_a_refused_time_is_the_clock(device: MCUDevice):
    say_for_an_hour(device, supply_v=lambda minute: 5.0)
    at = NOW - timedelta(minutes=1)
    RejectedGroup.objects.create(topic_device_id="litein-1", reason="future_time", count=1, first_at=at, last_at=at)

    assert silence_of(device, NOW).cause == SilenceCause.CLOCK  # type: ignore[union-attr]


def test_a_new_password_that_the_device_does_not_have_is_the_broker(device: MCUDevice):
    rotate_secret(device)
    say_for_an_hour(device, rssi_dbm=lambda minute: -60)
    rotate_secret(device)

    assert silence_of(device, timezone.now()).cause == SilenceCause.BROKER  # type: ignore[union-attr]


def test_many_sites_at_once_are_the_broker(device: MCUDevice):
    say_for_an_hour(device)
    for _ in range(3):
        make.make_device(last_heartbeat=SILENT_SINCE + timedelta(seconds=20))
    make.make_device(last_heartbeat=NOW)

    found = silence_of(device, NOW)

    assert found is not None
    assert found.cause == SilenceCause.BROKER
    assert found.facts == ("3 of 4 sensors of other sites fell silent at the same time.",)


def test_flagged_readings_are_the_sensor(device: MCUDevice):
    device.last_heartbeat, device.reported_online = NOW, True
    device.save()
    say(device, NOW - timedelta(seconds=30))
    make.make_readings(device, NOW - timedelta(minutes=12), 144, flags=1, co2_ppm=None)

    found = silence_of(device, NOW)

    assert found is not None
    assert found.cause == SilenceCause.SENSOR
    assert found.sentence == "The CO2 sensor gives no value: check its plug and supply."


def test_a_device_that_reads_is_not_silent(device: MCUDevice):
    device.last_heartbeat, device.reported_online = NOW, True
    device.save()
    say(device, NOW)
    make.make_readings(device, NOW - timedelta(minutes=2), 24)

    assert silence_of(device, NOW) is None


def test_a_device_never_heard_says_where_to_begin():
    found = silence_of(make.make_device(), NOW)

    assert found is not None
    assert found.cause == SilenceCause.UNKNOWN
    assert "never been heard" in found.sentence


def test_supply_and_signal_keep_their_week(device: MCUDevice, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jobs, "MESSAGES_PER_DEVICE_COUNT", 2)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
    for minute, (supply_v, rssi_dbm) in enumerate([(5.0, -60), (4.6, -62), (5.1, -81), (5.0, -61)]):
        say(device, hour + timedelta(minutes=minute), supply_v=supply_v, rssi_dbm=rssi_dbm)
    for minute in range(3):
        say(device, hour + timedelta(days=2, minutes=minute), supply_v=4.9)

    jobs.drop_old_messages()

    # Of the old hour the lowest supply and the weakest signal; of the newest messages two, and one of their hour.
    assert DeviceMessage.objects.count() == 2 + 3
    first, last = supply_and_signal(device, timezone.now())
    assert (first.lowest_supply_v, first.lowest_rssi_dbm) == (4.6, -81)
    assert (last.lowest_supply_v, last.mean_supply_v, last.lowest_rssi_dbm) == (4.9, 4.9, None)
