"""Numbers as people type them, in forms, sheets and API texts: one reader for all.

A comma or a point may separate decimals or thousands, and in India thousands are in groups of two. A text with two
possible readings is refused, and the message gives both, because a wrong guess is wrong by a factor of a thousand. How
numbers are shown is in `decimals.py`.
"""

import re
import unicodedata
from decimal import Decimal

from django.utils.translation import gettext as _

from lib.decimals import plain

LONGEST_NUMBER = 40  # characters; the largest amount in any column is shorter
_SPACES = str.maketrans("", "", " \u00a0\u2009\u202f'\u2019")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?|[.,]\d+")
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[.,])(?:\d{3}(?:(?P=mark)\d{3})*|\d{2}(?:(?P=mark)\d{2})*(?P=mark)\d{3})")
# One separator, three digits after it, and a first group that can be a group of thousands.
_TWO_READINGS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_THOUSAND_DIGITS = 3


def outside_words(value: float, *, low: float, high: float, unit: str = "") -> str:
    """That a number is outside its limits, with all three; the unit stands with the value and the upper limit."""
    shown = {"value": f"{value:g} {unit}".strip(), "low": f"{low:g}", "high": f"{high:g} {unit}".strip()}
    return _("%(value)s is outside %(low)s to %(high)s; check the number.") % shown


def id_of(text: str) -> int | None:
    """An id as an address or a form gives it; None for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


class NumberError(ValueError):
    """The text is not a number, or can be read two ways; the message is for the person who typed it. `code` is for
    programs."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def vanishes(text: str) -> bool:
    """Whether a float would take a number for 0 that is not 0: `1e-400`."""
    try:
        return float(text) == 0 and bool(re.search("[1-9]", re.split("[eE]", text)[0]))
    except ValueError:
        return False


def parse_number(text: str, *, decimals: int | None = None) -> Decimal:
    """The number that a person wrote: `2070`, `2,070.5`, `2 070,5`, `1,00,000`, `-12`, with digits of any script.

    `decimals` is how many a value of this field has at most. If it is below three, `2,070` can only mean thousands
    and is 2070; from three on it is 2.070. Without it such a text is refused. Raises NumberError: `invalid_number`,
    `two_readings`.
    """
    written = str(text).strip()
    sign, digits = _sign_and_digits(written if len(written) <= LONGEST_NUMBER else "")
    if _TWO_READINGS.fullmatch(digits):
        return sign * _read_either_way(written, digits, decimals)
    if _PLAIN.fullmatch(digits):
        return sign * Decimal(digits.replace(",", "."))
    whole, mark, part = _without_decimals(digits)
    if _GROUPED.fullmatch(whole) and mark not in whole:
        return sign * Decimal(whole.replace(",", "").replace(".", "") + (f".{part}" if part else ""))
    raise NumberError(
        _("%(value)s is not a plain number; write it like 1960.5.") % {"value": written[:LONGEST_NUMBER]},
        "invalid_number",
    )


def number(text: str) -> float:
    """An argument of a command, as Python writes numbers; argparse names this function in its error."""
    if "_" in text or vanishes(text):
        raise ValueError(text)
    return float(text)


def _sign_and_digits(written: str) -> tuple[int, str]:
    digits = "".join(str(unicodedata.decimal(letter, letter)) for letter in written).translate(_SPACES)
    is_negative = digits.startswith(("-", "\u2212"))
    return (-1 if is_negative else 1), digits[1:] if is_negative or digits.startswith("+") else digits


def _read_either_way(written: str, digits: str, decimals: int | None) -> Decimal:
    thousands, fraction = Decimal(re.sub(r"[.,]", "", digits)), Decimal(digits.replace(",", "."))
    if decimals is not None:
        return thousands if decimals < _THOUSAND_DIGITS else fraction
    raise NumberError(
        _("%(value)s can be read two ways; write %(whole)s or %(part)s.")
        % {"value": written, "whole": plain(thousands), "part": f"{fraction}0"},
        "two_readings",
    )


def _without_decimals(digits: str) -> tuple[str, str, str]:
    """Split at the decimal mark: the last mark, if it appears once. Otherwise the whole text is the integer part."""
    last = max(digits.rfind("."), digits.rfind(","))
    mark = digits[last] if last >= 0 else ""
    if not mark or digits.count(mark) > 1 or not digits[last + 1 :].isdigit():
        return digits, "\0", ""
    return digits[:last], mark, digits[last + 1 :]
