"""Stack against fuel as dots on their band, one a day. Pure: ratios in, positions out; the SVG is
`templates/components/_ratio_dots.html`. A day without a figure has no dot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import ngettext

from factories.days import day_label
from science.intensity import STACK_FUEL_BAND

WIDTH, HEIGHT, RADIUS = 140, 32, 3
_LOWEST, _HIGHEST = 0.4, 1.6  # what is further away is drawn at the edge


@dataclass(frozen=True, slots=True)
class RatioDot:
    x: str
    y: str
    is_outside: bool
    title: str


@dataclass(frozen=True, slots=True)
class RatioDots:
    dots: tuple[RatioDot, ...]
    band_y: str
    band_height: str
    summary: str
    width: int
    height: int
    radius: int = RADIUS


def ratio_dots(
    days: Sequence[tuple[date, float | None]],
    *,
    band: tuple[float, float] = STACK_FUEL_BAND,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> RatioDots | None:
    """The drawing; None when no day has a ratio."""
    (low, high), (width, height) = band, size
    known = [ratio for _day, ratio in days if ratio is not None]
    if not known:
        return None
    step = (width - 2 * RADIUS) / max(1, len(days) - 1)
    dots = [
        RatioDot(
            x=f"{RADIUS + place * step:.4g}",
            y=_y(ratio, height),
            is_outside=not low <= ratio <= high,
            title=f"{day_label(day)}: {ratio:.2f}",
        )
        for place, (day, ratio) in enumerate(days)
        if ratio is not None
    ]
    outside = sum(dot.is_outside for dot in dots)
    summary = ngettext(
        "Stack against fuel: %(outside)d of %(count)d day outside %(low)s to %(high)s; last %(last)s.",
        "Stack against fuel: %(outside)d of %(count)d days outside %(low)s to %(high)s; last %(last)s.",
        len(dots),
    ) % {"outside": outside, "count": len(dots), "low": f"{low:.2f}", "high": f"{high:.2f}", "last": f"{known[-1]:.2f}"}
    top, bottom = float(_y(high, height)), float(_y(low, height))
    return RatioDots(tuple(dots), f"{top:.4g}", f"{bottom - top:.4g}", summary, width, height)


def _y(ratio: float, height: int) -> str:
    share = (min(max(ratio, _LOWEST), _HIGHEST) - _LOWEST) / (_HIGHEST - _LOWEST)
    return f"{RADIUS + (1 - share) * (height - 2 * RADIUS):.4g}"
