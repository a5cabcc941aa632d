"""Sums of site days in windows for the rank: one SQL statement, and the rules for days that it cannot decide.

The statement adds up the days that need no decision. It returns the other days one by one, for the rules of
`science/intensity.py`. Places are in `places.py`.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection

from energy.stock import stock_confirmed_months
from factories.days import day_just_ended
from factories.models import Factory
from factories.sectors import SECTORS, Sector
from leaderboard.awaited import AwaitedElectricity, awaited_electricity
from leaderboard.choices import Window
from leaderboard.metrics import (
    CO2E,
    ENERGY,
    GJ_PER_KWH,
    METRICS,
    MJ_PER_GJ,
    NO_COLUMN,
    CeilingBook,
    Ceilings,
    GridFactor,
    Metric,
    grid_factors,
    grid_of,
)
from lib import sql
from science.intensity import NO_DAYS, RECENT_DAYS, STACK_FUEL_BAND, DayFacts, DaySums, FigureParts, add_days

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class SiteWindow:
    """A site in a window, with everything that its sums depend on except its days."""

    window: int
    factory: Factory
    first_day: date
    last_day: date
    recent_day: date  # days from here on are recent
    ceilings: Ceilings | None  # None: none is known in its sector
    grid: tuple[GridFactor, ...]
    stock_months: tuple[date, ...]  # whose stock counts confirm the fuel log
    awaited: AwaitedElectricity | None

    @property
    def sector(self) -> Sector:
        return SECTORS[self.factory.sector]

    @property
    def key(self) -> tuple[int, int]:
        return self.window, self.factory.pk

    @property
    def depends_on(self) -> Hashable:
        days = (self.first_day, self.last_day, self.recent_day)
        return self.key, self.factory.sector, days, self.ceilings, self.grid, self.stock_months, self.awaited

    @property
    def days(self) -> list[date]:
        return [self.first_day + timedelta(days=n) for n in range((self.last_day - self.first_day).days + 1)]

    def max_heat(self, metric: Metric) -> Decimal | None:
        return None if self.ceilings is None else self.ceilings.heat[metric]

    def max_electricity(self, metric: Metric, kg_per_kwh: Decimal) -> Decimal | None:
        """The ceiling of electricity per kg made, for the given emission of a grid kWh."""
        if self.ceilings is None:
            return None
        return self.ceilings.electricity_kwh * (kg_per_kwh if metric.per_kwh is None else metric.per_kwh)

    def awaits(self, day: "_OddDay") -> bool:
        return self.awaited is not None and day.day >= self.awaited.first_day and day.lacks_electricity

    def kg_per_kwh(self, day: date) -> Decimal:
        return next(factor.kg_per_kwh for factor in self.grid if factor.from_day <= day < factor.to_day)


@dataclass(frozen=True, slots=True)
class RankedSums:
    """One site in one window."""

    first_day: date  # the first day with a known figure
    by_metric: dict[Metric, DaySums]
    production_missing: tuple[date, ...]  # without the recent days
    heat_missing: tuple[date, ...]
    electricity_missing: tuple[date, ...]
    stack_above_days: int  # days on which the stack shows more than the log
    idle_made_days: int  # made without a fire in any stack: check the sensor
    methane_unknown_days: int
    awaited_until: date | None  # a bill of electricity is due then, and its days count at the site's own use per kg
    share_measured_pct: float  # of chimney hours; a day without a sensor counts as one unmeasured chimney
    stack_measured_kg_per_kg: float | None  # of the days without a missing hour

    @property
    def grid_kg_per_kwh(self) -> float | None:
        """Mean over the counted electricity."""
        kwh = self.by_metric[ENERGY].parts.electricity / MJ_PER_GJ / float(GJ_PER_KWH)
        return self.by_metric[CO2E].parts.electricity / kwh if kwh > 0 else None


def last_complete_days(factories: Sequence[Factory], now: datetime) -> dict[int, date]:
    """The last factory day of each site that is over."""
    return {factory.pk: day_just_ended(factory, now).day for factory in factories}


def first_days(factory_ids: Sequence[int]) -> dict[int, date]:
    """The first day with a known figure, for each site that has one."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("leaderboard", "reach"), {"factory_ids": list(factory_ids)})
        return {factory_id: day for factory_id, day in cursor.fetchall() if day is not None}


# Sums depend only on their key, so a process caches them: a new entry recomputes the sums of one site only.
_kept: dict[Hashable, RankedSums | None] = {}
_MOST_KEPT = 20_000  # some kilobytes each; two hundred sites in a dozen of periods


