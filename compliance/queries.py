"""Reads of figures of record: site days, their sums and intensities over a period, operating time.

Call `site_days.refresh` first where a figure must include what was written a moment ago. Days are factory days of the
site, named by the date on which they begin, both ends included; days that have not begun are left out.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from compliance.inputs import sources_of
from compliance.models import SiteDay
from compliance.site_days import days_known
from compliance.sources import days_of_heat
from devices.models import Assignment
from factories.days import factory_day, microseconds
from factories.models import Factory
from factories.sectors import codes_where
from lib import history, sql
from science.interval import UncertainMass
from science.uncertainty import ActivityData, FactorOf, activity_sigma, combined, factor_sigma

_BUCKETS = {"day": "day", "month": "date_trunc('month', day)", "all": "NULL"}
_MJ_PER_GJ = 1000
_HOUR_US = 3_600_000_000
_ZERO = Decimal(0)
_OF_CO2, _NAMES = frozenset({"biogenic", "heat", "stack"}), {"co2e": "co2e_kg"}
_METHANE_SIGMA = combined([activity_sigma(ActivityData.WEIGHED), factor_sigma(FactorOf.MINE_METHANE, "CH4")])
UNCERTAIN = ("co2e", "scope1", "scope2", "biogenic", "heat", "stack")


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of one site over a period, or over one day or month of the period. None: nothing logged, or not known."""

    factory_id: int
    bucket: date | None  # the day, or the first day of the month
    known_days: int  # about which anything is known
    production_days: int  # production logged, zero too, for 80 % of the day; the same for heat and electricity
    idle_days: int  # no production entry, and every stack proved idle all day
    heat_days: int
    electricity_days: int
    other_days: int  # fuel of engines
    energy_days: int  # heat and electricity
    measured_days: int  # CO2 of heat from the stacks
    fuel_days: int  # CO2 of heat from the fuel
    made_kg: Decimal | None
    green_leaf_kg: Decimal | None
    firewood_kg: Decimal | None
    electricity_kwh: Decimal | None
    heat_gj: Decimal | None
    electricity_gj: Decimal | None
    other_gj: Decimal | None
    energy_unknown_days: int
    scope1_co2e_kg: Decimal | None  # on the basis of record, without the methane of mines
    scope2_co2e_kg: Decimal | None  # location-based
    grid_co2e_kg: Decimal  # its part from the grid
    market_gj: Decimal  # electricity by contract or certificate
    market_co2e_kg: Decimal  # by its supplier
    methane_co2e_kg: Decimal | None
    methane_unknown_days: int  # coal was logged at a mine whose class is not set
    biogenic_co2_kg: Decimal | None  # on the basis of record; outside the scopes
    heat_co2_kg: Decimal | None  # on the basis of record, fossil and biogenic
    heat_measured_co2_kg: Decimal | None  # the part of it that stacks measured
    heat_carbon_co2_kg: Decimal | None
    stack_co2_kg: Decimal | None  # None too if a day has an hour without a mass of record
    lower_bound_days: int  # a sensor was at the end of its range: the stacks emitted more than it shows
    stack_filled_co2_kg: Decimal | None
    stack_h: int | None
    stack_measured_h: int | None
    stack_idle_h: int | None
    stack_covered_s: int  # of days that are over
    stack_over_h: int  # chimney hours of the same days
    stack_substituted_h: int  # partial hours too
    heat_sigma_kg: float  # standard errors: see `SiteDay`
    scope1_sigma_kg: float
    scope2_sigma_kg: float
    biogenic_sigma_kg: float
    stack_sigma_kg: float
    fuel_sigma_kg: float
    filling_bias_kg: float
    filling_variance_kg2: float
    gwp_set: str  # of CO2e computed here; "mixed" when entries differ, empty when there is none; the same below
    published_gwp_set: str  # of factors that their publisher gives as CO2e, such as those of a grid
    scope2_basis: str  # of the electricity factors: direct or life-cycle
    balance_stack_kg: Decimal | None  # of the days on which stack and heat fuel are both known
    balance_fuel_kg: Decimal | None  # by carbon
    logged_co2e_kg: Decimal | None  # of the days on which all that emits is logged
    logged_scope2_kg: Decimal | None
    logged_days: int
    co2e_pair_kg: Decimal | None
    scope2_pair_kg: Decimal | None
    co2e_made_kg: Decimal | None
    co2e_days: int
    energy_pair_gj: Decimal | None
    energy_made_kg: Decimal | None
    stack_pair_kg: Decimal | None
    stack_made_kg: Decimal | None
    stack_days: int
    wood_pair_kg: Decimal | None
    wood_made_kg: Decimal | None
    power_pair_kwh: Decimal | None
    power_made_kg: Decimal | None

    @property
    def co2e_kg(self) -> Decimal | None:
        """Scopes 1 and 2 of what was logged, None when nothing was. `energy_days` shows how much time that covers."""
        return (
            None
            if self.methane_unknown_days
            else _known_sum(self.scope1_co2e_kg, self.scope2_co2e_kg, self.methane_co2e_kg)
        )

    @property
    def energy_gj(self) -> Decimal | None:
        return None if self.energy_unknown_days else _known_sum(self.heat_gj, self.electricity_gj, self.other_gj)

    @property
    def scope2_market_co2e_kg(self) -> Decimal | None:
        """Scope 2 once more, with what contracts and certificates cover at their suppliers' factors, the rest at the
        grid's. They cover no more than was used. None without any; never added to `scope2_co2e_kg`.
        """
        if not self.market_gj or self.scope2_co2e_kg is None or not self.electricity_gj:
            return None
        covered = min(Decimal(1), self.market_gj / self.electricity_gj)  # of what was used
        counted = min(Decimal(1), self.electricity_gj / self.market_gj)  # of what was bought
        return self.scope2_co2e_kg - self.grid_co2e_kg * covered + self.market_co2e_kg * counted

    # --- Low, likely and high. Errors of sites are independent of each other.
    def uncertain(self, name: str) -> UncertainMass | None:
        """A total with its errors: one of `UNCERTAIN`; stack: the hours of record. None: not known."""
        kg: Decimal | None = getattr(self, f"{name}_co2_kg" if name in _OF_CO2 else _NAMES.get(name, f"{name}_co2e_kg"))
        if kg is None:
            return None
        methane_kg = float(self.methane_co2e_kg or 0) * _METHANE_SIGMA
        errors = {
            "co2e": {"scope1": self.scope1_sigma_kg, "scope2": self.scope2_sigma_kg, "methane": methane_kg},
            "scope1": {"scope1": self.scope1_sigma_kg},
            "scope2": {"scope2": self.scope2_sigma_kg},
            "biogenic": {"biogenic": self.biogenic_sigma_kg},
            "heat": {"heat": self.heat_sigma_kg},
            "stack": {"stack": self.stack_sigma_kg, "fuel": self.fuel_sigma_kg, "filling": self.filling_bias_kg},
        }[name]
        systematic = {f"{error} {self.factory_id}": sigma_kg for error, sigma_kg in errors.items()}
        takes_from_stack = name == "stack" or (name != "scope2" and self.measured_days > 0)
        is_at_least = takes_from_stack and self.lower_bound_days > 0
        return UncertainMass(kg, systematic, self.filling_variance_kg2 if name == "stack" else 0.0, is_at_least)

    @property
    def stack_coverage_pct(self) -> float | None:
        """Seconds with data of the seconds with a device of record, on days that are over."""
        return min(100.0, self.stack_covered_s / 36.0 / self.stack_over_h) if self.stack_over_h else None

    @property
    def measured_share(self) -> Decimal | None:
        """The measured part of the CO2 of heat; None without CO2 of heat."""
        return _ratio(self.heat_measured_co2_kg or _ZERO, self.heat_co2_kg)

    # --- Per kg of product, over the days on which both are logged; None without such a day or product.
    @property
    def co2e_kg_per_kg(self) -> Decimal | None:
        """kg CO2e of scopes 1 and 2 a kg of made tea (of a mine: of coal)."""
        return _ratio(self.co2e_pair_kg, self.co2e_made_kg)

    @property
    def energy_mj_per_kg(self) -> Decimal | None:
        ratio = _ratio(self.energy_pair_gj, self.energy_made_kg)
        return None if ratio is None else ratio * _MJ_PER_GJ

    @property
    def stack_co2_kg_per_kg(self) -> Decimal | None:
        return _ratio(self.stack_pair_kg, self.stack_made_kg)

    @property
    def firewood_kg_per_kg(self) -> Decimal | None:
        return _ratio(self.wood_pair_kg, self.wood_made_kg)

    @property
    def electricity_kwh_per_kg(self) -> Decimal | None:
        return _ratio(self.power_pair_kwh, self.power_made_kg)


