"""Is an amount possible, and is it usual? One service for every door: form, API, correction, sheet, command, meter.

An amount is compared as a rate per day in a common quantity (GJ of energy, kg of product), whatever its unit. Above
what the site can use or make it is refused; outside the usual range of the site it is stored with a warning, which a
form asks about first. The kinds of entries give a `Thing`; the limits of a site are in `factories/capacity.py`.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from factories.capacity import Capacity
from factories.days import ONE_DAY
from factories.models import Factory
from lib.decimals import plain
from lib.errors import invalid
from logbook.notices import Notice
from logbook.queries import overlapping

LOOK_BACK = timedelta(days=28)
FEWEST_TO_COMPARE = 5
USUAL_TIMES = 3
# This part of the days at each end does not count as usual, so a stored slip does not make the next one usual.
ODD_SHARE = 10
# From this length on an entry is of a whole day; shorter ones are summed over their factory day.
WHOLE_DAY_FROM = timedelta(hours=18)
_SLIPS = [Decimal(10) ** power for power in (-1, 1, -2, 2, -3, 3)]
_DIGITS = 4
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What entries are compared with each other: one energy type or one product of one site.

    `others` are the stored entries of the same thing, `column` their amount in the common quantity. `capacity` is the
    most a day in that quantity, if it is known. `unit_sizes` gives the common quantity of one unit, for each unit
    that the site uses; it is called only when something is unusual.
    """

    factory: Factory
    others: QuerySet[Any]
    column: str
    capacity: Capacity | None
    unit_sizes: Callable[[], Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class PeriodAmount:
    """An amount in its unit and in the common quantity, over [start, end)."""

    start: datetime
    end: datetime
    amount: Decimal
    unit: str
    quantity: Decimal

    @property
    def is_whole_day(self) -> bool:
        return self.end - self.start >= WHOLE_DAY_FROM

    @property
    def days(self) -> Decimal:
        """At least 1, because shifts are shorter than the day they stand for."""
        return max(_days(self.end - self.start), Decimal(1))

    @property
    def quantity_a_day(self) -> Decimal:
        return self.quantity / self.days


def judged(thing: Thing, uses: Iterable[PeriodAmount]) -> Iterator[tuple[PeriodAmount, Notice | None]]:
    """Each use, by time, with the warning that it needs. One query, whatever their number."""
    ordered = sorted(uses, key=lambda use: (use.start, use.end))
    if not ordered:
        return
    usual = _Usual(thing, ordered)
    for use in ordered:
        notice = usual.notice(use)
        if notice is not None:
            usual.leave_out(use)
        yield use, notice


def require_possible(thing: Thing, use: PeriodAmount, *, days: Decimal | None = None) -> None:
    """Raise ApiError 400 `beyond_capacity` above what the site can use or make in the time of `use`, or in `days`."""
    if thing.capacity is None:
        return
    most = thing.capacity.refused_above * (use.days if days is None else days)
    if use.quantity <= most:
        return
    params = {
        "amount": plain(use.amount),
        "unit": use.unit,
        "limit": _shown(most * use.amount / use.quantity),
        "days": plain((use.days if days is None else days).quantize(Decimal("0.1"))),
    }
    words = _(
        "amount=%(amount)s %(unit)s is above %(limit)s %(unit)s, the most that this site can use or make in that time "
        "(%(days)s d); check the number, the unit and the times. If they are right, correct the capacity of the site."
    )
    raise invalid("amount", "beyond_capacity", words % params, **params)


@dataclass(frozen=True, slots=True, order=True)
class _Sample:
    a_day: Decimal
    length: timedelta


@dataclass(slots=True)
class _Usual:
    """The rates of a thing on each factory day: stored entries, and the uses that are judged."""

    thing: Thing
    uses: list[PeriodAmount]
    whole: dict[date, list[_Sample]] = field(default_factory=lambda: defaultdict(list))  # entries of a day and longer
    sums: dict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))  # of shorter ones
    parts: dict[date, list[Decimal]] = field(default_factory=lambda: defaultdict(list))  # their rates a day, ascending
    _first: date = date.min
    _last: date = date.max
    _parts_of: tuple[date, list[Decimal], list[Decimal]] | None = None

    def __post_init__(self) -> None:
        start, end = self.uses[0].start - LOOK_BACK, max(use.end for use in self.uses) + LOOK_BACK
        self._first, self._last = self._day(start), self._day(end)
        rows = overlapping(self.thing.others, start, end).values_list("period_start", "period_end", self.thing.column)
        for row_start, row_end, quantity in rows.iterator(chunk_size=10_000):
            self._add(PeriodAmount(row_start, row_end, _ZERO, "", quantity))
        for use in self.uses:
            self._add(use)

    def notice(self, use: PeriodAmount) -> Notice | None:
        day = self._day(use.start)
        if not use.is_whole_day:
            return self._notice_of_part(day, use)
        samples = self._around(day, use)
        rates = sorted(sample.a_day for sample in samples)
        if len(rates) < FEWEST_TO_COMPARE or not rates[-FEWEST_TO_COMPARE]:
            return self._above_capacity(use)
        # The mean of a month says nothing about its lowest day.
        lowest = [sample.a_day for sample in samples if sample.length <= 2 * (use.end - use.start)]
        return self._outside(use, use.quantity_a_day, rates, sorted(lowest))

    def _notice_of_part(self, day: date, use: PeriodAmount) -> Notice | None:
        """Its largest part stands for the sum of a day; then each part is compared with parts."""
        rates, of_parts = self._around_part(day, use)
        if len(rates) < FEWEST_TO_COMPARE or not rates[-FEWEST_TO_COMPARE]:
            return self._above_capacity(use)
        a_day = _a_day(use)
        if a_day == self.parts[day][-1] and (notice := self._outside(use, self.sums[day], rates, [])):
            return notice
        return self._outside(use, a_day, of_parts, of_parts)

    def leave_out(self, use: PeriodAmount) -> None:
        """An odd amount is not what later ones are compared with."""
        day = self._day(use.start)
        if use.is_whole_day:
            self._parts_of = None
            for one in self._days_of(use):
                self.whole[one].remove(_Sample(use.quantity_a_day, use.end - use.start))
        else:
            self.sums[day] -= use.quantity
            self.parts[day].remove(_a_day(use))

    def _outside(self, use: PeriodAmount, now: Decimal, rates: list[Decimal], lowest: list[Decimal]) -> Notice | None:
        """Compare a rate a day with `rates`, and with `lowest` for too little; both ascending.

        Zeros are left out, because a generator that runs on two days of a month is usual on both of them.
        """
        some = rates[bisect_right(rates, _ZERO) :]
        if len(some) >= FEWEST_TO_COMPARE and now > (limit := USUAL_TIMES * _highest_usual(some)):
            return self._odd("above_usual", use, now, limit, some)
        if len(lowest) < FEWEST_TO_COMPARE or (not use.quantity and not lowest[0]):
            return None
        if not use.quantity:
            return self._zero(use, lowest)
        some = lowest[bisect_right(lowest, _ZERO) :]
        limit = _lowest_usual(some) / USUAL_TIMES if len(some) >= FEWEST_TO_COMPARE else _ZERO
        return self._odd("below_usual", use, now, limit, some) if now < limit else None

    def _zero(self, use: PeriodAmount, rates: list[Decimal]) -> Notice:
        sizes = self.thing.unit_sizes()
        unit = use.unit if use.unit in sizes else next(iter(sizes), use.unit)
        usual = _shown(_median(rates) / sizes.get(unit, Decimal(1)))
        return Notice("zero_unusual", {"amount": "0", "unit": unit, "usual": usual})

    def _above_capacity(self, use: PeriodAmount) -> Notice | None:
        """The first entries of a site have nothing usual yet."""
        capacity = self.thing.capacity
        if capacity is None or use.quantity_a_day <= capacity.a_day:
            return None
        return self._odd("above_capacity", use, use.quantity_a_day, capacity.a_day, [])

    def _odd(self, code: str, use: PeriodAmount, now: Decimal, limit: Decimal, rates: list[Decimal]) -> Notice:
        size = use.quantity / use.amount
        params = {"amount": _shown(now / size), "unit": use.unit, "limit": _shown(limit / size)}
        suggestion = _suggestion(self.thing, use, rates)
        return Notice(code, params | ({"suggestion": suggestion} if suggestion else {}))

    # --- Samples -----------------------------------------------------------------------------------
    def _day(self, moment: datetime) -> date:
        factory = self.thing.factory
        return (moment.astimezone(factory.zone) - timedelta(hours=factory.day_starts_at)).date()

    def _days_of(self, use: PeriodAmount) -> list[date]:
        first = max(self._day(use.start), self._first)
        count = max(round(_days(use.end - use.start)), 1)
        last = min(self._day(use.start) + ONE_DAY * (count - 1), self._last)
        return [first + ONE_DAY * n for n in range((last - first).days + 1)]

    def _add(self, use: PeriodAmount) -> None:
        if use.is_whole_day:
            for day in self._days_of(use):
                self.whole[day].append(_Sample(use.quantity_a_day, use.end - use.start))
        else:
            day = self._day(use.start)
            self.sums[day] += use.quantity
            insort(self.parts[day], _a_day(use))

    def _around(self, day: date, use: PeriodAmount) -> list[_Sample]:
        """The 28 days before, or after if those are too few: an old day may be logged last."""
        earlier = self._samples(day - LOOK_BACK, day)
        if len(earlier) >= FEWEST_TO_COMPARE:
            return earlier
        after = day + ONE_DAY * max(round(_days(use.end - use.start)), 1)
        return self._samples(after, after + LOOK_BACK)

    def _samples(self, first: date, end: date) -> list[_Sample]:
        samples = []
        for n in range((end - first).days):
            day = first + ONE_DAY * n
            samples += self.whole.get(day, [])
            if self.parts.get(day):
                samples.append(_Sample(self.sums[day], ONE_DAY))
        return samples

    def _around_part(self, day: date, use: PeriodAmount) -> tuple[list[Decimal], list[Decimal]]:
        """The rates of the days around a day, and of their parts, ascending. A day of a meter has 96 parts, which are
        all compared with the same 2,688."""
        if self._parts_of is None or self._parts_of[0] != day:
            of_parts: list[Decimal] = []
            for first in (day - LOOK_BACK, day + ONE_DAY):
                of_parts = sorted(
                    rate for n in range(LOOK_BACK.days) for rate in self.parts.get(first + ONE_DAY * n, [])
                )
                if len(of_parts) >= FEWEST_TO_COMPARE:
                    break
            self._parts_of = day, sorted(sample.a_day for sample in self._around(day, use)), of_parts
        return self._parts_of[1:]


