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
    with pytest.raises(ValueError, match=r"cannot become") as adding:
        units.add(amount, in_unit=pair[0], other=1.0, other_unit=pair[1])

    for error in (converting, adding):
        assert f" {pair[0]} " in str(error.value)
        assert f" {pair[1]} " in str(error.value)


def test_same_dimension_adds_in_the_first_unit():
    assert units.add(Decimal("1.5"), in_unit="t", other=Decimal("250"), other_unit="kg") == Decimal("1.750")


def test_decimal_in_decimal_out_without_binary_noise():
    assert units.convert(Decimal("0.1"), from_unit="kWh", to_unit="GJ") == Decimal("0.00036")


def test_unknown_unit_names_itself_and_the_known_ones():
    with pytest.raises(ValueError, match=r"unit='gallon' is unknown; use one of .*m3"):
        units.convert(1.0, from_unit="gallon", to_unit="m3")


def test_stacked_wood_is_not_a_volume_without_a_stated_factor():
    with pytest.raises(ValueError, match=r"stere \(stacked volume\) cannot become m3 \(volume\)"):
        units.convert(10.0, from_unit="stere", to_unit="m3")
    assert units.solid_m3_from_stere(10.0) == 6.5
    with pytest.raises(ValueError, match=r"weigh ten steres"):
        units.solid_m3_from_stere(10.0, solid_fraction=float("nan"))


def test_domain_2_3_conversions():
    assert units.gj_from_kwh(Decimal(1)) == Decimal("0.0036")
    assert units.gj_from_mwh(Decimal(1)) == Decimal("3.6")
    assert units.kwh_from_gj(Decimal("0.36")) == 100
    assert units.gj_from_toe(Decimal(1)) == Decimal("41.868")
    assert units.gj_from_mmbtu(Decimal(1)) == Decimal("1.05505585")
    assert units.kg_from_short_ton(Decimal(1)) == Decimal("907.18474")
    assert units.ft3_from_m3(1.0) == as_printed("35.3146667")
    assert units.m3_from_ft3(units.ft3_from_m3(2.0)) == pytest.approx(2.0, rel=1e-15)  # two roundings
    assert units.m3_from_l(Decimal(1000)) == 1
    assert units.tonne_from_g(Decimal(1_000_000)) == 1
    assert units.kelvin_from_celsius(0.0) == 273.15
    assert units.celsius_from_kelvin(273.15) == 0.0
    assert units.ppm_from_fraction(units.fraction_from_ppm(425.0)) == pytest.approx(425.0, rel=1e-15)
    assert units.pct_from_fraction(0.13) == 13.0
