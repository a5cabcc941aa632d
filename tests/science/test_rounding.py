"""Rounding: half to even, integers that add in any order, Decimals of record."""

import random
from decimal import ROUND_UP, Decimal, localcontext
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import rounding

BAD = [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("Infinity")]


@pytest.mark.parametrize(
    ("kg", "micrograms"),
    [(0.0, 0), (0.218073, 218_073_000), (172.8, 172_800_000_000), (1e-9, 1), (0.4e-9, 0), (0.6e-9, 1)],
)
def test_micrograms_from_kg(kg, micrograms):
    assert rounding.micrograms_from_kg(kg) == micrograms


@pytest.mark.parametrize(("halves", "even"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("3.5", 4), ("-0.5", 0)])
def test_halves_go_to_the_even_microgram(halves, even):
    assert rounding.micrograms_from_kg(Decimal(halves) / 10**9) == even
    assert rounding.micrograms_from_kg(float(halves) * 1e-9) == even


@pytest.mark.parametrize(
    ("kg", "text"),
    [
        (Decimal("0.0000005"), "0.000000"),
        (Decimal("0.0000015"), "0.000002"),
        (Decimal("0.0000025"), "0.000002"),
        (0.1, "0.100000"),
        (3, "3.000000"),
        (Decimal("13200000.1234565"), "13200000.123456"),
    ],
)
def test_decimal_kg_has_six_decimals_half_to_even(kg, text):
    assert str(rounding.decimal_kg(kg)) == text


def test_a_callers_decimal_context_does_not_change_a_record():
    with localcontext() as context:
        context.prec, context.rounding = 3, ROUND_UP

        assert str(rounding.decimal_kg(Decimal("1234.5678901"))) == "1234.567890"
        assert str(rounding.decimal_kg_from_micrograms(172_800_000_000_500)) == "172800.000000"


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_number_raises(bad):
    with pytest.raises(ValueError, match=r"a missing mass is None"):
        rounding.micrograms_from_kg(bad)
    with pytest.raises(ValueError, match=r"a missing mass is None"):
        rounding.decimal_kg(bad)


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_law_micrograms_round_trip(micrograms):
    assert rounding.micrograms_from_kg(micrograms / 1e9) == micrograms


def test_law_a_year_of_minutes_adds_up_the_same_in_any_order():
    noise = random.Random(3)
    masses = [rounding.micrograms_from_kg(noise.random() * 36) for _ in range(10_000)]

    assert sum(noise.sample(masses, len(masses))) == sum(masses)


# --- Parts of a period -------------------------------------------------------------------------
def test_a_kilogram_over_three_days_is_spread_to_its_last_millionth() -> None:
    parts = [rounding.decimal_part(Decimal(1), begin=n, end=n + 1, whole=3) for n in range(3)]

    assert [str(part) for part in parts] == ["0.333333", "0.333334", "0.333333"]


@given(
    st.decimals(min_value=0, max_value=10**12, places=6),
    st.lists(st.integers(0, 10**15), max_size=20),
    st.integers(1, 10**15),
)
def test_the_parts_of_any_division_sum_exactly_to_the_amount(amount: Decimal, cuts: list[int], whole: int) -> None:
    edges = sorted({0, whole, *(cut % whole for cut in cuts)})

    parts = [rounding.decimal_part(amount, begin=a, end=b, whole=whole) for a, b in pairwise(edges)]

    assert sum(parts) == amount
    with localcontext(prec=60):
        for part, a, b in zip(parts, edges[:-1], edges[1:], strict=True):
            assert abs(part - amount * (b - a) / whole) <= Decimal("0.000001")


@pytest.mark.parametrize(("begin", "end", "whole"), [(-1, 1, 2), (1, 0, 2), (0, 3, 2), (0, 0, 0)])
def test_a_part_outside_of_its_period_is_an_error(begin: int, end: int, whole: int) -> None:
    with pytest.raises(ValueError, match="outside the period"):
        rounding.decimal_part(Decimal(1), begin=begin, end=end, whole=whole)
