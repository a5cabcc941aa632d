"""Bytes and topic in, readings and rejections out. Pure: no clock, no database; and it never raises.

A bad reading never spoils its message: when the fast decode of the whole fails, each is decoded alone.
Shapes are in `messages.py`. Anything that does not fit is refused with the field, its value and the limit.
"""

import json
import re
from typing import Any

import msgspec

from mqtt_ingest.choices import Reason
from mqtt_ingest.messages import (
    LARGEST_SEQ,
    OTHER_SHAPES,
    PAYLOAD_LIMIT_BYTES,
    ParsedMessage,
    Reading,
    ReadingName,
    ReadingsEnvelope,
    ReadingsMessage,
    Rejection,
    printable,
)
from mqtt_ingest.topics import Kind, parse_topic

FUTURE_LIMIT_MS = 2 * 60 * 1000
AGE_LIMIT_MS = 366 * 24 * 3600 * 1000
DETAIL_LIMIT_CHARS = 300
VALUE_LIMIT_CHARS = 60

# A required value may be null only when the device says that its sensor failed.
FAULT_FLAGS = (("co2_ppm", 1), ("temperature_c", 2), ("velocity_ms", 4))

_decode_message = msgspec.json.Decoder(ReadingsMessage).decode
_decode_envelope = msgspec.json.Decoder(ReadingsEnvelope).decode
_decode_reading = msgspec.json.Decoder(Reading).decode
_decode_name = msgspec.json.Decoder(ReadingName).decode
_decode_any = msgspec.json.Decoder().decode
_check_syntax = msgspec.json.Decoder(msgspec.Raw).decode
_decode_other = {kind: msgspec.json.Decoder(shape).decode for kind, shape in OTHER_SHAPES.items()}

_ERROR = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)


