"""Periods, due dates and the register of schemes."""

from datetime import date

import pytest

from compliance.schemes import DueRule, PeriodRule, schemes

YEAR, INDIAN_YEAR, MONTH = PeriodRule(), PeriodRule(starts_in=4), PeriodRule(months=1)
HALF_YEAR, CBAM = PeriodRule(months=6, starts_in=4), PeriodRule(at_least_months=3)


@pytest.mark.parametrize(
    ("rule", "first", "end", "is_allowed"),
    [
        (YEAR, date(2025, 1, 1), date(2026, 1, 1), True),
        (YEAR, date(2025, 4, 1), date(2026, 4, 1), False),
        (YEAR, date(2025, 1, 2), date(2026, 1, 1), False),
        (INDIAN_YEAR, date(2025, 4, 1), date(2026, 4, 1), True),
        (MONTH, date(2025, 12, 1), date(2026, 1, 1), True),
        (HALF_YEAR, date(2025, 10, 1), date(2026, 4, 1), True),
        (HALF_YEAR, date(2025, 9, 1), date(2026, 3, 1), False),
        (CBAM, date(2025, 5, 1), date(2025, 8, 1), True),
        (CBAM, date(2025, 5, 1), date(2025, 7, 1), False),
        (CBAM, date(2025, 1, 1), date(2026, 2, 1), False),
    ],
)
def test_a_rule_allows_its_periods_alone(rule: PeriodRule, first: date, end: date, is_allowed: bool) -> None:
    assert rule.allows(first, end) is is_allowed


def test_the_last_period_that_is_over() -> None:
    assert YEAR.last_over(date(2026, 11, 30)) == (date(2025, 1, 1), date(2026, 1, 1))
    assert YEAR.last_over(date(2026, 1, 1)) == (date(2025, 1, 1), date(2026, 1, 1))
    assert INDIAN_YEAR.last_over(date(2026, 3, 31)) == (date(2024, 4, 1), date(2025, 4, 1))
    assert HALF_YEAR.last_over(date(2026, 11, 30)) == (date(2026, 4, 1), date(2026, 10, 1))
    assert MONTH.last_over(date(2026, 1, 31)) == (date(2025, 12, 1), date(2026, 1, 1))


def test_a_report_is_due_so_many_months_after_its_period() -> None:
    assert DueRule(months_after=9, day=30).due(date(2026, 1, 1)) == date(2026, 9, 30)
    assert DueRule(months_after=2, day=31).due(date(2026, 1, 1)) == date(2026, 2, 28)


def test_the_register_holds_each_scheme_by_its_code() -> None:
    assert all(code == scheme.code for code, scheme in schemes().items())
