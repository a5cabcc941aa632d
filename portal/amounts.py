"""Amounts of entries on the pages: how they are read and shown, and the address of the entry."""

from decimal import Decimal

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.models import EnergyEntry
from energy.quantities import canonical
from lib.decimals import plain
from lib.numbers import NumberError, parse_number
from production.models import ProductionEntry

Entry = EnergyEntry | ProductionEntry
# The number of decimals that people write for a unit. A factory's own unit (a lorry), a cost and a percentage have few.
_DECIMALS = {"kg": 0, "kWh": 0, "m3": 2, "stere": 2, "L": 2, "t": 3, "MWh": 3, "GJ": 3}
_DECIMALS_OF_OTHERS = 2
DECIMALS_OF_COLUMN = 6
_UNIT_LABELS: dict[str, Promise] = {"stere": gettext_lazy("m3 stacked")}


def decimals_of(unit: str) -> int:
    """Decides how `2.070` is read: 2070 kg, but 2.07 t."""
    return _DECIMALS.get(canonical(unit) or unit, _DECIMALS_OF_OTHERS)


def read_amount(
    text: str, unit: str, *, stored: Decimal = Decimal(0), most_decimals: int = DECIMALS_OF_COLUMN
) -> Decimal:
    """The amount typed in a field of this unit. Raises NumberError with a message for the person who typed it.

    `stored`: the amount that it corrects, which the page showed with a point before its decimals.
    """
    decimals: int | None = decimals_of(unit)
    if "," not in text:
        decimals = max(decimals_of(unit), -int(stored.normalize().as_tuple().exponent))
    elif decimals_of(unit) > 2:
        decimals = None  # a weighbridge prints 2.345 t, and a mine writes 12,400 t: `12,400` is asked for again
    number = parse_number(text, decimals=decimals)
    if number.is_signed():
        words = _("%(value)s is below 0; correct the entry that was too high instead.")
        raise NumberError(words % {"value": text}, "below_zero")
    if -int(number.as_tuple().exponent) > most_decimals:
        words = _("%(value)s %(unit)s has more than %(limit)d decimals; round it.")
        raise NumberError(words % {"value": text, "unit": unit, "limit": most_decimals}, "decimals")
    return number


def unit_label(unit: str) -> str:
    return str(_UNIT_LABELS.get(unit, unit))


def amount_label(entry: Entry) -> str:
    """The amount as entered: `24 m3 stacked`."""
    return f"{plain(entry.amount)} {unit_label(entry.unit)}"


def entry_url(entry: Entry) -> str:
    name = "production-entry" if isinstance(entry, ProductionEntry) else "entry"
    return reverse(name, args=[entry.factory_id, entry.pk])
