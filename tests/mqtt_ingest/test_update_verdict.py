"""The decision about a device in a roll-out: each fault, each wait, and the thresholds."""

import pytest

from mqtt_ingest.choices import CommandState, UpdateProblem, UpdateState
from mqtt_ingest.update_verdict import (
    BACK_WITHIN_S,
    LARGEST_FALL,
    SHORTEST_JUDGED_S,
    WARM_UP_S,
    Seen,
    Shares,
    is_to_be_halted,
    judge,
)

WATCH_S = 3600.0
BEFORE = Shares(good=0.98, received=0.99)
WELL = {
    "command": CommandState.ACKNOWLEDGED,
    "answered_ago_s": 5000.0,
    "has_new_version": True,
    "back_ago_s": WARM_UP_S + WATCH_S,
    "is_online": True,
    "before": BEFORE,
    "after": Shares(good=0.97, received=0.99),
}
WAIT, FINE, BAD = UpdateState.UNDER_WAY, UpdateState.FINE, UpdateState.BAD


@pytest.mark.parametrize(
    ("seen", "verdict", "problem"),
    [
        ({}, FINE, None),
        ({"back_ago_s": WARM_UP_S + WATCH_S - 1}, WAIT, None),
        ({"command": CommandState.QUEUED, "answered_ago_s": None, "back_ago_s": None, "is_online": False}, WAIT, None),
        ({"command": CommandState.FAILED, "back_ago_s": None}, BAD, UpdateProblem.REFUSED),
        ({"command": CommandState.EXPIRED, "back_ago_s": None}, BAD, UpdateProblem.NO_ANSWER),
        ({"command": CommandState.WITHDRAWN, "back_ago_s": None}, BAD, UpdateProblem.NO_ANSWER),
        ({"answered_ago_s": BACK_WITHIN_S, "back_ago_s": None}, WAIT, None),
        ({"answered_ago_s": BACK_WITHIN_S + 1, "back_ago_s": None}, BAD, UpdateProblem.NOT_BACK),
        ({"has_new_version": False}, BAD, UpdateProblem.NOT_BACK),  # it went back by itself
        ({"is_online": False}, BAD, UpdateProblem.SILENT),
        ({"after": Shares(good=0.98 - LARGEST_FALL - 0.001, received=0.99)}, BAD, UpdateProblem.FEWER_GOOD),
        ({"after": Shares(good=0.98, received=0.99 - LARGEST_FALL - 0.001)}, BAD, UpdateProblem.MORE_GAPS),
        ({"after": Shares(good=0.98 - LARGEST_FALL + 0.001, received=0.99 - LARGEST_FALL + 0.001)}, FINE, None),
        ({"after": None}, BAD, UpdateProblem.MORE_GAPS),
        ({"after": Shares(0.0, 0.0), "back_ago_s": WARM_UP_S + SHORTEST_JUDGED_S - 1}, WAIT, None),  # it warms up
        ({"after": Shares(0.0, 0.9), "back_ago_s": WARM_UP_S + SHORTEST_JUDGED_S}, BAD, UpdateProblem.FEWER_GOOD),
        ({"before": None, "after": None}, FINE, None),  # nothing to compare with: heartbeat and version alone
    ],
)
def test_a_device_is_judged(seen: dict[str, object], verdict: UpdateState, problem: UpdateProblem | None) -> None:
    assert judge(Seen(**(WELL | seen)), WATCH_S) == (verdict, problem)


def test_one_bad_first_device_halts_and_of_the_others_more_than_a_tenth() -> None:
    assert is_to_be_halted([FINE, BAD], of_first=True)
    assert not is_to_be_halted([FINE, WAIT], of_first=True)
    assert not is_to_be_halted([BAD] + 9 * [FINE], of_first=False)  # 1 of 10
    assert is_to_be_halted(2 * [BAD] + 9 * [FINE], of_first=False)  # 2 of 11: above 1.1
    assert is_to_be_halted([BAD, WAIT], of_first=False)
    assert not is_to_be_halted([], of_first=False)
