"""The verdict on stack and fuel log: fixed shapes, any series, and the rates that docs/method.md 9 states."""

import math
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science.balance import BalanceVerdict, DayPair, judge
from tests.science.balance_sites import FAULTS, HELD_OUT, TRAINING, false_verdicts, found, share_within

DOCS = Path(__file__).parents[2] / "docs" / "method.md"
SEEDS = HELD_OUT[:100]  # the page states all 300


def days_of(*ratios: float | None, made_kg: float = 10_000) -> list[DayPair]:
    """Days with 23,100 kg of fuel CO2 each; 8 % CO2 in the gas."""
    return [DayPair(None if r is None else 23_100 * r, 23_100, made_kg, 0.08 if r else None) for r in ratios]


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ([None, None], BalanceVerdict.UNKNOWN),
        ([1.0, 1.4, 1.02], BalanceVerdict.NOTHING),
        ([1.0, 0.98, 1.03, 1.01, 0.99, 1.02, 1.5], BalanceVerdict.NOTHING),  # one day alone
        ([1.0, 0.98, 1.03, 1.01, 1.48, 1.52, 1.5], BalanceVerdict.UNLOGGED_FUEL),
        ([1.0, 1.02, None, 0.99, 1.0, 0.6, None, 0.58, 0.6], BalanceVerdict.UNBURNED_FUEL),
        ([1.6, 0.5, 1.3, None, 1.5], BalanceVerdict.NOTHING),  # the side changed: two days alone
        ([1.02, 0.97, 0.9, 0.8, 0.7, 0.65, 0.6, 0.5], BalanceVerdict.SENSOR_DRIFT),
    ],
)
def test_a_site_that_is_not_learned_has_the_band_of_the_start(
    ratios: list[float | None], expected: BalanceVerdict
) -> None:
    last = judge(days_of(*ratios))[-1]

    assert (last.verdict, last.low, last.high, last.is_learned) == (expected, 0.75, 1.25, False)


def test_a_learned_band_follows_the_site_and_finds_a_step_inside_the_first_one() -> None:
    """60 days near 0.90, then 15 % of the wood is not logged: 0.90 / 0.85 = 1.06, well inside 0.75 to 1.25."""
    honest = [0.90 * math.exp(0.03 * math.sin(5 * day)) for day in range(60)]
    days = days_of(*honest)
    days += [DayPair(day.stack_kg, 23_100 * 0.85, 10_000, 0.08) for day in days_of(*[0.90] * 5)]

    judged = judge(days)

    assert {day.verdict for day in judged[:60]} == {BalanceVerdict.NOTHING}
    last = judged[-1]
    assert last.is_learned
    assert last.low == pytest.approx(0.75 * 0.90, rel=0.02)  # the median of 37 days of a sine of 3 %
    assert last.verdict is BalanceVerdict.UNLOGGED_FUEL
    assert last.changes is not None
    assert (last.changes.first, last.is_apart) == (60, True)
    # 1 / 0.85 - 1 = 17.6 % more in the ratio, 15 % less wood for each kg made; the gas did not change.
    assert last.changes.ratio == pytest.approx(0.176, abs=0.01)
    assert last.changes.fuel_per_kg == pytest.approx(-0.15, abs=0.01)
    assert last.changes.co2 == pytest.approx(0.0, abs=1e-9)


def test_fire_without_production_waits_until_production_is_due() -> None:
    days = days_of(*[1.0] * 10)
    burned = DayPair(23_100, 23_100, 0.0, 0.08)
    unwritten = DayPair(23_100, 23_100, None, 0.08, production_is_due=False)
    warm_up = DayPair(2_000, 2_000, 0.0, 0.08)

    due = replace(unwritten, production_is_due=True)
    never_written = [replace(day, made_kg=None) for day in days]

    assert judge([*days, due])[-1].verdict is BalanceVerdict.NO_PRODUCTION
    assert judge([*never_written, due])[-1].verdict is BalanceVerdict.NOTHING  # the alarm of a missing log says it
    assert judge([*days, burned])[-1].verdict is BalanceVerdict.NO_PRODUCTION
    assert judge([*days, unwritten])[-1].verdict is BalanceVerdict.NOTHING
    assert judge([*days, warm_up])[-1].verdict is BalanceVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("made_kg", "co2_fraction", "expected"),
    [
        (10_000, 0.064, BalanceVerdict.FALSE_AIR),  # 20 % less CO2: 25 % more gas holds the carbon of the stack
        (6_000, 0.08, BalanceVerdict.NOTHING),  # as much more gas for each kg made, from less made of the same fire
    ],
)
def test_air_in_the_duct_of_a_quiet_site_is_seen_by_its_co2(
    made_kg: float, co2_fraction: float, expected: BalanceVerdict
) -> None:
    """The log and the gas of its days vary by less than 4 %, so that either is a shift of more than ten sigmas."""
    after = [DayPair(23_100, 23_100, made_kg, co2_fraction)] * 5

    assert judge([*days_of(*[1.0] * 40), *after])[-1].verdict is expected


def test_held_out_seeds_are_not_those_that_chose_the_thresholds() -> None:
    assert not set(HELD_OUT) & set(TRAINING)


def test_fifteen_percent_unlogged_is_found_within_a_week() -> None:
    cases = [found(seed, FAULTS[0]) for seed in SEEDS]

    assert share_within(cases, 7) >= 0.90
    assert share_within(cases, 28) >= 0.98


def test_an_honest_site_gets_at_most_one_false_verdict_a_year() -> None:
    assert sum(len(false_verdicts(seed)) for seed in SEEDS) / len(SEEDS) <= 1.0


@pytest.mark.parametrize(("fault", "least"), list(zip(FAULTS[1:], (0.98, 0.95, 0.95, 0.75, 0.90, 0.98), strict=True)))
def test_other_faults_are_told_apart_within_four_weeks(fault: object, least: float) -> None:
    cases = [found(seed, fault) for seed in SEEDS[:40]]  # type: ignore[arg-type]

    assert share_within(cases, 28) >= least


def test_the_page_states_every_fault() -> None:
    text = DOCS.read_text(encoding="utf-8")

    assert all(re.search(rf"^\| {re.escape(fault.name)} \|", text, re.MULTILINE) for fault in FAULTS)


_mass = st.one_of(st.none(), st.just(0.0), st.floats(1e-3, 1e6))


@given(st.lists(st.builds(DayPair, _mass, _mass, _mass, st.one_of(st.none(), st.floats(0, 0.2))), max_size=60))
def test_any_days_have_a_verdict_that_later_days_do_not_change(days: list[DayPair]) -> None:
    judged = judge(days)

    assert [day.verdict for day in judge(days[:-1])] == [day.verdict for day in judged[:-1]]
    assert all(day.low < day.high for day in judged)
    assert all(later.changes is None or later.changes.first <= at for at, (_b, later) in enumerate(pairwise(judged), 1))


@pytest.mark.parametrize("mass", [-0.1, math.nan, math.inf])
def test_impossible_masses_are_refused(mass: float) -> None:
    with pytest.raises(ValueError, match="check both masses"):
        judge([DayPair(stack_kg=mass)])
