"""Geometry of a target's path: the straight line from base year to target year, and where the last 12 months stand.

Pure: figures in, frozen dataclasses out. The SVG is `templates/portal/_target_path.html`.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from lib.decimals import plain
from portal.drawn.fire_log import Tick

# The page scales the drawing, so these sizes only set how finely positions are rounded.
WIDTH, HEIGHT = 960, 200
HEADROOM = Decimal("1.1")
MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class TargetPathDrawing:
    line: str
    actual_x_pct: str  # empty: no figure is known
    actual_y: str
    ticks: tuple[Tick, ...]
    years: tuple[tuple[int, str], ...]  # the same as a table
    summary: str
    width: int = WIDTH
    height: int = HEIGHT


def draw_target_path(
    *, years: list[tuple[int, Decimal]], at_year: Decimal, actual: Decimal | None, summary: str
) -> TargetPathDrawing:
    """`years`: the line's value in each year, from the base year on. `at_year`: of the last 12 months, like 2026.91."""
    first, last = years[0][0], years[-1][0]
    # A window before the base year or after the target year stands at the edge of the drawing.
    place = (min(max(at_year, Decimal(first)), Decimal(last)) - first) / (last - first)
    top = max(value for _year, value in years)
    top = max(top, actual or Decimal(0)) * HEADROOM or Decimal(1)

    def y(value: Decimal) -> str:
        return f"{float(HEIGHT - value / top * HEIGHT):.4g}"

    (x0, y0), (x1, y1) = (0, y(years[0][1])), (WIDTH, y(years[-1][1]))
    step = -(-(last - first) // MOST_TICKS)
    shown = [year for year in range(first, last + 1, step) if year == first or last - year >= step] + [last]
    ticks = tuple(
        Tick(
            f"{100 * (year - first) / (last - first):.4g}%",
            str(year),
            "start" if year == first else "end" if year == last else "middle",
        )
        for year in dict.fromkeys(shown)
    )
    return TargetPathDrawing(
        line=f"M{x0} {y0}L{x1} {y1}",
        actual_x_pct="" if actual is None else f"{float(place * 100):.4g}%",
        actual_y="" if actual is None else y(actual),
        ticks=ticks,
        years=tuple((year, plain(value)) for year, value in years),
        summary=summary or _("No figure yet."),
    )
