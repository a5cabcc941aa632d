"""Whether a device runs a new firmware well: pure, from what was seen of it.

Judged are the answer to the command, the version that the device reports, its heartbeat, and its readings against the
same length of time before. All thresholds are our own choices (`docs/operations.md`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mqtt_ingest.choices import CommandState, UpdateProblem, UpdateState

BACK_WITHIN_S = 15 * 60  # download, restart and sign-in over a weak network
WARM_UP_S = 5 * 60  # its first readings are flagged: the sensor warms up
SHORTEST_JUDGED_S = 10 * 60
LARGEST_FALL = 0.05  # of a share
MOST_BAD = 0.1  # share of the other devices


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


def judge(seen: Seen, watch_s: float) -> tuple[UpdateState, UpdateProblem | None]:
    """Fine after `watch_s` without a fault; bad at the first one; until then under way."""
    if (problem := _problem(seen)) is not None:
        return UpdateState.BAD, problem
    is_watched = seen.back_ago_s is not None and seen.back_ago_s >= WARM_UP_S + watch_s
    return UpdateState.FINE if is_watched else UpdateState.UNDER_WAY, None


def _problem(seen: Seen) -> UpdateProblem | None:
    if seen.command == CommandState.FAILED:
        return UpdateProblem.REFUSED
    if seen.command in (CommandState.EXPIRED, CommandState.WITHDRAWN):
        return UpdateProblem.NO_ANSWER
    if seen.back_ago_s is None:
        is_late = seen.answered_ago_s is not None and seen.answered_ago_s > BACK_WITHIN_S
        return UpdateProblem.NOT_BACK if is_late else None
    if not seen.has_new_version:  # it went back by itself
        return UpdateProblem.NOT_BACK
    if not seen.is_online:
        return UpdateProblem.SILENT
    if seen.before is not None and seen.back_ago_s >= WARM_UP_S + SHORTEST_JUDGED_S:
        # Without a single reading since there is nothing good, and all of it is a gap.
        after = seen.after or Shares(good=seen.before.good, received=0.0)
        if seen.before.good - after.good > LARGEST_FALL:
            return UpdateProblem.FEWER_GOOD
        if seen.before.received - after.received > LARGEST_FALL:
            return UpdateProblem.MORE_GAPS
    return None


def is_to_be_halted(states: Sequence[str], *, of_first: bool) -> bool:
    """One bad device among the first is enough; of the others more than a tenth."""
    return states.count(UpdateState.BAD) > (0 if of_first else MOST_BAD * len(states))
