"""Rules for one reading beyond its shape: its time, its fault flags, the readings of a mean.

Pure: the clock is an argument. Shapes are in `messages.py`.
"""

from typing import Any

import msgspec

from mqtt_ingest.choices import Reason
from mqtt_ingest.describe import DETAIL_LIMIT_CHARS, describe_error
from mqtt_ingest.messages import LARGEST_SEQ, Reading, Rejection, printable

FUTURE_LIMIT_MS = 2 * 60 * 1000
AGE_LIMIT_MS = 366 * 24 * 3600 * 1000
# Which readings a mean may replace. Without a limit one reading could mark a whole stream as received.
MEAN_LIMIT_COUNT = 32_767

# A required value may be null only when the device says that its sensor failed.
FAULT_FLAGS = (("co2_ppm", 1), ("temperature_c", 2), ("velocity_ms", 4))

Problem = tuple[Reason, str]


def problem_of_time(t: int, now_ms: int) -> Problem | None:
    """Why something measured at `t` is refused, or None."""
    if t > now_ms + FUTURE_LIMIT_MS:
        if (problem := _problem_of_unit(t, now_ms)) is not None:
            return problem
        ahead_s = (t - now_ms) / 1000
        return Reason.FUTURE_TIME, f"t={t} is {ahead_s:.0f} s ahead of the server's clock, the limit is 120 s"
    if t < now_ms - AGE_LIMIT_MS:
        if (problem := _problem_of_unit(t, now_ms)) is not None:
            return problem
        return Reason.TOO_OLD, f"t={t} is {(now_ms - t) / 86_400_000:.0f} days old, the limit is 366 days"
    return None


def problem_of(reading: Reading, now_ms: int) -> Problem | None:
    """Why a reading with the right shape is refused, or None."""
    # Compared here too: the call would cost the common case more than the comparison.
    if not now_ms - AGE_LIMIT_MS <= reading.t <= now_ms + FUTURE_LIMIT_MS:
        return problem_of_time(reading.t, now_ms)
    if reading.co2_ppm is None or reading.temperature_c is None or reading.velocity_ms is None:
        for name, flag in FAULT_FLAGS:
            if getattr(reading, name) is None and not reading.flags & flag:
                return (Reason.BAD_SCHEMA, f"{name}=null needs its fault flag {flag} in flags={reading.flags}")
    if reading.span_s is not None or reading.n is not None or reading.seq_from is not None:
        return _problem_of_mean(reading)
    return None


# Only a time that would be taken in milliseconds is named: a clock that was never set counts them from 1970.
_UNITS = (("seconds", 1000.0), ("microseconds", 1e-3), ("nanoseconds", 1e-6))


def _problem_of_unit(t: float, now_ms: int) -> Problem | None:
    for unit, factor in _UNITS:
        if now_ms - AGE_LIMIT_MS <= t * factor <= now_ms + FUTURE_LIMIT_MS:
            detail = f"t={t} is in {unit}: send Unix milliseconds, which would be {round(t * factor)}"
            return Reason.NOT_MILLISECONDS, detail
    return None


def problem_of_shape(error: msgspec.ValidationError, source: Any, now_ms: int) -> Problem:
    """Why something has not the shape of a reading. `source` is the decoded object, None if unknown."""
    t = source.get("t") if isinstance(source, dict) else None
    detail = describe_error(error, source)
    if detail.startswith("t="):
        # A larger whole number does not fit a float.
        unit = _problem_of_unit(t, now_ms) if isinstance(t, int | float) and abs(t) < 1e30 else None
        if unit is not None:
            return unit
        detail += ": it is a whole number of Unix milliseconds"
    return Reason.BAD_SCHEMA, printable(detail, DETAIL_LIMIT_CHARS)


def _problem_of_mean(reading: Reading) -> Problem | None:
    if reading.span_s is None or reading.n is None or reading.seq_from is None:
        given = f"span_s={reading.span_s}, n={reading.n}, seq_from={reading.seq_from}"
        return Reason.BAD_SCHEMA, f"a mean needs span_s, n and seq_from together, got {given}"
    if reading.seq_from > reading.seq:
        return Reason.BAD_SCHEMA, f"seq_from={reading.seq_from} is above seq={reading.seq}"
    count = reading.seq - reading.seq_from + 1
    named = f"seq_from={reading.seq_from} to seq={reading.seq}"
    if count > MEAN_LIMIT_COUNT:
        return Reason.BAD_SCHEMA, f"{named} are {count} readings, the limit of a mean is {MEAN_LIMIT_COUNT}"
    if reading.n > count:
        return Reason.BAD_SCHEMA, f"n={reading.n} is above the {count} readings of {named}"
    return None


def start_of(seq: int, seq_from: int | None) -> int | None:
    """The first seq of the answer to a refused mean; None if its claim is impossible for a mean."""
    return seq_from if seq_from is not None and 0 <= seq - seq_from < MEAN_LIMIT_COUNT else None


def refuse(reading: Reading, stream: int, problem: Problem, index: int | None = None) -> Rejection:
    """The refusal of a reading with the right shape."""
    reason, detail = problem
    seq_from = start_of(reading.seq, reading.seq_from)
    return Rejection(reason, detail, index, stream, reading.seq, seq_from, reading.t)


def refuse_by_name(seq: object, seq_from: object, stream: int, problem: Problem, index: int) -> Rejection:
    """The refusal of something that is not a reading; it is answered if its `seq` is valid."""
    reason, detail = problem
    number, first = _whole(seq), _whole(seq_from)
    if number is None:
        return Rejection(reason, detail, index, stream)
    return Rejection(reason, detail, index, stream, number, start_of(number, first))


def _whole(value: object) -> int | None:
    return value if type(value) is int and 1 <= value <= LARGEST_SEQ else None
