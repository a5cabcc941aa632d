"""What the page of the leaderboard shows, display-ready: HQ's table, or a manager's own standing. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import gettext as _

from factories.models import Factory
from leaderboard import words
from leaderboard.api import scale_of
from leaderboard.peers import ALL, GroupKind
from leaderboard.periods import ROLLING, parse_period
from leaderboard.places import Leaderboard, Row, Unplaced
from leaderboard.site_sums import Metric
from leaderboard.sums import Window, sums_of_windows
from science import intensity

MOST_COMPARED = 4
_MONTHS = 13


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    label: str
    is_current: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Whisker:
    """A figure between its bounds on the scale of the page; all in percent of its width."""

    low_pct: str
    width_pct: str
    dot_pct: str
    median_pct: str
    title: str


@dataclass(frozen=True, slots=True)
class Cell:
    metric: Metric
    digits: str
    is_deciding: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    factory_id: int
    name: str
    url: str
    where: str
    is_own: bool
    place: str
    place_range: str
    whisker: Whisker
    cells: tuple[Cell, ...]
    made_t: str
    share_measured_pct: float
    change: str
    change_short: str
    notes: tuple[str, ...]
    gap_sentence: str
    fill_url: str
    is_compared: bool


@dataclass(frozen=True, slots=True)
class UnplacedView:
    name: str
    url: str
    sentences: tuple[str, ...]
    fill_url: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Month:
    label: str
    digits: str
    bar_pct: str  # height; empty: no figure
    y_pct: str
    x_pct: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A manager's own place."""

    row: RowView
    sentence: str
    likely: str
    ways: tuple[str, ...]
    months: tuple[Month, ...]


@dataclass(frozen=True, slots=True)
class LeaderboardPage:
    title: str
    organisation_name: str
    period_label: str
    group_label: str
    metric_label: str
    metric_help: str
    unit_note: str
    metrics: tuple[Link, ...]
    periods: tuple[Link, ...]
    groups: tuple[Link, ...]
    hidden: tuple[tuple[str, str], ...]  # what the comparison's form carries along
    standings: tuple[Standing, ...]
    own_unplaced: tuple[UnplacedView, ...]
    rows: tuple[RowView, ...]
    heads: tuple[Link, ...]
    unplaced: tuple[UnplacedView, ...]
    compared: tuple[RowView, ...]
    compared_too_many: bool
    sees_all: bool
    shows_rows: bool
    is_tea: bool
    has_places: bool
    placed_count: int
    factory_count: int
    median: str
    best: str
    best_name: str
    most_improved: str
    most_improved_name: str
    compared_label: str
    csv_url: str


def leaderboard_page(found: Leaderboard, compare: Sequence[str], now: datetime) -> LeaderboardPage:
    scale = _Scale.of(found)
    chosen = [pk for pk in dict.fromkeys(compare) if pk.isdecimal()]
    rows = [_row(found, row, scale, chosen[:MOST_COMPARED]) for row in found.rows]
    by_pk = {row.factory_id: row for row in rows}
    return LeaderboardPage(
        title=_("Leaderboard") if found.sees_all else _("Standing"),
        organisation_name=found.organisation.name if found.organisation else "",
        period_label=found.period.label,
        group_label=found.group.label,
        metric_label=words.metric_label(found.metric, is_tea=found.is_tea),
        metric_help=words.metric_help(found.metric),
        unit_note=_("made tea") if found.is_tea else _("coal"),
        metrics=_metric_links(found),
        periods=_period_links(found),
        groups=_group_links(found),
        hidden=tuple(_asked(found).items()),
        standings=tuple(_standing(found, row, by_pk[row.factory.pk], now) for row in found.own_rows),
        own_unplaced=tuple(_unplaced(item) for item in found.own_unplaced),
        rows=tuple(rows),
        heads=_metric_links(found),
        unplaced=tuple(_unplaced(item) for item in found.unplaced if not item.is_own),
        compared=tuple(row for row in rows if row.is_compared),
        compared_too_many=len(chosen) > MOST_COMPARED,
        sees_all=found.sees_all,
        shows_rows=found.shows_names and bool(found.rows),
        is_tea=found.is_tea,
        has_places=found.has_places,
        placed_count=found.placed_count,
        factory_count=found.factory_count,
        median=_digits(found, found.median),
        best=_digits(found, found.best.value if found.best else None),
        best_name=_name(found.best.factory if found.best else None),
        most_improved=words.percent_of(found.most_improved.value) if found.most_improved else "",
        most_improved_name=_name(found.most_improved.factory if found.most_improved else None),
        compared_label=words.compared_label(found.compared) if found.compared else "",
        csv_url=f"?{urlencode(_asked(found) | {'as': 'csv'})}",
    )


