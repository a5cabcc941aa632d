"""The same period of the year before, for schemes that report progress."""

from datetime import date
from decimal import Decimal

from compliance.inventory.build import build
from compliance.schemes import ReportInputs
from compliance.schemes.figures import MJ_PER_GJ, ReportFigures, energy_uses, is_activity, known_sum


def energy_and_made(inputs: ReportInputs) -> tuple[Decimal | None, Decimal | None]:
    """GJ used and kg made a year earlier; None where nothing is logged."""
    first, end = (_year_before(day) for day in (inputs.first_day, inputs.end_day))
    past = build(inputs.factories, first, end, gwp_set=inputs.inventory.gwp_set, as_known_on=inputs.known_on)
    uses = energy_uses(filter(is_activity, past.lines))
    return known_sum(use.energy_gj for use in uses), known_sum(past.made_kg.values())


def mj_per_kg(energy_gj: Decimal | None, made_kg: Decimal | None) -> Decimal | None:
    return None if energy_gj is None or not made_kg else energy_gj * MJ_PER_GJ / made_kg


def specific_energy(figures: ReportFigures) -> tuple[Decimal | None, Decimal | None]:
    """MJ a kg of product in the period and a year earlier."""
    return mj_per_kg(figures.energy_gj(), figures.made_kg), mj_per_kg(*energy_and_made(figures.inputs))


def _year_before(day: date) -> date:
    """The first day of a month exists in every year."""
    return day.replace(year=day.year - 1)
