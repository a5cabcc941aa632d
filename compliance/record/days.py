"""What hours of record and errors of entries make of a site day: its columns of record and of standard errors.

Errors of one kind add up linearly over the entries and days of a site (the same factor, scale and habit), and those of
different kinds in quadrature. Without a database.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from compliance.choices import HeatCo2Basis
from compliance.figures import Use, energy_class
from compliance.record.fuel import activity_of_use, kind_of_use
from compliance.record.rules import RecordHour
from compliance.sources import Site
from factories.days import FactoryDay
from science.interval import total
from science.rounding import decimal_kg_from_micrograms
from science.uncertainty import activity_sigma, combined, factor_sigma

#: Relative, of CH4 and N2O together as CO2e: of wood they are 43 % and 57 % of it, so 0.43 x 50 % with 0.57 x 100 %.
OTHER_GASES_SIGMA = 0.6


@dataclass(slots=True)
class DayErrors:
    """Standard errors in kg of what was logged for one day."""

    heat_co2_kg: float = 0.0  # all the carbon of heat fuels
    heat_fossil_kg: float = 0.0  # its parts
    heat_biogenic_kg: float = 0.0
    scope1_kg: float = 0.0  # CO2e of scope 1 without the CO2 of heat
    scope2_kg: float = 0.0
    biogenic_kg: float = 0.0  # CO2 that is not of heat


def errors_of_days(uses: Iterable[Use], days: Sequence[FactoryDay]) -> dict[int, DayErrors]:
    """By the start of the day in microseconds."""
    found = {day.start_us: DayErrors() for day in days}
    for use in sorted(uses, key=lambda use: use.entry_id):
        whole = _of_entry(use)
        for day in days:
            length_us = min(use.end_us, day.end_us) - max(use.start_us, day.start_us)
            if length_us > 0:
                share, sums = length_us / (use.end_us - use.start_us), found[day.start_us]
                for field in fields(sums):
                    setattr(sums, field.name, getattr(sums, field.name) + share * getattr(whole, field.name))
    return found


def _of_entry(use: Use) -> DayErrors:
    if use.market_co2e_kg is not None:
        return DayErrors()
    activity, kind = activity_sigma(activity_of_use(use)), kind_of_use(use)
    co2e_kg, biogenic_kg = float(use.co2e_kg), float(use.biogenic_co2_kg)
    if use.co2_kg is None or use.scope == 2:  # a publisher's sum
        sigma_kg = co2e_kg * combined([activity, factor_sigma(kind, "CO2e")])
        errors = DayErrors(scope2_kg=sigma_kg) if use.scope == 2 else DayErrors(scope1_kg=sigma_kg)
        errors.biogenic_kg = biogenic_kg * combined([activity, factor_sigma(kind, "CO2e")])
        return errors
    co2_sigma = combined([activity, factor_sigma(kind, "CO2")])
    fossil_kg = float(use.co2_kg)
    other_kg = (co2e_kg - fossil_kg) * combined([activity, OTHER_GASES_SIGMA])
    if energy_class(use) == "heat":
        parts = (co2_sigma * (fossil_kg + biogenic_kg), co2_sigma * fossil_kg, co2_sigma * biogenic_kg)
        return DayErrors(*parts, scope1_kg=other_kg)
    return DayErrors(scope1_kg=math.hypot(co2_sigma * fossil_kg, other_kg), biogenic_kg=co2_sigma * biogenic_kg)


def error_columns(columns: Mapping[str, Any], errors: DayErrors, stack_sigma: float) -> dict[str, float]:
    """The standard errors of a day's totals, on the basis of record."""
    heat_kg, fossil_kg, biogenic_kg = errors.heat_co2_kg, errors.heat_fossil_kg, errors.heat_biogenic_kg
    if columns["basis"] == HeatCo2Basis.MEASURED:
        heat_kg = stack_sigma * float(columns["heat_co2_kg"])
        if carbon_kg := columns["heat_carbon_co2_kg"]:  # else scope 1 and biogenic CO2 are as logged
            fossil_kg = heat_kg * float(columns["fuel_fossil_co2_kg"] / carbon_kg)
            biogenic_kg = heat_kg - fossil_kg
    return {
        "heat_sigma_kg": heat_kg,
        "scope1_sigma_kg": math.hypot(fossil_kg, errors.scope1_kg),
        "scope2_sigma_kg": errors.scope2_kg,
        "biogenic_sigma_kg": math.hypot(biogenic_kg, errors.biogenic_kg),
    }


def heat_hours(
    site: Site, days: Sequence[FactoryDay], by_day: Mapping[int, Sequence[RecordHour]]
) -> dict[int, list[RecordHour]]:
    """The hours of chimneys whose CO2 counts as that of heat."""
    found = {}
    for day in days:
        others = site.on(day.day).other_chimneys
        found[day.start_us] = [hour for hour in by_day.get(day.start_us, ()) if hour.chimney_id not in others]
    return found


def record_columns(hours: Sequence[RecordHour]) -> dict[str, Any]:
    """The hours of record of one day that is over: their sum where none of them lacks a mass, and their errors."""
    mass = total(hour.record for hour in hours if hour.record is not None)
    errors: dict[str, list[float]] = {"stack": [], "fuel": [], "filling": []}
    for name, sigma_kg in mass.systematic_kg.items():
        errors[name.split()[0]].append(sigma_kg)
    is_complete = bool(hours) and all(hour.record_ug is not None for hour in hours)
    return {
        "stack_substituted_h": sum(1 for hour in hours if hour.method),
        "stack_covered_s": sum(min(3_600_000, hour.covered_ms) for hour in hours) // 1000,
        "stack_co2_kg": decimal_kg_from_micrograms(sum(hour.record_ug or 0 for hour in hours)) if is_complete else None,
        "stack_sigma_kg": math.hypot(*errors["stack"]),
        "fuel_sigma_kg": math.hypot(*errors["fuel"]),
        "filling_bias_kg": math.fsum(errors["filling"]),
        "filling_variance_kg2": mass.variance_kg2,
    }
