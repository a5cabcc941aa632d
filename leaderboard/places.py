"""The leaderboard: places by figures that never improve when data are left out. Reads only.

The figures come from `science/intensity.py`, the places from `science/ranking.py`. Visibility is decided here, once,
for page and API: users of a whole organisation see all rows; other users see their own rows, and the rest only if the
organisation publishes names.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.permissions import AnyUser, first_membership, organisations_of, token_of, visible_to
from accounts.roles import Action
from compliance import site_days
from compliance.fire import chimney_losses
from factories.models import Factory, Organisation
from factories.sectors import SECTORS, Sector, codes_where
from leaderboard.choices import Comparison, Group, PeerBook, RankedPeriod, Window, comparison, parse_period
from leaderboard.metrics import CO2E, Metric, metrics_of, parse_metric
from leaderboard.reasons import UnplacedReason, reasons
from leaderboard.sums import RankedSums, first_days, last_complete_days, sums_of_windows
from science import intensity, ranking
from science.intensity import Change
from science.ranking import SMALLEST_GROUP, Interval, Place

_YEAR_DAYS = 365.25
# With fewer hidden sites a figure of the group (median, best, most improved) would reveal somebody's own.
_FEWEST_SITES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A site with figures per unit of its product; `place` is None if the group is too small for places."""

    factory: Factory
    is_own: bool
    place: Place | None
    interval: Interval  # of the metric that decides
    figures: dict[str, float | None]  # by code of the metric
    made_kg: float
    share_measured_pct: float
    stack_measured: float | None
    chimney_loss: float | None  # the share of the wood's heat that left by the chimney [1]
    gap_days: int
    gap_cost: float | None  # relative rise of the figure by the gaps [1]
    held_days: int
    idle_made_days: int
    awaited_until: date | None  # when its next electricity bill is due
    change: Change | None

    @property
    def is_shared(self) -> bool:
        return self.place is not None and self.place.is_shared


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A site without a place, why, and how many entries or counts it takes."""

    factory: Factory
    is_own: bool
    reasons: tuple[UnplacedReason, ...]

    @property
    def work(self) -> int:
        return sum(reason.work for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Named:
    """A figure that everybody sees; the owner is shown only to permitted users."""

    value: float
    factory: Factory | None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    organisation: Organisation | None
    metric: Metric
    period: RankedPeriod
    group: Group
    group_options: tuple[Group, ...]
    sector: Sector
    sees_all: bool
    shows_names: bool  # other sites' names: the user sees all, or the organisation publishes names
    rows: tuple[Row, ...]  # those that may be seen, by place
    unplaced: tuple[Unplaced, ...]  # likewise, by least work
    placed_count: int  # of the group, seen or not
    factory_count: int
    median: float | None
    best: Named | None
    most_improved: Named | None  # the relative change [%], negative
    compared: Comparison | None

    @property
    def has_places(self) -> bool:
        return self.sector.has_places and self.placed_count >= SMALLEST_GROUP

    @property
    def unit(self) -> str:
        return f"{self.metric.unit}/{self.sector.product_unit}"

    @property
    def groups(self) -> list[str]:
        return [option.code for option in self.group_options]


def leaderboard_for(user: AnyUser, query: Mapping[str, str], now: datetime) -> Leaderboard:
    """The leaderboard as this user may see it. Raises ApiError 400 that names metric, period or group.

    It brings the site days up to date first, so that new entries count at once.
    """
    scope = _scope(user)
    factories = scope.factories
    ids = [factory.pk for factory in factories]
    metric = parse_metric(query.get("metric", ""), scope.sector)
    last_day = max(last_complete_days(factories, now).values(), default=now.date())
    period = parse_period(query.get("period", ""), last_day)
    site_days.refresh(ids)
    first_known = min(first_days(ids).values(), default=now.date())
    window = Window(max(period.window.first_day, first_known), period.window.last_day)
    compared = comparison(window, first_known)
    sums = sums_of_windows(factories, [window, *([compared.now, compared.before] if compared else [])], now)
    main = {pk: of_site for (number, pk), of_site in sums.items() if number == 0}
    book = PeerBook(factories, _made_kg_per_year(main, window))
    options = book.options(None if scope.sees_all else scope.own_ids)
    group = book.parse_group(query.get("group", ""), options, next((pk for pk in ids if pk in scope.own_ids), None))
    members = book.members(group)
    rows, unplaced, per_kg = _rows(
        scope, metric, [factory for factory in factories if factory.pk in members], sums, window
    )
    smallest = 1 if scope.shows_names else _FEWEST_SITES
    changed = [(100.0 * row.change.relative, row.factory) for row in rows if row.change]
    improved = min(changed, key=lambda item: item[0]) if len(changed) >= smallest else (0.0, None)
    return Leaderboard(
        organisation=scope.organisation,
        metric=metric,
        period=period,
        group=group,
        group_options=tuple(options),
        sector=scope.sector,
        sees_all=scope.sees_all,
        shows_names=scope.shows_names,
        rows=tuple(row for row in rows if scope.may_see(row.factory)),
        unplaced=tuple(item for item in unplaced if scope.may_see(item.factory)),
        placed_count=len(rows),
        factory_count=len(members),
        median=statistics.median(per_kg) * scope.scale if len(rows) >= smallest else None,
        best=scope.named(rows[0].interval.value, rows[0].factory) if len(rows) >= smallest else None,
        most_improved=scope.named(*improved) if improved[0] < 0 and improved[1] else None,
        compared=compared,
    )


# --- Who sees what -----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Scope:
    """The sites that are ranked together, and what the user may see of them."""

    organisation: Organisation | None
    factories: Sequence[Factory]
    sees_all: bool
    own_ids: frozenset[int]  # empty for a user who sees all

    @property
    def sector(self) -> Sector:
        return SECTORS[self.factories[0].sector] if self.factories else next(iter(SECTORS.values()))

    @property
    def scale(self) -> int:
        """Converts a figure per kg to one per unit of the product."""
        return self.sector.kg_per_unit

    @property
    def shows_names(self) -> bool:
        return self.sees_all or (self.organisation is not None and self.organisation.publishes_names)

    def may_see(self, factory: Factory) -> bool:
        return self.shows_names or factory.pk in self.own_ids

    def named(self, value: float, factory: Factory) -> Named:
        return Named(value, factory if self.may_see(factory) else None)


def _scope(user: AnyUser) -> _Scope:
    """The organisation of the user's first membership if they may see its leaderboard, otherwise another one."""
    every = Factory.objects.in_use().select_related("organisation").order_by("name", "pk")
    own_sites = list(visible_to(user, every, factory_path="", action=Action.VIEW_LEADERBOARD))
    membership = first_membership(user)
    first_id = membership.organisation_id if membership is not None else None
    organisation = min((f.organisation for f in own_sites), key=lambda item: item.pk != first_id, default=None)
    if organisation is None:
        return _Scope(None, [], sees_all=False, own_ids=frozenset())
    token = token_of(user)
    is_of_one_site = token is not None and bool(token.factory_id)
    sees_all = not is_of_one_site and organisation.pk in organisations_of(user, Action.VIEW_LEADERBOARD)
    ranked = list(every.filter(organisation=organisation, sector__in=codes_where("is_on_leaderboard")))
    # The sites of one sector: the first sector of which the organisation has sites.
    by_sector = {code: [factory for factory in ranked if factory.sector == code] for code in SECTORS}
    factories = next((of_sector for of_sector in by_sector.values() if of_sector), [])
    own_ids = frozenset() if sees_all else frozenset(factory.pk for factory in own_sites)
    return _Scope(organisation, factories, sees_all, own_ids)


