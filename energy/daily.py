"""What was used of each energy type day by day, entries spread evenly over their periods. Reads only.

Masses of gas and the figures of a site's day are `compliance`'s; here are amounts as people count them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from factories.models import Factory
from lib import sql


@dataclass(frozen=True, slots=True)
class DayAmounts:
    """One energy type on one day: amounts by the unit of their factor, and whether entries cover all of the day."""

    by_unit: dict[str, Decimal]
    is_whole_day: bool


def amounts_by_day(
    factory: Factory, days: Sequence[tuple[date, datetime, datetime]]
) -> dict[tuple[date, str], DayAmounts]:
    """(day, code of the energy type) -> what was used; absent where nothing was logged. One query.

    `days` are (day, start, end); an entry of zero is there, with amount zero.
    """
    if not days:
        return {}
    found: dict[tuple[date, str], DayAmounts] = {}
    amounts: dict[tuple[date, str], dict[str, Decimal]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.load("energy", "amounts_by_day"),
            {
                "factory_id": factory.pk,
                "days": [day for day, _start, _end in days],
                "starts": [start for _day, start, _end in days],
                "ends": [end for _day, _start, end in days],
                "first": min(start for _day, start, _end in days),
                "last": max(end for _day, _start, end in days),
            },
        )
        for day, code, per_unit, amount, is_whole_day in cursor.fetchall():
            own = amounts.setdefault((day, code), {})
            if per_unit is None:
                found[day, code] = DayAmounts(own, is_whole_day)
            else:
                own[per_unit] = amount
    return found
