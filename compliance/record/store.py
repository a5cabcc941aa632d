"""Keeps the substituted hours of a site up to date, in the transaction of its site days (`compliance/site_days.py`).

What is stored is what `hours.py` returns, whatever came first. A mark widens to the hours that depend on it: with fuel
those of the next 30 days, with the EPA-style all from the gap before it, with the EU-style all of its year.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Max

from compliance.inputs import Stretch, stretches
from compliance.models import RecordedSite
from compliance.record.hours import hours_of_days
from compliance.record.rules import LOOK_BACK_DAYS, RecordHour
from devices.models import Assignment
from emissions.models import EmissionHour, HourStatus, SubstitutedHour
from factories.choices import SubstitutionMethod
from factories.days import FactoryDay, local_day_start, running_day
from factories.models import Factory
from science import METHOD_VERSION


def recorded_until(factory_ids: Iterable[int]) -> dict[int, datetime]:
    """By site; absent for one whose hours were never recorded."""
    return dict(RecordedSite.objects.filter(factory__in=list(factory_ids)).values_list())


def with_device_of_record(factory_ids: Iterable[int]) -> set[int]:
    rows = Assignment.objects.filter(factory__in=list(factory_ids), is_of_record=True)
    return set(rows.values_list("factory_id", flat=True).distinct())


def set_recorded(factories: Iterable[Factory], now: datetime, until: Mapping[int, datetime]) -> None:
    """Remember until when the hours of these sites are recorded, where that has changed."""
    rows = [RecordedSite(factory=factory, until=running_day(factory, now).starts_at) for factory in factories]
    RecordedSite.objects.bulk_create(
        [row for row in rows if until.get(row.factory_id) != row.until],
        update_conflicts=True,
        unique_fields=["factory"],
        update_fields=["until"],
    )


def widened(factory: Factory, windows: Sequence[Stretch], now: datetime, until: datetime | None) -> list[Stretch]:
    """The windows with the days that ended since `until`, and with all hours that depend on any of these."""
    over = running_day(factory, now).starts_at
    found = [*windows, *([(until, over)] if until and until < over else [])]
    wide = [window for window in found if window[0] < over]
    if not wide:
        return found
    method = factory.organisation.substitution_method
    if method == SubstitutionMethod.FUEL_BASED:
        return [*found, *_that_look_back(factory, [min(end, over) for _start, end in wide])]
    start = min(window[0] for window in wide)
    if method == SubstitutionMethod.EU:
        # A gap that begins in one year ends in the next.
        start = local_day_start(start, factory.zone).replace(month=1, day=1)
    return [*found, (_gap_start(factory, start), over)]


def _that_look_back(factory: Factory, ends: Sequence[datetime]) -> Iterator[Stretch]:
    """The substituted hours of the 30 days after each of some times."""
    reach = timedelta(days=LOOK_BACK_DAYS + 1)
    rows = SubstitutedHour.objects.filter(
        assignment__factory=factory, period_start__gte=min(ends), period_start__lt=max(ends) + reach
    )
    filled = list(rows.order_by("period_start").values_list("period_start", flat=True))
    for end in ends:
        first, stop = bisect_left(filled, end), bisect_left(filled, end + reach)
        if first < stop:
            yield end, filled[stop - 1] + timedelta(hours=1)


def _gap_start(factory: Factory, start: datetime) -> datetime:
    """The end of the last valid operating hour before a time, at each chimney; the earliest of them.

    Hours that are proved idle end no gap: the hour after it, from which it is filled, comes behind them.
    """
    last = (
        EmissionHour.objects.filter(
            assignment__factory=factory,
            assignment__is_of_record=True,
            period_start__lt=start,
            status=HourStatus.MEASURED,
            co2_ppm__gt=0,
            flow_rate_m3s__gt=0,
        )
        .values("assignment__chimney")
        .annotate(last=Max("period_start"))
        .values_list("last", flat=True)
    )
    return min([start, *(moment + timedelta(hours=1) for moment in last)])


def store(factory: Factory, days: Sequence[FactoryDay], now: datetime) -> dict[int, list[RecordHour]]:
    """Replace the substituted hours of the days that are over; returns their hours by the start of the day [us]."""
    over = running_day(factory, now).starts_at
    days = [day for day in days if day.ends_at <= over]
    by_day = hours_of_days(factory, days, now=now)
    for start, end in stretches(days):
        within = [hour for day in days if start <= day.starts_at < end for hour in by_day.get(day.start_us, ())]
        _replace(factory, start, end, within)
    return by_day


def _replace(factory: Factory, start: datetime, end: datetime, hours: Sequence[RecordHour]) -> None:
    of_site = SubstitutedHour.objects.filter(assignment__factory=factory)
    of_site.filter(period_start__gte=start, period_start__lt=end).delete()
    SubstitutedHour.objects.bulk_create(
        [
            SubstitutedHour(
                device_id=hour.device_pk,
                assignment_id=hour.assignment_id,
                period_start=hour.period_start,
                status=hour.status,
                method=hour.method,
                rule=hour.because,
                record_ug=hour.record_ug,
                fuel_sigma_ug=hour.fuel_sigma_ug,
                bias_ug=hour.bias_ug,
                variance_kg2=hour.variance_kg2,
                takes_from_stack=hour.stack_sigma > 0,
                method_version=METHOD_VERSION,
            )
            for hour in hours
            if hour.method and hour.record_ug is not None
        ],
        batch_size=1000,
    )
