"""Dots of stack against fuel: where they are, what is outside, what is left out."""

from datetime import date, timedelta

from portal.drawn.ratio_dots import HEIGHT, RADIUS, WIDTH, ratio_dots

LAST = date(2026, 11, 20)


def drawn(*ratios: float | None) -> object:
    days = [LAST - timedelta(days=len(ratios) - 1 - place) for place in range(len(ratios))]
    return ratio_dots(list(zip(days, ratios, strict=True)))


def test_dots_stand_on_the_band_and_a_missing_day_has_none() -> None:
    # From 0.4 at the foot to 1.6 at the top over 26 px between margins of 3: 1.0 is in the middle, at 16.
    chart = ratio_dots([(LAST - timedelta(days=2), 1.0), (LAST - timedelta(days=1), None), (LAST, 1.4)])

    assert chart is not None
    assert [(dot.x, dot.y, dot.is_outside) for dot in chart.dots] == [
        ("3", "16", False),
        (f"{WIDTH - RADIUS}", "7.333", True),
    ]
    assert (chart.band_y, chart.band_height) == ("10.58", "10.84")
    assert chart.summary == "Stack against fuel: 1 of 2 days outside 0.75 to 1.25; last 1.40."


def test_what_is_far_away_stays_in_the_drawing() -> None:
    chart = ratio_dots([(LAST - timedelta(days=1), 9.0), (LAST, 0.0)])

    assert chart is not None
    assert [dot.y for dot in chart.dots] == [f"{RADIUS}", f"{HEIGHT - RADIUS}"]
    assert all(dot.is_outside for dot in chart.dots)


def test_without_a_ratio_there_is_no_drawing() -> None:
    assert drawn(None, None) is None
    assert ratio_dots([]) is None
    assert drawn(1.0) is not None
