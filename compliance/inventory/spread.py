"""Spreads amounts over calendar months of a site so that any division of a period keeps the sum. No database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from compliance.inventory.inputs import InventoryInputs, next_month
from science.rounding import decimal_kg, decimal_part


@dataclass(frozen=True, slots=True)
class MonthSpan:
    """The part of a calendar month that lies in the period asked for."""

    month: date
    first_day: date
    end_day: date
    start_us: int
    end_us: int
    month_start_us: int
    month_end_us: int


class _Entry(Protocol):
    @property
    def start_us(self) -> int: ...
    @property
    def end_us(self) -> int: ...


def spans_of(site: InventoryInputs) -> list[MonthSpan]:
    spans = []
    for month in site.months:
        first, end = max(month, site.first_day), min(next_month(month), site.end_day)
        edges = (site.midnight_us(day) for day in (first, end, month, next_month(month)))
        spans.append(MonthSpan(month, first, end, *edges))
    return spans


def scaled_part(amount: Decimal, scale: Decimal, entry: _Entry, start_us: int, end_us: int) -> Decimal:
    """`scale` times the part of an entry's amount in [start_us, end_us), to 6 decimals.

    Each end is rounded by itself, so parts of a divided stretch sum to that of the whole stretch.
    """

    def until(edge_us: int) -> Decimal:
        within = min(max(edge_us, entry.start_us), entry.end_us) - entry.start_us
        return decimal_kg(decimal_part(amount, begin=0, end=within, whole=entry.end_us - entry.start_us) * scale)

    return until(end_us) - until(start_us)


def united(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Their union, ascending and without overlap."""
    joined: list[tuple[int, int]] = []
    for begin, stop in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        elif begin < stop:
            joined.append((begin, stop))
    return joined


def overlap(stretches: Iterable[tuple[int, int]], start: int, end: int) -> int:
    """How much of [start, end) a union covers."""
    return sum(max(0, min(end, stop) - max(start, begin)) for begin, stop in stretches)