def forget() -> None:
    """For tests that change site days directly, which does not change the version."""
    _kept.clear()


def sums_of_windows(
    factories: Sequence[Factory], windows: Sequence[Window], now: datetime
) -> dict[tuple[int, int], RankedSums]:
    """(number of the window, factory) -> its sums; a site without known figures in a window is absent.

    Only months of the first window need stock counts, because places are given for that window.
    """
    versions = _versions([factory.pk for factory in factories], now)
    sites = [site for site in _site_windows(factories, windows, now) if site.factory.pk in versions]
    keys: dict[Hashable, SiteWindow] = {(site.depends_on, versions[site.factory.pk]): site for site in sites}
    sums = _kept.copy()  # kept for this request, because another request may empty the cache meanwhile
    if missing := {key: site for key, site in keys.items() if key not in sums}:
        computed = _compute(missing, now)
        sums |= computed
        if len(_kept) + len(computed) > _MOST_KEPT:
            _kept.clear()
        _kept.update(computed)
    return {site.key: of_site for key, site in keys.items() if (of_site := sums[key]) is not None}


def _versions(factory_ids: Sequence[int], now: datetime) -> dict[int, tuple[datetime, int]]:
    """The number of past days of each site and the time of their last recomputation; days are never edited."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("leaderboard", "versions"), {"factory_ids": list(factory_ids), "now": now})
        return {factory_id: (made_at, count) for factory_id, made_at, count in cursor.fetchall()}


def _site_windows(factories: Sequence[Factory], windows: Sequence[Window], now: datetime) -> list[SiteWindow]:
    last_days = last_complete_days(factories, now)
    if not last_days or not windows:
        return []
    spans = []
    for number, window in enumerate(windows):
        for factory in factories:
            recent = last_days[factory.pk] - timedelta(days=RECENT_DAYS - 1)
            # Without a known ceiling missing days cannot be filled, so recent days do not count yet.
            newest = last_days[factory.pk] if SECTORS[factory.sector].has_places else recent - timedelta(days=1)
            if window.first_day <= (end := min(window.last_day, newest)):
                spans.append((number, factory, window.first_day, end, recent))
    if not spans:
        return []
    first, last = min(span[2] for span in spans), max(span[3] for span in spans)
    grid = grid_factors({grid_of(factory) for factory in factories}, first, last)
    book = CeilingBook(min(max(window.last_day for window in windows), max(last_days.values())))
    stock = _confirmed_months({span[1] for span in spans if span[0] == 0}, windows[0].first_day, last)
    awaited = awaited_electricity(factories, now)
    return [
        SiteWindow(*span, book.of(site), grid.get(grid_of(site), ()), stock.get(site.pk, ()), awaited.get(site.pk))
        for span in spans
        for site in (span[1],)
    ]


def _confirmed_months(factories: Collection[Factory], first: date, last: date) -> dict[int, tuple[date, ...]]:
    """The months whose stock counts confirm the fuel log, for each site that burns fuel for heat."""
    factory_ids = [factory.pk for factory in factories if SECTORS[factory.sector].burns_for_heat]
    if not factory_ids:
        return {}
    months = stock_confirmed_months(factory_ids, first.replace(day=1), last.replace(day=1))
    confirmed = sorted(key for key, is_confirmed in months.items() if is_confirmed)
    return {pk: tuple(month for factory_id, month in confirmed if factory_id == pk) for pk in factory_ids}


# --- The statement -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _SumsRow:
    """A row of the statement; None where there is no such day."""

    window: int
    factory_id: int
    first_day: date | None
    days: int
    made_kg: Decimal
    producing_days: int
    simple_days: int
    parts: dict[str, list[float]]  # code of the metric -> heat, electricity of simple days, other of all days
    confirmed_days: int
    stack_above_days: int
    methane_unknown_days: int
    stack_h: int | None
    measured_h: int | None
    idle_h: int | None
    stack_measured_kg: Decimal | None
    stack_measured_made_kg: Decimal | None
    odd_days: list[dict[str, Any]] | None
    known_days: list[date] | None  # all days that have a row, where some have none


@cache
def _statement() -> str:
    """`sums.sql` with the columns and ceilings of each metric."""
    parts = [
        (f"max_{metric.code}_{part}", column)
        for metric in METRICS
        for part, column in (("heat", metric.heat), ("electricity", metric.electricity))
    ]
    sums = {
        m: [_sum(m.heat, "is_simple"), _sum(m.electricity, "is_simple"), " + ".join(_sum(c, "true") for c in m.other)]
        for m in METRICS
    }
    pieces = {
        "ceilings": ", ".join(f"%({name})s::numeric[]" for name, _column in parts),
        "names": ", ".join(name for name, _column in parts),
        "below": " AND ".join(
            f"(s.{name} IS NULL OR {column} <= s.{name} * made_kg)" for name, column in parts if column != NO_COLUMN
        ),
        "parts": ", ".join(
            f"'{m.code}', json_build_array({m.heat}, {m.electricity}, {' + '.join(m.other)})" for m in METRICS
        ),
        "sums": ", ".join(f"'{m.code}', json_build_array({', '.join(sums[m])})" for m in METRICS),
    }
    statement = sql.load("leaderboard", "sums")
    for name, piece in pieces.items():
        statement = statement.replace(f"/* {name} */", piece)
    return statement


def _sum(column: str, condition: str) -> str:
    return column if column == NO_COLUMN else f"coalesce(sum({column}) FILTER (WHERE {condition}), 0)::float8"


def _parameters(sites: Sequence[SiteWindow], now: datetime) -> dict[str, Any]:
    ceilings: dict[str, list[Decimal | None]] = {}
    lowest = [min(factor.kg_per_kwh for factor in site.grid) for site in sites]
    for metric in METRICS:
        ceilings[f"max_{metric.code}_heat"] = [site.max_heat(metric) for site in sites]
        ceilings[f"max_{metric.code}_electricity"] = [
            site.max_electricity(metric, kg_per_kwh) for site, kg_per_kwh in zip(sites, lowest, strict=True)
        ]
    stock = sorted({(site.factory.pk, month) for site in sites for month in site.stock_months})
    return ceilings | {
        "windows": [site.window for site in sites],
        "factory_ids": [site.factory.pk for site in sites],
        "first_days": [site.first_day for site in sites],
        "last_days": [site.last_day for site in sites],
        "recent_days": [site.recent_day for site in sites],
        "heat_asked": [site.sector.burns_for_heat for site in sites],
        "methane_asked": [site.sector.has_methane for site in sites],
        "stock_factories": [factory_id for factory_id, _month in stock],
        "stock_months": [month for _factory_id, month in stock],
        "low": STACK_FUEL_BAND[0],
        "high": STACK_FUEL_BAND[1],
        "now": now,
    }


def _compute(sites: Mapping[Hashable, SiteWindow], now: datetime) -> dict[Hashable, RankedSums | None]:
    parameters = _parameters(list(sites.values()), now)
    rows = {(row.window, row.factory_id): row for row in sql.fetch(_statement(), parameters, _SumsRow)}
    return {key: _ranked_sums(row, site) if (row := rows[site.key]).days else None for key, site in sites.items()}


# --- The days that need a decision -----------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _OddDay:
    """A day of the statement's `odd_days`; a day without values is a day without known figures."""

    day: date
    is_recent: bool
    length_s: float = _DAY_S
    is_idle: bool = False
    has_production: bool = False
    made_kg: float | None = None
    heat_covered_s: int = 0
    electricity_covered_s: int = 0
    has_all_energy: bool = True
    parts: Mapping[str, Sequence[float]] | None = None
    stack_co2_kg: float | None = None
    carbon_co2_kg: float | None = None

    @property
    def stack_fuel_ratio(self) -> float | None:
        if self.stack_co2_kg is None or not self.carbon_co2_kg or self.heat_covered_s < self.length_s:
            return None
        return self.stack_co2_kg / self.carbon_co2_kg

    @property
    def lacks_electricity(self) -> bool:
        return self.electricity_covered_s < self.length_s

    def parts_of(self, metric: Metric) -> FigureParts:
        heat, electricity, other = self.parts[metric.code] if self.parts else (0.0, 0.0, 0.0)
        # Energy burned by a factor without a heating value is not known, whatever else was logged.
        heat = heat if self.has_all_energy or not metric.is_of_energy else 0.0
        return FigureParts(heat * metric.scale, electricity * metric.scale, other * metric.scale)


