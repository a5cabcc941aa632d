"""Makes the inventory of some sites and a period of their whole calendar days, from what is stored.

The lines are of a calendar month or the part of it that was asked for, so a divided period keeps its sums. How many
queries it needs does not depend on sites or days, but for the hours of record of sites with a device.
"""

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, localcontext
from operator import itemgetter

from compliance.figures import ENOUGH, Production, energy_class
from compliance.inventory import inputs
from compliance.inventory.calculated import grouped, lines_of, mine_lines
from compliance.inventory.inputs import InventoryInputs, LoggedUse
from compliance.inventory.lines import PRECISION, SETS, Completeness, FactorUsed, Hours, Inventory, Line, Unknown
from compliance.inventory.market import market_lines
from compliance.inventory.measured import MeasuredPools, measured_co2
from compliance.inventory.spread import overlap, united
from emissions.models import HourStatus
from energy.choices import Carrier
from energy.models import EmissionFactor
from factories.days import ONE_DAY
from factories.known import factories_known
from factories.models import Factory
from factories.sectors import SECTORS
from science import METHOD_VERSION
from science.rounding import decimal_part


def build(
    factories: Iterable[Factory],
    first_day: date,
    end_day: date,
    *,
    gwp_set: str = "",
    as_known_on: datetime | None = None,
) -> Inventory:
    """The inventory of sites from `first_day` to `end_day` (exclusive), with what was known at a moment, or now.

    Without `gwp_set` in that of the first site's organisation. Sites that were not known at the moment are left out.
    """
    factories = factories_known(factories, as_known_on)
    gwp_set = gwp_set or (factories[0].organisation.gwp_set if factories else "AR6")
    lines: list[Line] = []
    unknown: list[Unknown] = []
    with localcontext(prec=PRECISION):
        sites = inputs.load(factories, first_day, end_day, as_known_on=as_known_on)
        completeness: list[Completeness] = []
        for site in sites:
            measured = measured_co2(site)
            found, not_known = lines_of_site(site, measured)
            lines += found
            unknown += not_known
            completeness.append(_completeness(site, measured.days))
        return Inventory(
            factory_ids=tuple(site.place.factory_id for site in sites),
            first_day=first_day,
            end_day=end_day,
            gwp_set=gwp_set,
            as_known_on=as_known_on,
            method_version=METHOD_VERSION,
            lines=tuple(lines),
            completeness=tuple(completeness),
            made_kg={site.place.factory_id: _made_kg(site) for site in sites},
            inputs_sha256=_digest(sites),
            unknown=tuple(unknown),
            factors=_factors({pk for line in lines for pk in line.factor_ids}),
            potentials=_potentials(),
        )


def lines_of_site(site: InventoryInputs, measured: MeasuredPools) -> tuple[list[Line], list[Unknown]]:
    calculated = list(lines_of(site, grouped(site, site.uses), is_measured=measured.replaces))
    methane, unknown = mine_lines(site)
    lines = [*calculated, *market_lines(site, calculated), *measured.lines, *methane]
    return lines, [*measured.unknown, *unknown]


def site_lines(site: InventoryInputs) -> list[Line]:
    """Everything that one site emits by its inputs."""
    return lines_of_site(site, measured_co2(site))[0]


def _potentials() -> dict[tuple[str, str], Decimal]:
    """Of refrigerants by set, from the factor table; the newest version of each."""
    names = {f"ipcc-{gwp_set.lower()}": gwp_set for gwp_set in SETS}
    rows = EmissionFactor.objects.filter(
        energy_type__carrier=Carrier.REFRIGERANT, organisation=None, set_name__in=names
    ).order_by("version")
    return {
        (names[name], code): value for name, code, value in rows.values_list("set_name", "energy_type__code", "value")
    }


def _factors(ids: set[int]) -> tuple[FactorUsed, ...]:
    names = (
        "id energy_type__code gas value unit set_name country valid_from valid_to version gwp_set source publication"
    ).split()
    return tuple(
        FactorUsed(*row) for row in EmissionFactor.objects.filter(pk__in=ids).order_by("pk").values_list(*names)
    )


# --- Completeness ------------------------------------------------------------------------------
_HEAT = frozenset({Carrier.FUEL.value, Carrier.HEAT.value})


def _completeness(site: InventoryInputs, measured_days: set[date]) -> Completeness:
    sector = SECTORS[site.place.sector]
    heat = _days_logged(site, (use for use in site.uses if _is_heat(use)))
    electricity = _days_logged(site, (use for use in site.uses if use.carrier == Carrier.GRID))
    chimney_days = [
        day for days in site.chimney_days.values() for day in days if site.first_day <= day.day < site.end_day
    ]
    counted: Counter[str] = sum((Counter(day.hours) for day in chimney_days), Counter())
    made = _days_logged(site, (entry for entry in site.made if entry.product == sector.products[0]))
    return Completeness(
        factory_id=site.place.factory_id,
        days=site.days_over,
        heat_days=len(heat),
        electricity_days=len(electricity),
        production_days=len(made),
        scope1_days=len(made if sector.has_methane else heat | measured_days),
        hours=Hours(**{status.value: counted[status.value] for status in HourStatus}),
    )


def _is_heat(use: LoggedUse) -> bool:
    return use.carrier in _HEAT and energy_class(use) == "heat"


def _days_logged(site: InventoryInputs, entries: Iterable[LoggedUse | Production]) -> set[date]:
    """The days that are over of which entries cover 80 %."""
    joined = united((entry.start_us, entry.end_us) for entry in entries)
    days, index = set(), 0
    for number in range(site.days_over):
        day = site.first_day + number * ONE_DAY
        start_us, end_us = site.midnight_us(day), site.midnight_us(day + ONE_DAY)
        while index < len(joined) and joined[index][1] <= start_us:
            index += 1
        last = bisect_left(joined, end_us, lo=index, key=itemgetter(0))
        if overlap(joined[index:last], start_us, end_us) >= ENOUGH * (end_us - start_us):
            days.add(day)
    return days


def _made_kg(site: InventoryInputs) -> Decimal | None:
    """The sector's product in the period; None: nothing was logged."""
    product, start_us, end_us = SECTORS[site.place.sector].products[0], site.start_us, site.end_us
    parts = [
        decimal_part(
            entry.amount_kg,
            begin=max(start_us, entry.start_us) - entry.start_us,
            end=min(end_us, entry.end_us) - entry.start_us,
            whole=entry.end_us - entry.start_us,
        )
        for entry in site.made
        if entry.product == product and entry.start_us < end_us and entry.end_us > start_us
    ]
    return sum(parts, Decimal(0)) if parts else None


def _digest(sites: Iterable[InventoryInputs]) -> str:
    """Over a line a row, in the order of their ids: text of the values, divided by a bar."""
    digest = hashlib.sha256(f"method {METHOD_VERSION}\n".encode())
    for site in sites:
        digest.update(f"{site.place!r}|{site.zone.key}|{site.first_day}|{site.end_day}\n".encode())
        for rows in (site.uses, site.contracts, site.contract_uses):
            digest.update("".join("|".join(map(str, row)) + "\n" for row in rows).encode())
        digest.update("".join(f"{entry!r}\n" for entry in site.made).encode())
        locks = sorted((lock.source_id, lock.gas, str(lock.from_month), lock.basis) for lock in site.locks)
        digest.update(f"{site.devices!r}|{site.hours_sha256}|{locks!r}\n".encode())
    return digest.hexdigest()
