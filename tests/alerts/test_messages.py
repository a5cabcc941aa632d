"""Texts of notices: what fits an SMS with its link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.messages import _places, fitting

LINK = "https://carbon.example/a/AAAAAAAAAAAAAAAAAA/"  # 44 characters


def test_a_short_text_stays_whole() -> None:
    assert fitting("Litein: CO2 high.", LINK) == f"Litein: CO2 high. {LINK}"


def test_a_long_text_is_cut_and_the_link_never() -> None:
    """160 - 44 - 1 = 115 places for the text, the last three of them dots."""
    text = fitting("a" * 300, LINK)

    assert len(text) == 160
    assert text == f"{'a' * 112}... {LINK}"


def test_letters_that_an_sms_does_not_have_are_written_plainly() -> None:
    assert fitting("CO₂ ≥ 9 %, 5 m³ – “Litein” Gĩthũri", "") == 'CO2 >= 9 %, 5 m3 - "Litein" Githuri'


def test_brackets_take_two_places() -> None:
    assert _places("[€]") == 6
    assert len(fitting("[" * 200, "")) < 90


def test_a_script_of_its_own_leaves_70_characters() -> None:
    """70 - 44 - 1 = 25 for the text."""
    text = fitting("चिमनी में कार्बन डाइऑक्साइड बहुत अधिक है " * 5, LINK)

    assert len(text) <= 70
    assert text.endswith(LINK)


@given(st.text(max_size=400), st.sampled_from(["", LINK]))
def test_whatever_is_written_it_is_one_sms(text: str, link: str) -> None:
    body = fitting(text, link)

    places = _places(body)
    assert (len(body) <= 70) if places is None else places <= 160
    assert body.endswith(link)


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_text_is_the_link_alone(text: str) -> None:
    assert fitting(text, LINK) == LINK
