"""One phone number, however people type it."""

import pytest

from lib.phones import one_number, possible_numbers

SPELLINGS = (
    "0712345678",
    "0712 345 678",
    "254712345678",
    "254 712 345 678",
    "+254712345678",
    "+254 (0)712 345-678",
    "00254712345678",
    " 0712-345-678 ",
)


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_spellings_of_a_number_are_one_number(text: str) -> None:
    assert one_number(text, ["KE"]) == "+254712345678"
    assert possible_numbers(text, ["IN", "KE"])[0] == "+254712345678"


def test_a_country_code_decides_whatever_the_country() -> None:
    assert one_number("+91 98765 43210", ["KE"]) == "+919876543210"
    assert one_number("919876543210", ["KE"]) == "+919876543210"
    assert one_number("+447700900099", []) == "+447700900099"  # kept for films, in no plan


def test_a_number_that_two_countries_have_needs_its_country_code() -> None:
    assert one_number("0712345678", ["KE", "TZ"]) is None
    assert possible_numbers("0712345678", ["KE", "TZ"]) == ["+254712345678", "+255712345678"]


@pytest.mark.parametrize("text", ["", "+", "12", "0712345", "x" * 40, "+999999999999999", "0712345678\x00"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert one_number(text, ["KE", "IN"]) in (None, "+254712345678" if "\x00" in text else None)


@pytest.mark.parametrize("text", ["0800 FLOWERS", "0712 345 678 ext 5", "0712345678;ext=5", "0712345678x5"])
def test_letters_and_extensions_make_no_number(text: str) -> None:
    assert possible_numbers(text, ["KE", "IN"]) == []
