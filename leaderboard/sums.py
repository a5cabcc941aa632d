"""Reads what the rank needs: the site days of some windows, by one statement, and the months that stock counts confirm.

What the rows mean is in `leaderboard_days.py`, who is placed how in `leaderboard.py`, by which factors a missing day
counts in `leaderboard_factors.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from energy.stock import stock_confirmed_months
from factories.days import day_just_ended
from factories.models import Factory
from factories.sectors import SECTORS
from leaderboard.ceilings import CeilingBook, GridFactor, grid_factors
from leaderboard.site_sums import Place, SiteSums, SumsRow, site_sums
from lib import sql
from science.intensity import RECENT_DAYS, STACK_FUEL_BAND

_GJ_PER_KWH = Decimal("0.0036")


@dataclass(frozen=True, slots=True)
class Window:
    """Days from the first to the last, both included; of each site only those that are over."""

    first_day: date
    last_day: date


def last_complete_days(factories: Sequence[Factory], now: datetime) -> dict[int, date]:
    """The last factory day of each site that is over."""
    return {factory.pk: day_just_ended(factory, now).day for factory in factories}


def first_days(factory_ids: Sequence[int]) -> dict[int, date]:
    """The first day about which anything is known, of each site that has one."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("leaderboard", "reach"), {"factory_ids": list(factory_ids)})
        return {factory_id: day for factory_id, day in cursor.fetchall() if day is not None}


def sums_of_windows(
    factories: Sequence[Factory], windows: Sequence[Window], now: datetime
) -> dict[tuple[int, int], SiteSums]:
    """(number of the window, factory) -> its sums; a site about which nothing is known in a window is absent.

    Only months of the first window are asked for stock counts: places are given for that one.
    """
    places = _places(factories, windows, now)
    if not places:
        return {}
    first, last = min(place.first_day for place in places), max(place.last_day for place in places)
    grid = tuple(grid_factors({place.factory.country for place in places}, first, last))
    stock = _confirmed_months(places)
    versions = _versions([factory.pk for factory in factories], now)
    months: dict[int, list[date]] = {}
    for factory_id, month in sorted(stock):
        months.setdefault(factory_id, []).append(month)
    keys = {_key(place, grid, months, versions): place for place in places if place.factory.pk in versions}
    _remember({key: place for key, place in keys.items() if key not in _known}, grid, stock, now)
    found = {(place.window, place.factory.pk): _known[key] for key, place in keys.items()}
    return {key: sums for key, sums in found.items() if sums is not None}


# --- What was summed before ----------------------------------------------------------------------
# Sums are a function of what is in their key, so a process keeps them: a log of one site costs that site's sums alone.
_known: dict[Hashable, SiteSums | None] = {}
_MOST_KNOWN = 20_000  # some kilobytes each; two hundred sites in a dozen of periods


def forget() -> None:
    """For tests that change site days by hand: their version stays as it was."""
    _known.clear()


def _versions(factory_ids: Sequence[int], now: datetime) -> dict[int, tuple[datetime, int]]:
    """When the days of each site that are over were made last, and how many: days are made anew, never edited."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("leaderboard", "versions"), {"factory_ids": list(factory_ids), "now": now})
        return {factory_id: (made_at, count) for factory_id, made_at, count in cursor.fetchall()}


def _key(
    place: Place,
    grid: tuple[GridFactor, ...],
    stock_months: Mapping[int, Sequence[date]],
    versions: Mapping[int, tuple[datetime, int]],
) -> Hashable:
    pk = place.factory.pk
    days = (place.first_day, place.last_day, place.recent_day)
    own_months = tuple(stock_months.get(pk, ()))
    return (place.window, pk, days, place.factory.sector, place.ceilings, grid, own_months, versions[pk])


def _remember(
    missing: Mapping[Hashable, Place], grid: Sequence[GridFactor], stock: Collection[tuple[int, date]], now: datetime
) -> None:
    if not missing:
        return
    with connection.cursor() as cursor:
        parameters = _parameters(list(missing.values()), grid, stock, now)
        cursor.execute(sql.load("leaderboard", "sums"), parameters)
        rows = {(row[0], row[1]): SumsRow(*row) for row in cursor.fetchall()}
    if len(_known) + len(missing) > _MOST_KNOWN:
        _known.clear()
    for key, place in missing.items():
        row = rows[place.window, place.factory.pk]
        _known[key] = site_sums(row, place, grid, stock) if row.days else None


def _places(factories: Sequence[Factory], windows: Sequence[Window], now: datetime) -> list[Place]:
    last = last_complete_days(factories, now)
    if not last or not windows:
        return []
    book = CeilingBook(min(max(window.last_day for window in windows), max(last.values())))
    found = []
    for number, window in enumerate(windows):
        for factory in factories:
            recent = last[factory.pk] - timedelta(days=RECENT_DAYS - 1)
            # Of a mine missing days cannot be filled, so its newest ones wait.
            newest = last[factory.pk] if SECTORS[factory.sector].has_places else recent - timedelta(days=1)
            end = min(window.last_day, newest)
            if window.first_day <= end:
                found.append(Place(number, factory, window.first_day, end, recent, book.of(factory)))
    return found


def _parameters(
    places: Sequence[Place], grid: Sequence[GridFactor], stock: Collection[tuple[int, date]], now: datetime
) -> dict[str, Any]:
    lowest = {
        country: min(factor.kg_per_kwh for factor in grid if factor.country == country)
        for country in {factor.country for factor in grid}
    }
    return {
        "windows": [place.window for place in places],
        "factory_ids": [place.factory.pk for place in places],
        "first_days": [place.first_day for place in places],
        "last_days": [place.last_day for place in places],
        "recent_days": [place.recent_day for place in places],
        "heat_asked": [place.is_tea for place in places],
        "heat_co2e_kg": [place.ceilings.heat_co2e_kg for place in places],
        "heat_gj": [place.ceilings.heat_gj for place in places],
        "heat_co2_kg": [place.ceilings.heat_co2_kg for place in places],
        "grid_kg": [place.ceilings.electricity_kwh * lowest[place.factory.country] for place in places],
        "power_gj": [place.ceilings.electricity_kwh * _GJ_PER_KWH for place in places],
        "stock_factories": [factory_id for factory_id, _month in stock],
        "stock_months": [month for _factory_id, month in stock],
        "low": Decimal(str(STACK_FUEL_BAND[0])),
        "high": Decimal(str(STACK_FUEL_BAND[1])),
        "now": now,
    }


def _confirmed_months(places: Sequence[Place]) -> set[tuple[int, date]]:
    own = [place for place in places if place.window == 0 and place.is_tea]
    if not own:
        return set()
    found = stock_confirmed_months(
        [place.factory.pk for place in own],
        min(place.first_day for place in own).replace(day=1),
        max(place.last_day for place in own).replace(day=1),
    )
    return {key for key, is_confirmed in found.items() if is_confirmed}
