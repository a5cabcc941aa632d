"""Bytes and topic in, readings and rejections out. Pure: no clock, no database; and it never raises.

A bad reading never spoils its message: when the fast decode of the whole fails, each reading is decoded alone, and
`salvage.py` takes apart a message that fails as a whole. Shapes are in `messages.py`, further rules in
`rules.py`. Anything that does not fit is refused with the field, its value and the limit.
"""

import re
from typing import Any

import msgspec

from mqtt_ingest import lenient_json
from mqtt_ingest.choices import Reason
from mqtt_ingest.describe import DETAIL_LIMIT_CHARS, describe_error
from mqtt_ingest.messages import (
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
from mqtt_ingest.rules import Problem, problem_of, problem_of_shape, refuse, refuse_by_name
from mqtt_ingest.salvage import salvage
from mqtt_ingest.topics import Kind, parse_topic

_decode_message = msgspec.json.Decoder(ReadingsMessage).decode
_decode_envelope = msgspec.json.Decoder(ReadingsEnvelope).decode
_decode_reading = msgspec.json.Decoder(Reading).decode
_decode_name = msgspec.json.Decoder(ReadingName).decode
_decode_any = msgspec.json.Decoder().decode
_check_syntax = msgspec.json.Decoder(msgspec.Raw).decode
_MAY_VANISH = re.compile(rb"\d[eE]-\d{3}")
_MANY_ZEROS = 200 * b"0"  # with them an exponent of two digits, or none, is enough
_decode_other = {kind: msgspec.json.Decoder(shape).decode for kind, shape in OTHER_SHAPES.items()}


def _without_vanishing(payload: bytes) -> bytes:
    """Raises DecodeError where msgspec could read a small number as 0: the more lenient decoder looks at it."""
    if _MAY_VANISH.search(payload) or _MANY_ZEROS in payload:
        raise msgspec.DecodeError("a number may be too small for a float")
    return payload


def parse(topic: str, payload: bytes, now_ms: int) -> ParsedMessage:
    """The content of one message. `now_ms` is when it was received."""
    address = parse_topic(topic)
    if address is None:
        return _refuse_topic(topic)
    device_id, kind = address
    if len(payload) > PAYLOAD_LIMIT_BYTES:
        limit = f"the limit of {PAYLOAD_LIMIT_BYTES}: send less at once"
        problem = Reason.BAD_SCHEMA, f"payload of {len(payload)} bytes is above {limit}"
    else:
        try:
            # msgspec does not check that skipped parts are valid text.
            _ = payload.isascii() or payload.decode()
            if kind is Kind.READINGS:
                return _parse_readings(device_id, payload, now_ms)
            return _parse_other(kind, device_id, payload)
        except msgspec.ValidationError as error:
            problem = Reason.BAD_SCHEMA, describe_error(error, _decoded_or_none(payload))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problem = Reason.NOT_JSON, str(error)
        except RecursionError:
            problem = Reason.BAD_SCHEMA, "nested too deeply"
    problem = problem[0], printable(problem[1], DETAIL_LIMIT_CHARS)
    salvaged = salvage(device_id, payload, now_ms, problem) if kind is Kind.READINGS else None
    return salvaged or _refuse(kind, device_id, problem)


# --- Readings ----------------------------------------------------------------------------------
def _parse_readings(device_id: str, payload: bytes, now_ms: int) -> ParsedMessage:
    try:
        message = _decode_message(_without_vanishing(payload))
    except (msgspec.ValidationError, RecursionError):
        return _parse_one_by_one(device_id, payload, now_ms)
    readings = tuple(message.readings)
    rejections: list[Rejection] = []
    for index, reading in enumerate(message.readings):
        problem = problem_of(reading, now_ms)
        if problem is not None:
            rejections.append(refuse(reading, message.stream, problem, index))
    if rejections:
        refused = {rejection.index for rejection in rejections}
        readings = tuple(r for index, r in enumerate(message.readings) if index not in refused)
    return ParsedMessage(Kind.READINGS, device_id, message.stream, message.interval_s, readings, tuple(rejections))


def _parse_one_by_one(device_id: str, payload: bytes, now_ms: int) -> ParsedMessage:
    _check_syntax(payload)  # the first decode stopped at a wrong shape; broken JSON is the more important reason
    envelope = _decode_envelope(payload)
    readings: list[Reading] = []
    rejections: list[Rejection] = []
    for index, raw in enumerate(envelope.readings):
        try:
            reading = _decode_reading(raw)
        except msgspec.ValidationError as error:
            rejections.append(_rejection_of_raw(raw, envelope.stream, index, error, now_ms))
            continue
        except RecursionError:
            rejections.append(Rejection(Reason.BAD_SCHEMA, "nested too deeply", index, envelope.stream))
            continue
        problem = problem_of(reading, now_ms)
        if problem is None:
            readings.append(reading)
        else:
            rejections.append(refuse(reading, envelope.stream, problem, index))
    return ParsedMessage(
        Kind.READINGS, device_id, envelope.stream, envelope.interval_s, tuple(readings), tuple(rejections)
    )


def _rejection_of_raw(
    raw: msgspec.Raw, stream: int, index: int, error: msgspec.ValidationError, now_ms: int
) -> Rejection:
    problem = problem_of_shape(error, _decoded_or_none(raw), now_ms)
    try:
        name = _decode_name(raw)
    except (msgspec.ValidationError, RecursionError):
        name = ReadingName()
    return refuse_by_name(name.seq, name.seq_from, stream, problem, index)


# --- Status, alerts, acks ----------------------------------------------------------------------
def _parse_other(kind: Kind, device_id: str, payload: bytes) -> ParsedMessage:
    try:
        message = _decode_other[kind](_without_vanishing(payload))
    except msgspec.ValidationError:
        _check_syntax(payload)
        raise
    except msgspec.DecodeError:
        if (readable := _without_no_numbers(kind, payload)) is None:
            raise
        message = readable
    if b"\\u0000" in payload:
        return _refuse(kind, device_id, (Reason.BAD_SCHEMA, "text holds a NUL character, \\u0000"))
    # Only known keys, each with its limit: the stored part of a large message stays small.
    return ParsedMessage(kind, device_id, other=msgspec.to_builtins(message))


def _without_no_numbers(kind: Kind, payload: bytes) -> msgspec.Struct | None:
    """The message with its NaN values left out; None if it is no JSON otherwise, or a required value is one of them."""
    try:
        content = lenient_json.decode(payload)
        known = {name: None if isinstance(v, lenient_json.NoNumber) else v for name, v in content.items()}
        return msgspec.convert(known, OTHER_SHAPES[kind])
    except (ValueError, RecursionError, AttributeError):
        return None


# --- Whole messages that are refused -----------------------------------------------------------
def _refuse(kind: Kind, device_id: str, problem: Problem) -> ParsedMessage:
    reason, detail = problem
    return ParsedMessage(kind, device_id, rejections=(Rejection(reason, detail),))


def _refuse_topic(topic: str) -> ParsedMessage:
    """A device id outside the grammar. The broker lets none in, so no such device can be known."""
    parts = topic.split("/")
    device_id = parts[2] if len(parts) > 2 else topic
    kind = Kind(parts[3]) if len(parts) == 4 and parts[3] in set(Kind) else Kind.READINGS
    detail = f"topic {topic!r} is not carbontrack/v1/<3 to 64 of A-Z a-z 0-9 _ ->/<kind>"
    return _refuse(kind, device_id, (Reason.UNKNOWN_DEVICE, printable(detail, DETAIL_LIMIT_CHARS)))


def _decoded_or_none(payload: bytes | msgspec.Raw) -> Any:
    """For error messages only: some numbers are too large even to be shown."""
    try:
        return _decode_any(payload)
    except (ValueError, RecursionError):
        return None
