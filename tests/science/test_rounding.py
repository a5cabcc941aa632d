"""Rounding: half to even, integers that add in any order, Decimals of record."""

import random
from decimal import ROUND_UP, Decimal, localcontext

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
    assert rounding.micrograms_from_kg(rounding.kg_from_micrograms(micrograms)) == micrograms


def test_law_a_year_of_minutes_adds_up_the_same_in_any_order():
    noise = random.Random(3)
    masses = [rounding.micrograms_from_kg(noise.random() * 36) for _ in range(10_000)]

    assert sum(noise.sample(masses, len(masses))) == sum(masses)
