"""Phone numbers as people type them: one number however it is written, kept as +254712345678 (E.164)."""

from collections.abc import Iterable

import phonenumbers

LONGEST_TYPED = 40


def possible_numbers(text: str, countries: Iterable[str]) -> list[str]:
    """The numbers that a text can mean, the likeliest first; without a country code, in each of some countries.

    A number of a country's plan comes before one that only has a possible length. Letters make it none: an extension
    would be another telephone, and a word of letters another number in each country.
    """
    plain = "".join(text.split())
    if any(character.isalpha() for character in plain):
        return []
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    readings = [(plain, None)] if plain.startswith("+") else [*((plain, c) for c in countries), ("+" + plain, None)]
    found: dict[str, bool] = {}
    for digits, country in readings:
        try:
            number = phonenumbers.parse(digits, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            found[written] = phonenumbers.is_valid_number(number)
    return sorted(found, key=lambda written: not found[written])


def one_number(text: str, countries: Iterable[str]) -> str | None:
    """The one number that a text means; None where it means none, or another one in each of the countries.

    With a country code its length decides. Without one it has to be in the plan of a country.
    """
    numbers = possible_numbers(text, countries)
    if "".join(text.split()).startswith(("+", "00")):
        return numbers[0] if numbers else None
    valid = [number for number in numbers if phonenumbers.is_valid_number(phonenumbers.parse(number))]
    return valid[0] if len(valid) == 1 else None
