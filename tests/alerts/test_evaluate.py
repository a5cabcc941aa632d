"""When an alarm opens, stays and closes: limits, noise, gaps, hours, and what somebody closed."""

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from alerts.evaluate import (
    Point,
    Step,
    Threshold,
    is_between,
    opens_again,
    passage,
    step_of_end,
    step_of_fact,
    step_of_passage,
)
from alerts.models import Alert

HIGH = Threshold(limit=170_000, hysteresis=5_000, sign=1, duration_s=300)
LOW = Threshold(limit=10_000, hysteresis=2_000, sign=-1, duration_s=300)
OPEN = Alert()
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def minutes(*values: float | None, start_s: float = 0.0) -> list[Point]:
    return [Point(start_s + 60 * i, start_s + 60 * (i + 1), value) for i, value in enumerate(values)]


def step(
    points: Sequence[Point], live: Alert | None = None, threshold: Threshold = HIGH, *, watched: bool = True
) -> Step:
    found = passage(points, threshold, was_beyond=live is not None)
    return step_of_passage(found, threshold, live, is_watched=watched)


def test_it_opens_when_the_limit_was_passed_for_the_duration() -> None:
    assert step(minutes(90_000, *[175_000] * 4)) is Step.NONE
    assert step(minutes(90_000, *[175_000] * 5)) is Step.OPEN
    assert step(minutes(*[170_000] * 9)) is Step.NONE  # at the limit is not beyond it
    assert step(minutes(90_000, *[9_000] * 5), threshold=LOW) is Step.OPEN
    assert step(minutes(*[175_000] * 9), watched=False) is Step.NONE


def test_between_limit_and_hysteresis_nothing_changes() -> None:
    band = [167_000.0] * 4

    assert step(minutes(90_000, 175_000, *band)) is Step.OPEN
    assert step(minutes(90_000, *band, 167_000)) is Step.NONE
    assert step(minutes(175_000, *band, *band), OPEN) is Step.STAY


def test_it_closes_when_the_value_was_back_for_as_long() -> None:
    assert step(minutes(175_000, *[165_000] * 4), OPEN) is Step.STAY
    assert step(minutes(175_000, *[165_000] * 5), OPEN) is Step.CLOSE
    assert step(minutes(175_000, *[90_000] * 4, 175_000, 90_000), OPEN) is Step.STAY
    assert step([], OPEN) is Step.STAY  # no data is missing, and no reason to close


def test_the_begin_of_a_step_is_known_to_some_seconds() -> None:
    """A step from 90,000 to 180,000 at 20 s of the third minute gives that minute 20 x 90,000 and 40 x 180,000."""
    mean = (20 * 90_000 + 40 * 180_000) / 60  # 150,000, below the limit

    found = passage(minutes(90_000, 90_000, mean, 180_000, 180_000), HIGH, was_beyond=False)

    assert found.since_s == pytest.approx(2 * 60 + 20)
    late = (10 * 90_000 + 50 * 190_000) / 60  # 173,333: at 10 s, and that minute is beyond the limit itself
    found = passage(minutes(90_000, 90_000, late, 190_000), HIGH, was_beyond=False)
    assert found.since_s == pytest.approx(2 * 60 + 10)


def test_over_a_gap_nothing_is_known() -> None:
    early, late = minutes(*[175_000] * 3), minutes(*[175_000] * 2, start_s=60 * 20)

    assert step(early + late) is Step.NONE
    assert step(minutes(175_000, None, None, 175_000, 175_000)) is Step.OPEN  # two minutes without a valid value
    assert passage(early + late, HIGH, was_beyond=False, interval_s=600).is_beyond  # a slow device
    assert step(early + late, OPEN) is Step.STAY


@pytest.mark.parametrize("spread", [0.002, 0.01, 0.02, 0.05])
def test_ten_thousand_readings_of_noise_around_a_limit_are_one_alarm(spread: float) -> None:
    """A reading each 5 s for 14 h, around the limit by up to 5 % of it; the hysteresis is 2.9 %. Judged each 15 s."""
    chance = random.Random(20261130)
    readings = [Point(5.0 * i, 5.0 * (i + 1), chance.gauss(HIGH.limit, spread * HIGH.limit)) for i in range(10_000)]
    means = [
        Point(part[0].start_s, part[-1].end_s, math.fsum(p.value or 0 for p in part) / len(part))
        for part in (readings[i : i + 12] for i in range(0, len(readings), 12))
    ]
    live: Alert | None = None
    alarms = reopened = 0
    closed_s = -math.inf

    for at_s in range(60, 50_000, 15):
        window = [p for p in means[max(0, at_s // 60 - 12) : at_s // 60] if p.end_s <= at_s]
        taken = step(window, live)
        if taken is Step.OPEN:
            live = OPEN
            again = at_s - closed_s <= 3600
            alarms, reopened = alarms + (not again), reopened + again
        elif taken is Step.CLOSE:
            live, closed_s = None, at_s

    assert alarms == 1
    # Noise that passes the hysteresis too may open the same alarm again.
    assert reopened == 0 or spread * HIGH.limit > HIGH.hysteresis


def test_what_somebody_closed_does_not_open_anew_while_it_is_so() -> None:
    muted = Alert(closed_at=NOW)

    assert step(minutes(*[175_000] * 12), muted) is Step.STAY
    assert step(minutes(175_000, 90_000), muted) is Step.CLEAR


def fact(began_at: datetime, alert: Alert | None, *, watched: bool = True) -> Step:
    return step_of_fact(began_at, alert, NOW, duration=timedelta(minutes=15), is_watched=watched)


def end(alert: Alert) -> Step:
    return step_of_end(alert, NOW, calm=timedelta(minutes=5))


def test_a_fact_opens_after_its_duration_and_closes_after_its_calm() -> None:
    assert fact(NOW - timedelta(minutes=14), None) is Step.NONE
    assert fact(NOW - timedelta(minutes=15), None) is Step.OPEN
    assert fact(NOW - timedelta(minutes=15), None, watched=False) is Step.NONE
    assert fact(NOW - timedelta(hours=2), OPEN) is Step.STAY
    assert end(OPEN) is Step.CLEAR  # over since this moment, and still open
    assert end(Alert(cleared_at=NOW - timedelta(minutes=5))) is Step.CLOSE
    assert step_of_end(OPEN, NOW, timedelta(0)) is Step.CLOSE


def test_a_fact_that_began_after_somebody_closed_the_alarm_is_new() -> None:
    muted = Alert(closed_at=NOW - timedelta(hours=1))

    assert fact(NOW - timedelta(hours=2), muted) is Step.STAY
    assert fact(NOW - timedelta(minutes=30), muted) is Step.OPEN
    assert end(muted) is Step.CLEAR


def test_the_hours_of_a_rule_may_pass_midnight() -> None:
    assert [h for h in range(24) if is_between(h, 20, 6)] == [0, 1, 2, 3, 4, 5, 20, 21, 22, 23]
    assert [h for h in range(24) if is_between(h, 6, 8)] == [6, 7]


def test_an_alarm_opens_again_within_the_hour() -> None:
    assert opens_again(NOW, NOW + timedelta(hours=1))
    assert not opens_again(NOW, NOW + timedelta(hours=1, seconds=1))
