"""Whether a device runs a new firmware well: pure, from what was seen of it.

Judged are the answer to the command, the version that the device reports, its heartbeat, and its readings against the
same length of time before. All thresholds are our own choices (`docs/operations.md`).
"""

from dataclasses import dataclass
from enum import StrEnum

from mqtt_ingest.choices import CommandState, UpdateProblem

BACK_WITHIN_S = 15 * 60  # download, restart and sign-in over a weak network
WARM_UP_S = 5 * 60  # its first readings are flagged: the sensor warms up
SHORTEST_JUDGED_S = 10 * 60
LARGEST_FALL = 0.05  # of a share
MOST_BAD = 0.1  # share of the other devices


class UpdateVerdict(StrEnum):
    WAIT = "wait"
    FINE = "fine"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the readings in a stretch of time: how many were good, and how much of the time they cover. 0 to 1."""

    good: float
    received: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one device since it was given the command. Times in seconds; None: not yet."""

    command: CommandState
    answered_ago_s: float | None
    has_new_version: bool
    back_ago_s: float | None
    is_online: bool
    before: Shares | None  # None: no readings to compare with
    after: Shares | None  # since its warm-up


def judge(seen: Seen, watch_s: float) -> tuple[UpdateVerdict, UpdateProblem | None]:
    """Fine after `watch_s` without a fault; bad at the first one."""
    if seen.command == CommandState.FAILED:
        return UpdateVerdict.BAD, UpdateProblem.REFUSED
    if seen.command in (CommandState.EXPIRED, CommandState.WITHDRAWN):
        return UpdateVerdict.BAD, UpdateProblem.NO_ANSWER
    if seen.back_ago_s is None:
        is_late = seen.answered_ago_s is not None and seen.answered_ago_s > BACK_WITHIN_S
        return (UpdateVerdict.BAD, UpdateProblem.NOT_BACK) if is_late else (UpdateVerdict.WAIT, None)
    if not seen.has_new_version:  # it went back by itself
        return UpdateVerdict.BAD, UpdateProblem.NOT_BACK
    if not seen.is_online:
        return UpdateVerdict.BAD, UpdateProblem.SILENT
    if seen.before is not None and seen.back_ago_s >= WARM_UP_S + SHORTEST_JUDGED_S:
        # Without a single reading since there is nothing good, and all of it is a gap.
        after = seen.after or Shares(good=seen.before.good, received=0.0)
        if seen.before.good - after.good > LARGEST_FALL:
            return UpdateVerdict.BAD, UpdateProblem.FEWER_GOOD
        if seen.before.received - after.received > LARGEST_FALL:
            return UpdateVerdict.BAD, UpdateProblem.MORE_GAPS
    return (UpdateVerdict.FINE if seen.back_ago_s >= WARM_UP_S + watch_s else UpdateVerdict.WAIT), None


def is_to_be_halted(verdicts: list[UpdateVerdict], *, of_first: bool) -> bool:
    """One bad device among the first is enough; of the others more than a tenth."""
    bad_count = verdicts.count(UpdateVerdict.BAD)
    return bad_count > (0 if of_first else MOST_BAD * len(verdicts))
