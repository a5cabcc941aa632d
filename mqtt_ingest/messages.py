"""The shapes of the MQTT contract, version 1: messages of devices, and the results of the parser.

`contract/*.schema.json` publishes the same shapes; `tests/mqtt_ingest/test_contract.py` tests both with the same
vectors. Rules that need a clock or two fields at once are in `parse.py`.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from emissions.channels import ChannelValue
from mqtt_ingest.choices import Reason
from mqtt_ingest.topics import Kind

PAYLOAD_LIMIT_BYTES = 64 * 1024
READINGS_LIMIT_COUNT = 500
FLOAT4_LIMIT = 3.4e38  # values are stored as 4-byte floats
LARGEST_SEQ = 2**31 - 1
LARGEST_STREAM = 2**32 - 1

Seq = Annotated[int, Meta(ge=1, le=LARGEST_SEQ)]
StreamNumber = Annotated[int, Meta(ge=0, le=LARGEST_STREAM)]
UnixMs = Annotated[int, Meta(ge=0, le=2**53)]
Real = Annotated[float, Meta(ge=-FLOAT4_LIMIT, le=FLOAT4_LIMIT)]
# From 1 ms, the resolution of `t`, to an hour.
Seconds = Annotated[float, Meta(ge=0.001, le=3600)]
Flags = Annotated[int, Meta(ge=0, le=255)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Label = Annotated[str, Meta(max_length=40)]
MessageId = Annotated[str, Meta(min_length=1, max_length=64)]


class Reading(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One reading as the device sent it; null and absent mean the same. `seq` 0 comes over HTTP only."""

    seq: Seq
    t: UnixMs
    co2_ppm: Real | None
    temperature_c: Real | None
    velocity_ms: Real | None
    flags: Flags = 0
    pressure_pa: Real | None = None
    dp_pa: Real | None = None
    cell_temperature_c: Real | None = None
    cell_pressure_pa: Real | None = None
    humidity_pct: Real | None = None
    o2_pct: Real | None = None
    ch4_ppm: Real | None = None
    span_s: Seconds | None = None
    n: Annotated[int, Meta(ge=1, le=32767)] | None = None
    seq_from: Seq | None = None


class PostedReading(Reading, frozen=True, gc=False, kw_only=True):
    """A reading that came over HTTP: it names its own stream, and may leave out its seq."""

    seq: Annotated[int, Meta(ge=0, le=LARGEST_SEQ)] = 0
    stream: StreamNumber = 0
    interval_s: Seconds | None = None


class _ReadingsHeader(msgspec.Struct, frozen=True):
    v: Literal[1]
    stream: StreamNumber
    interval_s: Seconds


class ReadingsMessage(_ReadingsHeader, frozen=True, gc=False):
    readings: Annotated[list[Reading], Meta(min_length=1, max_length=READINGS_LIMIT_COUNT)]


class ReadingsEnvelope(_ReadingsHeader, frozen=True):
    """The same message with its readings still undecoded: for messages in which one of them is bad."""

    readings: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=READINGS_LIMIT_COUNT)]


class DecodedEnvelope(_ReadingsHeader, frozen=True):
    """The same for a message that another decoder has read (`salvage.py`)."""

    readings: Annotated[list[Any], Meta(min_length=1, max_length=READINGS_LIMIT_COUNT)]


class ReadingName(msgspec.Struct, frozen=True):
    """The identity of a reading, read even if other parts are wrong, so that its refusal can be answered."""

    seq: Any = None
    seq_from: Any = None


class StreamPosition(msgspec.Struct, frozen=True):
    stream: StreamNumber
    seq: Annotated[int, Meta(ge=0, le=LARGEST_SEQ)]


class StatusMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    v: Literal[1]
    online: bool
    stream: StreamNumber | None = None
    firmware: Label | None = None
    sensor: Label | None = None
    range_ppm: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    co2_basis: Literal["wet", "dry"] | None = None
    pressure_compensation: Literal["none", "linear_0017", "proportional", "on_sensor"] | None = None
    uptime_s: Annotated[float, Meta(ge=0)] | None = None
    rssi_dbm: float | None = None
    supply_v: float | None = None
    outbox: Count | None = None
    refused: Count | None = None
    undatable: Count | None = None
    reset_reason: Label | None = None
    previous: StreamPosition | None = None


class AlertMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    v: Literal[1]
    t: UnixMs
    kind: Literal["co2_high", "temperature_high", "temperature_low", "flow_high", "flow_low", "sensor_fault"]
    value: float | None = None
    limit: float | None = None


class AckMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    v: Literal[1]
    id: MessageId
    ok: bool
    error: Annotated[str, Meta(max_length=200)] | None = None


OTHER_SHAPES: dict[Kind, type[msgspec.Struct]] = {
    Kind.STATUS: StatusMessage,
    Kind.ALERTS: AlertMessage,
    Kind.ACKS: AckMessage,
}


def printable(text: str, length: int) -> str:
    """Printable ASCII, the rest escaped: a device's text reaches tables and logs only in this form."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)[:length]


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused reading, or a whole message that could not be read (then `index` is None).

    The device is answered when `stream` and `seq` are known. `t` is known when the reading had the right shape.
    """

    reason: Reason
    detail: str
    index: int | None = None
    stream: int | None = None
    seq: int | None = None
    seq_from: int | None = None
    t: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """The result of parsing one message. `other` holds the known keys of a status, alert or ack."""

    kind: Kind
    device_id: str
    stream: int = 0
    interval_s: float = 0.0
    readings: tuple[Reading, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    other: dict[str, Any] = field(default_factory=dict)
    # Of a sensor with a device profile, which gets no answers: it would not know them (`foreign.py`).
    is_foreign: bool = False
    channels: tuple[ChannelValue, ...] = ()

    @property
    def received(self) -> int:
        """Readings in it, refused ones included; an unreadable message is 1, a status or alert 0."""
        return len(self.readings) + len(self.rejections)

    @property
    def is_last_will(self) -> bool:
        """The broker, or the server that cut it, says that the device is off line, and nothing else about it."""
        return self.kind is Kind.STATUS and self.other.get("online") is False and "stream" not in self.other
