"""Reads what an inventory is made from: entries, production, sources, devices, hours of record; a query of each.

Whole months are read, because a month's basis and its split of measured CO2 do not depend on the days asked for.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from compliance.figures import Production
from compliance.inputs import fetch, sources_of
from compliance.inventory.lines import Basis
from compliance.models import BasisLock
from compliance.record.hours import hours_of_record
from compliance.record.rules import RecordHour
from compliance.sources import Site
from devices.models import Assignment
from energy.choices import Carrier
from energy.models import EmissionFactor, EnergyEntry, LocalUnit
from factories.days import ONE_DAY, microseconds
from factories.models import EmissionSource, Factory
from lib import history
from production.models import ProductionEntry
from science.gwp import Gas
from science.interval import UncertainMass, total

_NEVER_US = 2**62
_CARRIERS = [carrier.value for carrier in Carrier]


class LoggedUse(NamedTuple):
    """An energy entry of kind `used` or `market`. Masses in kg."""

    id: int
    factory_id: int
    kind: str
    start_us: int
    end_us: int
    energy_type: str
    carrier: str
    is_biogenic: bool
    source_id: int | None
    source_kind: str
    scope: int
    unit: str  # as entered
    local_unit: str | None  # what the site's own unit of that name is made of
    is_metered: bool
    factor_amount: Decimal
    per_unit: str
    energy_gj: Decimal | None
    co2_kg: Decimal | None  # fossil
    biogenic_co2_kg: Decimal
    ch4_kg: Decimal | None
    n2o_kg: Decimal | None
    co2e_kg: Decimal
    gwp_set: str
    factor_gas: str
    is_own_factor: bool
    factor_id: int | None
    ch4_factor_id: int | None
    n2o_factor_id: int | None
    instrument: str
    market_co2e_kg: Decimal | None


class DayMass(NamedTuple):
    """CO2 of record of one chimney and day on one basis."""

    basis: str
    method: str
    mass: UncertainMass


@dataclass(frozen=True, slots=True)
class ChimneyDay:
    """One chimney on one calendar day."""

    day: date
    hours: Mapping[str, int]  # by status
    recorded_h: int  # with a mass of record
    masses: tuple[DayMass, ...]


@dataclass(frozen=True, slots=True)
class FuelRatio:
    """What a fuel emits a kg of the CO2 of its carbon."""

    is_biogenic: bool
    per_co2: Mapping[str, Decimal]  # kg by gas
    factor_ids: tuple[int, ...]


@dataclass(slots=True)
class InventoryInputs:
    """One site. Its period is [start_us, end_us), which ends with the running day at the latest."""

    place: Site
    zone: ZoneInfo
    first_day: date
    end_day: date  # exclusive
    today: date
    uses: list[LoggedUse] = field(default_factory=list)  # of whole months, without contracts
    contracts: list[LoggedUse] = field(default_factory=list)
    contract_uses: list[LoggedUse] = field(default_factory=list)  # of the grid, in the whole periods of the contracts
    made: list[Production] = field(default_factory=list)
    devices: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # of record, by chimney: from, to
    locks: list[BasisLock] = field(default_factory=list)
    chimney_days: dict[int, list[ChimneyDay]] = field(default_factory=dict)
    hours_sha256: str = ""
    ratios: Mapping[str, FuelRatio] = field(default_factory=dict)  # by energy type

    @property
    def days_over(self) -> int:
        return max(0, (min(self.end_day, self.today) - self.first_day).days)

    def basis_of(self, source_id: int, month: date) -> str:
        """That of the last lock; empty: none."""
        locks = [lock for lock in self.locks if lock.source_id == source_id and lock.from_month <= month]
        return max(locks, key=lambda lock: lock.from_month).basis if locks else ""

    @property
    def start_us(self) -> int:
        return self.midnight_us(self.first_day)

    @property
    def end_us(self) -> int:
        return self.midnight_us(self.end_day)

    def midnight_us(self, day: date) -> int:
        return microseconds(midnight(day, self.zone))

    @property
    def months(self) -> list[date]:
        """The first days of the months that the period touches."""
        months, month = [], self.first_day.replace(day=1)
        while month < self.end_day:
            months.append(month)
            month = next_month(month)
        return months


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def load(
    factories: Iterable[Factory], first_day: date, end_day: date, *, as_known_on: datetime | None = None
) -> list[InventoryInputs]:
    """Everything that determines the inventory of these sites, by id of the site."""
    now = as_known_on or timezone.now()
    rows = sorted({factory.pk: factory for factory in factories}.values(), key=lambda factory: factory.pk)
    sources = sources_of([factory.pk for factory in rows], as_known_on=as_known_on)
    sites: dict[int, InventoryInputs] = {}
    for factory in rows:
        zone = factory.zone
        today = now.astimezone(zone).date()
        end = max(first_day, min(end_day, today + ONE_DAY))
        place = Site(factory.pk, factory.sector, "", tuple(sources.get(factory.pk, ())))
        sites[factory.pk] = InventoryInputs(place, zone, first_day, end, today)
    windows = [
        (pk, midnight(site.months[0], site.zone), midnight(next_month(site.months[-1]), site.zone))
        for pk, site in sites.items()
        if site.months
    ]
    for use in uses_of(windows, _CARRIERS, as_known_on):
        site = sites[use.factory_id]
        (site.contracts if use.kind == "market" else site.uses).append(use)
    _load_contract_uses(sites, as_known_on)
    for made in fetch("production_of_windows", windows, Production, as_known_on, ProductionEntry):
        sites[made.factory_id].made.append(made)
    for site in sites.values():
        site.made.sort(key=lambda entry: entry.entry_id)
    _load_measured(rows, sites, as_known_on)
    return list(sites.values())


# --- What the chimneys measured ------------------------------------------------------------------
def _load_measured(
    factories: Sequence[Factory], sites: Mapping[int, InventoryInputs], as_known_on: datetime | None
) -> None:
    for lock in history.rows(BasisLock, as_known_on, factory_id__in=list(sites)):
        sites[lock.factory_id].locks.append(lock)
    for row in history.rows(Assignment, as_known_on, factory_id__in=list(sites), is_of_record=True):
        if row.valid_from is not None:
            until_us = _NEVER_US if row.valid_to is None else microseconds(row.valid_to)
            times = sites[row.factory_id].devices.setdefault(row.chimney_id, [])
            times.append((microseconds(row.valid_from), until_us))
    ratios = _ratios(as_known_on) if any(site.devices for site in sites.values()) else {}
    for factory in factories:
        site = sites[factory.pk]
        site.ratios = ratios
        if site.devices and site.months:
            end = next_month(site.months[-1])
            hours = hours_of_record(factory, site.months[0], end, as_known_on=as_known_on)
            site.chimney_days, site.hours_sha256 = _by_day(hours, site.zone)


def _by_day(hours: Iterable[RecordHour], zone: ZoneInfo) -> tuple[dict[int, list[ChimneyDay]], str]:
    """Days of each chimney, ascending, and the digest of its hours."""
    digest = hashlib.sha256()
    days: dict[int, list[ChimneyDay]] = {}
    for (chimney_id, day), of_day in groupby(
        hours, key=lambda hour: (hour.chimney_id, hour.period_start.astimezone(zone).date())
    ):
        rows = list(of_day)
        parts: dict[tuple[str, str], list[UncertainMass]] = {}
        for hour in rows:
            digest.update(f"{chimney_id}|{hour.period_start}|{hour.status}|{hour.method}|{hour.record_ug}\n".encode())
            if hour.record is not None:
                basis = Basis.SUBSTITUTED if hour.method else Basis.MEASURED
                parts.setdefault((basis, hour.method), []).append(hour.record)
        masses = tuple(DayMass(*key, total(of_key)) for key, of_key in sorted(parts.items()))
        counted = Counter(hour.status for hour in rows)
        recorded_h = sum(len(of_key) for of_key in parts.values())
        days.setdefault(chimney_id, []).append(ChimneyDay(day, counted, recorded_h, masses))
    return days, digest.hexdigest()


def _ratios(as_known_on: datetime | None) -> dict[str, FuelRatio]:
    """Of the default factors of each fuel. First versions were always known: a database may be younger than what is
    told in it."""
    rows = EmissionFactor.objects.filter(
        organisation=None, is_default=True, country="", energy_type__carrier=Carrier.FUEL
    ).select_related("energy_type")
    if as_known_on is not None:
        rows = rows.filter(Q(version=1) | Q(loaded_at__lte=as_known_on))
    by_unit: dict[tuple[str, str], dict[str, EmissionFactor]] = {}
    for row in rows.order_by("energy_type__code", "per_unit", "valid_from", "version"):
        by_unit.setdefault((row.energy_type.code, row.per_unit), {})[row.gas] = row
    ratios: dict[str, FuelRatio] = {}
    for (code, _unit), by_gas in by_unit.items():
        if {"CO2", "CH4", "N2O"} <= by_gas.keys():
            is_biogenic = by_gas["CO2"].energy_type.is_biogenic
            ch4 = Gas.CH4_BIOGENIC if is_biogenic else Gas.CH4_FOSSIL
            per_co2 = {ch4: by_gas["CH4"].value, Gas.N2O: by_gas["N2O"].value}
            scaled: dict[str, Decimal] = {gas: value / by_gas["CO2"].value for gas, value in per_co2.items()}
            ratios.setdefault(code, FuelRatio(is_biogenic, scaled, (by_gas["CH4"].pk, by_gas["N2O"].pk)))
    return ratios


# --- Contracts -----------------------------------------------------------------------------------


def _load_contract_uses(sites: dict[int, InventoryInputs], as_known_on: datetime | None) -> None:
    """A contract covers its share of all the electricity that is used in its own period."""
    windows = []
    for pk, site in sites.items():
        if site.contracts:
            first_us, last_us = min(c.start_us for c in site.contracts), max(c.end_us for c in site.contracts)
            windows.append((pk, moment_of(first_us), moment_of(last_us)))
    for use in uses_of(windows, [Carrier.GRID.value], as_known_on):
        if use.kind == "used":
            sites[use.factory_id].contract_uses.append(use)


def moment_of(microseconds_since_1970: int) -> datetime:
    return datetime.fromtimestamp(microseconds_since_1970 / 1_000_000, UTC)


Window = tuple[int, datetime, datetime]


def uses_of(windows: Sequence[Window], carriers: Sequence[str], as_known_on: datetime | None = None) -> list[LoggedUse]:
    tracked = (EnergyEntry, EmissionSource, LocalUnit)
    return fetch("inventory_uses", windows, LoggedUse, as_known_on, *tracked, carriers=list(carriers))