def parse(topic: str, payload: bytes, now_ms: int) -> ParsedMessage:
    """What one message says. `now_ms` is when it was received."""
    address = parse_topic(topic)
    if address is None:
        return _refuse_topic(topic)
    kind, device_id = address.kind, address.device_id
    if len(payload) > PAYLOAD_LIMIT_BYTES:
        detail = (
            f"payload of {len(payload)} bytes is above the limit of {PAYLOAD_LIMIT_BYTES}: send less at once"
        )
        return _refuse(kind, device_id, Reason.BAD_SCHEMA, detail)
    try:
        # What msgspec skips over it does not check for being text.
        _ = payload.isascii() or payload.decode()
        if kind is Kind.READINGS:
            return _parse_readings(device_id, payload, now_ms)
        return _parse_other(kind, device_id, payload)
    except msgspec.ValidationError as error:
        return _refuse_shape(kind, device_id, payload, error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _refuse(kind, device_id, Reason.NOT_JSON, str(error))
    except RecursionError:
        return _refuse(kind, device_id, Reason.BAD_SCHEMA, "nested too deeply")


def problem_of(reading: Reading, now_ms: int) -> tuple[Reason, str] | None:
    """Why a reading of the right shape is refused all the same, or None."""
    t = reading.t
    if t > now_ms + FUTURE_LIMIT_MS:
        ahead_s = (t - now_ms) / 1000
        return Reason.FUTURE_TIME, f"t={t} is {ahead_s:.0f} s ahead of the server's clock, the limit is 120 s"
    if t < now_ms - AGE_LIMIT_MS:
        return Reason.TOO_OLD, f"t={t} is {(now_ms - t) / 86_400_000:.0f} days old, the limit is 366 days"
    if reading.co2_ppm is None or reading.temperature_c is None or reading.velocity_ms is None:
        for name, flag in FAULT_FLAGS:
            if getattr(reading, name) is None and not reading.flags & flag:
                return (
                    Reason.BAD_SCHEMA,
                    f"{name}=null needs its fault flag {flag} in flags={reading.flags}",
                )
    if reading.span_s is not None or reading.n is not None or reading.seq_from is not None:
        if reading.span_s is None or reading.n is None or reading.seq_from is None:
            given = f"span_s={reading.span_s}, n={reading.n}, seq_from={reading.seq_from}"
            return Reason.BAD_SCHEMA, f"a mean needs span_s, n and seq_from together, got {given}"
        if reading.seq_from > reading.seq:
            return Reason.BAD_SCHEMA, f"seq_from={reading.seq_from} is above seq={reading.seq}"
    return None


def describe_error(error: msgspec.ValidationError, source: Any) -> str:
    """`field=value: expectation`, where `source` is the decoded object that did not fit (None if unknown)."""
    match = _ERROR.fullmatch(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    what = what.replace("`", "")[:1].lower() + what.replace("`", "")[1:]
    if not path:
        return what[:DETAIL_LIMIT_CHARS]
    found, value = _look_up(source, path)
    text = f"{path}={_shown(value)}: {what}" if found else f"{path}: {what}"
    return text[:DETAIL_LIMIT_CHARS]


# --- Readings ----------------------------------------------------------------------------------
def _parse_readings(device_id: str, payload: bytes, now_ms: int) -> ParsedMessage:
    try:
        message = _decode_message(payload)
    except (msgspec.ValidationError, RecursionError):
        return _parse_one_by_one(device_id, payload, now_ms)
    readings = tuple(message.readings)
    rejections: list[Rejection] = []
    for index, reading in enumerate(message.readings):
        problem = problem_of(reading, now_ms)
        if problem is not None:
            rejections.append(_rejection_of(reading, message.stream, index, problem))
    if rejections:
        refused = {rejection.index for rejection in rejections}
        readings = tuple(r for index, r in enumerate(message.readings) if index not in refused)
    return ParsedMessage(
        Kind.READINGS, device_id, message.stream, message.interval_s, readings, tuple(rejections)
    )


def _parse_one_by_one(device_id: str, payload: bytes, now_ms: int) -> ParsedMessage:
    _check_syntax(payload)  # the decode before stopped at the first wrong shape; broken JSON outranks it
    envelope = _decode_envelope(payload)
    readings: list[Reading] = []
    rejections: list[Rejection] = []
    for index, raw in enumerate(envelope.readings):
        try:
            reading = _decode_reading(raw)
        except msgspec.ValidationError as error:
            rejections.append(_rejection_of_raw(raw, envelope.stream, index, error))
            continue
        except RecursionError:
            rejections.append(Rejection(Reason.BAD_SCHEMA, "nested too deeply", index, envelope.stream))
            continue
        problem = problem_of(reading, now_ms)
        if problem is None:
            readings.append(reading)
        else:
            rejections.append(_rejection_of(reading, envelope.stream, index, problem))
    return ParsedMessage(
        Kind.READINGS, device_id, envelope.stream, envelope.interval_s, tuple(readings), tuple(rejections)
    )


def _rejection_of(reading: Reading, stream: int, index: int, problem: tuple[Reason, str]) -> Rejection:
    reason, detail = problem
    seq_from = reading.seq_from if reading.seq_from is not None and reading.seq_from <= reading.seq else None
    return Rejection(reason, detail, index, stream, reading.seq, seq_from)


def _rejection_of_raw(raw: msgspec.Raw, stream: int, index: int, error: msgspec.ValidationError) -> Rejection:
    detail = describe_error(error, _decoded_or_none(raw))
    try:
        name = _decode_name(raw)
    except (msgspec.ValidationError, RecursionError):
        return Rejection(Reason.BAD_SCHEMA, detail, index, stream)
    seq, seq_from = _whole(name.seq), _whole(name.seq_from)
    if seq is None or (seq_from is not None and seq_from > seq):
        seq_from = None
    return Rejection(Reason.BAD_SCHEMA, detail, index, stream, seq, seq_from)


def _whole(value: object) -> int | None:
    return value if type(value) is int and 1 <= value <= LARGEST_SEQ else None


# --- Status, alerts, acks ----------------------------------------------------------------------
def _parse_other(kind: Kind, device_id: str, payload: bytes) -> ParsedMessage:
    try:
        _decode_other[kind](payload)
    except msgspec.ValidationError:
        _check_syntax(payload)
        raise
    if b"\\u0000" in payload:
        return _refuse(kind, device_id, Reason.BAD_SCHEMA, "text holds a NUL character, \\u0000")
    return ParsedMessage(kind, device_id, other=_decode_any(payload))


# --- Whole messages that are refused -----------------------------------------------------------
def _refuse(kind: Kind, device_id: str, reason: Reason, detail: str) -> ParsedMessage:
    return ParsedMessage(
        kind, device_id, rejections=(Rejection(reason, printable(detail, DETAIL_LIMIT_CHARS)),)
    )


def _refuse_shape(
    kind: Kind, device_id: str, payload: bytes, error: msgspec.ValidationError
) -> ParsedMessage:
    return _refuse(kind, device_id, Reason.BAD_SCHEMA, describe_error(error, _decoded_or_none(payload)))


def _refuse_topic(topic: str) -> ParsedMessage:
    """A device id outside the grammar: the broker lets none in, so no such device can be known."""
    parts = topic.split("/")
    device_id = parts[2] if len(parts) > 2 else topic
    kind = Kind(parts[3]) if len(parts) == 4 and parts[3] in set(Kind) else Kind.READINGS
    detail = f"topic {topic!r} is not carbontrack/v1/<3 to 64 of A-Z a-z 0-9 _ ->/<kind>"
    return _refuse(kind, device_id, Reason.UNKNOWN_DEVICE, detail)


# --- Words for people --------------------------------------------------------------------------
def _decoded_or_none(payload: bytes | msgspec.Raw) -> Any:
    """For error messages only: some numbers are too large even to be shown."""
    try:
        return _decode_any(payload)
    except (ValueError, RecursionError):
        return None


def _look_up(source: Any, path: str) -> tuple[bool, Any]:
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(source, dict) and step in source:
            source = source[step]
        elif isinstance(source, list) and step.isdecimal() and int(step) < len(source):
            source = source[int(step)]
        else:
            return False, None
    return True, source


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"array of {len(value)}"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, int) and abs(value) > 10**VALUE_LIMIT_CHARS:
        return "a huge number"
    return json.dumps(value)[:VALUE_LIMIT_CHARS]
