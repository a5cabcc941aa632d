"""Stack against fuel, day by day: the ratio of measured CO2 to that of the heat fuel logged, by carbon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from compliance import queries
from factories.days import last_day_over_everywhere
from factories.models import Factory
from science.balance import BalanceShape, shape

DAYS = 14


@dataclass(frozen=True, slots=True)
class Balance:
    """The last factory days of a site, ascending; None: a day without a stack or a fuel figure."""

    days: tuple[tuple[date, float | None], ...]

    @property
    def shape(self) -> BalanceShape:
        return shape([ratio for _day, ratio in self.days])


def balances(factories: Sequence[Factory], now: datetime, count: int = DAYS) -> dict[int, Balance]:
    """Of each site, up to the last day that is over at all of them; one query. Refresh the site days first."""
    if not factories:
        return {}
    last = last_day_over_everywhere(factories, now)
    days = [last - timedelta(days=back) for back in range(count - 1, -1, -1)]
    ratios: dict[tuple[int, date | None], float] = {}
    for sums in queries.series([factory.pk for factory in factories], days[0], last, by="day", now=now):
        if sums.balance_stack_kg is not None and sums.balance_fuel_kg:
            ratios[sums.factory_id, sums.bucket] = float(sums.balance_stack_kg / sums.balance_fuel_kg)
    return {factory.pk: Balance(tuple((day, ratios.get((factory.pk, day))) for day in days)) for factory in factories}
