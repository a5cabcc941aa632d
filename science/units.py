"""A typed table of units, and conversion between them, in which mixing dimensions raises.

Lives here: exact factors between units of one dimension. Does not live here: anything that needs a density, a heating
value or a moisture (``combustion.py``, factor rows), nor temperature intervals. A stere (stacked wood) is its own
dimension: how much solid wood it holds is a measurement, so it never converts here.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

_M3_PER_FT3 = Decimal("0.028316846592")  # 0.3048 ** 3, exact

Number = TypeVar("Number", float, Decimal)


class Dimension(StrEnum):
    """What a unit measures; units of different dimension are never mixed."""

    MASS = "mass"
    VOLUME = "volume"
    NORMAL_VOLUME = "normal volume"
    STACKED_VOLUME = "stacked volume"
    ENERGY = "energy"
    LENGTH = "length"
    AREA = "area"
    PRESSURE = "pressure"
    TIME = "time"
    MOLE_FRACTION = "mole fraction"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: its symbol, what it measures, and how many base units it is."""

    symbol: str
    dimension: Dimension
    in_base_units: Decimal


def _table(dimension: Dimension, **symbols: str) -> dict[str, Unit]:
    return {symbol: Unit(symbol, dimension, Decimal(factor)) for symbol, factor in symbols.items()}


#: Symbol to unit. Base units: kg, m3, Nm3, stere, J, m, m2, Pa, s, mol/mol.
UNITS = MappingProxyType(
    {
        **_table(Dimension.MASS, ug="1e-9", mg="1e-6", g="1e-3", kg="1", t="1000", lb="0.45359237"),
        **_table(Dimension.MASS, short_ton="907.18474"),
        **_table(Dimension.VOLUME, L="0.001", m3="1", ft3=str(_M3_PER_FT3)),
        **_table(Dimension.NORMAL_VOLUME, Nm3="1"),
        **_table(Dimension.STACKED_VOLUME, stere="1"),
        **_table(Dimension.ENERGY, J="1", MJ="1e6", GJ="1e9", TJ="1e12", kWh="3.6e6", MWh="3.6e9"),
        **_table(Dimension.ENERGY, Wh="3600", GWh="3.6e12"),
        **_table(Dimension.ENERGY, toe="41.868e9", mmBtu="1.05505585e9"),
        **_table(Dimension.LENGTH, mm="0.001", cm="0.01", m="1", ft="0.3048"),
        **_table(Dimension.AREA, cm2="1e-4", m2="1", ft2="0.09290304", ha="10000"),
        **_table(Dimension.PRESSURE, Pa="1", hPa="100", kPa="1000", bar="100000"),
        **_table(Dimension.TIME, ms="0.001", s="1", min="60", h="3600", d="86400"),
        **_table(Dimension.MOLE_FRACTION, ppm="1e-6", pct="0.01", fraction="1"),
    }
)


def unit(symbol: str) -> Unit:
    """Return the unit of a symbol; ValueError names the symbol and the known ones."""
    try:
        return UNITS[symbol]
    except KeyError:
        raise ValueError(f"unit={symbol!r} is unknown; use one of {', '.join(UNITS)}") from None


def convert(amount: Number, *, from_unit: str, to_unit: str) -> Number:
    """Return ``amount`` in another unit of the same dimension; Decimal in, Decimal out.

    Parameters: amount [from_unit], symbols of ``UNITS``. Returns: amount [to_unit].
    Raises: ValueError for an unknown symbol, or two dimensions; the message names both units.
    """
    source, target = unit(from_unit), unit(to_unit)
    if source.dimension is not target.dimension:
        raise ValueError(
            f"amount={amount} {from_unit} ({source.dimension}) cannot become {to_unit} ({target.dimension}); "
            "give it in a unit of the same dimension, or convert with a density or heating value first"
        )
    factor = source.in_base_units / target.in_base_units
    return amount * factor if isinstance(amount, Decimal) else amount * float(factor)
