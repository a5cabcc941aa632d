"""Ranking: bounds, groups anchored at their leader, ranges of places, and that a worse figure never wins one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import ranking
from science.intensity import FigureParts
from science.ranking import Interval, Place, places


def around(value, share=0.08):
    return Interval(value, value * (1 - share), value * (1 + share))


def test_bounds_are_those_of_the_activity_data_in_quadrature():
    found = ranking.interval(FigureParts(heat=0.05, electricity=0.04, other=0.01), 1.0)

    half = (0.004**2 + 0.0008**2 + 0.0005**2) ** 0.5
    assert found.value == pytest.approx(0.1)
    assert (found.lower, found.upper) == (pytest.approx(0.1 - half), pytest.approx(0.1 + half))


@pytest.mark.parametrize(
    ("parts", "made_kg"),
    [
        (FigureParts(heat=-1.0), 1.0),
        (FigureParts(other=float("nan")), 1.0),
        (FigureParts(), float("inf")),
        (FigureParts(), 0.0),
        (FigureParts(), -1.0),
    ],
)
def test_impossible_figures_are_refused(parts, made_kg):
    with pytest.raises(ValueError, match=r"heat|other|made_kg"):
        ranking.interval(parts, made_kg)


@pytest.mark.parametrize("bounds", [(1.0, 2.0, 3.0), (1.0, 0.0, 0.5), (float("nan"),) * 3, (1.0, -1.0, 2.0)])
def test_bounds_that_do_not_hold_the_value_are_refused(bounds):
    with pytest.raises(ValueError):  # noqa: PT011 - three wordings
        Interval(*bounds)


def test_no_sites_and_one_site():
    assert places([]) == []
    assert places([around(1.0)]) == [Place(1, 1, 1, 1)]


def test_a_group_is_anchored_at_its_leader_and_does_not_chain():
    # 1.00 to 1.14 overlap, and so do 1.14 to 1.30; 1.00 and 1.30 do not.
    found = places([around(1.00), around(1.14), around(1.30), around(2.0)])

    assert [p.place for p in found] == [1, 1, 3, 4]
    assert [(p.best, p.worst) for p in found] == [(1, 2), (1, 3), (2, 3), (4, 4)]
    assert [p.is_shared for p in found] == [True, True, False, False]


def test_equal_figures_share_a_place():
    found = places([around(2.0, 0.0), around(1.0, 0.0), around(2.0, 0.0), around(2.0, 0.0)])

    assert [p.place for p in found] == [2, 1, 2, 2]
    assert {(p.best, p.worst) for p in found} == {(2, 4), (1, 1)}


def test_anchoring_keeps_a_network_apart():
    # 67 sites at 8 %: chained overlap is one group, anchored about four and a half.
    values = [0.08 + 0.0012 * i for i in range(67)]

    found = places([around(value) for value in values])

    assert 3 <= len({p.place for p in found}) <= 6


figures = st.builds(
    lambda value, down, up: Interval(value, value * (1 - down), value * (1 + up)),
    st.floats(min_value=0.01, max_value=10.0),
    st.floats(min_value=0.0, max_value=0.3),
    st.floats(min_value=0.0, max_value=0.3),
)
grid = st.sampled_from([0.0, 0.05, 0.1, 0.2])  # coarse, so that ties and touching bounds come up
coarse = st.builds(
    lambda value, down, up: Interval(float(value), max(0.0, value - 10 * down), value + 10 * up),
    st.integers(1, 12),
    grid,
    grid,
)
networks = st.lists(figures | coarse, min_size=1, max_size=25)


@given(networks)
def test_every_place_is_in_its_range_and_in_the_field(intervals):
    for place in places(intervals):
        assert 1 <= place.best <= place.place <= place.worst <= len(intervals)


@given(networks, st.randoms(use_true_random=False))
def test_the_order_of_sites_does_not_matter(intervals, random):
    shuffled = list(intervals)
    random.shuffle(shuffled)

    before = sorted(zip(map(repr, intervals), map(repr, places(intervals)), strict=True))
    after = sorted(zip(map(repr, shuffled), map(repr, places(shuffled)), strict=True))
    assert before == after


@given(
    networks,
    st.data(),
    st.floats(min_value=0.0, max_value=5.0),
    st.floats(min_value=0.0, max_value=5.0),
    st.floats(min_value=0.0, max_value=5.0),
)
def test_a_figure_that_grows_never_gains(intervals, data, by, lower_by, upper_by):
    index = data.draw(st.integers(0, len(intervals) - 1))
    own = intervals[index]
    value = own.value + by
    grown = Interval(value, min(value, own.lower + lower_by), max(value, own.upper + upper_by))
    before = places(intervals)[index]

    after = places([*intervals[:index], grown, *intervals[index + 1 :]])[index]

    assert after.place >= before.place
    assert after.best >= before.best
    assert after.worst >= before.worst


amounts = st.floats(min_value=0.0, max_value=1000.0)
parts = st.builds(FigureParts, amounts, amounts, amounts)


@given(parts, st.sampled_from(["heat", "electricity", "other"]), amounts)
def test_bounds_grow_with_every_part(before, name, by):
    values = {n: getattr(before, n) for n in ("heat", "electricity", "other")}
    grown = FigureParts(**values | {name: values[name] + by})

    old, new = ranking.interval(before, 7.0), ranking.interval(grown, 7.0)

    slack = 1e-12 * (1 + new.upper)  # rounding
    assert new.lower >= old.lower - slack
    assert new.upper >= old.upper - slack
