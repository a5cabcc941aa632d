"""Hours: measured, idle or missing, and the mass of record.

Lives here: the proof of idleness, the 80 % rule of the EU, the quadrant rule of the EPA, the two masses
of an hour. Does not live here: the substitute for a missing hour (``substitution.py``), time zones.

``measured_kg`` is the integral over covered time. ``record_kg`` is the mean rate times the operating
seconds. They are two numbers and are never added. Idle needs proof; time without data is missing, never idle.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

HOUR_S = 3600.0
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
VALID_SHARE = 0.80  # EU MRR article 44(2)
IDLE_PROOF_S = 600.0
#: Minutes before the hour that a caller passes: the proof looks no further back. Twice the proof, because no boiler
#: heats up and cools down again within a gap of ten minutes. [A]
IDLE_CONTEXT_MINUTES = 20
QUADRANT_MS = 900_000


class HourStatus(StrEnum):
    """The verdict on an hour."""

    MEASURED = "measured"
    IDLE = "idle"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class MinuteFacts:
    """The facts that the readings give about one minute."""

    period_start_ms: int
    kg: float
    covered_s: float  # of the segments that belong to the minute; above 60 for long ones
    is_idle_like: bool  # all segments of the minute were
    is_firing_like: bool  # any segment of the minute was


@dataclass(frozen=True, slots=True)
class HourVerdict:
    """One hour, judged."""

    status: HourStatus
    measured_kg: float
    record_kg: float | None  # None: missing, to be substituted
    covered_s: float  # with proved idle time, at most 3600
    operating_s: float  # 3600 less proved idle time
    idle_s: float  # proved; of an idle hour all that is covered
    coverage_pct: float  # covered_s of 3600


def idle_minutes(minutes: Sequence[MinuteFacts]) -> list[bool]:
    """Return for each minute whether it is proved idle.

    Parameters: ``minutes`` ascending; minutes without data are simply absent. Returns: as long.
    Raises: ValueError when not ascending.

    Notes: A minute is proved idle when it is idle-like and so was all that was seen in the 20 minutes before it, and
    that covers 600 s; the minutes of the proof themselves are not proved, so this never needs the future. A minute that
    by itself stands for 600 s (a mean over an hour) is its own proof. Minutes without data neither prove nor disprove.
    """
    proved: list[bool] = []
    run: list[MinuteFacts] = []
    for index, minute in enumerate(minutes):
        start_ms = minute.period_start_ms
        if index and start_ms <= minutes[index - 1].period_start_ms:
            raise ValueError(f"period_start_ms={start_ms} ms is not after the minute before; sort the minutes")
        if not minute.is_idle_like or minute.is_firing_like:
            run.clear()
            proved.append(False)
            continue
        earliest_ms = start_ms - IDLE_CONTEXT_MINUTES * MINUTE_MS
        while run and run[0].period_start_ms < earliest_ms:
            run.pop(0)
        covered_before_s = math.fsum(earlier.covered_s for earlier in run)
        proved.append(covered_before_s >= IDLE_PROOF_S or minute.covered_s >= IDLE_PROOF_S)
        run.append(minute)
    return proved


def hour_verdict(minutes: Sequence[MinuteFacts], *, hour_start_ms: int) -> HourVerdict:
    """Return the state of an hour, and its two masses.

    Parameters:
    minutes : those of the hour, with up to ``IDLE_CONTEXT_MINUTES`` before it for the proof of
        idleness; ascending, minutes without data absent
    hour_start_ms : start of the hour [Unix ms]

    Returns: ``idle`` when 80 % of the hour are covered, all of that is idle-like, and any minute of it is proved idle;
    ``measured`` from 80 % of the operating seconds covered; otherwise ``missing``, with ``record_kg`` None.
    Raises: ValueError for minutes not ascending, or after the hour.
    Notes: Operating seconds are 3600 less proved idle time; idle time has mass 0 and counts as covered. Over-range time
    is covered: its mass is a lower bound, and so are the masses of the hour.
    ``record_kg = measured_kg / covered operating s * operating s``. Sums by fsum, so that masses given as whole
    micrograms add up to the same bits in any order.
    Source: EU MRR article 44(2) for the 80 %; own choice for idle time (``docs/method.md`` 4).
    """
    if minutes and minutes[-1].period_start_ms >= hour_start_ms + HOUR_MS:
        raise ValueError(
            f"period_start_ms={minutes[-1].period_start_ms} ms is after the hour of {hour_start_ms} ms; "
            "pass the minutes of one hour and of the time before it"
        )
    judged = [
        (minute, is_idle)
        for minute, is_idle in zip(minutes, idle_minutes(minutes), strict=True)
        if minute.period_start_ms >= hour_start_ms
    ]
    seen_s = min(HOUR_S, math.fsum(minute.covered_s for minute, _is_idle in judged))
    if is_eu_hour_valid(covered_s=seen_s) and _is_idle_throughout(judged):
        judged = [(minute, True) for minute, _is_idle in judged]
    idle_s = min(HOUR_S, math.fsum(minute.covered_s for minute, is_idle in judged if is_idle))
    operating_covered_s = math.fsum(minute.covered_s for minute, is_idle in judged if not is_idle)
    measured_kg = math.fsum(minute.kg for minute, is_idle in judged if not is_idle)
    operating_s = HOUR_S - idle_s
    record_kg: float | None = None
    status = HourStatus.MISSING
    if operating_covered_s <= 0.0 and is_eu_hour_valid(covered_s=idle_s):
        status, record_kg = HourStatus.IDLE, 0.0
    elif operating_covered_s > 0.0 and is_eu_hour_valid(covered_s=operating_covered_s, operating_s=operating_s):
        status, record_kg = HourStatus.MEASURED, measured_kg / operating_covered_s * operating_s
    return HourVerdict(
        status=status,
        measured_kg=measured_kg,
        record_kg=record_kg,
        covered_s=seen_s,
        operating_s=operating_s,
        idle_s=idle_s,
        coverage_pct=100.0 * seen_s / HOUR_S,
    )


def _is_idle_throughout(judged: Sequence[tuple[MinuteFacts, bool]]) -> bool:
    """Return whether all that was seen in an hour is idle-like, and some of it proved."""
    return any(is_idle for _minute, is_idle in judged) and all(
        minute.is_idle_like and not minute.is_firing_like for minute, _is_idle in judged
    )


def is_eu_hour_valid(*, covered_s: float, operating_s: float = HOUR_S) -> bool:
    """Return whether at least 80 % of the operating seconds [s] are covered [s].

    Seconds, never a count against 720: a thinned reading covers a minute. Source: EU MRR article 44(2).
    """
    # A millisecond is the resolution of the data; below it, 0.8 of a float is noise.
    return covered_s + 0.0005 >= VALID_SHARE * operating_s


def is_epa_hour_valid(
    valid_t_ms: Iterable[int],
    *,
    hour_start_ms: int,
    operated_quadrants: Sequence[bool] = (True, True, True, True),
    has_maintenance: bool = False,
) -> bool:
    """Return whether an hour is valid by the EPA's quadrant rule.

    Parameters:
    valid_t_ms : times of the valid readings [Unix ms]
    hour_start_ms : start of the hour [Unix ms]
    operated_quadrants : for each quarter of the hour, whether the unit ran in it
    has_maintenance : calibration or maintenance fell in the hour; then two points 15 min apart suffice

    Raises: ValueError for other than four quadrants.
    Notes: One valid point in each 15-minute quadrant in which the unit ran. An hour in which it never ran cannot be
    valid. Source: 40 CFR 60.13(h)(2), 75.10(d)(1).
    """
    if len(operated_quadrants) != 4:
        raise ValueError(f"operated_quadrants has {len(operated_quadrants)} entries; an hour has 4 quadrants")
    inside = sorted(t for t in valid_t_ms if hour_start_ms <= t < hour_start_ms + HOUR_MS)
    if not inside or not any(operated_quadrants):
        return False
    if has_maintenance:
        return inside[-1] - inside[0] >= QUADRANT_MS
    seen = {(t - hour_start_ms) // QUADRANT_MS for t in inside}
    return all(quadrant in seen for quadrant, operated in enumerate(operated_quadrants) if operated)
