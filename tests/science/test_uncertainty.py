"""Uncertainty: quadrature, and what an estimated altitude adds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import uncertainty

parts = st.lists(st.floats(min_value=0.0, max_value=1.0), min_size=1, max_size=8)


@given(parts)
def test_combined_is_between_the_largest_part_and_the_sum(values):
    combined = uncertainty.combined(values)

    assert max(values) * (1 - 1e-15) <= combined <= sum(values) * (1 + 1e-15)  # one rounding


def test_a_barometer_is_better_than_a_known_altitude_and_that_than_an_estimated_one():
    measured = uncertainty.combined(uncertainty.stack_budget(has_barometer=True).values())
    surveyed = uncertainty.combined(uncertainty.stack_budget(has_barometer=False).values())
    budget = uncertainty.stack_budget(has_barometer=False, altitude_error_m=200.0)

    assert budget["altitude"] == pytest.approx(0.024, rel=1e-15)  # 200 m x 0.012 %
    assert measured < surveyed < uncertainty.combined(budget.values())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.05])
def test_impossible_parts_raise(bad):
    with pytest.raises(ValueError, match=r"give 0.05 for 5 %"):
        uncertainty.combined([0.1, bad])
    with pytest.raises(ValueError, match=r"altitude_error_m"):
        uncertainty.stack_budget(has_barometer=False, altitude_error_m=bad)
