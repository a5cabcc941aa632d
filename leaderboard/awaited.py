"""Electricity of days whose bill is not due yet: it counts at the site's own use per kg, and costs no place.

After the due day a missing bill counts at the ceiling, for all of its days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from compliance.models import SiteDay
from compliance.schedule import bills_awaited
from factories.days import running_day
from factories.models import Factory

_YEAR = timedelta(days=365)
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class AwaitedElectricity:
    """From `first_day` on a site waits for its bill, at the latest until `due_on`. `kwh_per_kg` is its year's mean."""

    first_day: date
    due_on: date
    kwh_per_kg: Decimal

    def filled(self, logged: float, known: float, *, made_kg: float, per_kwh: Decimal) -> float:
        """The electricity of a day in a metric of which a kWh is `per_kwh`, when a share of it is known."""
        return logged + (1.0 - known) * float(self.kwh_per_kg * per_kwh) * made_kg


def awaited_electricity(factories: Sequence[Factory], now: datetime) -> dict[int, AwaitedElectricity]:
    """For each site whose next bill is not due yet; two queries."""
    bills = {pk: bill for pk, bill in bills_awaited([f.pk for f in factories], now).items() if now < bill.due_at}
    if not bills:
        return {}
    known = SiteDay.objects.filter(
        factory__in=bills, day__gt=now.date() - _YEAR, made_kg__gt=0, electricity_covered_s__gte=_DAY_S
    )
    sums = known.values_list("factory_id").annotate(Sum("electricity_gj"), Sum("made_kg"))
    per_kg = {pk: gj * 1000 / (made_kg * Decimal("3.6")) for pk, gj, made_kg in sums.order_by()}
    return {
        factory.pk: AwaitedElectricity(
            running_day(factory, bill.since).day, bill.due_at.astimezone(factory.zone).date(), per_kg[factory.pk]
        )
        for factory in factories
        if factory.pk in per_kg and (bill := bills[factory.pk])
    }