def _suggestion(thing: Thing, use: PeriodAmount, rates: list[Decimal]) -> str:
    """The amount that was probably meant: the same number in another unit of the site, or a slip of the decimal."""
    if not rates or not use.is_whole_day:
        return ""
    low, usual, high = _lowest_usual(rates), _median(rates), _highest_usual(rates)
    size = use.quantity / use.amount
    meant = [(use.amount, unit, one) for unit, one in thing.unit_sizes().items() if unit != use.unit]
    meant += [(use.amount * slip, use.unit, size) for slip in _SLIPS]
    fitting = [
        (abs(amount * one / use.days - usual), f"{plain(amount)} {unit}")
        for amount, unit, one in meant
        if low / 2 <= amount * one / use.days <= high * 2
    ]
    return min(fitting)[1] if fitting else ""


def _highest_usual(ascending: list[Decimal]) -> Decimal:
    return ascending[-1 - -(-len(ascending) // ODD_SHARE)]


def _lowest_usual(ascending: list[Decimal]) -> Decimal:
    return ascending[min(-(-len(ascending) // ODD_SHARE), len(ascending) - 1)]


def _median(ascending: list[Decimal]) -> Decimal:
    return ascending[len(ascending) // 2]


def _days(length: timedelta) -> Decimal:
    return Decimal(length.total_seconds()) / 86_400


def _a_day(use: PeriodAmount) -> Decimal:
    return use.quantity / _days(use.end - use.start)


def _shown(value: Decimal) -> str:
    """Four significant digits: 1100, 0.0483."""
    return plain(round(value, _DIGITS - 1 - value.adjusted())) if value else "0"