# --- Addresses: everything that is asked for stands in the URL ---------------------------------------
def _asked(found: Leaderboard) -> dict[str, str]:
    asked = {"metric": found.metric.value, "period": found.period.code, "group": found.group.code}
    usual = {"metric": Metric.CO2E.value, "period": ROLLING, "group": ALL.code}
    return {name: value for name, value in asked.items() if value != usual[name]}


def _link(found: Leaderboard, name: str, value: str, label: str, note: str = "") -> Link:
    current = {"metric": found.metric.value, "period": found.period.code, "group": found.group.code}
    return Link(f"?{urlencode(_asked(found) | {name: value})}", label, current[name] == value, note)


def _metric_links(found: Leaderboard) -> tuple[Link, ...]:
    metrics = [metric for metric in Metric if found.is_tea or metric != Metric.STACK]
    return tuple(
        _link(found, "metric", metric.value, words.metric_label(metric, is_tea=found.is_tea), words.metric_help(metric))
        for metric in metrics
    )


def _period_links(found: Leaderboard) -> tuple[Link, ...]:
    last = found.period.window.last_day
    before = last.replace(day=1) - timedelta(days=1)
    codes = [ROLLING, f"{last:%Y}", f"{last:%Y-%m}", f"{before:%Y-%m}"]
    if found.period.code not in codes:
        codes.append(found.period.code)
    labels = {code: parse_period(code, last).label for code in codes if code != ROLLING}
    return tuple(_link(found, "period", code, labels.get(code, _("12 months"))) for code in codes)


def _group_links(found: Leaderboard) -> tuple[Link, ...]:
    kinds = {GroupKind.REGION: _("region"), GroupKind.FUEL: _("fuel"), GroupKind.SIZE: _("size")}
    return tuple(
        _link(found, "group", option.code, f"{kinds[option.kind]}: {option.label}" if option.value else option.label)
        for option in found.group_options
    )


# --- Rows --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Scale:
    """From the smallest lower bound that is shown to the greatest upper one."""

    low: float
    high: float
    median: float | None

    @classmethod
    def of(cls, found: Leaderboard) -> _Scale:
        bounds = [bound for row in found.rows for bound in (row.interval.lower, row.interval.upper)]
        bounds += [value for value in (found.median, found.best.value if found.best else None) if value is not None]
        return cls(min(bounds, default=0.0), max(bounds, default=1.0), found.median)

    def pct(self, value: float) -> float:
        span = self.high - self.low
        return 2.0 + 96.0 * (value - self.low) / span if span > 0 else 50.0


def _row(found: Leaderboard, row: Row, scale: _Scale, compared: Sequence[str]) -> RowView:
    factory = row.factory
    change = ""
    if row.change and found.compared:
        is_grid_in_it = found.metric == Metric.CO2E
        change = words.change_sentence(row.change, found.compared, with_grid=is_grid_in_it)
    notes = [words.held_sentence(row), words.idle_sentence(row)]
    return RowView(
        factory_id=factory.pk,
        name=factory.name,
        url=_factory_url(found, factory),
        where=_("%(county)s, %(altitude)s m")
        % {"county": factory.county or "–", "altitude": f"{factory.altitude_m:,.0f}"},
        is_own=row.is_own,
        place=words.place_words(row.place) if row.place else "",
        place_range=words.range_words(row.place) if row.place else "",
        whisker=_whisker(found, row, scale),
        cells=tuple(_cell(found, row, metric) for metric in row.figures),
        made_t=f"{row.made_kg / 1000:,.0f} t",
        share_measured_pct=row.share_measured_pct,
        change=change,
        change_short=words.percent_of(row.change.relative) if row.change else "",
        notes=tuple(note for note in notes if note),
        gap_sentence=words.gap_sentence(row),
        fill_url=reverse("month", args=[factory.pk]) if row.gap_days and (row.is_own or found.sees_all) else "",
        is_compared=str(factory.pk) in compared,
    )


def _factory_url(found: Leaderboard, factory: Factory) -> str:
    return reverse("factory", args=[factory.pk]) if found.sees_all else ""


