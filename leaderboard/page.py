"""Display-ready content of the leaderboard's page: HQ's table, or a manager's own place. Reads only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import gettext as _

from factories.models import Factory
from leaderboard import words
from leaderboard.choices import ALL, ROLLING, GroupKind, Window, parse_period
from leaderboard.metrics import BIOGENIC, METRICS, Metric, metrics_of
from leaderboard.places import Leaderboard, Row, Unplaced
from leaderboard.sums import sums_of_windows
from science import intensity

MOST_COMPARED = 4
_MONTHS = 13


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to the leaderboard with one choice changed."""

    url: str
    label: str
    is_current: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Whisker:
    """A figure between its bounds on the scale of the page, in percent of its width."""

    low_pct: str
    width_pct: str
    dot_pct: str
    median_pct: str
    title: str


@dataclass(frozen=True, slots=True)
class FigureCell:
    unit: str  # unit without the product, for narrow screens
    label: str
    digits: str
    is_deciding: bool
    note: str


@dataclass(frozen=True, slots=True)
class SiteRow:
    factory_id: int
    name: str
    url: str
    where: str
    is_own: bool
    place: str
    place_range: str
    whisker: Whisker
    cells: tuple[FigureCell, ...]
    made_t: str
    share_measured_pct: float
    chimney_loss: str
    change: str
    change_short: str
    notes: tuple[str, ...]
    gap_sentence: str
    fill_url: str
    is_compared: bool


@dataclass(frozen=True, slots=True)
class UnplacedSite:
    name: str
    url: str
    sentences: tuple[str, ...]
    fill_url: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class MonthBar:
    label: str
    digits: str
    bar_pct: str  # height; empty: no figure
    y_pct: str
    x_pct: str


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """A manager's own site, and how it can move up."""

    row: SiteRow
    sentence: str
    ways: tuple[str, ...]
    months: tuple[MonthBar, ...]


@dataclass(frozen=True, slots=True)
class LeaderboardPage:
    board: Leaderboard
    metric_label: str
    metrics: tuple[Choice, ...]
    periods: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    hidden: dict[str, str]  # hidden fields of the comparison's form
    own_places: tuple[OwnPlace, ...]
    own_unplaced: tuple[UnplacedSite, ...]
    rows: tuple[SiteRow, ...]
    unplaced: tuple[UnplacedSite, ...]
    compared: tuple[SiteRow, ...]
    compared_too_many: bool
    median: str
    best: str
    most_improved: str
    compared_label: str
    csv_url: str

    @property
    def shows_rows(self) -> bool:
        return self.board.shows_names and bool(self.rows)


def leaderboard_page(board: Leaderboard, compare: Sequence[str], now: datetime) -> LeaderboardPage:
    chosen = [pk for pk in dict.fromkeys(compare) if pk.isdecimal()]
    scale = _scale(board)
    rows = {row.factory.pk: _row(board, row, scale, chosen[:MOST_COMPARED]) for row in board.rows}
    unplaced = [_unplaced(item) for item in board.unplaced]
    return LeaderboardPage(
        board=board,
        metric_label=board.metric.label_of(board.sector),
        metrics=_metric_choices(board),
        periods=_period_choices(board),
        groups=_group_choices(board),
        hidden=_changed(board),
        own_places=tuple(_own_place(board, row, rows[row.factory.pk], now) for row in board.rows if row.is_own),
        own_unplaced=tuple(item for item in unplaced if item.is_own),
        rows=tuple(rows.values()),
        unplaced=tuple(item for item in unplaced if not item.is_own),
        compared=tuple(row for row in rows.values() if row.is_compared),
        compared_too_many=len(chosen) > MOST_COMPARED,
        median=_digits(board, board.median),
        best=_digits(board, board.best.value if board.best else None),
        most_improved=words.percent_of(board.most_improved.value) if board.most_improved else "",
        compared_label=words.compared_label(board.compared) if board.compared else "",
        csv_url=f"?{urlencode(_changed(board) | {'as': 'csv'})}",
    )


def _digits(board: Leaderboard, value: float | None, metric: Metric | None = None) -> str:
    return words.digits(value, metric or board.metric, board.sector)


