"""Reads JSON in which a number is `NaN`, `Infinity`, or the `nan`, `inf`, `-nan` of a C printf. Pure.

None of them is JSON, but libraries and printf write them for a sensor without a value, and one of them must not cost
its message. Time grows linearly with the text, whatever is in it: 64 KiB take at most 20 ms.
"""

import json
import re
from typing import Any

from lib.numbers import vanishes
from mqtt_ingest.messages import PAYLOAD_LIMIT_BYTES

NUMBER_LIMIT_CHARS = 400  # digits of a whole number; a float cannot hold more

# Strings are matched first, so that words in them stay; one without an end reaches to the end of the text. `ovf` is
# written by Arduino, 1.#INF00, 1.#QNAN0 and nan(ind) by Windows.
_STRING_OR_WORD = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
    r"|(?<![\w.])(?P<sign>[-+]?)(?:1\.\#)?(?:(?P<nan>(?:q|s)?nan|ind)(?:\(\w{0,20}\))?|inf(?:inity)?|ovf)0*(?!\w)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)


class NoNumber:
    """A NaN or an Infinity in the message, or a number that a float would take for 0."""

    def __init__(self, text: str, why: str = "is no JSON") -> None:
        self.text, self.why = text, why


def decode(payload: bytes) -> Any:
    """The content, with a `NoNumber` for each such word.

    Raises ValueError or RecursionError when it is no JSON in other respects.
    """
    text = payload.decode()
    try:
        return _loads(text)
    except ValueError:
        if len(payload) > PAYLOAD_LIMIT_BYTES:
            raise
        return _loads(_STRING_OR_WORD.sub(_as_constant, text))


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=NoNumber, parse_int=_whole_number, parse_float=_exact_float)


def _as_constant(match: re.Match[str]) -> str:
    if match["sign"] is None:
        return match[0]
    return "NaN" if match["nan"] else f"{match['sign'].rstrip('+')}Infinity"


def _exact_float(text: str) -> float | NoNumber:
    return NoNumber(text[:NUMBER_LIMIT_CHARS], "is too small for a float") if vanishes(text) else float(text)


def _whole_number(text: str) -> int | float:
    return int(text) if len(text) <= NUMBER_LIMIT_CHARS else float(text)


def find_no_number(value: Any) -> str | None:
    """`field=NaN: ...` for the first one in there. Not recursive, because a device chooses the depth."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, NoNumber):
            return f"{path or 'reading'}={one.text} {one.why}: send null, with the sensor's fault flag"
        if isinstance(one, dict):
            waiting.extend((path or name, inner) for name, inner in one.items())
        elif isinstance(one, list):
            waiting.extend((path, inner) for inner in one)
    return None