def _known_sum(*parts: Decimal | None) -> Decimal | None:
    known = [part for part in parts if part is not None]
    return sum(known, _ZERO) if known else None


def _ratio(amount: Decimal | None, of: Decimal | None) -> Decimal | None:
    """Unrounded; None where the divisor is not known or zero."""
    return None if amount is None or not of else amount / of


def site_days(
    factory_ids: Iterable[int], first_day: date, last_day: date, *, now: datetime | None = None
) -> list[SiteDay]:
    """Days of sites that have begun, by site and day. A day about which nothing is known is absent."""
    return list(
        SiteDay.objects.filter(
            factory_id__in=list(factory_ids),
            day__gte=first_day,
            day__lte=last_day,
            starts_at__lte=now or timezone.now(),
        ).order_by("factory_id", "day")
    )


def sums(
    factory_ids: Iterable[int], first_day: date, last_day: date, *, now: datetime | None = None
) -> dict[int, Sums]:
    """Each site's sums over the days from `first_day` to `last_day`; sites without any known figure are absent."""
    return {row.factory_id: row for row in series(factory_ids, first_day, last_day, by="all", now=now)}


def series(
    factory_ids: Iterable[int],
    first_day: date,
    last_day: date,
    *,
    by: str,
    now: datetime | None = None,
    as_known_on: datetime | None = None,
) -> list[Sums]:
    """The same sums by "day", "month" or "all", keyed by site and time; buckets without a known day are absent.

    As known at a moment they are summed, by the same statement, from days that are computed from the history.
    """
    statement = sql.load("compliance", "sums").replace("/* bucket */", _BUCKETS[by])
    wanted = list(factory_ids)
    parameters = {
        "factory_ids": wanted,
        "first": first_day,
        "last": last_day,
        "now": as_known_on or now or timezone.now(),
        "heat_sectors": codes_where("burns_for_heat"),
        "methane_sectors": codes_where("has_methane"),
    }
    if as_known_on is not None:
        factories = Factory.objects.filter(pk__in=wanted).order_by("pk")
        rows = [day for factory in factories for day in days_known(factory, first_day, last_day, as_known_on)]
        parameters["days"] = json.dumps([_stored_columns(row) for row in rows], default=str)
        statement = statement.replace(_STORED_DAYS, f"json_populate_recordset(NULL::{_STORED_DAYS}, %(days)s::json)")
    return sql.fetch(*history.reading(statement, parameters, as_known_on, Factory), Sums)


