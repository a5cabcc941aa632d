"""Stack CO2 of the running factory day against the same hours of the last 28 days. Reads only.

A part of a day is never compared with a whole one, and a day that lacks one of the hours is not compared at all.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from compliance.explain import identity
from emissions.settling import SitePeriod
from emissions.site_hours import SiteHour, site_hours
from factories.days import FactoryDay, days_until, local_hour_start, running_day
from factories.models import Factory
from portal.drawn.band_chart import BandChart, BandHour, build_band_chart
from portal.lead import DAYS_COMPARED, FEWEST_DAYS
from portal.words import settling_sentence
from science.interval import UncertainMass
from science.rounding import decimal_kg
from science.uncertainty import stack_sigma


@dataclass(frozen=True, slots=True)
class StackSoFar:
    """`kg` is the sum over `known_hours` of the `whole_hours` since the day began; usual: the same hours of others."""

    start_label: str
    end_label: str
    kg: float | None
    is_lower_bound: bool  # hours are not known, or a sensor was at the end of its range
    whole_hours: int
    known_hours: int
    usual_kg: float | None
    low_kg: float | None
    high_kg: float | None
    interval: UncertainMass | None  # of `kg`
    days_compared: int
    chart: BandChart | None
    settling_sentence: str
    identity: str

    @property
    def coverage_pct(self) -> float | None:
        return 100.0 * self.known_hours / self.whole_hours if self.whole_hours else None


Day = dict[int, SiteHour]  # by hours since the factory day began


def stack_so_far(factory: Factory, now: datetime) -> StackSoFar:
    """Today's whole hours and those of the 28 factory days before, and until when they may still change."""
    today = running_day(factory, now)
    end = local_hour_start(now, factory.zone)
    days = days_until(factory, today.day, DAYS_COMPARED + 1)
    hours = site_hours(factory, days[0].starts_at, end)
    *before, today_hours = _by_day(days, hours)
    whole_hours = _hours_between(today.starts_at, end)
    known = {place: hour for place, hour in today_hours.items() if hour.record_kg is not None}
    sums = _comparable_sums(known, before)
    low, median, high = _band(sums)
    kg = sum(hour.record_kg or 0.0 for hour in known.values()) if known else None
    is_lower_bound = len(known) < whole_hours or any(hour.over_range_ms for hour in known.values())
    return StackSoFar(
        start_label=f"{today.starts_at:%H:%M}",
        end_label=f"{end:%H:%M}",
        kg=kg,
        is_lower_bound=is_lower_bound,
        whole_hours=whole_hours,
        known_hours=len(known),
        usual_kg=median,
        low_kg=low,
        high_kg=high,
        interval=None if kg is None else _interval(factory, kg, is_lower_bound),
        days_compared=len(sums),
        chart=_chart(today, today_hours, before, whole_hours),
        settling_sentence=settling_sentence([SitePeriod(factory.pk, today.starts_at, end)], factory.time_zone, now),
        identity=identity.hours("stack", factory.pk, today.starts_at, end),
    )


def _interval(factory: Factory, kg: float, is_lower_bound: bool) -> UncertainMass:
    """With the error of its sensors, as if those of two chimneys erred alike."""
    sigma = stack_sigma(altitude_is_estimated=factory.altitude_is_estimated)
    return UncertainMass(decimal_kg(kg), {"stack": kg * sigma}, is_at_least=is_lower_bound)


def _hours_between(start: datetime, end: datetime) -> int:
    """Elapsed hours: two datetimes of one zone would subtract by wall clock."""
    return int((end.astimezone(UTC) - start.astimezone(UTC)) / timedelta(hours=1))


def _by_day(days: Sequence[FactoryDay], hours: Sequence[SiteHour]) -> list[Day]:
    by_day: list[Day] = [{} for _day in days]
    at = 0
    for hour in hours:
        while hour.starts_at >= days[at].ends_at:
            at += 1
        by_day[at][_hours_between(days[at].starts_at, hour.starts_at)] = hour
    return by_day


def _comparable_sums(known: Day, before: Sequence[Day]) -> list[float]:
    """The mass of each earlier day in the same hours, if it has all of them from as many chimneys."""
    sums = []
    for day in before if known else ():
        same = [_same(day.get(place), hour) for place, hour in known.items()]
        if all(kg is not None for kg in same):
            sums.append(sum(kg for kg in same if kg is not None))
    return sums


def _same(other: SiteHour | None, hour: SiteHour) -> float | None:
    return other.record_kg if other is not None and other.chimneys == hour.chimneys else None


def _band(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """10 %, median and 90 % of enough values."""
    if len(values) < FEWEST_DAYS:
        return None, None, None
    deciles = statistics.quantiles(values, n=10, method="inclusive")
    return deciles[0], statistics.median(values), deciles[-1]


def _chart(today: FactoryDay, today_hours: Day, before: Sequence[Day], whole_hours: int) -> BandChart | None:
    length = _hours_between(today.starts_at, today.ends_at)
    chimneys = max((hour.chimneys for hour in today_hours.values()), default=0)
    hours = []
    for place in range(length):
        start = (today.starts_at.astimezone(UTC) + timedelta(hours=place)).astimezone(today.starts_at.tzinfo)
        others = [day[place] for day in before if place in day]
        known = [
            hour.record_kg
            for hour in others
            if hour.record_kg is not None and (hour.chimneys == chimneys or not chimneys)
        ]
        low, median, high = _band(known)
        hour = today_hours.get(place)
        hours.append(
            BandHour(
                label=f"{start:%H:%M}",
                clock_hour=start.hour,
                kg=hour.record_kg if hour else None,
                low_kg=low,
                median_kg=median,
                high_kg=high,
                is_over=place < whole_hours,
            )
        )
    return build_band_chart(
        hours, title=_("Stack CO2 by hour on %(day)s, compared with the usual") % {"day": today.label}
    )
