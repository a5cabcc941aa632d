"""The emission sources of a site: which of them, and so which chimneys, count on a day. Without a database.

A source counts on the days of its use. One that is added later counts from the day it is added, so it changes no figure
of the past.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from factories.choices import SourceKind
from science.coal_methane import MethaneFactor

HEAT_SOURCES = frozenset({SourceKind.BOILER.value, SourceKind.DIRECT_FIRED_DRYER.value})


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """The settings of a site on one day, on which its figures depend."""

    factory_id: int
    sector: str
    gwp_set: str
    methane: MethaneFactor | None  # None: no source, or sources that disagree
    heat_chimneys: frozenset[int | None]  # of each heat source; None: one without a chimney
    other_chimneys: frozenset[int]  # that serve no heat source: their CO2 is not of heat


@dataclass(frozen=True, slots=True)
class SiteSource:
    """An emission source of a site and the days of its use, both inclusive; None: without an end."""

    kind: str
    chimney_id: int | None
    methane: MethaneFactor | None
    first_day: date | None
    last_day: date | None
    source_id: int = 0
    fuels: tuple[str, ...] = ()  # codes, as listed

    @property
    def day_after(self) -> date | None:
        return None if self.last_day is None else self.last_day + timedelta(days=1)

    @property
    def is_dated(self) -> bool:
        return self.first_day is not None or self.last_day is not None

    def is_in_use(self, day: date) -> bool:
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class Site:
    """A site with its sources, of which some count from a day on: a new one changes no day before."""

    factory_id: int
    sector: str
    gwp_set: str
    sources: tuple[SiteSource, ...]

    def on(self, day: date) -> SiteSettings:
        in_use = [source for source in self.sources if source.is_in_use(day)]
        heat = {source.chimney_id for source in in_use if source.kind in HEAT_SOURCES}
        known = {source.chimney_id for source in self.sources if source.chimney_id is not None}
        methane = {source.methane for source in in_use if source.kind == SourceKind.MINE_METHANE}
        return SiteSettings(
            factory_id=self.factory_id,
            sector=self.sector,
            gwp_set=self.gwp_set,
            methane=methane.pop() if len(methane) == 1 else None,
            heat_chimneys=frozenset(heat),
            other_chimneys=frozenset(known - heat),
        )


def days_of_heat(
    sources: Sequence[SiteSource], chimney_id: int, first_day: date, last_day: date
) -> Iterator[tuple[date, date]]:
    """Stretches of days on which the CO2 of a chimney counts as that of heat: it has a heat source, or none at all."""
    own = [source for source in sources if source.chimney_id == chimney_id]
    heat = [source for source in own if source.kind in HEAT_SOURCES]
    if not own or any(not source.is_dated for source in heat):
        yield first_day, last_day
    elif heat:
        for day in (first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)):
            if any(source.is_in_use(day) for source in heat):
                yield day, day
