"""What the morning's figures are sums of: the factory days of some weeks, added up for each factory. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from compliance import queries
from compliance.models import SiteDay
from devices.models import Assignment
from factories.choices import Sector
from factories.models import Factory
from portal.days import factory_day

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class SiteSums:
    """One factory over the period. None: nothing known, never zero."""

    factory_id: int
    energy_days: int  # factory days with heat and electricity logged; of a mine electricity
    made_kg: Decimal | None
    scope_1_2_kg: Decimal | None
    methane_kg: Decimal | None
    stack_biogenic_kg: Decimal | None
    good_h: int  # chimney hours measured or proved idle
    stack_h: int  # chimney hours with a device of record
    gwp_set: str = ""  # "mixed" when entries differ
    pair_kg: Decimal | None = None  # scope 1 and 2 of the days on which production is logged too
    pair_made_kg: Decimal | None = None  # production of the same days

    @property
    def operating_pct(self) -> float | None:
        return 100 * self.good_h / self.stack_h if self.stack_h else None


def sums_by_factory(
    factories: Sequence[Factory], first: date, last: date, now: datetime
) -> dict[int, SiteSums]:
    """Each factory's factory days from `first` to `last`, both included. Three queries for all of them."""
    ids = [factory.pk for factory in factories]
    hours = assigned_hours(factories, first, last)
    fuels = _fuels(ids, first, last)
    found = queries.sums(ids, first, last, now=now)
    nobody = (None, None)
    return {
        factory.pk: _site_sums(
            factory, found.get(factory.pk), hours.get(factory.pk, 0), fuels.get(factory.pk, nobody)
        )
        for factory in factories
    }


def _site_sums(
    factory: Factory, own: queries.Sums | None, stack_h: int, fuels: tuple[Decimal | None, Decimal | None]
) -> SiteSums:
    if own is None:  # perhaps a device and not a word of it: every hour counts against its operating time
        return SiteSums(factory.pk, 0, None, None, None, None, 0, stack_h)
    is_mine = factory.sector == Sector.COAL_MINE
    return SiteSums(
        factory_id=factory.pk,
        energy_days=own.electricity_days if is_mine else own.energy_days,
        made_kg=own.made_kg,
        scope_1_2_kg=own.co2e_kg if own.electricity_days or own.heat_days or own.other_gj else None,
        methane_kg=own.methane_co2e_kg,
        stack_biogenic_kg=_biogenic_part(own.stack_co2_kg, *fuels),
        good_h=(own.stack_measured_h or 0) + (own.stack_idle_h or 0),
        stack_h=stack_h,
        gwp_set=own.gwp_set,
        pair_kg=own.co2e_pair_kg,
        pair_made_kg=own.co2e_made_kg,
    )


def _fuels(ids: Sequence[int], first: date, last: date) -> dict[int, tuple[Decimal | None, Decimal | None]]:
    """CO2 of the heat fuels logged by each factory, and its fossil part."""
    rows = SiteDay.objects.filter(factory__in=ids, day__range=(first, last)).values("factory_id")
    return {
        row["factory_id"]: (row["fuel"], row["fossil"])
        for row in rows.annotate(fuel=Sum("fuel_co2_kg"), fossil=Sum("fuel_fossil_co2_kg"))
    }


def _biogenic_part(
    stack_kg: Decimal | None, fuel_kg: Decimal | None, fossil_kg: Decimal | None
) -> Decimal | None:
    """Measured CO2 by the fuels burned under it in the same days; without a fuel logged nobody knows."""
    if stack_kg is None or not fuel_kg:
        return None
    return stack_kg * (fuel_kg - (fossil_kg or Decimal(0))) / fuel_kg


def assigned_hours(factories: Sequence[Factory], first: date, last: date) -> dict[int, int]:
    """Chimney hours of each factory in which a device of record was to measure, silent days included."""
    spans = {f.pk: (factory_day(f, first).starts_at, factory_day(f, last).ends_at) for f in factories}
    assignments = Assignment.objects.filter(factory__in=list(spans), is_of_record=True).values_list(
        "factory_id", "valid_from", "valid_to"
    )
    found: dict[int, int] = {}
    for factory_id, hours in _hours_within(assignments, spans):
        found[factory_id] = found.get(factory_id, 0) + hours
    return found


def _hours_within(
    assignments: Iterable[tuple[int, datetime, datetime | None]], spans: dict[int, tuple[datetime, datetime]]
) -> Iterable[tuple[int, int]]:
    for factory_id, valid_from, valid_to in assignments:
        start, end = spans[factory_id]
        seconds = (min(valid_to or end, end) - max(valid_from, start)).total_seconds()
        if seconds > 0:
            yield factory_id, int(seconds // _HOUR_S)
