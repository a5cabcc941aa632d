"""What setting a period of readings aside does to totals, shown before it is done.

It is done in a transaction that is rolled back, by the code that rolls up, so the figures are those that follow. Only
the edges of the period are computed again: a month takes as long as an hour.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum

from devices.set_aside import InvalidPeriod, set_aside
from emissions.derive import milliseconds
from emissions.models import EmissionHour
from emissions.rollups import roll_up_without

ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of the hours that a period touches."""

    measured_kg: float
    record_kg: float
    hours_of_record: int


@dataclass(frozen=True, slots=True)
class Effect:
    before: Figures
    after: Figures


def effect_of(period: InvalidPeriod, user: Any) -> Effect:
    """The figures as they are, and as they will be. Stores nothing.

    Raises ValidationError as `set_aside` does.
    """
    with transaction.atomic():
        set_aside(period, user)
        before = _figures(period)
        roll_up_without(period.device.pk, milliseconds(period.starts_at), milliseconds(period.ends_at))
        after = _figures(period)
        transaction.set_rollback(True)
    return Effect(before, after)


def _figures(period: InvalidPeriod) -> Figures:
    hours = EmissionHour.objects.filter(
        device=period.device, period_start__gt=period.starts_at - ONE_HOUR, period_start__lt=period.ends_at
    )
    sums = hours.aggregate(
        measured=Sum("measured_ug"), record=Sum("record_ug"), known=Count("period_start", Q(record_ug__isnull=False))
    )
    return Figures((sums["measured"] or 0) / 1e9, (sums["record"] or 0) / 1e9, int(sums["known"]))
