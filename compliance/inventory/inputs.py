"""Reads what an inventory is made from: entries, production, sources, devices, hours of record; a query of each.

Whole months are read, because a month's basis and its split of measured CO2 do not depend on the days asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone

from compliance.figures import Production
from compliance.inputs import fetch, sources_of
from compliance.sources import Site
from energy.choices import Carrier
from energy.models import EnergyEntry, LocalUnit
from factories.days import ONE_DAY, microseconds
from factories.models import EmissionSource, Factory
from production.models import ProductionEntry

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


@dataclass(slots=True)
class InventoryInputs:
    """One site. Its period is [start_us, end_us), which ends with the running day at the latest."""

    place: Site
    zone: ZoneInfo
    first_day: date
    end_day: date  # exclusive
    days_over: int
    uses: list[LoggedUse] = field(default_factory=list)  # of whole months, without contracts
    contracts: list[LoggedUse] = field(default_factory=list)
    contract_uses: list[LoggedUse] = field(default_factory=list)  # of the grid, in the whole periods of the contracts
    made: list[Production] = field(default_factory=list)

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
        days_over = max(0, (min(end_day, today) - first_day).days)
        sites[factory.pk] = InventoryInputs(place, zone, first_day, end, days_over)
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
    return list(sites.values())


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
