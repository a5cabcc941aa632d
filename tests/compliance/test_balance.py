"""Stack against fuel of sites, from their site days, by the reads and by the API."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from compliance.balance import DAYS, balance, balances, ratios
from compliance.balance_words import balance_sentence
from compliance.models import SiteDay
from factories.models import Factory
from science.balance import BalanceVerdict
from tests import make
from tests.compliance.test_fire import fire_under
from tests.leaderboard import build_days as build
from tests.leaderboard.build_days import LAST, NOW, a_day

pytestmark = pytest.mark.django_db


def put_days(factory: Factory, *stack_kg: int | None, **more: Any) -> None:
    """The last days, each with 10,000 kg in the log."""
    for back, kg in enumerate(reversed(stack_kg)):
        figures = {"heat_carbon_co2_kg": Decimal(10_000), "has_heat": True} | more
        figures["stack_filled_co2_kg"] = None if kg is None else Decimal(kg)
        SiteDay.objects.bulk_create([a_day(factory, LAST - timedelta(days=back), **(build.usual() | figures))])


def test_a_list_of_sites_reads_its_ratios_at_once(django_assert_num_queries: Any) -> None:
    first, second = make.make_factory(), make.make_factory()
    put_days(first, None, 15_000)

    with django_assert_num_queries(1):
        found = ratios([first, second], NOW)

    days = dict(found[first.pk])
    assert len(days) == DAYS
    assert (days[LAST], days[LAST - timedelta(days=1)]) == (1.5, None)
    assert set(dict(found[second.pk]).values()) == {None}
    assert balances([], NOW) == {}


def test_wood_that_is_not_logged_is_said_in_stacked_m3() -> None:
    """Three days of 3,712.5 kg CO2 more; a stacked m3 of wood of 30 % becomes 618.75 kg: 3 x 6 = 18 m3."""
    site = make.make_factory()
    fire_under(make.make_assignment(chimney=make.make_chimney(factory=site)))
    put_days(site, *[10_000] * 7, 13_712, 13_713, 13_712)

    found = balances([site], NOW)[site.pk]

    assert found.last.judged.verdict is BalanceVerdict.UNLOGGED_FUEL
    assert balance_sentence(site, found, NOW) == (
        "Stack shows more wood than the log (about 18 m3 from 19 Nov to 21 Nov). Was a delivery not written?"
    )


def test_a_sensor_at_the_end_of_its_range_accuses_nobody() -> None:
    """What it shows is a lower bound: the day has no ratio."""
    site = make.make_factory()
    put_days(site, *[6_000] * 5, is_stack_lower_bound=True)

    found = balance(site, LAST - timedelta(days=4), LAST, NOW)

    assert [ratio for _day, ratio in found.ratios] == [None] * 5
    assert (found.last.judged.verdict, found.departure) == (BalanceVerdict.UNKNOWN, None)


def test_tea_that_is_not_written_is_asked_for() -> None:
    site = make.make_factory()
    put_days(site, *[10_000] * 3)
    SiteDay.objects.filter(day=LAST).update(made_kg=0)

    found = balances([site], NOW)[site.pk]

    assert balance_sentence(site, found, NOW) == (
        "The fire burned on 21 Nov and no made tea is written. Was it a warm-up?"
    )
