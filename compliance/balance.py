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
class BalanceDay:
    """A factory day with both figures, kg of CO2."""

    day: date
    stack_kg: float
    fuel_kg: float

    @property
    def ratio(self) -> float:
        return self.stack_kg / self.fuel_kg


@dataclass(frozen=True, slots=True)
class Balance:
    """The last factory days of a site, ascending; None: a day without a stack or a fuel figure."""

    days: tuple[tuple[date, BalanceDay | None], ...]

    @property
    def ratios(self) -> tuple[tuple[date, float | None], ...]:
        return tuple((day, known.ratio if known else None) for day, known in self.days)

    @property
    def shape(self) -> BalanceShape:
        return shape([ratio for _day, ratio in self.ratios])

    def run_outside(self, width: float) -> list[BalanceDay]:
        """The last known days that are all above 1 + `width`, or all below 1 - `width`."""
        run: list[BalanceDay] = []
        for known in reversed([known for _day, known in self.days if known]):
            if 1 - width <= known.ratio <= 1 + width or (run and (known.ratio > 1) != (run[0].ratio > 1)):
                break
            run.insert(0, known)
        return run


def balances(factories: Sequence[Factory], now: datetime, count: int = DAYS) -> dict[int, Balance]:
    """Of each site, up to the last day that is over at all of them; one query. Refresh the site days first."""
    if not factories:
        return {}
    last = last_day_over_everywhere(factories, now)
    days = [last - timedelta(days=back) for back in range(count - 1, -1, -1)]
    found: dict[tuple[int, date], BalanceDay] = {}
    for sums in queries.series([factory.pk for factory in factories], days[0], last, by="day", now=now):
        if sums.bucket is not None and sums.balance_stack_kg is not None and sums.balance_fuel_kg:
            day = BalanceDay(sums.bucket, float(sums.balance_stack_kg), float(sums.balance_fuel_kg))
            found[sums.factory_id, sums.bucket] = day
    return {factory.pk: Balance(tuple((day, found.get((factory.pk, day))) for day in days)) for factory in factories}
