"""Reads what site days are made of: settings of sites, their entries, production and hours, each in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from compliance.figures import HEAT_SOURCES, Made, Place, Span, Stack, Use
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from factories.queries import local_day_start
from lib import sql

Window = tuple[datetime, datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# No service stores a period outside of these; what was written past them shall not be counted for ever.
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class SiteInputs:
    """All that the figures of some days of one site are a function of."""

    place: Place
    spans: list[Span]
    uses: dict[int, Use] = field(default_factory=dict)
    made: dict[int, Made] = field(default_factory=dict)
    stacks: dict[datetime, list[Stack]] = field(default_factory=dict)


def load(windows: Mapping[int, Sequence[Window]]) -> dict[int, SiteInputs]:
    """For each site the factory days that its windows touch, with everything that reaches into them."""
    found = _places(windows)
    edges = [(factory_id, start, end) for factory_id, site in found.items() for start, end in _stretches(site.spans)]
    for entry_id, factory_id, start, end, *columns in _fetch("uses_of_windows", edges):
        found[factory_id].uses[entry_id] = Use(_us(start), _us(end), *columns)
    for entry_id, factory_id, start, end, *columns in _fetch("production_of_windows", edges):
        found[factory_id].made[entry_id] = Made(_us(start), _us(end), *columns)
    days = [(factory_id, span.starts_at, span.ends_at) for factory_id, site in found.items() for span in site.spans]
    for factory_id, starts_at, *columns in _fetch("stacks_of_days", days):
        found[factory_id].stacks.setdefault(starts_at, []).append(Stack(*columns))
    return found


def _fetch(name: str, stretches: Sequence[tuple[int, datetime, datetime]]) -> list[tuple[Any, ...]]:
    if not stretches:
        return []
    factory_ids, starts, ends = (list(column) for column in zip(*stretches, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(sql.load("compliance", name), {"factory_ids": factory_ids, "starts": starts, "ends": ends})
        return cursor.fetchall()


def _places(windows: Mapping[int, Sequence[Window]]) -> dict[int, SiteInputs]:
    sources: dict[int, list[EmissionSource]] = {}
    for source in EmissionSource.objects.filter(factory_id__in=windows):
        sources.setdefault(source.factory_id, []).append(source)
    found = {}
    for factory in Factory.objects.filter(pk__in=windows).select_related("organisation"):
        own = sources.get(factory.pk, [])
        heat = {s.chimney_id for s in own if s.kind in HEAT_SOURCES}
        all_chimneys = {s.chimney_id for s in own if s.chimney_id is not None}
        classes = {s.mine_class for s in own if s.kind == SourceKind.MINE_METHANE}
        place = Place(
            factory_id=factory.pk,
            sector=factory.sector,
            gwp_set=factory.organisation.gwp_set,
            mine_class=classes.pop() if len(classes) == 1 else "",
            heat_chimneys=frozenset(heat),
            other_chimneys=frozenset(all_chimneys - heat),
        )
        found[factory.pk] = SiteInputs(place, spans_of(factory, windows[factory.pk]))
    return found


# --- Days --------------------------------------------------------------------------------------
def spans_of(factory: Factory, windows: Sequence[Window]) -> list[Span]:
    """The factory days that overlap any of the windows, ascending."""
    zone, hour = factory.zone, factory.day_starts_at
    days: set[date] = set()
    for start, end in windows:
        first = local_day_start(max(start, _EARLIEST), zone, hour).date()
        last = local_day_start(min(end, _LATEST) - _MICROSECOND, zone, hour).date()
        days.update(first + timedelta(days=n) for n in range((last - first).days + 1))
    return [span_of(day, zone, hour) for day in sorted(days)]


def span_of(day: date, zone: ZoneInfo, day_starts_at: int) -> Span:
    starts_at, ends_at = (
        datetime.combine(begins_on, time(day_starts_at), zone).astimezone(UTC)
        for begins_on in (day, day + timedelta(days=1))
    )
    return Span(day, starts_at, ends_at, _us(starts_at), _us(ends_at))


def _stretches(spans: Sequence[Span]) -> list[Window]:
    """Days that follow each other as one stretch of time."""
    found: list[Window] = []
    for span in spans:
        if found and found[-1][1] == span.starts_at:
            found[-1] = (found[-1][0], span.ends_at)
        else:
            found.append((span.starts_at, span.ends_at))
    return found


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
