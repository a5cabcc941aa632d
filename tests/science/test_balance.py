"""What the shape of daily ratios of stack to fuel suggests."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science.balance import BalanceShape, shape


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ([], BalanceShape.UNKNOWN),
        ([None, None], BalanceShape.UNKNOWN),
        ([1.0, 1.4, 1.02], BalanceShape.WITHIN),
        ([1.0, 0.98, 1.03, 1.01, 0.99, 1.02, 1.5], BalanceShape.ABOVE),  # a delivery that was not written
        ([1.0, 0.98, 1.03, 1.01, 1.48, 1.52, 1.5], BalanceShape.ABOVE),
        ([1.0, 1.02, 0.97, 0.99, 1.0, 0.6, 0.58], BalanceShape.BELOW),
        ([1.02, 0.97, 0.93, 0.9, 0.84, 0.8, 0.74, 0.7], BalanceShape.DRIFT),
        ([1.0, None, 1.06, 1.1, None, 1.15, 1.2, 1.24, 1.3], BalanceShape.DRIFT),
        ([0.9, 0.7], BalanceShape.BELOW),  # too few days to tell
        ([1.26] * 8, BalanceShape.ABOVE),
    ],
)
def test_shapes(ratios: list[float | None], expected: BalanceShape) -> None:
    assert shape(ratios) is expected


def test_noise_around_a_step_is_no_drift_and_noise_on_a_ramp_is() -> None:
    # Of 200 series each with noise of 3 % (seed 7): a step up of 40 % in the last three days, a ramp of 4 % a day.
    rng = random.Random(7)
    steps = [shape([rng.gauss(1.0 if day < 11 else 1.4, 0.03) for day in range(14)]) for _series in range(200)]
    ramps = [shape([rng.gauss(1.0 + 0.04 * day, 0.03) for day in range(14)]) for _series in range(200)]

    assert steps.count(BalanceShape.ABOVE) == 200
    assert ramps.count(BalanceShape.DRIFT) >= 195


@given(st.lists(st.one_of(st.none(), st.floats(0, 10)), max_size=20))
def test_any_series_has_a_shape(ratios: list[float | None]) -> None:
    assert shape(ratios) in BalanceShape


@pytest.mark.parametrize("ratio", [-0.1, float("nan"), float("inf")])
def test_impossible_ratios_are_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="check both masses"):
        shape([1.0, ratio])