def _odd_days(row: _SumsRow, site: SiteWindow) -> list[_OddDay]:
    """The days to decide about; a day without a row has no known figures."""
    odd = []
    for values in row.odd_days or ():
        day = date.fromisoformat(values.pop("day"))
        odd.append(_OddDay(day, day >= site.recent_day, **values))
    if row.known_days is not None:
        known = set(row.known_days)
        odd += [_OddDay(day, day >= site.recent_day) for day in site.days if day not in known]
    return odd


def _ranked_sums(row: _SumsRow, site: SiteWindow) -> RankedSums:
    """All days of a site: those in the statement's sums and those to decide about."""
    odd = _odd_days(row, site)
    mean_kg = float(row.made_kg) / row.producing_days if row.producing_days else 0.0
    asked = [day for day in odd if not day.is_idle]
    needing_heat = asked if site.sector.burns_for_heat else []
    hours = (row.stack_h or 0) + 24 * (len(site.days) - row.days)
    return RankedSums(
        first_day=row.first_day or site.first_day,
        by_metric={
            metric: add_days(
                _simple_sums(metric, row, odd), [_facts(metric, day, site) for day in odd], mean_kg=mean_kg
            )
            for metric in METRICS
        },
        production_missing=tuple(sorted(d.day for d in asked if not d.has_production and not d.is_recent)),
        heat_missing=tuple(sorted(d.day for d in needing_heat if d.heat_covered_s < d.length_s)),
        electricity_missing=tuple(sorted(d.day for d in asked if d.lacks_electricity and not site.awaits(d))),
        awaited_until=site.awaited.due_on if site.awaited and any(site.awaits(d) for d in asked) else None,
        stack_above_days=row.stack_above_days + sum((d.stack_fuel_ratio or 0.0) > STACK_FUEL_BAND[1] for d in asked),
        idle_made_days=sum(d.is_idle and bool(d.made_kg) for d in odd),
        methane_unknown_days=row.methane_unknown_days,
        share_measured_pct=100.0 * ((row.measured_h or 0) + (row.idle_h or 0)) / hours if hours else 0.0,
        stack_measured_kg_per_kg=float((row.stack_measured_kg or 0) / row.stack_measured_made_kg)
        if row.stack_measured_made_kg
        else None,
    )