# --- Figures and places ------------------------------------------------------------------------
def _made_kg_per_year(main: Mapping[int, RankedSums], window: Window) -> dict[int, float]:
    made_kg = {pk: of_site.by_metric[CO2E].made_kg for pk, of_site in main.items()}
    return {pk: kg / window.day_count * _YEAR_DAYS for pk, kg in made_kg.items() if kg > 0}


def _change(metric: Metric, now: RankedSums | None, before: RankedSums | None) -> Change | None:
    if now is None or before is None:
        return None
    return intensity.change(
        now.by_metric[metric],
        before.by_metric[metric],
        grid_now=now.grid_kg_per_kwh if metric.is_of_grid else None,
        grid_before=before.grid_kg_per_kwh if metric.is_of_grid else None,
    )


def _rows(
    scope: _Scope,
    metric: Metric,
    members: Sequence[Factory],
    sums: Mapping[tuple[int, int], RankedSums],
    window: Window,
) -> tuple[list[Row], list[Unplaced], list[float]]:
    """Places and figures per kg of all members of the group, visible or not."""
    ranked: list[tuple[Factory, RankedSums, Interval]] = []
    unplaced = []
    for factory in members:
        of_site = sums.get((0, factory.pk))
        why = reasons(of_site, window.first_day, scope.sector, metric)
        if of_site is None or why:
            unplaced.append(Unplaced(factory, factory.pk in scope.own_ids, tuple(why)))
        else:
            days = of_site.by_metric[metric]
            ranked.append((factory, of_site, ranking.interval(days.parts, days.made_kg)))
    seen = [factory for factory, *_rest in ranked if scope.may_see(factory)] if scope.sector.burns_for_heat else []
    losses = chimney_losses(seen, window.first_day, window.last_day) if seen else {}
    has_places = scope.sector.has_places and len(ranked) >= SMALLEST_GROUP
    places = ranking.places([interval for *_site, interval in ranked]) if has_places else [None] * len(ranked)
    rows = []
    for (factory, of_site, interval), place in zip(ranked, places, strict=True):
        days = of_site.by_metric[metric]
        rows.append(
            Row(
                factory=factory,
                is_own=factory.pk in scope.own_ids,
                place=place,
                interval=Interval(*(bound * scope.scale for bound in (interval.value, interval.lower, interval.upper))),
                figures=_figures(of_site, scope),
                made_kg=days.made_kg,
                share_measured_pct=of_site.share_measured_pct,
                stack_measured=_scaled(of_site.stack_measured_kg_per_kg, scope.scale),
                chimney_loss=losses.get(factory.pk),
                gap_days=days.gap_days,
                gap_cost=intensity.gap_cost(days) if days.gap_days else None,
                held_days=of_site.by_metric[CO2E].held_days,
                idle_made_days=of_site.idle_made_days,
                awaited_until=of_site.awaited_until,
                change=_change(metric, sums.get((1, factory.pk)), sums.get((2, factory.pk))),
            )
        )
    rows.sort(key=lambda row: (row.interval.value, row.factory.name))
    unplaced.sort(key=lambda item: (item.work, item.factory.name))
    return rows, unplaced, [interval.value for *_site, interval in ranked]


def _figures(of_site: RankedSums, scope: _Scope) -> dict[str, float | None]:
    by_metric = {metric.code: of_site.by_metric[metric] for metric in metrics_of(scope.sector)}
    return {code: _scaled(intensity.figure(days), scope.scale) for code, days in by_metric.items()}


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale
