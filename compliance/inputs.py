"""Reads the inputs of site days: settings, entries, production and hours of sites, each in one query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Model

from compliance.figures import Production, Stack, Use
from compliance.sources import Site, SiteSource
from devices.models import Assignment
from emissions.models import EmissionHour
from energy.models import EnergyEntry
from factories.days import FactoryDay, days_touched
from factories.fuels import fuel_codes
from factories.known import factories_known
from factories.models import EmissionSource, Factory
from lib import history, sql
from lib.sql import Row
from production.models import ProductionEntry
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


def load(windows: Mapping[int, Sequence[Stretch]], *, as_known_on: datetime | None = None) -> dict[int, SiteInputs]:
    """For each site, the factory days that its windows touch, with all their entries and hours.

    As known at a moment, or now; a site that was not known then is left out.
    """
    inputs = _places(windows, as_known_on)
    edges = [(factory_id, start, end) for factory_id, site in inputs.items() for start, end in stretches(site.days)]
    for use in fetch("uses_of_windows", edges, Use, as_known_on, EnergyEntry, EmissionSource):
        inputs[use.factory_id].uses[use.entry_id] = use
    for made in fetch("production_of_windows", edges, Production, as_known_on, ProductionEntry):
        inputs[made.factory_id].made[made.entry_id] = made
    days = [(factory_id, day.starts_at, day.ends_at) for factory_id, site in inputs.items() for day in site.days]
    for stack in fetch("stacks_of_days", days, Stack, as_known_on, Assignment, EmissionHour):
        inputs[stack.factory_id].stacks.setdefault(stack.day_start_us, []).append(stack)
    return inputs


def uses_between(factory_id: int, start: datetime, end: datetime, *, as_known_on: datetime | None = None) -> list[Use]:
    """Energy entries of a site that reach into a stretch of time, as known at a moment or now."""
    return fetch("uses_of_windows", [(factory_id, start, end)], Use, as_known_on, EnergyEntry, EmissionSource)


def fetch(
    name: str,
    stretches: Sequence[tuple[int, datetime, datetime]],
    row_type: type[Row],
    as_known_on: datetime | None,
    *tracked: type[Model],
    **more: object,
) -> list[Row]:
    """The rows of a statement of this app for stretches of time of sites, its `tracked` tables as known at a moment."""
    if not stretches:
        return []
    factory_ids, starts, ends = (list(column) for column in zip(*stretches, strict=True))
    parameters = {"factory_ids": factory_ids, "starts": starts, "ends": ends, **more}
    return sql.fetch(*history.reading(sql.load("compliance", name), parameters, as_known_on, *tracked), row_type)


def _places(windows: Mapping[int, Sequence[Stretch]], as_known_on: datetime | None) -> dict[int, SiteInputs]:
    sources = sources_of(windows, as_known_on=as_known_on)
    inputs = {}
    factories = Factory.objects.filter(pk__in=windows).select_related("organisation")
    for factory in factories_known(factories, as_known_on):
        place = Site(factory.pk, factory.sector, factory.organisation.gwp_set, tuple(sources.get(factory.pk, ())))
        inputs[factory.pk] = SiteInputs(place, _days_of(factory, windows[factory.pk]))
    return inputs


def sources_of(factory_ids: Iterable[int], *, as_known_on: datetime | None = None) -> dict[int, list[SiteSource]]:
    sources: dict[int, list[SiteSource]] = {}
    for row in history.rows(EmissionSource, as_known_on, factory_id__in=list(factory_ids)):
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


def stretches(days: Sequence[FactoryDay]) -> list[Stretch]:
    """Joins consecutive days into one stretch of time."""
    stretches: list[Stretch] = []
    for day in days:
        if stretches and stretches[-1][1] == day.starts_at:
            stretches[-1] = (stretches[-1][0], day.ends_at)
        else:
            stretches.append((day.starts_at, day.ends_at))
    return stretches
