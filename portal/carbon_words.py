"""Masses of CO2 as sentences. Wood has two figures, always together and in this order."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from compliance.figures import MIXED
from factories.choices import FactorBasis

TONNE_KG = 1000


def wood_pair(biogenic_kg: Decimal, co2e_kg: Decimal) -> str:
    """`6.2 t CO2 from wood (biogenic, reported apart) and 0.11 t CO2e that counts`; both in one unit."""
    unit = "t" if biogenic_kg >= TONNE_KG else "kg"
    return _(
        "%(biogenic)s %(unit)s CO2 from wood (biogenic, reported apart) and %(counts)s %(unit)s CO2e that counts"
    ) % {"biogenic": digits(biogenic_kg, unit), "counts": digits(co2e_kg, unit), "unit": unit}


def co2e_notes(gwp_sets: Iterable[str], published: Iterable[str], bases: Iterable[str]) -> tuple[str, ...]:
    """The GWP sets and the basis of electricity that a CO2e figure needs, from those of its sites; "mixed" of one."""
    own, theirs, used = ({*names} - {""} for names in (gwp_sets, published, bases))
    notes = [_("Electricity factors: %(basis)s.") % {"basis": FactorBasis(basis).label} for basis in used - {MIXED}]
    if len(used) > 1 or MIXED in used:
        notes = [
            _(
                "Electricity is partly by direct factors and partly by life-cycle factors, which do not add up. Choose "
                "one basis for the organisation."
            )
        ]
    for names, sentence in ((theirs, _("Factors published as CO2e: %(name)s.")), (own, _("GWP set: %(name)s"))):
        if len(names) > 1 or MIXED in names:
            notes.append(_("Entries use different GWP sets."))
        else:
            notes += [sentence % {"name": name} for name in names]
    return tuple(dict.fromkeys(notes))


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
