"""Keeps site days up to date: takes the marks that the database triggers set, recomputes those days and stores them.

A site day depends only on what is stored now (`figures.py`), never on the order of arrival. So do the hours of record,
which are kept with it (`record/store.py`). Marks and rows change in one transaction and one process at a time works on
a site, so a mark made meanwhile stays for the next round.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import localcontext

from django.db import connection, transaction
from django.utils import timezone

from compliance.figures import site_figures
from compliance.inputs import SiteInputs, Stretch, load
from compliance.models import SiteDay
from compliance.record.days import error_columns, errors_of_days, heat_hours, record_columns
from compliance.record.hours import hours_of_days
from compliance.record.rules import RecordHour
from compliance.record.store import recorded_until, set_recorded, store, widened, with_device_of_record
from factories.days import ONE_DAY, factory_day, running_day
from factories.known import factories_known
from factories.models import Factory
from science.uncertainty import stack_sigma

SITES_PER_ROUND = 25  # limits memory and the length of a transaction when a year of all sites is recomputed at once
_LOCK = 0x53495445  # advisory lock class: one process at a time recomputes a site's days


def refresh(factory_ids: Iterable[int] | None = None) -> int:
    """Recompute the marked days of these sites, or of all; returns how many. One index query if none is due.

    With `factory_ids` it waits for another process that works on them, so the days hold all that was written before
    the call. Without `factory_ids` it skips those sites. Call it outside of a longer transaction: its locks last to
    the end.
    """
    made = 0
    due = _due(factory_ids)
    for index in range(0, len(due), SITES_PER_ROUND):
        batch = due[index : index + SITES_PER_ROUND]
        with transaction.atomic():
            made += _make(_take(_locked(batch, wait=factory_ids is not None)))
    return made


def rebuild(factory_ids: Iterable[int], first: date, last: date) -> int:
    """Recompute the days from `first` to `last` from what is stored, marked or not; returns how many."""
    made = 0
    for factory in Factory.objects.filter(pk__in=list(factory_ids)).order_by("pk"):
        window = (factory_day(factory, first).starts_at, factory_day(factory, last).ends_at)
        with transaction.atomic():
            _locked([factory.pk], wait=True)
            made += _make({factory.pk: [window]})
    return made


def _due(factory_ids: Iterable[int] | None) -> list[int]:
    """Sites with marks, and those whose factory day has ended: an hour without a reading has no mark."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT factory_id FROM compliance_touchedsite WHERE %(all)s OR factory_id = ANY (%(ids)s)"
            " UNION SELECT factory_id FROM compliance_recordedsite"
            " WHERE until <= %(yesterday)s AND (%(all)s OR factory_id = ANY (%(ids)s)) ORDER BY factory_id",
            {"all": factory_ids is None, "ids": sorted(factory_ids or ()), "yesterday": timezone.now() - ONE_DAY},
        )
        return [factory_id for (factory_id,) in cursor.fetchall()]


def _locked(factory_ids: Sequence[int], *, wait: bool) -> list[int]:
    """The sites that this transaction now holds. It locks in ascending order, so two processes cannot deadlock."""
    lock = "pg_advisory_xact_lock(%s, id) IS NOT NULL" if wait else "pg_try_advisory_xact_lock(%s, id)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM (SELECT id FROM unnest(%s::integer[]) AS id ORDER BY id OFFSET 0) AS s WHERE {lock}",  # noqa: S608 - one of two constants
            [sorted(factory_ids), _LOCK],
        )
        return [factory_id for (factory_id,) in cursor.fetchall()]


def _take(factory_ids: Sequence[int]) -> dict[int, list[Stretch]]:
    """Delete and return the marks of the sites. Data read after this statement is at least as new as the marks."""
    windows: dict[int, list[Stretch]] = {factory_id: [] for factory_id in factory_ids}
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM compliance_touchedsite WHERE factory_id = ANY (%s) RETURNING factory_id, starts_at, ends_at",
            [list(factory_ids)],
        )
        for factory_id, start, end in sorted(cursor.fetchall()):
            site_windows = windows.setdefault(factory_id, [])
            if site_windows and start <= site_windows[-1][1]:
                site_windows[-1] = (site_windows[-1][0], max(site_windows[-1][1], end))
            else:
                site_windows.append((start, end))
    return windows


def _make(windows: Mapping[int, Sequence[Stretch]]) -> int:
    """Replace the days that the windows touch."""
    if not windows:
        return 0
    now = timezone.now()
    rows = []
    factories = Factory.objects.select_related("organisation").in_bulk(list(windows))
    until, measured = recorded_until(factories), with_device_of_record(factories)
    wide = {pk: widened(factories[pk], windows[pk], now, until.get(pk)) for pk in measured & factories.keys()}
    inputs = load({**windows, **wide})
    for factory_id, site in inputs.items():
        hours = store(factories[factory_id], site.days, now) if factory_id in measured else {}
        rows += _days_of(factories[factory_id], site, hours, now)
    days = [(factory_id, day.day) for factory_id, site in inputs.items() for day in site.days]
    _replace(days, rows)
    set_recorded((factories[pk] for pk in measured), now, until)
    return len(days)


def _days_of(
    factory: Factory, site: SiteInputs, hours: Mapping[int, Sequence[RecordHour]], now: datetime
) -> list[SiteDay]:
    """The days of a site with data, not stored. `hours` of record by the start of the day in microseconds."""
    records = heat_hours(site.place, site.days, hours)
    errors = errors_of_days(site.uses.values(), site.days)
    sigma = stack_sigma(altitude_is_estimated=factory.altitude_is_estimated)
    with localcontext(prec=60):  # the caller's context may keep fewer digits
        figures = list(
            site_figures(
                site.place,
                site.days,
                uses=site.uses.values(),
                made=site.made.values(),
                stacks=site.stacks,
                recorded={us for us, found in records.items() if any(hour.record_ug is not None for hour in found)},
            )
        )
    return [
        SiteDay(
            factory_id=site.place.factory_id,
            day=day.day,
            starts_at=day.starts_at,
            ends_at=day.ends_at,
            refreshed_at=now,
            **columns,
            **record_columns(records.get(day.start_us, ())),
            **error_columns(columns, errors[day.start_us], sigma),
        )
        for day, columns in figures
    ]


def days_known(factory: Factory, first: date, last: date, moment: datetime) -> list[SiteDay]:
    """The days from `first` to `last` with data, as they were known at a moment; none where the site was not. They are
    computed from the history, because what is stored is as known now."""
    found: list[SiteDay] = []
    for known in factories_known([factory], moment):
        window = (factory_day(known, first).starts_at, factory_day(known, last).ends_at)
        for site in load({known.pk: [window]}, as_known_on=moment).values():
            over = running_day(known, moment).starts_at
            days = [day for day in site.days if day.ends_at <= over]
            found += _days_of(known, site, hours_of_days(known, days, now=moment, as_known_on=moment), moment)
    return [day for day in found if first <= day.day <= last]


def _replace(days: Sequence[tuple[int, date]], rows: Sequence[SiteDay]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM compliance_siteday AS s USING unnest(%s::integer[], %s::date[]) AS d (factory_id, day)"
            " WHERE s.factory_id = d.factory_id AND s.day = d.day",
            [[factory_id for factory_id, _day in days], [day for _factory_id, day in days]],
        )
    SiteDay.objects.bulk_create(rows, batch_size=500)