# --- Addresses: the URL has all choices ------------------------------------------
def _chosen(board: Leaderboard) -> dict[str, str]:
    return {"metric": board.metric.code, "period": board.period.code, "group": board.group.code}


def _changed(board: Leaderboard) -> dict[str, str]:
    """The choices that differ from the usual ones."""
    usual = {"metric": METRICS[0].code, "period": ROLLING, "group": ALL.code}
    return {name: value for name, value in _chosen(board).items() if value != usual[name]}


def _choice(board: Leaderboard, name: str, value: str, label: str, note: str = "") -> Choice:
    return Choice(f"?{urlencode(_changed(board) | {name: value})}", label, _chosen(board)[name] == value, note)


def _metric_choices(board: Leaderboard) -> tuple[Choice, ...]:
    return tuple(
        _choice(board, "metric", metric.code, metric.label_of(board.sector), str(metric.remark))
        for metric in metrics_of(board.sector)
    )


def _period_choices(board: Leaderboard) -> tuple[Choice, ...]:
    last = board.period.window.last_day
    before = last.replace(day=1) - timedelta(days=1)
    codes = dict.fromkeys([f"{last:%Y}", f"{last:%Y-%m}", f"{before:%Y-%m}", board.period.code])
    labels = {ROLLING: _("12 months")} | {code: parse_period(code, last).label for code in codes if code != ROLLING}
    return tuple(_choice(board, "period", code, label) for code, label in labels.items())


def _group_choices(board: Leaderboard) -> tuple[Choice, ...]:
    kinds = {
        GroupKind.REGION: _("region"),
        GroupKind.FUEL: _("fuel"),
        GroupKind.DRYER: _("dryer"),
        GroupKind.SIZE: _("size"),
    }
    return tuple(
        _choice(board, "group", option.code, f"{kinds[option.kind]}: {option.label}" if option.value else option.label)
        for option in board.group_options
    )


# --- Rows --------------------------------------------------------------------------------------
def _scale(board: Leaderboard) -> Callable[[float], float]:
    """From a figure to percent of a whisker's width: from the least lower bound that is shown to the greatest upper."""
    bounds = [bound for row in board.rows for bound in (row.interval.lower, row.interval.upper)]
    bounds += [value for value in (board.median, board.best.value if board.best else None) if value is not None]
    least, span = min(bounds, default=0.0), max(bounds, default=1.0) - min(bounds, default=0.0)
    return lambda value: 2.0 + 96.0 * (value - least) / span if span > 0 else 50.0


def _row(board: Leaderboard, row: Row, scale: Callable[[float], float], compared: Sequence[str]) -> SiteRow:
    factory = row.factory
    change = ""
    if row.change and board.compared:
        change = words.change_sentence(row.change, board.compared, with_grid=board.metric.is_of_grid)
    notes = [words.awaited_sentence(row), words.held_sentence(row), words.idle_sentence(row, board.sector)]
    return SiteRow(
        factory_id=factory.pk,
        name=factory.name,
        url=reverse("factory", args=[factory.pk]) if board.sees_all else "",
        where=_("%(county)s, %(altitude)s m")
        % {"county": factory.county or "–", "altitude": f"{factory.altitude_m:,.0f}"},
        is_own=row.is_own,
        place=words.place_words(row.place) if row.place else "",
        place_range=words.range_words(row.place) if row.place else "",
        whisker=_whisker(board, row, scale),
        cells=tuple(_cell(board, row, metric) for metric in metrics_of(board.sector)),
        made_t=f"{row.made_kg / 1000:,.0f} t",
        share_measured_pct=row.share_measured_pct,
        chimney_loss="" if row.chimney_loss is None else f"{100 * row.chimney_loss:.0f} %",
        change=change,
        change_short=words.percent_of(100.0 * row.change.relative) if row.change else "",
        notes=tuple(note for note in notes if note),
        gap_sentence=words.gap_sentence(row),
        fill_url=reverse("month", args=[factory.pk]) if row.gap_days and (row.is_own or board.sees_all) else "",
        is_compared=str(factory.pk) in compared,
    )


