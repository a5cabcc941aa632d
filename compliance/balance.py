"""Stack against fuel, day by day: the pairs of masses of sites, and what `science/balance.py` makes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from compliance.fire import fire_chimneys, firewoods, wood_sites
from compliance.models import SiteDay
from emissions.fires import fires
from emissions.settling import SitePeriod
from factories.days import days_between, last_day_over_everywhere
from factories.models import Factory
from science.balance import FEWEST_DAYS, HISTORY_DAYS, START_WIDTH, BalanceVerdict, DayBalance, DayPair, judge

DAYS = 14
_USUAL_RULE = (START_WIDTH, FEWEST_DAYS)
_HISTORY = timedelta(days=HISTORY_DAYS)


@dataclass(frozen=True, slots=True)
class BalanceDay:
    """A factory day with both masses, kg of CO2, and its verdict."""

    day: date
    pair: DayPair
    judged: DayBalance


@dataclass(frozen=True, slots=True)
class Departure:
    """The days since stack and log of a site differ, both masses known."""

    first_day: date
    last_day: date
    days: int
    stack_kg: float
    fuel_kg: float
    difference_kg: float  # of the fuel's CO2: what the stack shows beyond the log by the site's usual ratio

    @property
    def ratio(self) -> float:
        return self.stack_kg / self.fuel_kg


@dataclass(frozen=True, slots=True)
class Balance:
    """Factory days of a site, ascending, without a hole. Those before `first` only teach what is usual."""

    history: tuple[BalanceDay, ...]
    first: date

    @property
    def days(self) -> tuple[BalanceDay, ...]:
        return tuple(day for day in self.history if day.day >= self.first)

    @property
    def ratios(self) -> tuple[tuple[date, float | None], ...]:
        return tuple((day.day, day.judged.ratio) for day in self.days)

    @property
    def last(self) -> BalanceDay:
        """The last day about which something can be said; without one the last day."""
        known = [day for day in self.days if day.judged.verdict is not BalanceVerdict.UNKNOWN]
        return known[-1] if known else self.days[-1]

    @property
    def departure(self) -> Departure | None:
        """As of the last day; None while stack and log do not differ."""
        changes = self.last.judged.changes
        if changes is None or not self.last.judged.is_apart:
            return None
        since = [day for day in self.history[changes.first :] if day.judged.ratio is not None]
        stack_kg, fuel_kg = (sum(getattr(day.pair, name) for day in since) for name in ("stack_kg", "fuel_kg"))
        more_kg = fuel_kg * (changes.ratio or 0.0)
        return Departure(since[0].day, since[-1].day, len(since), stack_kg, fuel_kg, more_kg)


def balances(
    factories: Sequence[Factory], now: datetime, rules: Mapping[int, tuple[float, int]] | None = None
) -> dict[int, Balance]:
    """Of each site, the last days that are over at all of them. Refresh the site days first.

    `rules`: half the band and the fewest days of a change, by site; without it those of `science/balance.py`.
    What the gas was like, which tells causes apart, is read only of sites whose stack and log differ.
    """
    if not factories:
        return {}
    last = last_day_over_everywhere(factories, now)
    first = last - timedelta(days=DAYS - 1)
    pairs = _pairs(factories, first - _HISTORY, last, now)

    def judged(factory: Factory) -> Balance:
        return _balance(pairs[factory.pk], first, *(rules or {}).get(factory.pk, _USUAL_RULE))

    found = {factory.pk: judged(factory) for factory in factories}
    apart = [factory for factory in factories if found[factory.pk].departure]
    for factory in apart:
        pairs[factory.pk] = _with_gas(factory, pairs[factory.pk])
        found[factory.pk] = judged(factory)
    return found


def balance(factory: Factory, first: date, last: date, now: datetime) -> Balance:
    """Of one site from one day to another, both included; three queries. Refresh the site days first."""
    pairs = _pairs([factory], first - _HISTORY, last, now)[factory.pk]
    return _balance(_with_gas(factory, pairs), first, *_USUAL_RULE)


def ratios(factories: Sequence[Factory], now: datetime) -> dict[int, list[tuple[date, float | None]]]:
    """Of each site the last days that are over at all of them, unjudged: what a list of sites draws; one query."""
    if not factories:
        return {}
    last = last_day_over_everywhere(factories, now)
    pairs = _pairs(factories, last - timedelta(days=DAYS - 1), last, now)
    return {
        pk: [(day, pair.stack_kg / pair.fuel_kg if pair.stack_kg and pair.fuel_kg else None) for day, pair in of_site]
        for pk, of_site in pairs.items()
    }


def last_days(factory: Factory, now: datetime, count: int = DAYS) -> Balance:
    """Of one site, the last days that are over."""
    last = last_day_over_everywhere([factory], now)
    return balance(factory, last - timedelta(days=count - 1), last, now)


def wood_m3(factory: Factory, co2_kg: float, now: datetime) -> Decimal | None:
    """Stacked m3 of the site's firewood with that CO2; None where other fuel burns too, or its weight is not known."""
    if not wood_sites([factory]):
        return None
    wood = firewoods([factory], now)[factory.pk]
    return None if wood.kg_per_stere is None else abs(Decimal(co2_kg)) / wood.co2_kg_per_unit("stere")


def _pairs(
    factories: Sequence[Factory], first: date, last: date, now: datetime
) -> dict[int, list[tuple[date, DayPair]]]:
    """The masses of each day; one query.

    A day whose sensor was at the end of its range has no mass of the stack here: what it shows is only a lower bound.
    """
    rows = SiteDay.objects.filter(factory__in=factories, day__gte=first, day__lte=last).values_list(
        "factory_id", "day", "stack_filled_co2_kg", "is_stack_lower_bound", "has_heat", "heat_carbon_co2_kg", "made_kg"
    )
    known: dict[tuple[int, date], list[Any]] = {(pk, day): values for pk, day, *values in rows}
    found: dict[int, list[tuple[date, DayPair]]] = {}
    for factory in factories:
        of_site = found[factory.pk] = []
        for day in days_between(factory, first, last):
            stack_kg, is_bound, has_heat, fuel_kg, made_kg = known.get((factory.pk, day.day), [None] * 5)
            pair = DayPair(
                None if stack_kg is None or is_bound else float(stack_kg),
                float(fuel_kg) if has_heat and fuel_kg is not None else None,
                None if made_kg is None else float(made_kg),
                production_is_due=day.due_at <= now,
            )
            of_site.append((day.day, pair))
    return found


def _with_gas(factory: Factory, pairs: Sequence[tuple[date, DayPair]]) -> list[tuple[date, DayPair]]:
    """With the CO2 in the dry gas of the site's fires on each day; two queries."""
    days = days_between(factory, pairs[0][0], pairs[-1][0])
    chimneys = fire_chimneys([factory])[factory.pk]
    told = fires([SitePeriod(factory.pk, day.starts_at, day.ends_at) for day in days])
    gases = [[gas for gas in of_day if gas.chimney_id in chimneys and gas.co2_ug] for of_day in told]
    return [
        (day, replace(pair, co2_dry_fraction=reduce(add, gas).co2_dry_fraction) if gas else pair)
        for (day, pair), gas in zip(pairs, gases, strict=True)
    ]


def _balance(pairs: Sequence[tuple[date, DayPair]], first: date, width: float, fewest_days: int) -> Balance:
    judged = judge([pair for _day, pair in pairs], width=width, fewest_days=fewest_days)
    return Balance(tuple(BalanceDay(*one, verdict) for one, verdict in zip(pairs, judged, strict=True)), first)
