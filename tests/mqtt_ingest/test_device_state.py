"""Heartbeats, statuses, alerts and acks: what a message proves about a device, and what it does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from devices.models import AssignmentHold, MCUDevice
from devices.queries import is_online
from mqtt_ingest.models import DeviceMessage
from mqtt_ingest.queries import counters
from mqtt_ingest.store import store
from tests.make import make_assignment, make_device
from tests.mqtt_ingest.build import STREAM, arrival, message, now_ms, reading

pytestmark = pytest.mark.django_db

STATUS: dict[str, Any] = {
    "v": 1,
    "online": True,
    "stream": STREAM,
    "firmware": "1.0.0",
    "sensor": "sprintir-20",
    "range_ppm": 200000,
    "co2_basis": "dry",
    "pressure_compensation": "none",
}
LAST_WILL = {"v": 1, "online": False}


def test_a_status_is_taken_over() -> None:
    device = make_device()

    store([arrival(device, STATUS, "status")])

    device.refresh_from_db()
    assert (device.firmware, device.reported_online, device.status) == ("1.0.0", True, STATUS)
    assert device.last_heartbeat is not None
    kept = DeviceMessage.objects.get()
    assert (kept.kind, kept.payload, kept.device) == ("status", STATUS, device)
    assert counters().messages == {"status": 1}
    assert counters().received == 0


def test_a_last_will_says_off_line_and_nothing_else() -> None:
    device = make_device()
    store([arrival(device, STATUS, "status", received_ms=now_ms() - 60_000)])
    before = MCUDevice.objects.get().last_heartbeat

    store([arrival(device, LAST_WILL, "status")])

    device.refresh_from_db()
    assert (device.reported_online, device.status, device.firmware) == (False, STATUS, "1.0.0")
    assert device.last_heartbeat == before


def test_an_old_retained_status_does_not_mark_a_device_on_line() -> None:
    device = make_device()

    store([arrival(device, STATUS, "status", is_live=False)])

    device.refresh_from_db()
    assert (device.reported_online, device.last_heartbeat) == (None, None)
    assert device.status == STATUS


def test_a_retained_status_that_is_known_is_no_news() -> None:
    device = make_device()
    store([arrival(device, STATUS, "status")])
    store([arrival(device, LAST_WILL, "status")])

    store([arrival(device, STATUS, "status", is_live=False)])

    device.refresh_from_db()
    assert device.reported_online is False
    assert DeviceMessage.objects.count() == 2


def test_a_retained_last_will_says_off_line() -> None:
    device = make_device()
    store([arrival(device, STATUS, "status")])

    store([arrival(device, LAST_WILL, "status", is_live=False)])

    assert MCUDevice.objects.get().reported_online is False


def is_online_at(device: MCUDevice, at_ms: int) -> bool:
    device.refresh_from_db()
    return is_online(device, datetime.fromtimestamp(at_ms / 1000, UTC))


def test_a_last_will_older_than_the_newest_reading_does_not_make_a_device_silent() -> None:
    """The broker gives an old connection up a minute after the device came back on a new one."""
    device, at_ms = make_device(), now_ms() - 60_000
    store([arrival(device, message(reading(1, at_ms)), received_ms=at_ms)])

    store([arrival(device, LAST_WILL, "status", received_ms=at_ms - 1_000)])
    before = is_online_at(device, at_ms)
    store([arrival(device, LAST_WILL, "status", received_ms=at_ms + 3_000)])
    between = is_online_at(device, at_ms + 3_000)
    store([arrival(device, message(reading(2, at_ms + 5_000)), received_ms=at_ms + 5_000)])

    assert (before, between, is_online_at(device, at_ms + 5_000)) == (True, False, True)


def test_a_retained_last_will_that_is_known_keeps_its_time() -> None:
    """A device that never says `online` leaves its last will at the broker, which repeats it to each new ingest."""
    device, at_ms = make_device(), now_ms() - 60_000
    store([arrival(device, LAST_WILL, "status", received_ms=at_ms)])
    store([arrival(device, message(reading(1, at_ms + 5_000)), received_ms=at_ms + 5_000)])

    store([arrival(device, LAST_WILL, "status", received_ms=at_ms + 20_000, is_live=False)])

    assert is_online_at(device, at_ms + 20_000)


def test_readings_that_the_broker_kept_from_before_the_last_will_do_not_deny_it() -> None:
    device, at_ms = make_device(), now_ms() - 60_000
    store([arrival(device, LAST_WILL, "status", received_ms=at_ms, is_live=False)])

    store([arrival(device, message(reading(1, at_ms - 5_000)), received_ms=at_ms + 1_000)])

    assert not is_online_at(device, at_ms + 1_000)


def test_of_two_statuses_in_one_batch_the_later_holds() -> None:
    device = make_device()

    store(
        [arrival(device, STATUS | {"firmware": "1"}, "status"), arrival(device, STATUS | {"firmware": "2"}, "status")]
    )

    assert MCUDevice.objects.get().firmware == "2"


def test_readings_move_the_heartbeat_by_ten_seconds_and_more() -> None:
    device = make_device()
    start_ms = now_ms()
    seen = []

    for seq, after_ms in enumerate((0, 5_000, 11_000, 3_000), start=1):
        at_ms = start_ms + after_ms
        store([arrival(device, message(reading(seq, at_ms)), received_ms=at_ms)])
        seen.append(MCUDevice.objects.get().last_heartbeat)

    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    assert seen == [start, start, start + timedelta(seconds=11), start + timedelta(seconds=11)]


def test_a_refused_message_proves_life_too() -> None:
    device = make_device()

    store([arrival(device, b"{")])

    assert MCUDevice.objects.get().last_heartbeat is not None


HOUR_MS = 3_600_000
KEPT_BY_THE_BROKER = {
    "a stored reading": (message(reading(1, 1_795_262_405_000)), "readings"),
    "refused, after a sound one": (
        message(reading(1, 1_795_262_405_000), reading(2, 1_795_262_404_000, co2_ppm=None)),
        "readings",
    ),
    "nothing but refused ones": (message(reading(2, 1_795_262_405_000, co2_ppm=None)), "readings"),
    "an alert": ({"v": 1, "t": 1_795_262_405_000, "kind": "co2_high"}, "alerts"),
}


@pytest.mark.parametrize(("payload", "kind"), KEPT_BY_THE_BROKER.values(), ids=KEPT_BY_THE_BROKER)
def test_what_the_broker_kept_during_an_outage_proves_no_life_today(payload: Any, kind: str) -> None:
    device = make_device()

    store([arrival(device, payload, kind, received_ms=1_795_262_405_000 + 5 * HOUR_MS)])

    heard_at = MCUDevice.objects.get().last_heartbeat
    assert heard_at == datetime.fromtimestamp(1_795_262_405, UTC)


def test_a_clock_that_is_ahead_does_not_put_the_heartbeat_into_the_future() -> None:
    device = make_device()
    at_ms = now_ms()

    store([arrival(device, message(reading(1, at_ms + 60_000)), received_ms=at_ms)])

    assert MCUDevice.objects.get().last_heartbeat == datetime.fromtimestamp(at_ms / 1000, UTC)


def test_a_revoked_device_is_not_heard() -> None:
    device = make_device(revoked_at=timezone.now())

    store([arrival(device, b"{")])

    assert MCUDevice.objects.get().last_heartbeat is None


def test_alerts_and_acks_are_kept_and_counted() -> None:
    device = make_device()
    alert = {"v": 1, "t": now_ms(), "kind": "co2_high", "value": 171000, "limit": 160000}
    ack = {"v": 1, "id": "abc", "ok": False, "error": "busy"}

    store([arrival(device, alert, "alerts"), arrival(device, ack, "acks")])

    kept = {m.kind: m.payload for m in DeviceMessage.objects.all()}
    assert kept == {"alert": alert, "ack": ack}
    assert counters().messages == {"alerts": 1, "acks": 1}


def test_of_a_message_the_known_keys_are_kept_and_nothing_else() -> None:
    device = make_device()
    junk = {"junk": "x" * 60_000, "more": [[]] * 100}
    ack = {"v": 1, "id": "abc", "ok": True}

    store([arrival(device, STATUS | junk, "status"), arrival(device, ack | junk, "acks")])

    device.refresh_from_db()
    assert device.status == STATUS
    assert {m.kind: m.payload for m in DeviceMessage.objects.all()} == {"status": STATUS, "ack": ack}


def test_a_huge_number_in_a_key_that_we_ignore_harms_nobody() -> None:
    device = make_device()
    huge = b'{"v":1,"online":true,"weight":1' + b"0" * 200 + b"e999999}"

    stored = store([arrival(device, huge, "status"), arrival(device, message(reading(1)))])

    assert stored.tally.stored == 1
    assert MCUDevice.objects.get().status == {"v": 1, "online": True}


# The longest that each known key may hold, in the characters that JSON spells longest.
WIDE = "\x01" * 40
LARGEST: dict[str, dict[str, Any]] = {
    "status": STATUS
    | {
        "firmware": WIDE,
        "sensor": WIDE,
        "reset_reason": WIDE,
        "range_ppm": 123456.789012345,
        "pressure_compensation": "proportional",
        "uptime_s": 1.7976931348623157e308,
        "rssi_dbm": -1.7976931348623157e308,
        "supply_v": -1.7976931348623157e308,
        "outbox": 2**53,
        "refused": 2**53,
        "undatable": 2**53,
        "previous": {"stream": 2**32 - 1, "seq": 2**31 - 1},
    },
    "alerts": {
        "v": 1,
        "t": 2**53,
        "kind": "temperature_high",
        "value": -1.7976931348623157e308,
        "limit": -1.7976931348623157e308,
    },
    "acks": {"v": 1, "id": "\x01" * 64, "ok": False, "error": "\x01" * 200},
}


@pytest.mark.parametrize("kind", LARGEST)
def test_the_largest_message_kept_stays_below_two_kilobytes(kind: str) -> None:
    device = make_device()

    store([arrival(device, LARGEST[kind], kind)])

    assert DeviceMessage.objects.get().payload.keys() == LARGEST[kind].keys()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_column_size(payload) FROM mqtt_ingest_devicemessage")
        (stored_bytes,) = cursor.fetchone()
    assert stored_bytes < 2_000


def test_a_status_that_differs_from_the_registry_opens_a_hold() -> None:
    assignment = make_assignment(co2_basis="wet", pressure_compensation="none")
    t_ms = now_ms() - 30_000
    store([arrival(assignment.device, message(reading(1, t_ms)))])

    store([arrival(assignment.device, STATUS, "status")])

    hold = AssignmentHold.objects.get()
    assert (hold.field, hold.registered, hold.reported, hold.stream) == ("co2_basis", "wet", "dry", STREAM)
    assert hold.starts_at == datetime.fromtimestamp(t_ms / 1000, UTC)


def test_a_status_like_the_registry_opens_none() -> None:
    assignment = make_assignment(co2_basis="dry", pressure_compensation="none")

    store([arrival(assignment.device, STATUS, "status")])

    assert not AssignmentHold.objects.exists()
