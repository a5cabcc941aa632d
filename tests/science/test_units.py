"""Units: round trips, Decimal stays Decimal, and mixing dimensions raises."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from science import units
from tests.science.builders import as_printed

PAIRS = [
    (a, b)
    for a, unit_a in units.UNITS.items()
    for b, unit_b in units.UNITS.items()
    if unit_a.dimension is unit_b.dimension
]
MIXED = [
    (a, b)
    for a, unit_a in units.UNITS.items()
    for b, unit_b in units.UNITS.items()
    if unit_a.dimension is not unit_b.dimension
]


@given(st.sampled_from(PAIRS), st.floats(min_value=-1e9, max_value=1e9))
def test_law_units_round_trip(pair, amount):
    there = units.convert(amount, from_unit=pair[0], to_unit=pair[1])

    back = units.convert(there, from_unit=pair[1], to_unit=pair[0])

    # Four roundings of a double at most; the absolute part is for amounts that go subnormal.
    assert back == pytest.approx(amount, rel=1e-15 * 4, abs=1e-300)


@given(st.sampled_from(MIXED), st.floats(allow_nan=False, allow_infinity=False))
def test_law_mixing_units_raises_and_names_both(pair, amount):
    with pytest.raises(ValueError, match=r"cannot become") as converting:
        units.convert(amount, from_unit=pair[0], to_unit=pair[1])

    assert f" {pair[0]} " in str(converting.value)
    assert f" {pair[1]} " in str(converting.value)


def test_decimal_in_decimal_out_without_binary_noise():
    assert units.convert(Decimal("0.1"), from_unit="kWh", to_unit="GJ") == Decimal("0.00036")


def test_unknown_unit_names_itself_and_the_known_ones():
    with pytest.raises(ValueError, match=r"unit='gallon' is unknown; use one of .*m3"):
        units.convert(1.0, from_unit="gallon", to_unit="m3")


def test_stacked_wood_is_not_a_volume_without_a_stated_factor():
    with pytest.raises(ValueError, match=r"stere \(stacked volume\) cannot become m3 \(volume\)"):
        units.convert(10.0, from_unit="stere", to_unit="m3")


@pytest.mark.parametrize(
    ("amount", "from_unit", "to_unit", "printed"),
    [
        ("1", "kWh", "GJ", "0.0036"),
        ("1", "MWh", "GJ", "3.6"),
        ("0.36", "GJ", "kWh", "100"),
        ("1", "toe", "GJ", "41.868"),
        ("1", "mmBtu", "GJ", "1.05505585"),
        ("1", "short_ton", "kg", "907.18474"),
        ("1000", "L", "m3", "1"),
        ("1000000", "g", "t", "1"),
        ("0.13", "fraction", "pct", "13"),
        ("425", "ppm", "fraction", "0.000425"),
    ],
)
def test_domain_2_3_conversions(amount, from_unit, to_unit, printed):
    assert units.convert(Decimal(amount), from_unit=from_unit, to_unit=to_unit) == Decimal(printed)


def test_a_cubic_metre_in_cubic_feet():
    assert units.convert(1.0, from_unit="m3", to_unit="ft3") == as_printed("35.3146667")
