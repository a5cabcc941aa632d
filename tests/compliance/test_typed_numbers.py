"""Exact tests of how numbers are typed: worked examples, patterns put into honest logs, the rate of honest sites."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from compliance.typed_numbers import TypedDay, TypingPattern, findings, fisher_p, permutation_p
from tests.compliance.typing_sites import HELD_OUT, hints_of_a_year, simulated_log

MONTH = date(2025, 10, 1)
NEXT = date(2025, 11, 1)


def test_fisher_is_exact() -> None:
    """Fisher's tea lady: 3 or more of her 4 cups right, of 4 milk first among 8: (16 + 1) / 70."""
    assert fisher_p(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert fisher_p(0, 5, 3, 40) == 1.0
    # 10 of 10 in the month, 0 of 10 before: one way of C(20, 10) = 184,756.
    assert fisher_p(10, 10, 0, 10) == pytest.approx(1 / 184_756)


def test_the_permutation_test_counts_every_choice() -> None:
    # Of the 10 pairs out of 1, 2, 3, 8, 9 only 8 + 9 sums to 17 or more.
    assert permutation_p([8, 9], [1, 2, 3]) == pytest.approx(1 / 10)
    assert permutation_p([2, 2], [2, 2, 2]) == 1.0
    assert permutation_p([1.0] * 20, [1.0] * 200) is None


def _round(place: int, day: TypedDay) -> TypedDay:
    return replace(day, amount=Decimal(round(day.amount / 10) * 10))


def _copy(place: int, day: TypedDay) -> TypedDay:
    return replace(day, amount=Decimal(31 + place // 3))


def _late(place: int, day: TypedDay) -> TypedDay:
    return replace(day, written_on=date(2025, 10, 31))


def _heap(place: int, day: TypedDay) -> TypedDay:
    return replace(day, amount=2 * day.amount) if day.day > date(2025, 10, 28) else day


@pytest.mark.parametrize(
    ("typed", "pattern"),
    [
        (_round, TypingPattern.ROUND_TEN),
        (_copy, TypingPattern.COPIED),
        (_late, TypingPattern.LATE_AT_END),
        (_heap, TypingPattern.HIGH_AT_END),
    ],
)
def test_a_pattern_in_a_month_is_named(typed: Callable[[int, TypedDay], TypedDay], pattern: TypingPattern) -> None:
    log = simulated_log(1)
    before = {found.pattern for named in findings(log, MONTH).values() for found in named}
    wood = [typed(n, day) if MONTH <= day.day < NEXT else day for n, day in enumerate(log["firewood"])]

    (found,) = [one for one in findings(log | {"firewood": wood}, MONTH)["firewood"] if one.pattern is pattern]

    assert pattern not in before
    assert found.p < 0.01
    assert found.recent > found.usual


def test_two_boilers_are_typed_as_one_is() -> None:
    """Each has its own entry a day: 31 and 32 on each day of the month, and twice as much on its last three."""
    log = simulated_log(1)["firewood"]
    second = [replace(day, amount=day.amount + 7) for day in log]
    both = sorted([*log, *second], key=lambda day: day.day)
    changed = [
        replace(day, amount=Decimal(31 + n % 2 + (31 if day.day > date(2025, 10, 28) else 0)))
        if MONTH <= day.day < NEXT
        else day
        for n, day in enumerate(both)
    ]

    found = {one.pattern for one in findings({"firewood": changed}, MONTH)["firewood"]}

    assert {TypingPattern.COPIED, TypingPattern.HIGH_AT_END} <= found


def test_a_short_log_and_zeros_say_nothing() -> None:
    days = [TypedDay(MONTH + timedelta(days=n - 50), Decimal(10), MONTH) for n in range(80)]
    zeros = [TypedDay(MONTH - timedelta(days=300 - n), Decimal(0), MONTH) for n in range(330)]

    assert findings({"firewood": days, "made_tea": zeros}, MONTH) == {}


def test_an_honest_site_gets_less_than_one_hint_a_year() -> None:
    counts = [len(hints_of_a_year(simulated_log(seed))) for seed in HELD_OUT[:60]]

    assert sum(counts) / len(counts) <= 1.0
    assert "0.28 hints a year" in (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
