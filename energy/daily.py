"""Daily use of each energy type, with entries spread evenly over their periods. Reads only.

Masses of gas and the figures of a site's day are in `compliance`; here are amounts as people count them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from factories.models import Factory
from lib import sql


@dataclass(frozen=True, slots=True)
class DayAmounts:
    """One energy type on one day: amounts by the unit of their factor, and whether entries cover all of the day."""

    by_unit: dict[str, Decimal]
    is_whole_day: bool


@dataclass(frozen=True, slots=True)
class _AmountRow:
    day: date
    code: str
    per_unit: str | None  # None: the row of the whole day, whatever the unit
    amount: Decimal
    is_whole_day: bool


def amounts_by_day(
    factory: Factory, days: Sequence[tuple[date, datetime, datetime]]
) -> dict[tuple[date, str], DayAmounts]:
    """(day, code of the energy type) -> the use; absent where nothing was logged. One query.

    `days` are (day, start, end); an entry of zero is included, with amount zero.
    """
    if not days:
        return {}
    uses: dict[tuple[date, str], DayAmounts] = {}
    amounts: dict[tuple[date, str], dict[str, Decimal]] = {}
    parameters = {
        "factory_id": factory.pk,
        "days": [day for day, _start, _end in days],
        "starts": [start for _day, start, _end in days],
        "ends": [end for _day, _start, end in days],
        "first": min(start for _day, start, _end in days),
        "last": max(end for _day, _start, end in days),
    }
    for row in sql.fetch(sql.load("energy", "amounts_by_day"), parameters, _AmountRow):
        by_unit = amounts.setdefault((row.day, row.code), {})
        if row.per_unit is None:
            uses[row.day, row.code] = DayAmounts(by_unit, row.is_whole_day)
        else:
            by_unit[row.per_unit] = row.amount
    return uses