def _simple_sums(metric: Metric, row: _SumsRow, odd: Sequence[_OddDay]) -> DaySums:
    """The sums of the statement. Product and engines are summed over all days, so those of the odd days come off."""
    heat, electricity, other = row.parts[metric.code]
    other -= sum(day.parts[metric.code][2] for day in odd if day.parts)
    return replace(
        NO_DAYS,
        made_kg=max(0.0, float(row.made_kg) - sum(day.made_kg or 0.0 for day in odd)),
        known_days=float(row.simple_days),
        asked_days=float(row.simple_days),
        confirmed_days=row.confirmed_days,
        judged_days=row.simple_days,
        parts=FigureParts(heat * metric.scale, electricity * metric.scale, max(0.0, other) * metric.scale),
    )


def _facts(metric: Metric, day: _OddDay, site: SiteWindow) -> DayFacts:
    parts = day.parts_of(metric)
    heat_known = min(1.0, day.heat_covered_s / day.length_s) if site.sector.burns_for_heat else 1.0
    max_heat, max_electricity = site.max_heat(metric), site.max_electricity(metric, site.kg_per_kwh(day.day))
    electricity, known = parts.electricity, min(1.0, day.electricity_covered_s / day.length_s)
    if site.awaited is not None and site.awaits(day):
        per_kwh = site.kg_per_kwh(day.day) if metric.per_kwh is None else metric.per_kwh
        filled = site.awaited.filled(electricity / metric.scale, known, made_kg=day.made_kg or 0.0, per_kwh=per_kwh)
        electricity, known = filled * metric.scale, 1.0
    return DayFacts(
        # Production logged for less than 80 % of the day counts, but the day still needs the rest of its production.
        made_kg=day.made_kg if day.has_production or day.is_recent or day.is_idle else None,
        heat=parts.heat,
        heat_known=heat_known if day.has_all_energy or not metric.is_of_energy else 0.0,
        electricity=electricity,
        electricity_known=known,
        other=parts.other,
        heat_ceiling_per_kg=None if max_heat is None else float(max_heat) * metric.scale,
        electricity_ceiling_per_kg=None if max_electricity is None else float(max_electricity) * metric.scale,
        is_idle=day.is_idle,
        is_recent=day.is_recent,
        stack_fuel_ratio=day.stack_fuel_ratio,
        is_stock_confirmed=day.day.replace(day=1) in site.stock_months,
    )
