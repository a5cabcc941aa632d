"""Geometry of the chart of today: hours of a day as a line over the 10-90 % band of the days before.

Pure: figures in, frozen dataclasses out. It makes no query and no markup; the SVG is
`templates/portal/_today_chart.html`. The line stops where there is no figure, so a missing figure shows as missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from portal.drawn.fire_log import TICK_HOURS, Tick

# The page scales the drawing, so these sizes only set how finely positions are rounded.
WIDTH, HEIGHT = 960, 200
HEADROOM = 1.08


@dataclass(frozen=True, slots=True)
class BandHour:
    """One hour of the day: its figure, once the hour is over, and the figures of that hour on earlier days."""

    label: str
    clock_hour: int
    kg: float | None
    low_kg: float | None
    median_kg: float | None
    high_kg: float | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Span:
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class BandChart:
    hours: tuple[BandHour, ...]
    band_path: str
    usual_path: str
    line_path: str
    missing: tuple[Span, ...]
    ticks: tuple[Tick, ...]
    title: str
    summary: str
    full_height_kg: float
    width: int = WIDTH
    height: int = HEIGHT


def build_band_chart(hours: Sequence[BandHour], *, title: str) -> BandChart | None:
    """The chart; None if no figure is above zero."""
    figures = [value for hour in hours for value in (hour.kg, hour.high_kg) if value is not None]
    top = max(figures, default=0.0) * HEADROOM
    if top <= 0:
        return None
    step = WIDTH / len(hours)

    def y(kg: float) -> str:
        return f"{HEIGHT - kg / top * HEIGHT:.4g}"

    return BandChart(
        hours=tuple(hours),
        band_path=_band(hours, step, y),
        usual_path=_line([hour.median_kg for hour in hours], step, y),
        line_path=_line([hour.kg for hour in hours], step, y),
        missing=_missing(hours, step),
        ticks=_ticks(hours),
        title=title,
        summary=_summary(hours),
        full_height_kg=top,
    )


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Runs of neighbouring hours with figures, with their positions; a gap separates runs."""
    runs = []
    for is_known, run in groupby(enumerate(values), key=lambda pair: pair[1] is not None):
        if is_known:
            runs.append([(place, value) for place, value in run if value is not None])
    return runs


def _line(values: Sequence[float | None], step: float, y: Callable[[float], str]) -> str:
    """Steps, not slopes, because each figure is valid for its whole hour."""
    parts = []
    for run in _runs(values):
        parts.append(f"M{run[0][0] * step:.4g} {y(run[0][1])}")
        for place, value in run:
            parts.append(f"V{y(value)}H{(place + 1) * step:.4g}")
    return "".join(parts)


def _band(hours: Sequence[BandHour], step: float, y: Callable[[float], str]) -> str:
    parts = []
    for run in _runs([hour.high_kg for hour in hours]):
        first = run[0][0]
        parts.append(f"M{first * step:.4g} {y(run[0][1])}")
        parts += [f"V{y(high)}H{(place + 1) * step:.4g}" for place, high in run]
        for place, _high in reversed(run):
            parts.append(f"V{y(hours[place].low_kg or 0.0)}H{place * step:.4g}")
        parts.append("Z")
    return "".join(parts)


def _missing(hours: Sequence[BandHour], step: float) -> tuple[Span, ...]:
    spans = []
    for is_missing, run in groupby(enumerate(hours), key=lambda pair: pair[1].is_over and pair[1].kg is None):
        places = [place for place, _hour in run]
        if is_missing:
            spans.append(Span(f"{places[0] * step:.4g}", f"{len(places) * step:.4g}"))
    return tuple(spans)


def _ticks(hours: Sequence[BandHour]) -> tuple[Tick, ...]:
    ticks = [
        Tick(f"{100 * place / len(hours):.4g}%", hour.label, "start" if place == 0 else "middle")
        for place, hour in enumerate(hours)
        if hour.clock_hour % TICK_HOURS == 0
    ]
    last = hours[0].label  # the day ends when the next begins
    return (*ticks, Tick("100%", last, "end")) if hours[0].clock_hour % TICK_HOURS == 0 else tuple(ticks)


def _summary(hours: Sequence[BandHour]) -> str:
    """One sentence for those who hear the chart."""
    compared = [
        (hour.kg, hour.low_kg, hour.high_kg)
        for hour in hours
        if hour.kg is not None and hour.low_kg is not None and hour.high_kg is not None
    ]
    missing = sum(hour.is_over and hour.kg is None for hour in hours)
    within = sum(low <= kg <= high for kg, low, high in compared)
    above = sum(kg > high for kg, _low, high in compared)
    numbers = {"within": within, "above": above, "below": len(compared) - within - above, "missing": missing}
    if not compared:
        return _("%(missing)d hours without a figure; nothing to compare yet.") % numbers
    return (
        _("%(within)d hours within the usual range, %(above)d above, %(below)d below; %(missing)d without a figure.")
        % numbers
    )
