"""Conversions named ``target_from_source``, and a typed table in which mixing units raises.

Lives here: exact factors between units of one dimension. Does not live here: anything that needs a
density, a heating value or a moisture (``combustion.py``, factor rows), nor temperature
intervals. A stere (stacked wood) is its own dimension: how much solid wood it holds is a
measurement, so it converts only with a stated factor.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from science import constants

STERE_SOLID_FRACTION = 0.65  # 0.55-0.75; let each factory weigh ten steres and store its own
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


def add(amount: Number, *, in_unit: str, other: Number, other_unit: str) -> Number:
    """Return the sum of two amounts, in the first one's unit.

    Parameters: amount [in_unit], other [other_unit]. Returns: sum [in_unit].
    Raises: ValueError when their dimensions differ; the message names both units.
    """
    return amount + convert(other, from_unit=other_unit, to_unit=in_unit)


def kelvin_from_celsius(celsius: float) -> float:
    """Return [K] from [degree C]."""
    return celsius + constants.ZERO_CELSIUS_K


def celsius_from_kelvin(kelvin: float) -> float:
    """Return [degree C] from [K]."""
    return kelvin - constants.ZERO_CELSIUS_K


def fraction_from_ppm(ppm: float) -> float:
    """Return a mole fraction [1] from parts per million [ppm]; forgetting this 1e-6 makes tonnes of kilograms."""
    return ppm * 1e-6


def ppm_from_fraction(fraction: float) -> float:
    """Return parts per million [ppm] from a mole fraction [1]."""
    return fraction * 1e6


def pct_from_fraction(fraction: float) -> float:
    """Return [%] from a fraction [1]."""
    return fraction * 100.0


def gj_from_kwh(kwh: Number) -> Number:
    """Return [GJ] from [kWh]."""
    return convert(kwh, from_unit="kWh", to_unit="GJ")


def gj_from_mwh(mwh: Number) -> Number:
    """Return [GJ] from [MWh]."""
    return convert(mwh, from_unit="MWh", to_unit="GJ")


def kwh_from_gj(gj: Number) -> Number:
    """Return [kWh] from [GJ]."""
    return convert(gj, from_unit="GJ", to_unit="kWh")


def gj_from_toe(toe: Number) -> Number:
    """Return [GJ] from tonnes of oil equivalent [toe]."""
    return convert(toe, from_unit="toe", to_unit="GJ")


def gj_from_mmbtu(mmbtu: Number) -> Number:
    """Return [GJ] from million British thermal units [mmBtu]."""
    return convert(mmbtu, from_unit="mmBtu", to_unit="GJ")


def kg_from_short_ton(short_ton: Number) -> Number:
    """Return [kg] from US short tons."""
    return convert(short_ton, from_unit="short_ton", to_unit="kg")


def tonne_from_g(grams: Number) -> Number:
    """Return [t] from [g]."""
    return convert(grams, from_unit="g", to_unit="t")


def ft3_from_m3(m3: Number) -> Number:
    """Return [ft3] from [m3]."""
    return convert(m3, from_unit="m3", to_unit="ft3")


def m3_from_ft3(ft3: Number) -> Number:
    """Return [m3] from [ft3]."""
    return convert(ft3, from_unit="ft3", to_unit="m3")


def m3_from_l(litres: Number) -> Number:
    """Return [m3] from litres [L]."""
    return convert(litres, from_unit="L", to_unit="m3")


def solid_m3_from_stere(stere: float, *, solid_fraction: float = STERE_SOLID_FRACTION) -> float:
    """Return solid wood [m3] from stacked wood [stere] with the stated share of wood in the stack [1].

    Raises: ValueError for a share outside 0.3-1.
    """
    if not 0.3 <= solid_fraction <= 1.0:
        raise ValueError(f"solid_fraction={solid_fraction} m3/stere is outside the limit 0.3 to 1; weigh ten steres")
    return stere * solid_fraction
