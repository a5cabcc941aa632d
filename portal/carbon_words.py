"""Masses of CO2 as sentences. Wood has two figures, always together and in this order."""

from decimal import Decimal

from django.utils.translation import gettext as _

TONNE_KG = 1000


def wood_pair(biogenic_kg: Decimal, co2e_kg: Decimal) -> str:
    """`7.9 t CO2 from wood (biogenic, reported apart) and 0.13 t CO2e that counts`; both in one unit."""
    unit = "t" if biogenic_kg >= TONNE_KG else "kg"
    return _(
        "%(biogenic)s %(unit)s CO2 from wood (biogenic, reported apart) and %(counts)s %(unit)s CO2e that counts"
    ) % {"biogenic": digits(biogenic_kg, unit), "counts": digits(co2e_kg, unit), "unit": unit}


def counts(co2e_kg: Decimal) -> str:
    """`0.21 t CO2e that counts`: scope 1 and 2."""
    unit = "t" if co2e_kg >= 100 else "kg"
    return _("%(counts)s %(unit)s CO2e that counts") % {"counts": digits(co2e_kg, unit), "unit": unit}


def digits(kg: Decimal, unit: str) -> str:
    """Formats with about two digits: 7.9, 0.13, 1,204."""
    value = kg / TONNE_KG if unit == "t" else kg
    if not value:
        return "0"
    places = next((places for limit, places in ((10, 0), (1, 1), (Decimal("0.1"), 2)) if value >= limit), 3)
    return f"{value:,.{places}f}"
