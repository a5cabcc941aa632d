"""Reads the inputs of site days: settings, entries, production and hours of sites, each in one query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from compliance.figures import Production, Stack, Use
from compliance.sources import Site, SiteSource
from factories.days import FactoryDay, days_touched
from factories.fuels import fuel_codes
from factories.models import EmissionSource, Factory
from lib import sql
from lib.sql import Row
from science.coal_methane import INDIA_FACTORS, MethaneFactor, MineClass, own_factor

Stretch = tuple[datetime, datetime]

# Services accept no period outside these dates. A row written directly into the database must not make millions of
# days.
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class SiteInputs:
    """Everything that determines the figures of some days of one site."""

    place: Site
    days: list[FactoryDay]
    uses: dict[int, Use] = field(default_factory=dict)
    made: dict[int, Production] = field(default_factory=dict)
    stacks: dict[int, list[Stack]] = field(default_factory=dict)


def load(windows: Mapping[int, Sequence[Stretch]]) -> dict[int, SiteInputs]:
    """For each site, the factory days that its windows touch, with all their entries and hours."""
    inputs = _places(windows)
    edges = [(factory_id, start, end) for factory_id, site in inputs.items() for start, end in _stretches(site.days)]
    for use in _fetch("uses_of_windows", edges, Use):
        inputs[use.factory_id].uses[use.entry_id] = use
    for made in _fetch("production_of_windows", edges, Production):
        inputs[made.factory_id].made[made.entry_id] = made
    days = [(factory_id, day.starts_at, day.ends_at) for factory_id, site in inputs.items() for day in site.days]
    for stack in _fetch("stacks_of_days", days, Stack):
        inputs[stack.factory_id].stacks.setdefault(stack.day_start_us, []).append(stack)
    return inputs


def _fetch(name: str, stretches: Sequence[tuple[int, datetime, datetime]], row_type: type[Row]) -> list[Row]:
    if not stretches:
        return []
    factory_ids, starts, ends = (list(column) for column in zip(*stretches, strict=True))
    parameters = {"factory_ids": factory_ids, "starts": starts, "ends": ends}
    return sql.fetch(sql.load("compliance", name), parameters, row_type)


def _places(windows: Mapping[int, Sequence[Stretch]]) -> dict[int, SiteInputs]:
    sources = sources_of(windows)
    inputs = {}
    for factory in Factory.objects.filter(pk__in=windows).select_related("organisation"):
        place = Site(factory.pk, factory.sector, factory.organisation.gwp_set, tuple(sources.get(factory.pk, ())))
        inputs[factory.pk] = SiteInputs(place, _days_of(factory, windows[factory.pk]))
    return inputs


def sources_of(factory_ids: Iterable[int]) -> dict[int, list[SiteSource]]:
    sources: dict[int, list[SiteSource]] = {}
    for row in EmissionSource.objects.filter(factory_id__in=list(factory_ids)).order_by("pk"):
        settings = (row.kind, row.chimney_id, _methane_of(row), row.first_day, row.last_day)
        source = SiteSource(*settings, source_id=row.pk, fuels=tuple(fuel_codes(row.fuels)))
        sources.setdefault(row.factory_id, []).append(source)
    return sources


def _methane_of(row: EmissionSource) -> MethaneFactor | None:
    """The mine's own factor, else that of its class."""
    if row.methane_per_t is not None:
        return own_factor(row.methane_per_t, row.methane_unit)
    return INDIA_FACTORS[MineClass(row.mine_class)] if row.mine_class else None


# --- Days --------------------------------------------------------------------------------------
def _days_of(factory: Factory, windows: Sequence[Stretch]) -> list[FactoryDay]:
    return days_touched(factory, [(max(start, _EARLIEST), min(end, _LATEST)) for start, end in windows])


def _stretches(days: Sequence[FactoryDay]) -> list[Stretch]:
    """Joins consecutive days into one stretch of time."""
    stretches: list[Stretch] = []
    for day in days:
        if stretches and stretches[-1][1] == day.starts_at:
            stretches[-1] = (stretches[-1][0], day.ends_at)
        else:
            stretches.append((day.starts_at, day.ends_at))
    return stretches
