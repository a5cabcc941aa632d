"""Texts of notices: what fits an SMS with its link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.messages import _is_one_sms, fitting

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
    """160 = 2 * 78 + 3 dots + a space that nothing follows; 79 brackets would make 162."""
    assert fitting("[" * 200, "") == "[" * 78 + "..."


def test_a_script_of_its_own_leaves_70_characters() -> None:
    """70 - 44 - 1 = 25 for the text."""
    text = fitting("चिमनी में कार्बन डाइऑक्साइड बहुत अधिक है " * 5, LINK)

    assert len(text) <= 70
    assert text.endswith(LINK)


@given(st.text(max_size=400), st.sampled_from(["", LINK]))
def test_whatever_is_written_it_is_one_sms(text: str, link: str) -> None:
    body = fitting(text, link)

    assert _is_one_sms(body)
    assert body.endswith(link)


def test_an_emoji_takes_two_of_the_70_characters() -> None:
    """70 - 3 dots - the space = 66: 33 of them."""
    assert fitting("\N{FIRE}" * 40, "") == "\N{FIRE}" * 33 + "..."


@pytest.mark.parametrize("text", ["चिमनी " * 20, "a" * 300, ""])
def test_a_link_that_leaves_no_room_goes_alone(text: str) -> None:
    """A long name of the server: it must not take for ever."""
    long = f"https://{'x' * 140}/a/AAAAAAAAAAAAAAAAAA/"
    assert fitting(text, long).endswith(long)
    assert fitting(text, "https://" + "x" * 66) in ("https://" + "x" * 66, "a" * 82 + "... https://" + "x" * 66)


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_text_is_the_link_alone(text: str) -> None:
    assert fitting(text, LINK) == LINK
