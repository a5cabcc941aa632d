"""The leaderboard: who stands where, by figures under which leaving data out never helps. Reads only.

The figures are `science/intensity.py`'s, the places `science/ranking.py`'s. What a person sees of it is decided here,
once, for page and API: whoever may look at a whole organisation sees all rows, others their own, and the rest only when
the organisation publishes names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.permissions import AnyUser, first_membership, organisations_of, token_of, visible_to
from accounts.roles import Action
from compliance import site_days
from factories.models import Factory, Organisation
from factories.sectors import SECTORS, codes_where
from leaderboard import peers as groups
from leaderboard.peers import Group
from leaderboard.periods import Comparison, Period, comparison, parse_period
from leaderboard.reasons import Reason, reasons
from leaderboard.site_sums import Metric, SiteSums
from leaderboard.sums import Window, first_days, last_complete_days, sums_of_windows
from lib.errors import invalid
from science import intensity, ranking
from science.intensity import Change
from science.ranking import SMALLEST_GROUP, Interval, Place

_YEAR_DAYS = 365.25
# Of fewer sites whose rows one may not see, the middle would give somebody's figure away.
_SMALLEST_MEDIAN = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A site with a figure; `place` is None where the group is too small for places."""

    factory: Factory
    is_own: bool
    place: Place | None
    interval: Interval  # of the metric that decides
    figures: dict[Metric, float | None]
    made_kg: float
    share_measured_pct: float
    stack_measured_kg_per_kg: float | None
    gap_days: int
    gap_cost: float | None  # by how much the gaps raise the figure [1]
    held_days: int
    idle_made_days: int
    change: Change | None


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A site without a place, what stands in the way, and how many entries or counts lead in."""

    factory: Factory
    is_own: bool
    reasons: tuple[Reason, ...]

    @property
    def work(self) -> int:
        return sum(reason.work for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Named:
    """A figure that is shown to all, its owner only to those who may know."""

    value: float
    factory: Factory | None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    organisation: Organisation | None
    metric: Metric
    period: Period
    group: Group
    group_options: tuple[Group, ...]
    is_tea: bool
    sees_all: bool
    shows_names: bool  # of others: sees all, or the organisation publishes names
    rows: tuple[Row, ...]  # those that may be seen, by place
    unplaced: tuple[Unplaced, ...]  # likewise, by least work
    placed_count: int  # of the group, seen or not
    factory_count: int
    median: float | None
    best: Named | None
    most_improved: Named | None  # the relative change [1], negative
    compared: Comparison | None

    @property
    def has_places(self) -> bool:
        return self.is_tea and self.placed_count >= SMALLEST_GROUP

    @property
    def own_rows(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.is_own)

    @property
    def own_unplaced(self) -> tuple[Unplaced, ...]:
        return tuple(item for item in self.unplaced if item.is_own)


def leaderboard(user: AnyUser, metric: str, period: str, group: str, now: datetime) -> Leaderboard:
    """The leaderboard as this user may see it. Raises ApiError 400 that names metric, period or group.

    Brings the site days up to date first: what was logged a moment ago counts.
    """
    wanted = parse_metric(metric)
    own = list(_own_factories(user))
    organisation = _organisation(user, own)
    factories = _ranked_factories(organisation)
    last_day = max(last_complete_days(factories, now).values(), default=now.date())
    asked = parse_period(period, last_day)
    is_tea = bool(factories) and SECTORS[factories[0].sector].has_places
    if not is_tea and wanted == Metric.STACK:
        wanted = Metric.CO2E  # a mine has no stack
    sees_all = organisation is not None and _sees_all(user, organisation)
    own_ids = set() if sees_all else {factory.pk for factory in own}
    scene = _Scene(organisation, wanted, asked, is_tea=is_tea, sees_all=sees_all, own_ids=frozenset(own_ids))
    return _ranked(scene, factories, group, now)


def parse_metric(text: str) -> Metric:
    if not text:
        return Metric.CO2E
    if text not in list(Metric):
        raise invalid(
            "metric",
            "invalid_choice",
            _("metric=%(value)r is unknown; use one of %(choices)s.")
            % {"value": text[:40], "choices": ", ".join(Metric)},
            value=text[:40],
        )
    return Metric(text)


# --- Who sees what -----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Scene:
    """What is asked for, and by whom."""

    organisation: Organisation | None
    metric: Metric
    period: Period
    is_tea: bool
    sees_all: bool
    own_ids: frozenset[int]

    @property
    def shows_names(self) -> bool:
        return self.sees_all or (self.organisation is not None and self.organisation.publishes_names)

    def may_see(self, factory: Factory) -> bool:
        return self.shows_names or factory.pk in self.own_ids


def _own_factories(user: AnyUser) -> QuerySet[Factory]:
    return visible_to(
        user,
        Factory.objects.select_related("organisation").order_by("name", "pk"),
        factory_path="",
        action=Action.VIEW_STANDING,
    )


def _organisation(user: AnyUser, own: Sequence[Factory]) -> Organisation | None:
    """That of the user's first membership, as far as they may see standings there."""
    membership = first_membership(user)
    found = [factory.organisation for factory in own]
    for organisation in found:
        if membership is not None and organisation.pk == membership.organisation_id:
            return organisation
    return found[0] if found else None