_STORED_DAYS = SiteDay._meta.db_table


def _stored_columns(row: SiteDay) -> dict[str, Any]:
    return {field.column: getattr(row, field.attname) for field in row._meta.concrete_fields if field.column}


@dataclass(frozen=True, slots=True)
class OperatingTime:
    """How long the monitoring of a site worked: chimney hours measured or proved idle, of all hours with a device."""

    worked_h: int
    hours: int

    @property
    def share(self) -> Decimal | None:
        """None without a device of record in that time."""
        return Decimal(self.worked_h) / self.hours if self.hours else None


def operating_times(
    factories: Iterable[Factory], by_site: Mapping[int, Sums], first_day: date, last_day: date, *, now: datetime
) -> dict[int, OperatingTime]:
    """For each site, the hours in which monitoring worked, and the chimney hours with a device of record so far.

    `by_site` holds the sums of the same days. A silent device counts against the site, and so does a day without a row.
    An hour counts when 80 % of its operating time are covered, or when it was proved idle. Chimneys count while a heat
    source uses them, as in the figures: that of a generator does not. Two queries.
    """
    sites = {factory.pk: factory for factory in factories}
    sources = sources_of(sites)
    present_us = dict.fromkeys(sites, 0)
    assignments = Assignment.objects.filter(factory__in=sites, is_of_record=True, valid_from__lt=now)
    for a in assignments:
        factory = sites[a.factory_id]
        of_site = sources.get(a.factory_id, [])
        for first, last in days_of_heat(of_site, a.chimney_id, first_day, last_day):
            start = max(a.valid_from or now, factory_day(factory, first).starts_at)
            end = min(a.valid_to or now, factory_day(factory, last).ends_at, now)
            present_us[factory.pk] += max(0, microseconds(end) - microseconds(start))
    return {pk: OperatingTime(_worked_h(by_site.get(pk)), present_us[pk] // _HOUR_US) for pk in sites}


def _worked_h(site_sums: Sums | None) -> int:
    return 0 if site_sums is None else (site_sums.stack_measured_h or 0) + (site_sums.stack_idle_h or 0)
