"""Numbers, units and ages as the pages show them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import translation

from lib.templatetags.units import DECIMALS_BY_MAGNITUDE, age_of, clock, co2, digits_rule, number, percent, quantity

NOON_UTC = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234.5, "1,234.5"),
        (412345.6, "412,346"),
        (9999.96, "10,000.0"),
        (10.0, "10.0"),
        (9.994, "9.99"),
        (0.0312, "0.0312"),
        (0.0000001, "0.000000"),
        (0, "0"),
        (-0.0000001, "0.000000"),
        (-12.34, "-12.3"),
        (Decimal("7862"), "7,862.0"),
        # Half up on the exact value, as the script does: 2.125 is exact in binary.
        (2.125, "2.13"),
        # A device may send any number; this is the double nearest to 1e30.
        (1e30, "1,000,000,000,000,000,019,884,624,838,656"),
    ],
)
def test_digits_follow_the_magnitude(value: float | Decimal, shown: str) -> None:
    assert number(value, "kg") == shown


@pytest.mark.parametrize(("unit", "shown"), [("ppm", "93,251"), ("celsius", "93,250.5"), ("m_per_s", "93,250.50")])
def test_a_unit_may_fix_its_decimals(unit: str, shown: str) -> None:
    assert number(93250.5, unit) == shown


def test_quantity_puts_number_and_unit_together() -> None:
    assert quantity(1234.5, "kg_co2") == (
        '<span class="quantity"><span class="quantity__number">1,234.5</span> '
        '<span class="quantity__unit">kg CO<sub>2</sub></span></span>'
    )


@pytest.mark.parametrize("value", [None, "", float("nan"), float("inf"), Decimal("NaN")])
def test_missing_is_a_word_and_never_zero(value: float | None) -> None:
    assert quantity(value, "kg") == '<span class="quantity quantity--missing">no reading</span>'
    assert number(value, "kg") == "no reading"
    assert percent(value) == "no reading"


def test_unknown_unit_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unit 'pounds' is not known; known units: kg, "):
        quantity(1.0, "pounds")


@pytest.mark.parametrize(
    ("value", "shown"), [(91.68, "91.6 %"), (99.99, "99.9 %"), (100, "100 %"), (0, "0 %"), (12.0, "12 %")]
)
def test_a_share_is_rounded_down(value: float, shown: str) -> None:
    assert percent(value) == shown


def test_script_gets_the_same_rule_of_digits() -> None:
    rule = [tuple(map(float, part.split(":"))) for part in digits_rule("kg").split(",")]

    assert rule == [(float(limit), float(places)) for limit, places in DECIMALS_BY_MAGNITUDE]
    assert digits_rule("ppm") == "0:0"


def test_co2_is_set_with_its_subscript_and_the_rest_is_escaped() -> None:
    assert co2("CO2 <b>") == "CO<sub>2</sub> &lt;b&gt;"


@pytest.mark.parametrize(
    ("ago_s", "state", "text"),
    [
        (4, "live", "4 s ago"),
        (14.9, "live", "14 s ago"),
        (15, "late", "15 s ago"),
        (99, "late", "99 s ago"),
        (299, "late", "4 min ago"),
        (300, "silent", "no reading since 14:55"),
        (16 * 3600, "silent", "no reading since 21 Nov 23:00"),
        (-3, "live", "0 s ago"),
    ],
)
def test_age_turns_late_after_three_intervals_and_silent_after_five_minutes(
    ago_s: float, state: str, text: str
) -> None:
    with time_machine.travel(NOON_UTC, tick=False):
        age = age_of(NOON_UTC - timedelta(seconds=ago_s), 5, "Africa/Nairobi")

    assert (age.state, age.text) == (state, text)


def test_a_slow_device_is_not_silent_between_its_own_readings() -> None:
    with time_machine.travel(NOON_UTC, tick=False):
        age = age_of(NOON_UTC - timedelta(minutes=20), 600, "Africa/Nairobi")

    assert (age.state, age.text) == ("live", "20 min ago")


def test_without_a_reading_there_is_no_age() -> None:
    age = age_of(None)

    assert (age.state, age.text, age.iso) == ("never", "no reading yet", "")


def test_clock_is_the_sites_in_24_h_digits_in_swahili_too() -> None:
    with time_machine.travel(NOON_UTC, tick=False), translation.override("sw"):
        assert clock(NOON_UTC - timedelta(hours=7), "Africa/Nairobi") == "08:00"
