"""Stores what a batch reports about devices: heartbeat, on or off line, statuses, alerts, acks.

Runs inside the transaction of `store`. `devices.services` decides the effect of a status on totals.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Message:
    """A status, alert or ack of a known device."""

    device_pk: int
    kind: Kind
    received_at: datetime
    is_retained: bool
    content: dict[str, Any]
    text: str
    is_last_will: bool


def write_device_state(cursor: CursorWrapper, arrivals: Sequence[Arrival]) -> None:
    """Store everything that this batch reports about devices."""
    messages = list(_messages(arrivals))
    statuses = [m for m in messages if m.kind is Kind.STATUS]
    # All devices of the batch at once, when a status or an ack may change one: two steps of locks could deadlock.
    changes_devices = bool(statuses) or any(m.kind is Kind.ACKS for m in messages)
    known = _lock_devices(a.device.pk for a in arrivals if a.device is not None) if changes_devices else {}
    move_heartbeats(cursor, arrivals)
    hold_two_alive(arrivals)
    # The broker sends a retained status again whenever ingest subscribes: a known one changes nothing.
    old = {id(m) for m in statuses if m.is_retained and known.get(m.device_pk) == m.content}
    _keep(cursor, [m for m in messages if id(m) not in old])
    for message in messages:
        if message.kind is Kind.ACKS:
            note_answer(message.device_pk, message.content, message.received_at)
    for message in statuses:
        if id(message) not in old:
            _apply_status(cursor, message)


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


def _messages(arrivals: Iterable[Arrival]) -> Iterable[_Message]:
    for arrival in arrivals:
        if arrival.device is None or arrival.parsed.kind not in STORED_KINDS or arrival.parsed.rejections:
            continue
        received = arrival.received
        yield _Message(
            device_pk=arrival.device.pk,
            kind=arrival.parsed.kind,
            received_at=moment(received.received_ms),
            is_retained=not received.is_live,
            content=arrival.parsed.other,
            text=msgspec.json.encode(arrival.parsed.other).decode(),
            is_last_will=arrival.parsed.is_last_will,
        )


def _lock_devices(device_pks: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Lock these devices in key order; returns the last status of each."""
    devices = MCUDevice.objects.select_for_update(no_key=True).filter(pk__in=set(device_pks)).order_by("pk")
    return dict(devices.values_list("pk", "status"))


def _keep(cursor: CursorWrapper, messages: Sequence[_Message]) -> None:
    if not messages:
        return
    parameters: dict[str, Any] = {
        "device_ids": [m.device_pk for m in messages],
        "kinds": [STORED_KINDS[m.kind].value for m in messages],
        "received_at": [m.received_at for m in messages],
        "payloads": [m.text for m in messages],
    }
    cursor.execute(sql.load("mqtt_ingest", "insert_device_messages"), parameters)


def _apply_status(cursor: CursorWrapper, message: _Message) -> None:
    is_online: bool | None = bool(message.content["online"])
    if is_online and message.is_retained:
        is_online = None  # it was on line when it wrote this; it may be off line now
    parameters = {
        "device_id": message.device_pk,
        "firmware": message.content.get("firmware"),
        "status": None if message.is_last_will else message.text,
        "reported_online": is_online,
        "received_at": message.received_at,
        "is_retained": message.is_retained,
    }
    cursor.execute(sql.load("mqtt_ingest", "update_device_status"), parameters)
    stream = message.content.get("stream")
    if stream is not None:
        starts_at = _first_timestamp(message.device_pk, stream) or message.received_at
        hold_on_mismatch(message.device_pk, message.content, stream, starts_at)


def _first_timestamp(device_pk: int, stream: int) -> datetime | None:
    return (
        DeviceStream.objects.filter(device_id=device_pk, stream=stream - STREAM_OFFSET)
        .values_list("first_timestamp", flat=True)
        .first()
    )