def _cell(found: Leaderboard, row: Row, metric: Metric) -> Cell:
    value = row.figures[metric]
    digits = words.digits(None if value is None else value * scale_of(found), metric, is_tea=found.is_tea)
    note = ""
    if metric == Metric.STACK and row.stack_measured_kg_per_kg is not None:
        measured = words.digits(row.stack_measured_kg_per_kg, metric)
        note = _("%(figure)s measured") % {"figure": measured}
    return Cell(metric, digits, metric == found.metric, note)


def _whisker(found: Leaderboard, row: Row, scale: _Scale) -> Whisker:
    low, dot, high = (scale.pct(v) for v in (row.interval.lower, row.interval.value, row.interval.upper))
    title = _("%(name)s: %(value)s, between %(low)s and %(high)s") % {
        "name": row.factory.name,
        "value": _digits(found, row.interval.value),
        "low": _digits(found, row.interval.lower),
        "high": _digits(found, row.interval.upper),
    }
    median = f"{scale.pct(scale.median):.1f}%" if scale.median is not None else ""
    return Whisker(f"{low:.1f}%", f"{max(0.5, high - low):.1f}%", f"{dot:.1f}%", median, title)


def _digits(found: Leaderboard, value: float | None) -> str:
    return words.digits(None if value is None else value * scale_of(found), found.metric, is_tea=found.is_tea)


def _name(factory: Factory | None) -> str:
    return factory.name if factory else ""


def _unplaced(item: Unplaced) -> UnplacedView:
    return UnplacedView(
        name=item.factory.name,
        url=reverse("factory", args=[item.factory.pk]),
        sentences=tuple(reason.sentence for reason in item.reasons),
        fill_url=reverse("month", args=[item.factory.pk]),
        is_own=item.is_own,
    )


# --- A manager's standing ------------------------------------------------------------------------
def _standing(found: Leaderboard, row: Row, view: RowView, now: datetime) -> Standing:
    sentence = words.standing_sentence(found, row.place) if row.place else ""
    return Standing(
        row=view,
        sentence=sentence,
        likely=view.place_range,
        ways=tuple(_ways(found, row, view)),
        months=tuple(_months(found, row.factory, now)),
    )


def _ways(found: Leaderboard, row: Row, view: RowView) -> list[str]:
    """How to move up: what costs nothing first."""
    ways = [f"{view.gap_sentence} {_('Add them.')}"] if view.gap_sentence else []
    ways += view.notes
    own = row.interval.value
    if found.median is not None and own > found.median:
        ways.append(
            _("The middle of the group is %(median)s, yours %(own)s: %(less)s less would take you there.")
            % {
                "median": _digits(found, found.median),
                "own": _digits(found, own),
                "less": f"{100 * (1 - found.median / own):.0f} %",
            }
        )
    elif found.best is not None and own > found.best.value:
        ways.append(
            _("The best of the group is at %(best)s, yours at %(own)s: %(less)s less would take you there.")
            % {
                "best": _digits(found, found.best.value),
                "own": _digits(found, own),
                "less": f"{100 * (1 - found.best.value / own):.0f} %",
            }
        )
    if row.share_measured_pct < 50.0:
        ways.append(_("Have the stack checked against the log: count the wood at the end of each month."))
    return ways


def _months(found: Leaderboard, factory: Factory, now: datetime) -> list[Month]:
    """The last thirteen months of one site, by the same rules; a month that could not be ranked shows no figure."""
    last = found.period.window.last_day
    firsts = [_months_back(last.replace(day=1), back) for back in range(_MONTHS - 1, -1, -1)]
    windows = [Window(first, min(_months_back(first, -1) - timedelta(days=1), last)) for first in firsts]
    sums = sums_of_windows([factory], windows, now)
    values: list[float | None] = []
    for number in range(len(firsts)):
        of_month = sums.get((number, factory.pk))
        usable = of_month is not None and not of_month.unmade
        days = of_month.sums[found.metric] if of_month is not None and usable else None
        values.append(intensity.intensity(days.parts.total, days.made_kg) if days else None)
    top = max((value for value in values if value is not None), default=1.0) or 1.0
    shown = []
    for number, (first, value) in enumerate(zip(firsts, values, strict=True)):
        height = 100.0 * value / top if value is not None else None
        shown.append(
            Month(
                label=dateformat.format(first, "M Y"),
                digits=_digits(found, value) if value is not None else _("no figure"),
                bar_pct=f"{height:.1f}%" if height is not None else "",
                y_pct=f"{100 - height:.1f}%" if height is not None else "",
                x_pct=f"{100.0 * number / _MONTHS + 0.8:.2f}%",
            )
        )
    return shown


def _months_back(first: date, back: int) -> date:
    number = first.year * 12 + first.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)
