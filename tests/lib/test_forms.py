"""The form field for a number that a person types."""

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError

from lib.forms import NumberField, WholeNumberField


def altitude() -> NumberField:
    return NumberField(decimals=0, unit="m", low=-430, high=3500, required=False)


@pytest.mark.parametrize("typed", ["1960", "1,960", "1.960", "1 960", " 1960 ", "1,960.0"])
def test_a_whole_number_is_read_however_its_thousands_are_parted(typed: str) -> None:
    assert altitude().clean(typed) == 1960.0


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("1.96", "decimals", "1.96 m has decimals; write a whole number"),
        ("1960,5", "decimals", "1960,5 m has decimals"),
        ("21000", "out_of_range", "21000 m is outside -430 to 3500 m"),
        ("1e3", "invalid_number", "1e3 is not a plain number"),
        ("nan", "invalid_number", "nan is not a plain number"),
    ],
)
def test_what_the_field_cannot_hold_is_refused_with_a_sentence(typed: str, code: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        altitude().clean(typed)

    assert refused.value.code == code
    assert words in refused.value.messages[0]


def test_more_decimals_than_the_field_has_are_refused() -> None:
    longitude = NumberField(decimals=6, unit="°")

    assert longitude.clean("35.123") == 35.123
    with pytest.raises(ValidationError, match="has more than 6 decimals"):
        longitude.clean("35.1234567")
    with pytest.raises(ValidationError, match=r"6\.5 has decimals"):  # no space for the unit that it does not have
        WholeNumberField().clean("6.5")


@pytest.mark.parametrize("stored", [2.125, 1960.5, 1e-07, 0.0])
def test_what_the_page_showed_and_nobody_changed_stays_as_it_is_stored(stored: float) -> None:
    class Form(forms.Form):
        height = altitude()

    shown = Form(initial={"height": stored})["height"].value()

    unchanged = Form({"height": str(shown)}, initial={"height": stored})
    changed = Form({"height": "1,961"}, initial={"height": stored})

    assert unchanged.is_valid()
    assert unchanged.cleaned_data["height"] == stored
    assert not unchanged.has_changed()
    assert changed.is_valid()
    assert changed.cleaned_data["height"] == 1961.0
    assert changed.has_changed()


def test_an_empty_field_is_no_number() -> None:
    empty: Any = altitude().clean("")

    assert empty is None