def _sees_all(user: AnyUser, organisation: Organisation) -> bool:
    token = token_of(user)
    if token is not None and token.factory_id:
        return False
    return organisation.pk in organisations_of(user, Action.VIEW_STANDING)


def _ranked_factories(organisation: Organisation | None) -> list[Factory]:
    """Those that stand beside each other: of one sector, the first of which the organisation has sites."""
    if organisation is None:
        return []
    found = list(
        Factory.objects.select_related("organisation")
        .filter(organisation=organisation, sector__in=codes_where("is_on_leaderboard"))
        .order_by("name", "pk")
    )
    by_sector = {code: [factory for factory in found if factory.sector == code] for code in SECTORS}
    return next((factories for factories in by_sector.values() if factories), [])


# --- Figures and places ------------------------------------------------------------------------
def _ranked(scene: _Scene, factories: Sequence[Factory], group: str, now: datetime) -> Leaderboard:
    ids = [factory.pk for factory in factories]
    site_days.refresh(ids)
    reach = first_days(ids)
    first_known = min(reach.values(), default=now.date())
    window = Window(max(scene.period.window.first_day, first_known), scene.period.window.last_day)
    compared = comparison(Period(scene.period.code, window), first_known)
    windows = [window, *([compared.now, compared.before] if compared else [])]
    sums = sums_of_windows(factories, windows, now)
    main = {pk: found for (number, pk), found in sums.items() if number == 0}
    book = groups.peers(factories, groups.fuels_of(factories), _made_kg_per_year(main, window))
    options = book.options(None if scene.sees_all else scene.own_ids)
    wanted = book.wanted(group, options, next((pk for pk in ids if pk in scene.own_ids), None))
    members = [factory for factory in factories if factory.pk in book.members(wanted)]
    changes = _changes(scene, sums) if compared else {}
    rows, unplaced = _rows(scene, members, main, changes, window.first_day)
    return _assembled(scene, options, wanted, rows, unplaced, compared)


def _made_kg_per_year(main: dict[int, SiteSums], window: Window) -> dict[int, float]:
    days = (window.last_day - window.first_day).days + 1
    return {
        pk: found.sums[Metric.CO2E].made_kg / days * _YEAR_DAYS
        for pk, found in main.items()
        if found.sums[Metric.CO2E].made_kg > 0
    }


