"""What follows from a country, one row each: currency, languages and the time zone if it has one. Code reads the row.

Sources: ISO 3166-1 and ISO 4217; official languages, most used first; zone.tab of the IANA time zones. The grid factor
of a country is in `energy/data/emission_factors.csv`. A country that is missing here is a row to add.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    label: Promise
    currency: str
    languages: tuple[str, ...]
    time_zone: str = ""  # empty: it has several, so a site is asked


COUNTRIES: dict[str, Country] = {
    country.code: country
    for country in (
        Country("AU", _("Australia"), "AUD", ("en",)),
        Country("BD", _("Bangladesh"), "BDT", ("bn",), "Asia/Dhaka"),
        Country("BI", _("Burundi"), "BIF", ("rn", "fr", "en"), "Africa/Bujumbura"),
        Country("CN", _("China"), "CNY", ("zh",), "Asia/Shanghai"),
        Country("DE", _("Germany"), "EUR", ("de",), "Europe/Berlin"),
        Country("ET", _("Ethiopia"), "ETB", ("am",), "Africa/Addis_Ababa"),
        Country("GB", _("United Kingdom"), "GBP", ("en",), "Europe/London"),
        Country("ID", _("Indonesia"), "IDR", ("id",)),
        Country("IN", _("India"), "INR", ("en", "hi"), "Asia/Kolkata"),
        Country("KE", _("Kenya"), "KES", ("en", "sw"), "Africa/Nairobi"),
        Country("KR", _("South Korea"), "KRW", ("ko",), "Asia/Seoul"),
        Country("LK", _("Sri Lanka"), "LKR", ("si", "ta", "en"), "Asia/Colombo"),
        Country("MW", _("Malawi"), "MWK", ("en",), "Africa/Blantyre"),
        Country("NP", _("Nepal"), "NPR", ("ne",), "Asia/Kathmandu"),
        Country("PL", _("Poland"), "PLN", ("pl",), "Europe/Warsaw"),
        Country("RW", _("Rwanda"), "RWF", ("rw", "en", "fr"), "Africa/Kigali"),
        Country("TR", _("Turkey"), "TRY", ("tr",), "Europe/Istanbul"),
        Country("TZ", _("Tanzania"), "TZS", ("sw", "en"), "Africa/Dar_es_Salaam"),
        Country("UG", _("Uganda"), "UGX", ("en", "sw"), "Africa/Kampala"),
        Country("US", _("United States"), "USD", ("en",)),
        Country("VN", _("Vietnam"), "VND", ("vi",), "Asia/Ho_Chi_Minh"),
        Country("ZA", _("South Africa"), "ZAR", ("en",), "Africa/Johannesburg"),
    )
}


def country_choices() -> list[tuple[str, Promise]]:
    """For model and form fields: a new row needs no migration."""
    return [(country.code, country.label) for country in COUNTRIES.values()]
