"""Totals of sites from hours of record: so far today, and the last 24 hours. Sums chimneys, never devices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from emissions.models import HourStatus
from factories.days import local_hour_start, running_day
from factories.models import Factory
from lib import sql
from science import interval
from science.interval import UncertainMass
from science.rounding import decimal_kg_from_micrograms
from science.uncertainty import stack_sigma


@dataclass(frozen=True, slots=True)
class SoFar:
    """Emissions of a chimney with a device of record since the factory day began."""

    chimney_id: int
    factory_id: int
    measured_ug: int
    covered_ms: int
    elapsed_ms: int
    over_range_ms: int = 0

    @property
    def measured_kg(self) -> float:
        return self.measured_ug / 1e9

    @property
    def coverage_pct(self) -> float:
        return min(100.0, 100.0 * self.covered_ms / self.elapsed_ms) if self.elapsed_ms else 0.0

    @property
    def is_lower_bound(self) -> bool:
        """Whether a sensor was at the end of its range, so that more was emitted than it shows."""
        return self.over_range_ms > 0


@dataclass(frozen=True, slots=True)
class ChimneyHour:
    """One hour of a chimney's device of record."""

    chimney_id: int
    period_start: datetime
    co2_kg_per_h: float | None  # mean rate over the time covered; None when nothing was
    status: str
    over_range_ms: int = 0  # with it the rate is a lower bound


def so_far_today(factories: Sequence[Factory], now: datetime) -> dict[int, list[SoFar]]:
    """For each factory, its chimneys with a device of record and their emissions of this factory day.

    One query for all factories. A chimney without data so far has zero mass at zero coverage.
    """
    starts = {factory.pk: running_day(factory, now).starts_at for factory in factories}
    parts_by_factory: dict[int, list[SoFar]] = {factory_id: [] for factory_id in starts}
    parameters = {"factory_ids": list(starts), "starts": list(starts.values()), "now": now}
    for part in sql.fetch(sql.load("emissions", "so_far_today"), parameters, SoFar):
        parts_by_factory[part.factory_id].append(part)
    return parts_by_factory


def any_flag(qualities: Iterable[int]) -> int:
    return reduce(or_, qualities, 0)


def uncertain(parts: Iterable[SoFar], factories: Iterable[Factory]) -> UncertainMass | None:
    """What chimneys emitted so far, with the error of their sensors; None: nothing was measured."""
    sigmas = {f.pk: stack_sigma(altitude_is_estimated=f.altitude_is_estimated) for f in factories}
    masses = [
        UncertainMass(
            decimal_kg_from_micrograms(part.measured_ug),
            {f"stack {part.chimney_id}": part.measured_kg * sigmas[part.factory_id]},
            is_at_least=part.is_lower_bound,
        )
        for part in parts
        if part.covered_ms
    ]
    return interval.total(masses) if masses else None


def total(parts: Sequence[SoFar]) -> SoFar | None:
    """The sum of chimneys; None when there are none. Coverage weighs each chimney alike."""
    if not parts:
        return None
    return SoFar(
        0,
        parts[0].factory_id,
        sum(p.measured_ug for p in parts),
        sum(min(p.covered_ms, p.elapsed_ms) for p in parts),
        sum(p.elapsed_ms for p in parts),
        sum(p.over_range_ms for p in parts),
    )


def hours_of_record(factories: Sequence[Factory], now: datetime, count: int = 24) -> dict[int, list[ChimneyHour]]:
    """For each chimney, the hours of its device of record among the last `count`; hours without data are absent."""
    if not factories:
        return {}
    first = min(local_hour_start(now, factory.zone) for factory in factories) - timedelta(hours=count - 1)
    parameters = {"factory_ids": [factory.pk for factory in factories], "start": first, "now": now}
    hours_by_chimney: dict[int, list[ChimneyHour]] = {}
    for hour in sql.fetch(sql.load("emissions", "hours_of_record"), parameters, ChimneyHour):
        hours_by_chimney.setdefault(hour.chimney_id, []).append(hour)
    return hours_by_chimney


def sum_hours(parts: Sequence[ChimneyHour]) -> ChimneyHour:
    """Several chimneys in one hour: the sum of their rates, whatever the coverage of each."""
    statuses = {part.status for part in parts}
    rates = [part.co2_kg_per_h for part in parts if part.co2_kg_per_h is not None]
    status = statuses.pop() if len(statuses) == 1 else HourStatus.MEASURED.value
    over_range_ms = sum(part.over_range_ms for part in parts)
    return ChimneyHour(0, parts[0].period_start, sum(rates) if rates else None, status, over_range_ms)
