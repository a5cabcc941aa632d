"""Geometry of the chart of an alarm: what was measured around it as a line, with its limit.

Pure: figures in, a frozen dataclass out. The SVG is `templates/portal/_limit_chart.html`. The line stops where nothing
was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT = 960, 160
MARGIN = 0.08  # of the range, above and below


@dataclass(frozen=True, slots=True)
class LimitChart:
    line_path: str
    limit_y: str
    since_x: str  # where the alarm began
    low: float
    high: float
    first: datetime
    last: datetime
    width: int = WIDTH
    height: int = HEIGHT


def build_limit_chart(
    points: Sequence[tuple[datetime, float | None]], *, limit: float, began_at: datetime, step: timedelta
) -> LimitChart | None:
    """The chart; None with fewer than two figures. `step`: from one point to the next, unless one is missing."""
    known = [value for _at, value in points if value is not None]
    if len(known) < 2:
        return None
    low, high = min(*known, limit), max(*known, limit)
    room = (high - low or abs(limit) or 1.0) * MARGIN
    low, high = low - room, high + room
    first, last = points[0][0], points[-1][0] + step
    span = last - first

    def x(at: datetime) -> str:
        return f"{max(timedelta(), at - first) / span * WIDTH:.4g}"

    def y(value: float) -> str:
        return f"{HEIGHT - (value - low) / (high - low) * HEIGHT:.4g}"

    parts: list[str] = []
    before: datetime | None = None
    for at, value in points:
        if value is None:
            continue
        is_next = before is not None and at - before <= 2 * step
        parts.append(f"{'V' if is_next else f'M{x(at)} '}{y(value)}H{x(at + step)}")
        before = at
    return LimitChart("".join(parts), y(limit), x(began_at), low, high, first, last)
