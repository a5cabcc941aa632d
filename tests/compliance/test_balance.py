"""Daily ratios of stack to fuel of sites, from their site days."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from compliance.balance import DAYS, Balance, BalanceDay, balances
from compliance.models import SiteDay
from science.balance import BalanceShape
from tests import make
from tests.leaderboard import build_days as build
from tests.leaderboard.build_days import LAST, NOW, a_day

pytestmark = pytest.mark.django_db


def test_each_day_has_its_ratio_and_a_day_without_a_stack_none(django_assert_num_queries: Any) -> None:
    first, second = make.make_factory(), make.make_factory()
    stack = {"stack_filled_co2_kg": Decimal(1500), "heat_carbon_co2_kg": Decimal(1000)}
    SiteDay.objects.bulk_create(
        [
            a_day(first, LAST, **(build.usual() | stack | {"has_heat": True})),
            a_day(first, LAST - timedelta(days=1), **(build.usual() | build.NO_STACK | {"has_heat": True})),
        ]
    )

    with django_assert_num_queries(1):
        found = balances([first, second], NOW)

    days = dict(found[first.pk].ratios)
    assert len(days) == DAYS
    assert (days[LAST], days[LAST - timedelta(days=1)]) == (1.5, None)
    assert found[first.pk].shape is BalanceShape.ABOVE
    assert found[second.pk].shape is BalanceShape.UNKNOWN
    assert balances([], NOW) == {}


def test_the_run_outside_the_band_ends_where_the_side_changes() -> None:
    """1.5 and 1.3 are above 1.25; before them 0.5 is below, and a day without a figure is passed over."""
    ratios = [1.6, 0.5, 1.3, None, 1.5]
    days = [
        (LAST + timedelta(days=n), None if ratio is None else BalanceDay(LAST + timedelta(days=n), 1000 * ratio, 1000))
        for n, ratio in enumerate(ratios)
    ]

    assert [day.ratio for day in Balance(tuple(days)).run_outside(0.25)] == [1.3, 1.5]
    assert Balance(tuple(days)).run_outside(0.5) == []  # at the edge is inside
    assert [day.ratio for day in Balance(tuple(days[:2])).run_outside(0.25)] == [0.5]
