"""A Tasmota sensor on a chimney: its profile, its messages, and a pipeline that reads them."""

import json
from datetime import UTC, datetime
from typing import Any

from devices.models import DeviceProfile, MCUDevice
from devices.profiles import ProfileInput, assign_profile, save_profile
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.rate_limit import TokenBuckets
from mqtt_ingest.receive import Received
from tests.mqtt_ingest.build import now_ms
from tests.mqtt_ingest.fakes import InMemoryReceiver

MAPPINGS: list[dict[str, Any]] = [
    {"path": "SCD40.CarbonDioxide", "field": "co2_ppm", "unit": "ppm", "scale": 1},
    {"path": "DS18B20.Temperature", "field": "temperature_c", "unit_path": "TempUnit"},
    {"path": "TX23.Speed.Act", "field": "velocity_ms", "unit": "km/h"},
]


def profile_input(**fields: Any) -> ProfileInput:
    usual = {
        "name": "Tasmota",
        "topic": "tele/{device}/SENSOR",
        "status_topic": "tele/{device}/LWT",
        "time_path": "Time",
        "time_format": "iso_utc",
        "mappings": MAPPINGS,
    }
    return ProfileInput(**(usual | fields))


def give_profile(device: MCUDevice, **fields: Any) -> DeviceProfile:
    profile = save_profile(device.factory.organisation, profile_input(**fields), None)
    assign_profile(device, profile)
    return profile


def payload(t_ms: int | None = None, co2_ppm: Any = 93_250, **more: Any) -> bytes:
    moment = datetime.fromtimestamp((t_ms or now_ms()) // 1000, tz=UTC)
    content = {
        "Time": moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "SCD40": {"CarbonDioxide": co2_ppm, "Temperature": 31.0, "Humidity": 40.1, "DewPoint": 15.7},
        "DS18B20": {"Id": "01131B123456", "Temperature": 181.5},
        "TX23": {"Speed": {"Act": 11.556, "Avg": 10.0, "Min": 9.1, "Max": 14.0}},
        "TempUnit": "C",
    }
    return json.dumps(content | more).encode()


class Pipe:
    """A pipeline with its receiver: what arrives is stored at once."""

    def __init__(self) -> None:
        self.receiver = InMemoryReceiver()
        self.pipeline = Pipeline(self.receiver, TokenBuckets(200, 5000))

    def take(self, *messages: Received) -> None:
        self.receiver.arrive(*messages)
        self.pipeline._step()
        self.pipeline._batch._started_at_s -= 1
        self.pipeline._step()


def sensor(device_id: str, body: bytes, level: str = "SENSOR", **fields: Any) -> Received:
    fields.setdefault("received_ms", now_ms())
    return Received(f"tele/{device_id}/{level}", body, **fields)
