"""The data of a chart of measured CO2: periods with their mass, by quality of the data. Drawing is in `chart.py`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from devices.models import Assignment
from lib import sql
from lib.errors import ApiError, invalid

RESOLUTIONS = ("hour", "day", "month")
# A reader cannot distinguish more bars than these.
MOST_PERIODS = {"hour": 744, "day": 400, "month": 60}
MOST_HOURS_READ = 2_000_000
_LONGEST = {"hour": timedelta(hours=1), "day": timedelta(hours=25), "month": timedelta(days=31, hours=1)}


@dataclass(frozen=True, slots=True)
class ChartPeriod:
    """One bar. `start` is the site's clock, without zone. Hours are chimney hours: two chimneys have two in a clock
    hour."""

    start: datetime
    measured_ug: int = 0  # all that was measured, hours without enough data included
    partial_ug: int = 0  # the part of it in hours covered to less than 80 %
    substituted_ug: int = 0
    expected_hours: float = 0.0
    measured_hours: int = 0
    substituted_hours: int = 0
    idle_hours: int = 0

    @property
    def full_kg(self) -> float:
        return (self.measured_ug - self.partial_ug) / 1e9

    @property
    def partial_kg(self) -> float:
        return self.partial_ug / 1e9

    @property
    def substituted_kg(self) -> float:
        return self.substituted_ug / 1e9

    @property
    def missing_hours(self) -> float:
        known = self.measured_hours + self.substituted_hours + self.idle_hours
        return max(0.0, self.expected_hours - known)


@dataclass(frozen=True, slots=True)
class ChartData:
    """A chart without its size: `zone_name` is empty when the sites' clocks differ."""

    title: str
    resolution: str
    start: datetime
    end: datetime
    zone_name: str
    periods: tuple[ChartPeriod, ...]


def chart_data(
    title: str,
    device_ids: Sequence[int],
    resolution: str,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    is_one_device: bool,
) -> ChartData:
    """Periods that begin in [start, end), summed over chimneys. Cross-checks are shown only when requested.

    Raises ApiError 400 on `to` for more periods than a chart can show, 413 when the sum would read too many hours.
    """
    _refuse_too_many(resolution, start, end)
    begun = Assignment.objects.filter(device__in=device_ids, valid_from__lt=end).select_related("factory")
    if not is_one_device:
        begun = begun.filter(is_of_record=True)
    assignments = [a for a in begun.order_by("pk") if a.valid_to is None or a.valid_to > start]
    last = end + _LONGEST[resolution]
    if (last - start) / timedelta(hours=1) * len(assignments) > MOST_HOURS_READ:
        raise ApiError(
            413, "too_large", _("This is too much data for one chart: choose one factory or a shorter time.")
        )
    zones = {a.factory.time_zone for a in assignments}
    spans = [
        (a.factory.zone, max(a.valid_from or start, start), min(a.valid_to or last, last, now)) for a in assignments
    ]
    rows = _rows(assignments, resolution, start, end, last)
    zone = ZoneInfo(zones.pop()) if len(zones) == 1 else ZoneInfo("UTC")
    periods = [
        _with_expected(rows.get(local, ChartPeriod(local)), spans, resolution)
        for local in local_starts(resolution, start, end, zone)
    ]
    return ChartData(title, resolution, start, end, "" if zones else zone.key, tuple(periods))


def _refuse_too_many(resolution: str, start: datetime, end: datetime) -> None:
    shortest = {"hour": 1.0, "day": 24.0, "month": 24.0 * 28}[resolution]
    count, limit = (end - start) / timedelta(hours=shortest), MOST_PERIODS[resolution]
    if count > limit:
        raise invalid(
            "to",
            "too_many_points",
            _("%(count)d periods are more than the %(limit)d that a chart can show: ask for less, or coarser.")
            % {"count": count, "limit": limit},
            count=int(count),
            limit=limit,
        )


def _rows(
    assignments: Sequence[Assignment], resolution: str, start: datetime, end: datetime, last: datetime
) -> dict[datetime, ChartPeriod]:
    parameters = {
        "assignment_ids": [a.pk for a in assignments],
        "device_ids": sorted({a.device_id for a in assignments}),
        "unit": resolution,
        "start": start,
        "end_": end,
        "last": last,
    }
    rows = sql.fetch(sql.load("emissions", "chart_periods"), parameters, ChartPeriod)
    return {row.start: row for row in rows}


def local_starts(resolution: str, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The beginnings of periods in [start, end) on the zone's clock, without zone."""
    local = start.astimezone(zone).replace(tzinfo=None)
    first = local.replace(minute=0, second=0, microsecond=0)
    if resolution != "hour":
        first = first.replace(hour=0)
    if resolution == "month":
        first = first.replace(day=1)
    while first < local:
        first = next_start(resolution, first)
    while first.replace(tzinfo=zone) < end:
        yield first
        first = next_start(resolution, first)


def next_start(resolution: str, local: datetime) -> datetime:
    if resolution == "month":
        return (local + timedelta(days=32)).replace(day=1)
    return local + (timedelta(hours=1) if resolution == "hour" else timedelta(days=1))


def _with_expected(
    period: ChartPeriod, spans: Sequence[tuple[ZoneInfo, datetime, datetime]], resolution: str
) -> ChartPeriod:
    """`spans`: when each chimney could be measured, and the zone of its site."""
    expected = 0.0
    for zone, first, last in spans:
        begins = period.start.replace(tzinfo=zone)
        ends = next_start(resolution, period.start).replace(tzinfo=zone)
        # Through timestamps: Python subtracts two times of one zone by the wall clock, across a change of clocks too.
        seconds = min(ends.timestamp(), last.timestamp()) - max(begins.timestamp(), first.timestamp())
        expected += max(0.0, seconds / 3600)
    return replace(period, expected_hours=expected)
