"""Builders of messages: payloads as a device writes them, and arrivals as `store` gets them."""

import json
import time
from typing import Any

from devices.models import MCUDevice
from mqtt_ingest.identify import Arrival, DeviceRef
from mqtt_ingest.parse import parse
from mqtt_ingest.queries import counters
from mqtt_ingest.receive import Received

STREAM = 2871049911


def now_ms() -> int:
    return time.time_ns() // 1_000_000


BEGAN_MS = now_ms()


def reading(seq: int, t_ms: int | None = None, **values: Any) -> dict[str, Any]:
    """A reading as sent; without a time the same seq always has the same one, as on a real device."""
    usual = {"co2_ppm": 93250.0, "temperature_c": 181.5, "velocity_ms": 3.21, "pressure_pa": 79480, "flags": 0}
    return {"seq": seq, "t": t_ms if t_ms is not None else BEGAN_MS - 5_000 * (1000 - seq % 1000)} | usual | values


def message(*readings: dict[str, Any], stream: int = STREAM, interval_s: float = 5) -> bytes:
    return json.dumps({"v": 1, "stream": stream, "interval_s": interval_s, "readings": readings}).encode()


def received(device_id: str, payload: bytes | dict[str, Any], kind: str = "readings", **fields: Any) -> Received:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    fields.setdefault("received_ms", now_ms())
    return Received(f"carbontrack/v1/{device_id}/{kind}", body, **fields)


def arrival(device: MCUDevice, payload: bytes | dict[str, Any], kind: str = "readings", **fields: Any) -> Arrival:
    ref = DeviceRef(device.pk, device.revoked_at is not None)
    return arrival_of(received(device.device_id, payload, kind, **fields), ref)


def arrival_of(one: Received, device: DeviceRef | None = None) -> Arrival:
    return Arrival(one, parse(one.topic, one.payload, one.received_ms), device or DeviceRef(1, False))


def adds_up() -> bool:
    """What was received is what was stored, was there already, or was refused."""
    found = counters()
    return found.received == found.stored + found.duplicate + sum(found.rejected.values())
