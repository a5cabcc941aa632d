"""Numbers as people type them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.numbers import NumberError, parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2070", "2070"),
        (" 2070.5 ", "2070.5"),
        ("2070,5", "2070.5"),
        ("12,34", "12.34"),
        (",5", "0.5"),
        ("0,500", "0.5"),
        ("1234,567", "1234.567"),
        ("12,3456", "12.3456"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1 234,567", "1234.567"),
        ("1'234'567.25", "1234567.25"),
        ("1,00,000", "100000"),
        ("12,34,567.25", "1234567.25"),
        ("-12,5", "-12.5"),
        ("\u221240", "-40"),
        ("+7", "7"),
        ("१,००,०००", "100000"),
    ],
)
def test_a_number_is_read_as_it_was_meant(text: str, number: str) -> None:
    assert parse_number(text) == Decimal(number)


@pytest.mark.parametrize("text", ["2,070", "2.070", "12,345", "999,999"])
def test_three_digits_behind_one_separator_are_refused_with_both_readings(text: str) -> None:
    with pytest.raises(NumberError) as refused:
        parse_number(text)

    assert refused.value.code == "two_readings"
    digits = text.replace(",", "").replace(".", "")
    assert digits in str(refused.value)
    assert text.replace(",", ".") + "0" in str(refused.value)


@pytest.mark.parametrize(("decimals", "number"), [(0, "2070"), (2, "2070"), (3, "2.070"), (6, "2.070")])
def test_a_field_that_declares_its_decimals_reads_them_one_way(decimals: int, number: str) -> None:
    assert parse_number("2,070", decimals=decimals) == Decimal(number)
    assert parse_number("-2.070", decimals=decimals) == -Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "-", "abc", "1e3", "1,2,3", "1,23,45", "1.2.3,4", "1,234,56", "1,,5", "nan", "1" * 41, "²"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NumberError) as refused:
        parse_number(text)

    assert refused.value.code == "invalid_number"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_however_a_number_is_grouped_it_is_the_same(number: Decimal) -> None:
    english = f"{number:,}"

    assert parse_number(english) == number
    assert parse_number(english.replace(",", " ")) == number
    assert parse_number(english.translate(str.maketrans(",.", ".,"))) == number
    assert parse_number(str(number)) == number


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_refused_with_a_sentence(text: str) -> None:
    try:
        found = parse_number(text)
    except NumberError as error:
        refusal = str(error)
    else:
        refusal = "none" if found.is_finite() else ""

    assert refusal
