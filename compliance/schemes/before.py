"""The same period of the year before, for schemes that report progress."""

from datetime import date
from decimal import Decimal

from compliance.inventory.build import build
from compliance.schemes import ReportInputs
from compliance.schemes.figures import MJ_PER_GJ, ReportFigures, known_sum, use_of


def energy_and_made(inputs: ReportInputs) -> tuple[Decimal | None, Decimal | None]:
    """GJ used and kg made a year earlier; None where nothing is logged."""
    first, end = (_year_before(day) for day in (inputs.first_day, inputs.end_day))
    past = build(inputs.factories, first, end, gwp_set=inputs.inventory.gwp_set, as_known_on=inputs.known_on)
    streams = {line.stream for line in past.lines if line.approach != "market"}
    gj = known_sum(
        use_of(stream, [line for line in past.lines if line.stream == stream and line.approach != "market"]).energy_gj
        for stream in streams
    )
    return gj, known_sum(past.made_kg.values())


def mj_per_kg(energy_gj: Decimal | None, made_kg: Decimal | None) -> Decimal | None:
    return None if energy_gj is None or not made_kg else energy_gj * MJ_PER_GJ / made_kg


def specific_energy(figures: ReportFigures) -> tuple[Decimal | None, Decimal | None]:
    """MJ a kg of product in the period and a year earlier."""
    return mj_per_kg(figures.energy_gj(), figures.made_kg), mj_per_kg(*energy_and_made(figures.inputs))


def _year_before(day: date) -> date:
    """The first day of a month exists in every year."""
    return day.replace(year=day.year - 1)
