"""Converts an amount as people give it into the unit of a factor: aliases, local units, densities. Mixing dimensions
raises.

Exact conversions within a dimension are in `science/units.py`; the choice of the factor is in `factors.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from django.utils.translation import gettext as _

from energy.choices import Carrier
from energy.models import EnergyType, LocalUnit
from factories.models import Factory
from lib.decimals import plain
from lib.errors import ApiError, invalid
from logbook.notices import Notice
from production.services import UNIT_WORDS
from science import units
from science.units import Dimension

_MASSES = ("kg", "g", "t", "lb", "short_ton")
_VOLUMES = ("L", "m3", "ft3", "Nm3", "stere")
_ENERGIES = ("kWh", "MWh", "Wh", "GWh", "MJ", "GJ", "TJ", "toe", "mmBtu")
ACCEPTED = (*_MASSES, *_VOLUMES, *_ENERGIES)
_WORDS: dict[str, tuple[str, ...]] = {
    "L": ("l", "liter", "liters", "litre", "litres", "ltr", "ltrs", "lita"),
    **UNIT_WORDS,  # units of mass, as for production
    "m3": ("m³", "cbm"),
    "Nm3": ("nm³",),
    "stere": ("steres", "st", "m3 st", "m3 stacked", "stacked m3", "m3_stacked", "m³ stacked", "stacked m³"),
    "kWh": ("kwhr",),
    "short_ton": ("short ton", "short tons"),
}
ALIASES = {symbol.lower(): symbol for symbol in ACCEPTED} | {
    word: symbol for symbol, words in _WORDS.items() for word in words
}
LARGEST_FACTOR_AMOUNT = Decimal(10) ** 14
_PRECISION = 60


@dataclass(frozen=True, slots=True)
class LocalSize:
    """What one local unit is; of kg of wood with the moisture that they were weighed at, None: as burned."""

    amount: Decimal
    unit: str
    moisture_fraction: Decimal | None = None


LocalUnits = Mapping[str, LocalSize]


@dataclass(frozen=True, slots=True)
class Measure:
    """The kilograms and net calorific gigajoules of one unit of a factor, if it gives them."""

    kg_per_unit: Decimal | None = None
    gj_per_unit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount in a unit that `science.units` knows; of weighed wood with the moisture of its kg."""

    amount: Decimal
    unit: str
    notices: tuple[Notice, ...] = ()
    moisture_fraction: Decimal | None = None


def canonical(unit: str) -> str | None:
    """The symbol of a unit, however it is written; None for one that is not known."""
    return ALIASES.get(" ".join(unit.split()).lower())


def local_units(**where: Any) -> dict[tuple[int, int], LocalUnits]:
    """(factory, energy type) -> its own units: name in lower case -> (how many, of which unit). One query."""
    factory_units: dict[tuple[int, int], dict[str, LocalSize]] = {}
    for row in LocalUnit.objects.filter(**where):
        factory_units.setdefault((row.factory_id, row.energy_type_id), {})[row.name.lower()] = local_size(row)
    return {**factory_units}


def local_size(row: LocalUnit) -> LocalSize:
    return LocalSize(row.amount, row.unit, row.moisture_fraction)


def local_units_of(factory: Factory, energy_type: EnergyType) -> LocalUnits:
    return local_units(factory=factory, energy_type=energy_type).get((factory.pk, energy_type.pk), {})


def in_known_unit(amount: Decimal, unit: str, *, energy_type: EnergyType, local: LocalUnits) -> Quantity:
    """Follow the factory's local units to a known one: 2 lorries -> 24 stere -> 11,520 kg as weighed here.

    Raises ApiError 400 on `unit` for one that neither we nor the factory know.
    """
    notices: list[Notice] = []
    name, followed = " ".join(unit.split()), set[str]()
    moisture: Decimal | None = None
    with localcontext() as context:
        context.prec = _PRECISION
        while True:
            symbol = canonical(name)
            step = next((key for key in (name.lower(), (symbol or "").lower()) if key in local), None)
            if step is not None and step in followed:
                raise _circle(unit, name)
            if step is not None:
                followed |= {name.lower(), step}
                one = local[step]
                amount, name, moisture = amount * one.amount, one.unit, one.moisture_fraction
            elif symbol == "m3" and energy_type.is_stacked:
                notices.append(Notice("m3_taken_as_stacked"))
                name = "stere"
            elif symbol is not None:
                return Quantity(amount, symbol, tuple(notices), moisture)
            else:
                raise unknown_unit(unit, energy_type, local)


