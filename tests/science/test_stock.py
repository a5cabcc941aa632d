"""Stock balance: worked examples, the edge of 5 %, and the laws of a balance."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science.stock import STOCK_TOLERANCE_PCT, stock_balance

KG = st.decimals(min_value=0, max_value=10**9, places=3)


def balance(opening, received, used, closing):
    return stock_balance(
        opening_kg=Decimal(opening), received_kg=Decimal(received), used_kg=Decimal(used), closing_kg=Decimal(closing)
    )


def test_worked_example_of_a_month():
    found = balance("100000", "250000", "280000", "63000")

    assert (found.expected_kg, found.difference_kg, found.difference_pct) == (70_000, -7_000, Decimal("-2.5"))
    assert found.is_within


@pytest.mark.parametrize(
    ("closing", "is_within"), [("5", True), ("4.999", False), ("15", True), ("15.001", False), ("10", True)]
)
def test_five_percent_of_what_was_used_is_still_within(closing, is_within):
    assert balance("10", "100", "100", closing).is_within is is_within


def test_without_use_only_an_equal_count_is_within():
    assert balance("10", "5", "0", "15").is_within
    assert balance("10", "5", "0", "15").difference_pct is None
    assert not balance("10", "5", "0", "14.999").is_within


@given(opening=KG, received=KG, used=KG)
def test_an_honest_count_has_no_difference(opening, received, used):
    closing = opening + received - used
    if closing >= 0:
        assert balance(opening, received, used, closing).difference_kg == 0


@given(opening=KG, received=KG, used=KG, closing=KG, hidden=KG)
def test_wood_that_is_not_logged_shows_as_less_than_expected(opening, received, used, closing, hidden):
    hidden = min(hidden, used)
    honest, hiding = (balance(opening, received, kg, closing) for kg in (used, used - hidden))

    assert hiding.difference_kg == honest.difference_kg - hidden
    assert honest.is_within is (abs(honest.difference_kg) * 100 <= STOCK_TOLERANCE_PCT * used)


@pytest.mark.parametrize("bad", ["-1", "NaN", "Infinity"])
@pytest.mark.parametrize("place", range(4))
def test_what_is_no_mass_is_refused_by_name(bad, place):
    masses = ["1", "1", "1", "1"]
    masses[place] = bad
    with pytest.raises(ValueError, match=r"_kg=.* kg is not a finite number of at least 0 kg"):
        balance(*masses)
