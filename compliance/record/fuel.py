"""The carbon burned under each chimney of a site on each factory day, from energy entries. Without a database.

An entry that names no source is shared evenly by the chimneys of the site's heat sources: we cannot know more [A].
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from compliance.figures import ENOUGH, Use, energy_class
from compliance.sources import HEAT_SOURCES, Site, SiteSettings
from energy.choices import Carrier
from factories.days import FactoryDay
from logbook.choices import Origin
from science.uncertainty import ActivityData, FactorOf, activity_of, activity_sigma, combined, factor_kind, factor_sigma
from science.units import UNITS, Dimension, Unit


@dataclass(frozen=True, slots=True)
class ChimneyFuel:
    """CO2 of all the carbon that was logged for one chimney and day, with its standard error."""

    co2_kg: float
    sigma_kg: float


_Day = tuple[int | None, int]  # chimney, start of the factory day in microseconds


def fuel_of_chimneys(
    uses: Iterable[Use], days: Sequence[FactoryDay], site: Site, measured: Collection[int]
) -> dict[_Day, ChimneyFuel]:
    """By chimney and start of the day [us]; absent where entries cover less than 80 % of the day, or one has no CO2.

    `measured`: the chimneys that have a device of record; one that no source names is taken for a heat source's.
    """
    pieces: dict[_Day, list[tuple[int, int, float | None, float]]] = {}
    for use in sorted(uses, key=lambda use: use.entry_id):
        if use.carrier != Carrier.FUEL or use.market_co2e_kg is not None:
            continue
        for day in days:
            begin, end = max(use.start_us, day.start_us), min(use.end_us, day.end_us)
            if begin >= end:
                continue
            chimneys = _chimneys_of(use, site.on(day.day), measured)
            whole_kg = None if use.co2_kg is None else float(use.co2_kg + use.biogenic_co2_kg)
            share = (end - begin) / (use.end_us - use.start_us) / max(1, len(chimneys))
            kg = None if whole_kg is None else whole_kg * share
            for chimney in chimneys:
                pieces.setdefault((chimney, day.start_us), []).append((begin, end, kg, sigma_of(use)))
    lengths = {day.start_us: day.end_us - day.start_us for day in days}
    return {key: _fuel(found) for key, found in pieces.items() if _is_logged(found, lengths[key[1]])}


def _chimneys_of(use: Use, place: SiteSettings, measured: Collection[int]) -> list[int | None]:
    if use.chimney_id is not None:
        return [use.chimney_id]
    if use.source_kind not in HEAT_SOURCES if use.source_kind else energy_class(use) != "heat":
        return []
    unnamed = sorted(set(measured) - place.heat_chimneys - place.other_chimneys)
    if use.source_kind:  # a boiler without a chimney
        return list(unnamed)
    named = sorted(pk for pk in place.heat_chimneys if pk is not None)
    is_elsewhere = None in place.heat_chimneys and not unnamed
    return [*named, *unnamed, *([None] if is_elsewhere else [])]


def _is_logged(pieces: Sequence[tuple[int, int, float | None, float]], length_us: int) -> bool:
    covered_us, until_us = 0, 0
    for begin_us, end_us, kg, _sigma in sorted(pieces, key=lambda piece: piece[:2]):
        if kg is None:
            return False
        covered_us += max(0, end_us - max(begin_us, until_us))
        until_us = max(until_us, end_us)
    return covered_us >= ENOUGH * length_us


def _fuel(pieces: Sequence[tuple[int, int, float | None, float]]) -> ChimneyFuel:
    """Errors of a day's entries add up linearly: the same person, the same stack, the same factor."""
    known = [(kg or 0.0, sigma) for _begin, _end, kg, sigma in pieces]
    return ChimneyFuel(math.fsum(kg for kg, _s in known), math.fsum(kg * sigma for kg, sigma in known))


def sigma_of(use: Use) -> float:
    """Relative standard error of the CO2 of an entry: of its amount and its factor."""
    return combined([activity_sigma(activity_of_use(use)), factor_sigma(kind_of_use(use), "CO2")])


def activity_of_use(use: Use) -> ActivityData:
    """How the amount is known: a stack that became kg by a unit of the site was weighed there."""
    entered, factor = UNITS.get(use.unit), UNITS.get(use.factor_unit)
    if factor is None:
        return ActivityData.ESTIMATED
    is_weighed_here = use.is_wood and factor.dimension is Dimension.MASS and not _is_mass(entered)
    return activity_of(
        Dimension.STACKED_VOLUME if is_weighed_here else factor.dimension,
        is_metered=use.origin in (Origin.METER, Origin.DEVICE),
        is_weighed_here=is_weighed_here,
    )


def _is_mass(unit: Unit | None) -> bool:
    return unit is not None and unit.dimension is Dimension.MASS


def kind_of_use(use: Use) -> FactorOf:
    is_biogenic = use.biogenic_co2_kg > 0 and not use.co2_kg
    return factor_kind(energy_type=use.energy_type, carrier=use.carrier, is_biogenic=is_biogenic)
