"""Finds the readings of a message that is refused as a whole, so that the device gets an answer.

A device resends unanswered readings: a message refused without an answer would arrive again and again. So when
`stream` and the list of readings are readable, each reading gets its own refusal. `NaN` and its kin, which are not JSON
(`lenient_json.py`), cause the refusal of only the readings that contain them.
"""

from typing import Any

import msgspec

from mqtt_ingest import lenient_json
from mqtt_ingest.choices import Reason
from mqtt_ingest.describe import DETAIL_LIMIT_CHARS, describe_error
from mqtt_ingest.messages import LARGEST_STREAM, DecodedEnvelope, ParsedMessage, Reading, Rejection, printable
from mqtt_ingest.rules import Problem, problem_of, problem_of_shape, refuse, refuse_by_name
from mqtt_ingest.topics import Kind

# A message of 2 MiB, the broker's limit, holds no more: a reading with only its required fields takes 73 bytes.
NAMED_LIMIT_COUNT = 30_000


def salvage(device_id: str, payload: bytes, now_ms: int, problem: Problem) -> ParsedMessage | None:
    """The message with each of its readings checked alone; None if the readings cannot be found.

    `problem` is why the message was refused. If it is `not_json` and this decoder can read it, readings without fault
    are taken; otherwise `problem` refuses them all.
    """
    message = _decode(payload)
    if not isinstance(message, dict):
        return None
    stream, items = message.get("stream"), message.get("readings")
    if type(stream) is not int or not 0 <= stream <= LARGEST_STREAM:
        return None
    if not isinstance(items, list) or not 0 < len(items) <= NAMED_LIMIT_COUNT:
        return None
    is_readable = problem[0] is Reason.NOT_JSON
    refusal = _problem_of_envelope(message) if is_readable else problem
    readings: list[Reading] = []
    rejections: list[Rejection] = []
    for index, item in enumerate(items):
        outcome = _judge(item, stream, index, now_ms, refusal=refusal, is_readable=is_readable)
        if isinstance(outcome, Reading):
            readings.append(outcome)
        else:
            rejections.append(outcome)
    interval_s = float(message["interval_s"]) if readings else 0.0
    return ParsedMessage(Kind.READINGS, device_id, stream, interval_s, tuple(readings), tuple(rejections))


def _decode(payload: bytes) -> Any:
    """The result of the more lenient decoder; None if it fails."""
    try:
        return lenient_json.decode(payload)
    except (ValueError, RecursionError):
        return None


def _problem_of_envelope(message: dict[str, Any]) -> Problem | None:
    head = {name: value for name, value in message.items() if name != "readings"}
    no_number = _find_no_number(head)
    if no_number is not None:
        return Reason.NOT_JSON, no_number
    try:
        msgspec.convert(message, DecodedEnvelope)
    except msgspec.ValidationError as error:
        return Reason.BAD_SCHEMA, printable(describe_error(error, message), DETAIL_LIMIT_CHARS)
    return None


def _judge(
    item: Any, stream: int, index: int, now_ms: int, *, refusal: Problem | None, is_readable: bool
) -> Reading | Rejection:
    seq, seq_from = (item.get("seq"), item.get("seq_from")) if isinstance(item, dict) else (None, None)
    no_number = _find_no_number(item) if is_readable else None
    if no_number is not None:
        return refuse_by_name(seq, seq_from, stream, (Reason.NOT_JSON, no_number), index)
    if refusal is not None:
        return refuse_by_name(seq, seq_from, stream, refusal, index)
    try:
        reading = msgspec.convert(item, Reading)
    except msgspec.ValidationError as error:
        return refuse_by_name(seq, seq_from, stream, problem_of_shape(error, item, now_ms), index)
    problem = problem_of(reading, now_ms)
    return reading if problem is None else refuse(reading, stream, problem, index)


def _find_no_number(value: Any) -> str | None:
    detail = lenient_json.find_no_number(value)
    return detail and printable(detail, DETAIL_LIMIT_CHARS)
