"""Explains why a value did not fit its shape: field, value, what was expected. Pure."""

import json
import re
from typing import Any

import msgspec

DETAIL_LIMIT_CHARS = 300
VALUE_LIMIT_CHARS = 60

_ERROR = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)


def describe_error(error: msgspec.ValidationError, source: Any) -> str:
    """`field=value: expectation`, where `source` is the decoded object that did not fit (None if unknown)."""
    match = _ERROR.fullmatch(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    what = what.replace("`", "")[:1].lower() + what.replace("`", "")[1:]
    if not path:
        return what[:DETAIL_LIMIT_CHARS]
    is_found, value = _look_up(source, path)
    text = f"{path}={describe_value(value)}: {what}" if is_found else f"{path}: {what}"
    return text[:DETAIL_LIMIT_CHARS]


def _look_up(source: Any, path: str) -> tuple[bool, Any]:
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(source, dict) and step in source:
            source = source[step]
        elif isinstance(source, list) and step.isdecimal() and int(step) < len(source):
            source = source[int(step)]
        else:
            return False, None
    return True, source


def describe_value(value: Any) -> str:
    """A value of a message for a person: long ones cut."""
    if isinstance(value, list):
        return f"array of {len(value)}"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, int) and abs(value) > 10**VALUE_LIMIT_CHARS:
        return "a huge number"
    if value is not None and not isinstance(value, str | int | float):
        return "no value"
    return json.dumps(value)[:VALUE_LIMIT_CHARS]
