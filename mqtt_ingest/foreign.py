"""Messages of sensors that do not speak our contract, translated by their device profile. Pure, and it never raises.

The result is what `parse.py` makes of a message of our contract; the rest of the pipe sees no difference. There is no
sequence number, so device and time name the reading, as over HTTP: stream 0, seq 0. `profile_directory.py` finds the
profile.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from devices.profile_spec import COUNTERS, RATES, STATUS_FIELDS, Mapping, Step, TimeFormat, steps_of
from emissions.channels import ChannelValue
from emissions.derive import milliseconds, moment
from emissions.models import MeasuredAs
from lib.numbers import vanishes
from mqtt_ingest.choices import Reason
from mqtt_ingest.describe import DETAIL_LIMIT_CHARS, describe_value
from mqtt_ingest.lenient_json import NoNumber, decode
from mqtt_ingest.messages import PAYLOAD_LIMIT_BYTES, ParsedMessage, PostedReading, Rejection, printable
from mqtt_ingest.receive import Received
from mqtt_ingest.rules import FAULT_FLAGS, Problem, problem_of, problem_of_shape, problem_of_time
from mqtt_ingest.topics import Kind
from science.instruments import in_our_unit, our_unit

LARGEST_AMOUNT = 1e12  # of a channel: a meter of Wh reaches it after centuries
_NUMBER = re.compile(r"[-+]?\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?")
_UNIX: dict[str, int] = {TimeFormat.UNIX_S: 1000, TimeFormat.UNIX_MS: 1}  # milliseconds of its unit
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class ForeignDevice:
    """A device with its profile, as the translation needs it. `status_topic` may be empty."""

    device_id: str
    device_pk: int
    interval_s: float
    zone: tzinfo
    topic: str
    status_topic: str
    online_text: str
    offline_text: str
    time_path: str
    time_format: str
    mappings: tuple[Mapping, ...]


class _RefusedError(Exception):
    """The message is refused as a whole."""

    def __init__(self, detail: str, reason: Reason = Reason.BAD_SCHEMA) -> None:
        self.problem: Problem = (reason, printable(detail, DETAIL_LIMIT_CHARS))


def translate(device: ForeignDevice, one: Received) -> ParsedMessage:
    """The content of one message. Its time is checked against that of its arrival."""
    kind = Kind.STATUS if one.topic == device.status_topic else Kind.READINGS
    try:
        if len(one.payload) > PAYLOAD_LIMIT_BYTES:
            raise _RefusedError(f"payload of {len(one.payload)} bytes is above the limit of {PAYLOAD_LIMIT_BYTES}")
        if kind is Kind.STATUS:
            return ParsedMessage(kind, device.device_id, other=_status(device, one.payload), is_foreign=True)
        if one.topic != device.topic:
            raise _RefusedError(
                f"device {device.device_id!r} has no profile with topic {one.topic!r}", Reason.NO_PROFILE
            )
        return _values(device, one)
    except _RefusedError as error:
        return refused(device.device_id, *error.problem, kind=kind)


def refused(device_id: str, reason: Reason, detail: str, kind: Kind = Kind.READINGS) -> ParsedMessage:
    rejections = (Rejection(reason, printable(detail, DETAIL_LIMIT_CHARS)),)
    return ParsedMessage(kind, device_id, rejections=rejections, is_foreign=True)


# --- Values ------------------------------------------------------------------------------------
def _values(device: ForeignDevice, one: Received) -> ParsedMessage:
    mappings = [m for m in device.mappings if m.field not in STATUS_FIELDS]
    if not mappings:
        raise _RefusedError("the profile maps no path to a value yet", Reason.NO_PROFILE)
    content = _decoded(one.payload)
    t_ms = _time_ms(device, one, content)
    # Before all else: a time that no calendar holds must not reach the channels.
    if (problem := problem_of_time(t_ms, one.received_ms)) is not None:
        raise _RefusedError(problem[1], problem[0])
    found = {mapping: _number_at(content, mapping) for mapping in mappings}
    if all(value is _ABSENT for value in found.values()):
        paths = ", ".join(mapping.path for mapping in mappings)
        raise _RefusedError(f"none of the paths of the profile is in the message: {paths}")
    values = {m: v for m, v in found.items() if isinstance(v, float)}
    readings = _readings(device, t_ms, {m.field: values.get(m) for m in mappings if not m.channel}, one.received_ms)
    channels = tuple(_channel(device, m, v, t_ms) for m, v in values.items() if m.channel)
    return ParsedMessage(
        Kind.READINGS, device.device_id, 0, device.interval_s, readings, channels=channels, is_foreign=True
    )


def _readings(
    device: ForeignDevice, t_ms: int, values: dict[str, float | None], now_ms: int
) -> tuple[PostedReading, ...]:
    """One reading, or none where the profile maps channels alone. What is not there is a fault of its sensor."""
    if not values:
        return ()
    flags = sum(flag for name, flag in FAULT_FLAGS if values.get(name) is None)
    item = {"t": t_ms, "flags": flags, **dict.fromkeys(name for name, _flag in FAULT_FLAGS), **values}
    try:
        reading = msgspec.convert(item, PostedReading)
    except msgspec.ValidationError as error:
        reason, detail = problem_of_shape(error, item, now_ms)
        raise _RefusedError(detail, reason) from None
    if (problem := problem_of(reading, now_ms)) is not None:
        raise _RefusedError(problem[1], problem[0])
    return (reading,)


def _channel(device: ForeignDevice, mapping: Mapping, amount: float, t_ms: int) -> ChannelValue:
    if abs(amount) > LARGEST_AMOUNT:
        raise _RefusedError(f"{mapping.path}={amount:g} is above the limit of {LARGEST_AMOUNT:g} of a channel")
    quantity = mapping.quantity
    kind = MeasuredAs.RATE if quantity in RATES else MeasuredAs.COUNTER if quantity in COUNTERS else MeasuredAs.LEVEL
    return ChannelValue(device.device_pk, mapping.channel, our_unit(quantity), kind, moment(t_ms), amount)


def _decoded(payload: bytes) -> Any:
    try:
        return decode(payload)
    except RecursionError:
        raise _RefusedError("nested too deeply") from None
    except ValueError as error:
        raise _RefusedError(str(error), Reason.NOT_JSON) from None


def _at(content: Any, steps: Sequence[Step] | None) -> Any:
    for step in steps or ():
        if isinstance(step, int):
            if not isinstance(content, list) or step >= len(content):
                return _ABSENT
            content = content[step]
        elif isinstance(content, dict) and step in content:
            content = content[step]
        else:
            return _ABSENT
    return content


def _number_at(content: Any, mapping: Mapping) -> float | object | None:
    """The value in our unit; None for null and NaN, _ABSENT where the path leads nowhere."""
    raw = _at(content, steps_of(mapping.path))
    if raw is _ABSENT or raw is None or isinstance(raw, NoNumber):
        return _ABSENT if raw is _ABSENT else None
    # Some devices write numbers as texts. A comma could separate thousands or decimals, so it is not guessed.
    if isinstance(raw, str) and _NUMBER.fullmatch(raw.strip()):
        if vanishes(raw.strip()):
            return None  # as of a number that is no text (`lenient_json.py`)
        raw = float(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _RefusedError(f"{mapping.path}={describe_value(raw)} is not a number")
    unit = mapping.unit
    if mapping.unit_path:
        named = _at(content, steps_of(mapping.unit_path))
        if not isinstance(named, str):
            raise _RefusedError(f"the message names no unit at {mapping.unit_path}")
        unit = named
    try:
        value = in_our_unit(float(raw) * mapping.scale, quantity=mapping.quantity, unit=unit)
    except (ValueError, OverflowError) as error:
        raise _RefusedError(f"{mapping.path}: {error}") from None
    if not math.isfinite(value):
        raise _RefusedError(f"{mapping.path}={describe_value(raw)} is too large")
    return value


# --- Times -------------------------------------------------------------------------------------
def _time_ms(device: ForeignDevice, one: Received, content: Any) -> int:
    if not device.time_path:
        if not one.is_live:
            raise _RefusedError("the broker kept this message, so the time of its arrival says nothing")
        return one.received_ms
    raw = _at(content, steps_of(device.time_path))
    found = None
    if device.time_format in _UNIX and isinstance(raw, str) and _NUMBER.fullmatch(raw.strip()):
        raw = float(raw)
    if isinstance(raw, str):
        found = _written_ms(raw, device)
    elif isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) < 1e15:
        scale = _UNIX.get(device.time_format)
        found = None if scale is None else round(raw * scale)
    if found is None or found < 0:
        shown = "is not there" if raw is _ABSENT else f"={describe_value(raw)} is not the time that the profile says"
        raise _RefusedError(f"{device.time_path} {shown}: {TimeFormat(device.time_format).value}")
    return found


def _written_ms(text: str, device: ForeignDevice) -> int | None:
    is_local = device.time_format in (TimeFormat.ISO_UTC, TimeFormat.ISO_SITE)
    if len(text) > 40 or device.time_format in _UNIX:
        return None
    if is_local and not _LOCAL.fullmatch(text):
        return None
    try:
        written = datetime.fromisoformat(text)
        if is_local:
            zone = UTC if device.time_format == TimeFormat.ISO_UTC else device.zone
            written = written.replace(tzinfo=zone)
            # The hour that comes twice, and the one that does not come, when clocks are put back or forward.
            if written.utcoffset() != written.replace(fold=1).utcoffset():
                raise _RefusedError(f"{device.time_path}={text} can be two times on the clock of the site")
        return milliseconds(written) if written.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


# --- State -------------------------------------------------------------------------------------
def _status(device: ForeignDevice, payload: bytes) -> dict[str, Any]:
    """On or off line by its text (a last will), else a JSON object with the fields of a status that are mapped."""
    text = payload.decode(errors="replace").strip()
    if text in (device.online_text, device.offline_text):
        return {"v": 1, "online": text == device.online_text}
    content = _decoded(payload)
    found = {m.field: _number_at(content, m) for m in device.mappings if m.field in STATUS_FIELDS}
    if not isinstance(content, dict) or not any(isinstance(value, float) for value in found.values()):
        expected = f"neither {device.online_text!r} nor {device.offline_text!r}"
        raise _RefusedError(f"{text[:60]!r} is {expected}, and holds no path of a status that the profile maps")
    return {"v": 1, "online": True} | {name: value for name, value in found.items() if isinstance(value, float)}
