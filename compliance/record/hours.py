"""Reads what decides the hours of record of a site, and returns them: three to five queries."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone

from compliance.inputs import sources_of, stretches, uses_between
from compliance.record.fuel import ChimneyFuel, fuel_of_chimneys
from compliance.record.rules import EPA_LOOK_BACK_S, LOOK_BACK_DAYS, ChimneyRecord, RecordHour, Stint, StoredHour
from compliance.sources import Site
from devices.models import Assignment, MCUDevice
from emissions.models import EmissionHour
from factories.choices import SubstitutionMethod
from factories.days import FactoryDay, days_between, local_day_start, local_hour_start, microseconds, running_day
from factories.known import factories_known
from factories.models import Factory
from lib import history, sql
from science.uncertainty import stack_sigma

_MICROSECOND = timedelta(microseconds=1)


def hours_of_record(
    factory: Factory, first_day: date, end_day: date, *, as_known_on: datetime | None = None
) -> list[RecordHour]:
    """The hours of record of a site's chimneys on calendar days of the site, the end exclusive; by chimney and time.

    Hours that are not over are left out, and so are hours of a chimney without a device of record.
    """
    now = as_known_on or timezone.now()
    known = factories_known([factory], as_known_on)
    if not known:
        return []
    factory = known[0]
    start, end = (
        local_day_start(datetime(day.year, day.month, day.day, 12, tzinfo=factory.zone), factory.zone)
        for day in (first_day, end_day)
    )
    return hours_between(factory, start, end, now=now, as_known_on=as_known_on)


def hours_between(
    factory: Factory, start: datetime, end: datetime, *, now: datetime, as_known_on: datetime | None = None
) -> list[RecordHour]:
    """The same between two whole hours of the site."""
    end = min(end, local_hour_start(now, factory.zone))
    if start >= end:
        return []
    chimneys = _load(factory, start, end, now, as_known_on)
    span = int(start.timestamp()), int(end.timestamp())
    return [hour for chimney in chimneys for hour in chimney.records(*span)]


def hours_of_days(
    factory: Factory, days: Sequence[FactoryDay], *, now: datetime, as_known_on: datetime | None = None
) -> dict[int, list[RecordHour]]:
    """The same of factory days, by the start of the day in microseconds."""
    starts = [day.start_us for day in days]
    by_day: dict[int, list[RecordHour]] = {}
    for start, end in stretches(days):
        for hour in hours_between(factory, start, end, now=now, as_known_on=as_known_on):
            day_us = starts[bisect_right(starts, microseconds(hour.period_start)) - 1]
            by_day.setdefault(day_us, []).append(hour)
    return by_day


def _load(
    factory: Factory, start: datetime, end: datetime, now: datetime, as_known_on: datetime | None
) -> list[ChimneyRecord]:
    method = factory.organisation.substitution_method
    over_until = running_day(factory, now).starts_at
    back, until = _reach(method, factory, start, end, over_until)
    assignments = history.rows(
        Assignment,
        as_known_on,
        lambda rows: rows.exclude(valid_to__lte=back),
        factory_id=factory.pk,
        is_of_record=True,
        valid_from__lt=until,
    )
    if not assignments:
        return []
    back = max(back, min(min(a.valid_from or start for a in assignments), start))
    days = days_between(factory, running_day(factory, back).day, running_day(factory, until - _MICROSECOND).day)
    by_assignment: dict[int, dict[int, StoredHour]] = {a.pk: {} for a in assignments}
    parameters = {"factory_id": factory.pk, "start": days[0].starts_at, "end_": days[-1].ends_at}
    statement = sql.load("compliance", "stored_hours")
    for row in sql.fetch(*history.reading(statement, parameters, as_known_on, Assignment, EmissionHour), StoredHour):
        by_assignment[row.assignment_id][int(row.period_start.timestamp())] = row
    fuel: dict[tuple[int | None, int], ChimneyFuel] = {}
    chimney_ids = sorted({a.chimney_id for a in assignments})
    if method == SubstitutionMethod.FUEL_BASED:
        uses = uses_between(factory.pk, days[0].starts_at, days[-1].ends_at, as_known_on=as_known_on)
        sources = sources_of([factory.pk], as_known_on=as_known_on).get(factory.pk, ())
        place = Site(factory.pk, factory.sector, factory.organisation.gwp_set, tuple(sources))
        fuel = fuel_of_chimneys(uses, days, place, chimney_ids)
    devices = dict(MCUDevice.objects.filter(pk__in={a.device_id for a in assignments}).values_list("pk", "device_id"))
    sigma = stack_sigma(altitude_is_estimated=factory.altitude_is_estimated)
    chimneys = []
    for chimney_id in chimney_ids:
        own = [a for a in assignments if a.chimney_id == chimney_id]
        rows = {start_s: row for a in own for start_s, row in by_assignment[a.pk].items()}
        chimneys.append(
            ChimneyRecord(
                chimney_id,
                [_stint(a, devices[a.device_id], days[-1].ends_at) for a in own],
                rows,
                days,
                {day_us: one for (chimney, day_us), one in fuel.items() if chimney == chimney_id},
                method,
                sigma,
                int(over_until.timestamp()),
                factory.zone,
            )
        )
    return chimneys


def _reach(
    method: str, factory: Factory, start: datetime, end: datetime, over_until: datetime
) -> tuple[datetime, datetime]:
    """The stretch of time on which hours from `start` to `end` depend."""
    if method == SubstitutionMethod.FUEL_BASED:
        return start - timedelta(days=LOOK_BACK_DAYS + 1), end
    # Of the EPA-style also the statistics of the EU-style: both look back three years at most.
    return start - timedelta(seconds=EPA_LOOK_BACK_S), max(end, over_until)


def _stint(assignment: Assignment, device: str, end: datetime) -> Stint:
    assert assignment.valid_from is not None  # the query asks for those that have begun
    ends = min(assignment.valid_to or end, end)
    return Stint(
        assignment.pk, assignment.device_id, device, int(assignment.valid_from.timestamp()), int(ends.timestamp())
    )
