"""Geometry of a week of hours as one line: a device's supply or signal. The line stops where no status came.

Pure: figures in, a frozen dataclass out. The SVG is in `templates/portal/_device_health.html`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.translation import gettext as _

from portal.drawn.fire_log import Tick

HOURS = 7 * 24
WIDTH, HEIGHT = 960, 120
MARGIN = 6  # so that the highest and the lowest are drawn whole


@dataclass(frozen=True, slots=True)
class WeekChart:
    title: str
    summary: str  # for those who hear the chart
    path: str
    ticks: tuple[Tick, ...]
    highest: str
    lowest: str
    width: int = WIDTH
    height: int = HEIGHT


def build_week_chart(
    title: str, values: Mapping[datetime, float], *, now: datetime, zone: ZoneInfo, word: Callable[[float], str]
) -> WeekChart | None:
    """`values`: the hours that have one, by their start. None without any."""
    end = now.replace(minute=0, second=0, microsecond=0)
    hours = [end - timedelta(hours=HOURS - 1 - place) for place in range(HOURS)]
    known = [values[hour] for hour in hours if hour in values]
    if not known:
        return None
    low, high = min(known), max(known)
    step, span = WIDTH / HOURS, (high - low) or 1.0

    def y(value: float) -> str:
        return f"{MARGIN + (high - value) / span * (HEIGHT - 2 * MARGIN):.4g}"

    parts = []
    for is_known, run in groupby(enumerate(hours), key=lambda pair: pair[1] in values):
        places = list(run)
        if is_known:
            parts.append(f"M{places[0][0] * step:.4g} {y(values[places[0][1]])}")
            parts += [f"V{y(values[hour])}H{(place + 1) * step:.4g}" for place, hour in places]
    ticks = tuple(
        Tick(
            f"{100 * place / HOURS:.4g}%",
            dateformat.format(hour.astimezone(zone), "D j"),
            "middle" if place else "start",
        )
        for place, hour in enumerate(hours)
        if hour.astimezone(zone).hour == 0 and place < HOURS - 12
    )
    words = {"last": word(known[-1]), "low": word(low), "high": word(high)}
    summary = _("Last %(last)s; from %(low)s to %(high)s in seven days.") % words
    return WeekChart(title, summary, "".join(parts), ticks, word(high), word(low))
