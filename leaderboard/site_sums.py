"""The days of a site as the rank counts them: a row of `sql/leaderboard_sums.sql` -> sums for each of the metrics.

The statement sums the days about which there is nothing to decide; the others come one by one and go through the rules
of `science/intensity.py`. No query here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from factories.models import Factory
from factories.sectors import SECTORS
from leaderboard.ceilings import Ceilings, GridFactor
from science.intensity import NO_DAYS, STACK_FUEL_BAND, DayFacts, DaySums, Parts, add_days

GJ_PER_KWH = 0.0036
MJ_PER_GJ = 1000.0
_DAY_S = 86_400


class Metric(StrEnum):
    """The three columns; the first decides unless asked otherwise."""

    CO2E = "co2e_intensity"  # kg CO2e of scopes 1 and 2
    ENERGY = "energy_intensity"  # MJ
    STACK = "stack_intensity"  # kg CO2 of wood, outside the scopes


@dataclass(frozen=True, slots=True)
class Place:
    """A site in a window: its days, from which on they are recent, and what a missing day of it counts by."""

    window: int
    factory: Factory
    first_day: date
    last_day: date
    recent_day: date
    ceilings: Ceilings

    @property
    def is_tea(self) -> bool:
        return SECTORS[self.factory.sector].has_places

    @property
    def day_count(self) -> int:
        return (self.last_day - self.first_day).days + 1


@dataclass(frozen=True, slots=True)
class SumsRow:
    """A row of the statement, in its order; amounts in kg CO2e, GJ and kg CO2, None where there is no such day."""

    window: int
    factory_id: int
    first_day: date | None
    days: int
    made_kg: Decimal
    producing_days: int
    simple_days: int
    heat_co2e: Decimal | None
    grid_co2e: Decimal | None
    heat_gj: Decimal | None
    power_gj: Decimal | None
    heat_co2: Decimal | None
    other_co2e: Decimal | None
    methane_co2e: Decimal | None
    other_gj: Decimal | None
    confirmed_days: int
    stack_above_days: int
    methane_unknown_days: int
    stack_h: int | None
    measured_h: int | None
    idle_h: int | None
    stack_measured_kg: Decimal | None
    stack_measured_made_kg: Decimal | None
    odd: list[list[Any]] | None
    known_dates: list[date] | None  # of all days that have a row, where some have none


@dataclass(frozen=True, slots=True)
class SiteSums:
    """One site in one window."""

    factory_id: int
    first_day: date  # of those about which anything is known
    sums: dict[Metric, DaySums]
    unmade: tuple[date, ...]  # days that lack production, recent ones apart
    heat_missing: tuple[date, ...]
    electricity_missing: tuple[date, ...]
    held_days: int  # logged above the ceiling
    stack_above_days: int  # on which the stack shows more than the log
    idle_made_days: int  # made without a fire in any stack: look at the sensor
    methane_unknown_days: int
    share_measured_pct: float  # of chimney hours; a day without a sensor counts as one chimney not measured
    stack_measured_kg_per_kg: float | None  # over the days on which no hour is missing

    @property
    def grid_kg_per_kwh(self) -> float | None:
        """Of the electricity as it counts."""
        kwh = self.sums[Metric.ENERGY].parts.electricity / MJ_PER_GJ / GJ_PER_KWH
        return self.sums[Metric.CO2E].parts.electricity / kwh if kwh > 0 else None


@dataclass(frozen=True, slots=True)
class _OddDay:
    """A day to decide about, in the order of the statement's JSON."""

    day: date
    length_s: float
    is_idle: bool
    has_production: bool
    made_kg: float | None
    heat_covered_s: int
    electricity_covered_s: int
    has_all_energy: bool
    heat_co2e: float
    grid_co2e: float
    heat_gj: float
    power_gj: float
    heat_co2: float
    other_co2e: float
    other_gj: float
    stack_co2_kg: float | None
    carbon_co2_kg: float | None
    is_recent: bool = False

    @property
    def stack_fuel_ratio(self) -> float | None:
        if self.stack_co2_kg is None or not self.carbon_co2_kg or self.heat_covered_s < self.length_s:
            return None
        return self.stack_co2_kg / self.carbon_co2_kg


def _nothing(day: date, *, is_recent: bool) -> _OddDay:
    return _OddDay(day, _DAY_S, False, False, None, 0, 0, True, 0, 0, 0, 0, 0, 0, 0, None, None, is_recent)


def site_sums(row: SumsRow, place: Place, grid: Sequence[GridFactor], stock: Collection[tuple[int, date]]) -> SiteSums:
    """All of a site's days, those of the statement's sums and those to decide about."""
    odd = _odd_days(row, place)
    mean_kg = float(row.made_kg) / row.producing_days if row.producing_days else 0.0
    facts = [_facts(day, place, grid, stock) for day in odd]
    asked = [day for day in odd if not day.is_idle]
    return SiteSums(
        factory_id=row.factory_id,
        first_day=row.first_day or place.first_day,
        sums={
            metric: add_days(simple, [of_day[metric] for of_day in facts], mean_kg=mean_kg)
            for metric, simple in _simple(row, odd).items()
        },
        unmade=tuple(sorted(d.day for d in asked if not d.has_production and not d.is_recent)),
        heat_missing=tuple(sorted(d.day for d in asked if place.is_tea and d.heat_covered_s < d.length_s)),
        electricity_missing=tuple(sorted(d.day for d in asked if d.electricity_covered_s < d.length_s)),
        held_days=sum(_is_held(of_day[Metric.CO2E], mean_kg) for of_day in facts),
        stack_above_days=row.stack_above_days + sum((d.stack_fuel_ratio or 0.0) > STACK_FUEL_BAND[1] for d in asked),
        idle_made_days=sum(d.is_idle and bool(d.made_kg) for d in odd),
        methane_unknown_days=row.methane_unknown_days,
        share_measured_pct=_share_measured_pct(row, place.day_count),
        stack_measured_kg_per_kg=float((row.stack_measured_kg or 0) / row.stack_measured_made_kg)
        if row.stack_measured_made_kg
        else None,
    )