def _circle(unit: str, name: str) -> ApiError:
    return invalid(
        "unit",
        "circular_unit",
        _("unit=%(unit)r leads back to %(name)r: the factory's local units define each other; correct one of them.")
        % {"unit": unit, "name": name},
        unit=unit,
    )


def unknown_unit(unit: str, energy_type: EnergyType, local: LocalUnits) -> ApiError:
    return invalid(
        "unit",
        "unknown_unit",
        _("unit=%(unit)r is unknown for %(type)s; use %(known)s, or add it as a local unit of the factory.")
        % {"unit": unit, "type": energy_type.code, "known": ", ".join([*ACCEPTED, *local])},
        unit=unit,
    )


def in_factor_unit(
    quantity: Quantity, measures: Mapping[str, Measure], energy_type: EnergyType, *, kg_per_stere: Decimal | None
) -> tuple[Decimal, str]:
    """The amount in one of the units that have factors, with that unit.

    1. the same dimension; 2. mass by the factor's own density; 3. stacked wood by kilograms per stere;
    4. for fuels, energy by the net calorific value.
    Raises ApiError 400 on `unit` that names the amount, its dimension and the possible units.
    """
    dimension = units.unit(quantity.unit).dimension
    usual_first = sorted(measures, key=lambda unit: unit != energy_type.default_unit)
    with localcontext() as context:
        context.prec = _PRECISION
        converted = None
        for unit in usual_first:
            if units.unit(unit).dimension is dimension:
                converted = units.convert(quantity.amount, from_unit=quantity.unit, to_unit=unit), unit
                break
        else:
            if dimension is Dimension.MASS:
                kg = units.convert(quantity.amount, from_unit=quantity.unit, to_unit="kg")
                converted = _first(kg, ((measures[unit].kg_per_unit, unit) for unit in usual_first))
            elif dimension is Dimension.STACKED_VOLUME and kg_per_stere and "kg" in measures:
                converted = quantity.amount * kg_per_stere, "kg"
            elif dimension is Dimension.ENERGY and energy_type.carrier == Carrier.FUEL:
                gj = units.convert(quantity.amount, from_unit=quantity.unit, to_unit="GJ")
                converted = _first(gj, ((measures[unit].gj_per_unit, unit) for unit in usual_first))
    if converted is None:
        raise _mixed(quantity, dimension, energy_type, usual_first)
    if converted[0] > LARGEST_FACTOR_AMOUNT:
        raise invalid(
            "amount",
            "too_large",
            _("amount=%(amount)s %(unit)s is above %(limit)s %(per)s; check the number and the unit.")
            % {"amount": plain(quantity.amount), "unit": quantity.unit, "limit": "1e14", "per": converted[1]},
        )
    return converted


def _first(amount: Decimal, sizes: Iterable[tuple[Decimal | None, str]]) -> tuple[Decimal, str] | None:
    return next(((amount / size, unit) for size, unit in sizes if size), None)


def _mixed(quantity: Quantity, dimension: Dimension, energy_type: EnergyType, wanted: list[str]) -> ApiError:
    dimensions = {units.unit(unit).dimension for unit in wanted}
    if energy_type.carrier == Carrier.FUEL:
        dimensions |= {Dimension.ENERGY}
    usable = [unit for unit in ACCEPTED if units.unit(unit).dimension in dimensions]
    return invalid(
        "unit",
        "unit_of_another_kind",
        _("amount=%(amount)s %(unit)s is %(dimension)s, but %(type)s has no factor for that; use %(usable)s.")
        % {
            "amount": plain(quantity.amount),
            "unit": quantity.unit,
            "dimension": dimension.value,
            "type": energy_type.code,
            "usable": ", ".join(usable),
        },
        unit=quantity.unit,
        usable=usable,
    )
