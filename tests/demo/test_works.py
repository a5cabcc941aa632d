"""Laws of what a simulated factory makes and burns: the size of a real one, and nothing lost between days."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import cast, works
from demo.works import DAY_S

ANCHOR_DAY = 20_779  # 2026-11-22
NAMES = [factory.name for factory in cast.factories()]
MOMENTS_S = st.integers(int((ANCHOR_DAY - 400) * DAY_S), int(ANCHOR_DAY * DAY_S))


def year_of(name: str) -> tuple[float, float]:
    """Tea and wood of a year [kg]."""
    return cast.works_of(name, ANCHOR_DAY).between((ANCHOR_DAY - 365) * DAY_S, ANCHOR_DAY * DAY_S)


def test_a_year_has_the_size_that_the_sector_reports() -> None:
    years = [year_of(name) for name in NAMES]

    tea_kg = sum(tea for tea, _wood in years)
    wood_kg = sum(wood for _tea, wood in years)
    assert 4.0e6 < tea_kg / 67 < 4.6e6
    assert 1.79 < wood_kg / tea_kg < 2.3  # the KTDA benchmarks of docs/sources.md
    assert all(1.4 < wood / tea < 3.0 for tea, wood in years)


def test_the_stack_of_an_average_day_is_that_of_the_model_factory() -> None:
    rates = [cast.works_of(name).co2_kg_per_s for name in NAMES]

    assert 0.45 < sum(rates) / 67 < 0.65  # 0.61 kg/s over 6,000 h by the default factor, 0.51 by carbon
    hours = [cast.works_of(name).shift_s / 3600 for name in NAMES]
    assert 15.5 < sum(hours) / 67 < 17.5


@given(name=st.sampled_from(NAMES), moments=st.lists(MOMENTS_S, min_size=3, max_size=3, unique=True))
def test_the_work_between_two_moments_is_the_sum_of_its_parts(name: str, moments: list[int]) -> None:
    first, middle, last = sorted(moments)
    own = cast.works_of(name, ANCHOR_DAY)

    whole = own.between(first, last)
    parts = own.between(first, middle), own.between(middle, last)

    assert whole[0] == pytest.approx(parts[0][0] + parts[1][0], abs=1e-3)
    assert whole[1] == pytest.approx(parts[0][1] + parts[1][1], abs=1e-3)


def test_leaf_follows_rain_and_the_week() -> None:
    may, august = (works.season(ANCHOR_DAY - 365 + day) for day in (174, 266))
    own = cast.works_of("Litein Tea Factory")
    sundays = [own.shift(ANCHOR_DAY - 7 * week) for week in range(40)]
    wednesdays = [own.shift(ANCHOR_DAY - 4 - 7 * week) for week in range(40)]

    assert may > 1.3 * august
    assert sum(s.tea_kg for s in sundays if s) < 0.9 * sum(s.tea_kg for s in wednesdays if s)


def test_some_factories_rest_on_sundays_and_litein_does_not() -> None:
    resting = {name for name in NAMES if cast.works_of(name).shift(ANCHOR_DAY) is None}  # a Sunday

    assert 3 <= len(resting) <= 10
    assert cast.MANAGED_FACTORY not in resting


def test_only_the_star_burns_less_from_month_to_month() -> None:
    def wood_per_kg(name: str, day: int) -> float:
        tea_kg, wood_kg = cast.works_of(name, ANCHOR_DAY).between((day - 28) * DAY_S, day * DAY_S)
        return wood_kg / tea_kg

    assert wood_per_kg("Kapset Tea Factory", ANCHOR_DAY) < 0.88 * wood_per_kg("Kapset Tea Factory", ANCHOR_DAY - 300)
    assert wood_per_kg("Boito Tea Factory", ANCHOR_DAY) == pytest.approx(
        wood_per_kg("Boito Tea Factory", ANCHOR_DAY - 300), rel=0.04
    )


@pytest.mark.parametrize("name", NAMES[::7])
def test_a_shift_is_over_before_the_next_begins(name: str) -> None:
    own = cast.works_of(name, ANCHOR_DAY)
    shifts = [shift for day in range(ANCHOR_DAY - 400, ANCHOR_DAY) if (shift := own.shift(day))]

    assert all(a.end_s < b.start_s for a, b in pairwise(shifts))