def _odd_days(row: SumsRow, place: Place) -> list[_OddDay]:
    """The days to decide about; one without a row is one about which nothing is known."""
    odd = []
    for values in row.odd or ():
        day = date.fromisoformat(values[0])
        odd.append(_OddDay(*[day, *values[1:], day >= place.recent_day]))
    if row.known_dates is not None:
        known = set(row.known_dates)
        days = (place.first_day + timedelta(n) for n in range(place.day_count))
        odd += [_nothing(day, is_recent=day >= place.recent_day) for day in days if day not in known]
    return odd


def _share_measured_pct(row: SumsRow, days: int) -> float:
    hours = (row.stack_h or 0) + 24 * (days - row.days)
    return 100.0 * ((row.measured_h or 0) + (row.idle_h or 0)) / hours if hours else 0.0


def _simple(row: SumsRow, odd: Sequence[_OddDay]) -> dict[Metric, DaySums]:
    """The sums of the statement. What was made, and what engines burned, it sums over all days: less the odd ones."""
    count = float(row.simple_days)
    made_kg = max(0.0, float(row.made_kg) - sum(day.made_kg or 0.0 for day in odd))
    other_co2e = float(row.other_co2e or 0) + float(row.methane_co2e or 0) - sum(d.other_co2e for d in odd)
    other_gj = float(row.other_gj or 0) - sum(day.other_gj for day in odd)
    parts = {
        Metric.CO2E: Parts(float(row.heat_co2e or 0), float(row.grid_co2e or 0), max(0.0, other_co2e)),
        Metric.ENERGY: Parts(
            float(row.heat_gj or 0) * MJ_PER_GJ, float(row.power_gj or 0) * MJ_PER_GJ, max(0.0, other_gj) * MJ_PER_GJ
        ),
        Metric.STACK: Parts(float(row.heat_co2 or 0)),
    }
    return {
        metric: replace(
            NO_DAYS,
            made_kg=made_kg,
            known_days=count,
            asked_days=count,
            confirmed_days=row.confirmed_days,
            judged_days=row.simple_days,
            parts=part,
        )
        for metric, part in parts.items()
    }


def _facts(
    day: _OddDay, place: Place, grid: Sequence[GridFactor], stock: Collection[tuple[int, date]]
) -> dict[Metric, DayFacts]:
    ceilings = place.ceilings
    # Logged for less than 80 % of the day it counts as made, but the day still asks for its production.
    made_kg = day.made_kg if day.has_production or day.is_recent or day.is_idle else None
    heat_known = min(1.0, day.heat_covered_s / day.length_s) if place.is_tea else 1.0
    power_known = min(1.0, day.electricity_covered_s / day.length_s)
    is_stock_confirmed = (place.factory.pk, day.day.replace(day=1)) in stock
    judged = (day.is_idle, day.is_recent, day.stack_fuel_ratio, is_stock_confirmed)
    max_kwh = float(ceilings.electricity_kwh)
    max_grid = max_kwh * _kg_per_kwh(grid, place.factory.country, day.day)
    # Energy burned by a factor without a heating value is not known, whatever else was logged.
    heat_mj, mj_known = (day.heat_gj * MJ_PER_GJ, heat_known) if day.has_all_energy else (0.0, 0.0)
    return {
        Metric.CO2E: DayFacts(
            made_kg,
            day.heat_co2e,
            heat_known,
            day.grid_co2e,
            power_known,
            day.other_co2e,
            float(ceilings.heat_co2e_kg),
            max_grid,
            *judged,
        ),
        Metric.ENERGY: DayFacts(
            made_kg,
            heat_mj,
            mj_known,
            day.power_gj * MJ_PER_GJ,
            power_known,
            day.other_gj * MJ_PER_GJ,
            float(ceilings.heat_gj) * MJ_PER_GJ,
            max_kwh * GJ_PER_KWH * MJ_PER_GJ,
            *judged,
        ),
        Metric.STACK: DayFacts(
            made_kg, day.heat_co2, heat_known, 0.0, power_known, 0.0, float(ceilings.heat_co2_kg), 0.0, *judged
        ),
    }


def _kg_per_kwh(grid: Sequence[GridFactor], country: str, day: date) -> float:
    return next(float(f.kg_per_kwh) for f in grid if f.country == country and f.from_day <= day < f.to_day)


def _is_held(day: DayFacts, mean_kg: float) -> bool:
    basis_kg = mean_kg if day.is_recent else max(day.made_kg or 0.0, mean_kg)
    return not day.is_idle and (
        day.heat > day.heat_ceiling_per_kg * basis_kg or day.electricity > day.electricity_ceiling_per_kg * basis_kg
    )