def _changes(scene: _Scene, sums: dict[tuple[int, int], SiteSums]) -> dict[int, Change]:
    found = {}
    for (number, pk), now in sums.items():
        before = sums.get((2, pk))
        if number != 1 or before is None:
            continue
        is_grid_in_it = scene.metric == Metric.CO2E
        change = intensity.change(
            now.sums[scene.metric],
            before.sums[scene.metric],
            grid_now=now.grid_kg_per_kwh if is_grid_in_it else None,
            grid_before=before.grid_kg_per_kwh if is_grid_in_it else None,
        )
        if change is not None:
            found[pk] = change
    return found


def _rows(
    scene: _Scene, members: Sequence[Factory], main: dict[int, SiteSums], changes: dict[int, Change], first_day: date
) -> tuple[list[Row], list[Unplaced]]:
    """Of all members of the group, seen or not: places are given among all."""
    placed: list[tuple[Factory, SiteSums, Interval]] = []
    unplaced = []
    for factory in members:
        found = main.get(factory.pk)
        why = reasons(found, first_day, is_tea=scene.is_tea)
        if found is None or why:
            unplaced.append(Unplaced(factory, factory.pk in scene.own_ids, tuple(why)))
        else:
            of_metric = found.sums[scene.metric]
            placed.append((factory, found, ranking.interval(of_metric.parts, of_metric.made_kg)))
    intervals = [item for _factory, _sums, item in placed]
    has_places = scene.is_tea and len(placed) >= SMALLEST_GROUP
    places: Sequence[Place | None] = ranking.places(intervals) if has_places else [None] * len(placed)
    rows = [
        _row(scene, factory, found, item, place, changes.get(factory.pk))
        for (factory, found, item), place in zip(placed, places, strict=True)
    ]
    rows.sort(key=lambda row: (row.interval.value, row.factory.name))
    unplaced.sort(key=lambda item: (item.work, item.factory.name))
    return rows, unplaced


def _row(
    scene: _Scene, factory: Factory, found: SiteSums, item: Interval, place: Place | None, change: Change | None
) -> Row:
    of_metric = found.sums[scene.metric]
    figures = {
        metric: intensity.intensity(sums.parts.total, sums.made_kg)
        for metric, sums in found.sums.items()
        if scene.is_tea or metric != Metric.STACK
    }
    return Row(
        factory=factory,
        is_own=factory.pk in scene.own_ids,
        place=place,
        interval=item,
        figures=figures,
        made_kg=of_metric.made_kg,
        share_measured_pct=found.share_measured_pct,
        stack_measured_kg_per_kg=found.stack_measured_kg_per_kg,
        gap_days=of_metric.gap_days,
        gap_cost=intensity.gap_cost(of_metric) if of_metric.gap_days else None,
        held_days=found.held_days,
        idle_made_days=found.idle_made_days,
        change=change,
    )


def _assembled(
    scene: _Scene,
    options: Sequence[Group],
    group: Group,
    rows: Sequence[Row],
    unplaced: Sequence[Unplaced],
    compared: Comparison | None,
) -> Leaderboard:
    def named(factory: Factory) -> Factory | None:
        return factory if scene.may_see(factory) else None

    improved = [row for row in rows if row.change is not None and row.change.relative < 0]
    most = min(improved, key=lambda row: row.change.relative if row.change else 0.0, default=None)
    smallest = 1 if scene.shows_names else _SMALLEST_MEDIAN
    return Leaderboard(
        organisation=scene.organisation,
        metric=scene.metric,
        period=scene.period,
        group=group,
        group_options=tuple(options),
        is_tea=scene.is_tea,
        sees_all=scene.sees_all,
        shows_names=scene.shows_names,
        rows=tuple(row for row in rows if scene.may_see(row.factory)),
        unplaced=tuple(item for item in unplaced if scene.may_see(item.factory)),
        placed_count=len(rows),
        factory_count=len(rows) + len(unplaced),
        median=ranking.median([row.interval.value for row in rows]) if len(rows) >= smallest else None,
        best=Named(rows[0].interval.value, named(rows[0].factory)) if len(rows) >= smallest else None,
        most_improved=Named(most.change.relative, named(most.factory)) if most and most.change else None,
        compared=compared,
    )
