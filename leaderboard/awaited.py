"""Electricity of days whose bill is not due yet: it counts at the site's own use per kg, and costs no place.

Own use is the mean of a year or of the last bill, whichever is higher: a site whose use rose does not get its old mean
back by waiting. After the due day a missing bill counts at the ceiling, for all of its days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from compliance.models import SiteDay
from compliance.schedule import BILL_DUE_WITHIN, bills_awaited
from factories.days import running_day
from factories.models import Factory
from leaderboard.metrics import GJ_PER_KWH

_YEAR = timedelta(days=365)
_DAY_S = 86_400
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class AwaitedElectricity:
    """From `first_day` on a site waits for its bill, at the latest until `due_on`."""

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
    latest = Q()  # the days of the last bill of each site
    for factory in factories:
        if factory.pk in bills:
            until = running_day(factory, bills[factory.pk].since).day
            latest |= Q(factory=factory, day__gte=until - BILL_DUE_WITHIN, day__lt=until)
    known = SiteDay.objects.filter(
        factory__in=bills, day__gt=now.date() - _YEAR, made_kg__gt=0, electricity_covered_s__gte=_DAY_S
    )
    sums = known.values_list("factory_id").annotate(
        gj=Sum("electricity_gj"),
        kg=Sum("made_kg"),
        latest_gj=Sum("electricity_gj", filter=latest, default=_ZERO),
        latest_kg=Sum("made_kg", filter=latest, default=_ZERO),
    )
    per_kg = {
        pk: max(gj / kg, latest_gj / latest_kg if latest_kg else _ZERO) / GJ_PER_KWH
        for pk, gj, kg, latest_gj, latest_kg in sums.order_by()
    }
    return {
        factory.pk: AwaitedElectricity(
            running_day(factory, bill.since).day, bill.due_at.astimezone(factory.zone).date(), per_kg[factory.pk]
        )
        for factory in factories
        if factory.pk in per_kg and (bill := bills[factory.pk])
    }
