"""Stores what a batch reports about devices: heartbeat, on or off line, statuses, alerts, acks.

Runs inside the transaction of `store`. `devices.services` decides the effect of a status on totals.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.backends.utils import CursorWrapper

from devices.models import MCUDevice
from devices.services import hold_on_mismatch, hold_two_devices
from emissions.derive import moment
from emissions.models import STREAM_OFFSET, DeviceStream
from lib import sql
from mqtt_ingest.boots import watch
from mqtt_ingest.choices import MessageKind
from mqtt_ingest.commands import note_answer
from mqtt_ingest.identify import Arrival
from mqtt_ingest.topics import Kind

logger = logging.getLogger(__name__)

STORED_KINDS = {Kind.STATUS: MessageKind.STATUS, Kind.ALERTS: MessageKind.ALERT, Kind.ACKS: MessageKind.ACK}


def write_device_state(cursor: CursorWrapper, arrivals: Sequence[Arrival]) -> None:
    """Store everything that this batch reports about devices."""
    known = [arrival for arrival in arrivals if arrival.device is not None]
    messages = [one for one in known if one.parsed.kind in STORED_KINDS and not one.parsed.rejections]
    # All devices of the batch at once, when a status or an ack may change one: two steps of locks could deadlock.
    changes_devices = any(one.parsed.kind is not Kind.ALERTS for one in messages)
    statuses = _lock_devices(map(_device_pk, known)) if changes_devices else {}
    move_heartbeats(cursor, arrivals)
    hold_two_alive(arrivals)
    # The broker sends a retained status again whenever ingest subscribes: a known one changes nothing.
    messages = [
        one
        for one in messages
        if one.received.is_live
        or one.parsed.kind is not Kind.STATUS
        or statuses.get(_device_pk(one)) != one.parsed.other
    ]
    _keep(cursor, messages)
    for one in messages:
        if one.parsed.kind is Kind.ACKS:
            note_answer(_device_pk(one), one.parsed.other, _received_at(one))
    for one in messages:
        if one.parsed.kind is Kind.STATUS:
            _apply_status(cursor, one)


def _device_pk(arrival: Arrival) -> int:
    assert arrival.device is not None
    return arrival.device.pk


def _received_at(arrival: Arrival) -> datetime:
    return moment(arrival.received.received_ms)


def _text(arrival: Arrival) -> str:
    return msgspec.json.encode(arrival.parsed.other).decode()


def hold_two_alive(arrivals: Iterable[Arrival]) -> None:
    """Readings of two boots alive at once are stored, and held until somebody decides."""
    for device_pk, since_ms in watch.two_alive(arrivals).items():
        if hold_two_devices(device_pk, moment(since_ms)) is not None:
            logger.warning("Two boots of device %d are alive at once: two devices use one login", device_pk)


def move_heartbeats(cursor: CursorWrapper, arrivals: Iterable[Arrival]) -> None:
    """A message that a device just sent is a heartbeat; a retained message or its last will is not.

    A message that the broker kept while ingest was away proves only that the device worked when it measured.
    """
    heard: dict[int, int] = {}
    for arrival in arrivals:
        if arrival.device is None or arrival.device.is_revoked or not arrival.received.is_live:
            continue
        if arrival.parsed.kind is Kind.STATUS and not arrival.parsed.other.get("online"):
            continue
        heard[arrival.device.pk] = max(heard.get(arrival.device.pk, 0), _sent_ms(arrival))
    if heard:
        parameters: dict[str, Any] = {"device_ids": list(heard), "heard_at": [moment(ms) for ms in heard.values()]}
        cursor.execute(sql.load("mqtt_ingest", "move_heartbeats"), parameters)


def _sent_ms(arrival: Arrival) -> int:
    """The newest time in the message, but not later than its arrival: when the device sent it."""
    parsed, received_ms = arrival.parsed, arrival.received.received_ms
    times = [reading.t for reading in parsed.readings]
    times += [rejection.t for rejection in parsed.rejections if rejection.t is not None]
    if parsed.kind is Kind.ALERTS and "t" in parsed.other:
        times.append(parsed.other["t"])
    return min(received_ms, max(times, default=received_ms))


def _lock_devices(device_pks: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Lock these devices in key order; returns the last status of each."""
    devices = MCUDevice.objects.select_for_update(no_key=True).filter(pk__in=set(device_pks)).order_by("pk")
    return dict(devices.values_list("pk", "status"))


def _keep(cursor: CursorWrapper, messages: Sequence[Arrival]) -> None:
    if not messages:
        return
    parameters: dict[str, Any] = {
        "device_ids": [_device_pk(one) for one in messages],
        "kinds": [STORED_KINDS[one.parsed.kind].value for one in messages],
        "received_at": [_received_at(one) for one in messages],
        "payloads": [_text(one) for one in messages],
    }
    cursor.execute(sql.load("mqtt_ingest", "insert_device_messages"), parameters)


def _apply_status(cursor: CursorWrapper, arrival: Arrival) -> None:
    said, device_pk, is_retained = arrival.parsed.other, _device_pk(arrival), not arrival.received.is_live
    is_online: bool | None = bool(said["online"])
    if is_online and is_retained:
        is_online = None  # it was on line when it wrote this; it may be off line now
    parameters = {
        "device_id": device_pk,
        "firmware": said.get("firmware"),
        "status": None if arrival.parsed.is_last_will else _text(arrival),
        "reported_online": is_online,
        "received_at": _received_at(arrival),
        "is_retained": is_retained,
    }
    cursor.execute(sql.load("mqtt_ingest", "update_device_status"), parameters)
    stream = said.get("stream")
    if stream is not None:
        starts_at = _first_timestamp(device_pk, stream) or _received_at(arrival)
        hold_on_mismatch(device_pk, said, stream, starts_at)


def _first_timestamp(device_pk: int, stream: int) -> datetime | None:
    return (
        DeviceStream.objects.filter(device_id=device_pk, stream=stream - STREAM_OFFSET)
        .values_list("first_timestamp", flat=True)
        .first()
    )