def _cell(board: Leaderboard, row: Row, metric: Metric) -> FigureCell:
    note = ""
    if metric is BIOGENIC and row.stack_measured is not None:
        note = _("%(figure)s measured") % {"figure": _digits(board, row.stack_measured, metric)}
    return FigureCell(
        unit=str(metric.words),
        label=f"{metric.label_of(board.sector)}, {metric.remark}",
        digits=_digits(board, row.figures[metric.code], metric),
        is_deciding=metric is board.metric,
        note=note,
    )


def _whisker(board: Leaderboard, row: Row, scale: Callable[[float], float]) -> Whisker:
    low, dot, high = (scale(value) for value in (row.interval.lower, row.interval.value, row.interval.upper))
    title = _("%(name)s: %(value)s, between %(low)s and %(high)s") % {
        "name": row.factory.name,
        "value": _digits(board, row.interval.value),
        "low": _digits(board, row.interval.lower),
        "high": _digits(board, row.interval.upper),
    }
    median = f"{scale(board.median):.1f}%" if board.median is not None else ""
    return Whisker(f"{low:.1f}%", f"{max(0.5, high - low):.1f}%", f"{dot:.1f}%", median, title)


def _unplaced(item: Unplaced) -> UnplacedSite:
    return UnplacedSite(
        name=item.factory.name,
        url=reverse("factory", args=[item.factory.pk]),
        sentences=tuple(reason.sentence for reason in item.reasons),
        fill_url=reverse("month", args=[item.factory.pk]),
        is_own=item.is_own,
    )


# --- A manager's own place -----------------------------------------------------------------------
def _own_place(board: Leaderboard, row: Row, shown: SiteRow, now: datetime) -> OwnPlace:
    return OwnPlace(
        row=shown,
        sentence=words.place_sentence(board, row.place) if row.place else "",
        ways=tuple(_ways(board, row, shown)),
        months=tuple(_months(board, row.factory, now)),
    )


def _ways(board: Leaderboard, row: Row, shown: SiteRow) -> list[str]:
    """Steps to move up; steps without cost come first."""
    ways = [" ".join((shown.gap_sentence, _("Add them.")))] if shown.gap_sentence else []
    ways += shown.notes
    value = row.interval.value
    if board.median is not None and value > board.median:
        text = _("The median of the group is %(goal)s, yours is %(own)s: with %(less)s less you would reach it.")
        ways.append(_goal(board, text, board.median, value))
    elif board.best is not None and value > board.best.value:
        text = _("The best of the group has %(goal)s, you have %(own)s: with %(less)s less you would reach it.")
        ways.append(_goal(board, text, board.best.value, value))
    if row.share_measured_pct < 50.0:
        ways.append(_("Confirm the log with stock counts: count the wood at the end of each month."))
    return ways


def _goal(board: Leaderboard, text: str, goal: float, actual: float) -> str:
    less = f"{100 * (1 - goal / actual):.0f} %"
    return text % {"goal": _digits(board, goal), "own": _digits(board, actual), "less": less}


def _months(board: Leaderboard, factory: Factory, now: datetime) -> list[MonthBar]:
    """The last thirteen months of one site by the same rules; a month that could not be ranked has no figure."""
    last = board.period.window.last_day
    firsts = [_months_back(last.replace(day=1), back) for back in range(_MONTHS - 1, -1, -1)]
    windows = [Window(first, min(_months_back(first, -1) - timedelta(days=1), last)) for first in firsts]
    sums = sums_of_windows([factory], windows, now)
    values: list[float | None] = [None] * _MONTHS
    for (number, _pk), of_month in sums.items():
        if not of_month.production_missing:
            per_kg = intensity.figure(of_month.by_metric[board.metric])
            values[number] = None if per_kg is None else per_kg * board.sector.kg_per_unit
    top = max((value for value in values if value is not None), default=1.0) or 1.0
    bars = []
    for number, (first, value) in enumerate(zip(firsts, values, strict=True)):
        height = 100.0 * value / top if value is not None else None
        bars.append(
            MonthBar(
                label=dateformat.format(first, "M Y"),
                digits=_digits(board, value) if value is not None else _("no figure"),
                bar_pct=f"{height:.1f}%" if height is not None else "",
                y_pct=f"{100 - height:.1f}%" if height is not None else "",
                x_pct=f"{100.0 * number / _MONTHS + 0.8:.2f}%",
            )
        )
    return bars


def _months_back(first: date, back: int) -> date:
    number = first.year * 12 + first.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)
