"""A chart of measured CO2 as SVG or PNG, by matplotlib. The same data gives the same bytes.

No pyplot: it keeps figures in a global list, and these are drawn in many threads. The data are in `chart_data.py`.
Bars look as on the pages: measured is solid, substituted hatched, too little data dashed and empty, idle a flat line,
no data a gap. A band below the bars shows the data of each period.
"""

import io
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import matplotlib
from django.utils.translation import gettext as _
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from emissions.chart_data import ChartData, ChartPeriod

# Set once per process: glyphs as outlines, so that no viewer needs the font, and ids that are always the same.
matplotlib.rcParams.update(
    {"svg.fonttype": "path", "svg.hashsalt": "carbontrack", "hatch.linewidth": 1.2, "font.family": "DejaVu Sans"}
)
_DRAWING = threading.Lock()  # matplotlib promises no thread safety; a chart takes some 50 ms

INK, INK_2, HAIRLINE, PANEL = "#14201C", "#4A5752", "#C9D2CD", "#FFFFFF"
STACK, UNKNOWN, LOOK, LOOK_GROUND = "#A8480F", "#666D73", "#8A5A00", "#FBEFD5"
DPI = 100
TONNES_FROM_KG = 100_000
LABEL_PX = 75
NARROW_PX = 720  # below it texts and legend take two lines
_DASHED = (0, (3, 2))
_SUBSTITUTED: dict[str, Any] = {"facecolor": "none", "edgecolor": STACK, "hatch": "////", "linewidth": 0.8}
_MISSING: dict[str, Any] = {"facecolor": "none", "edgecolor": UNKNOWN, "linestyle": _DASHED, "linewidth": 0.9}


@dataclass(frozen=True, slots=True)
class Look:
    width_px: int
    height_px: int
    is_simulated: bool


def svg(data: ChartData, look: Look) -> bytes:
    out = io.BytesIO()
    with _DRAWING:
        figure = _draw(data, look)
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None, "Title": data.title})
    return out.getvalue()


def png(data: ChartData, look: Look) -> bytes:
    out = io.BytesIO()
    with _DRAWING:
        figure = _draw(data, look)
        FigureCanvasAgg(figure).print_png(out, metadata={"Software": None, "Title": data.title})
    return out.getvalue()


def _draw(data: ChartData, look: Look) -> Figure:
    figure = Figure(figsize=(look.width_px / DPI, look.height_px / DPI), dpi=DPI, facecolor=PANEL)
    FigureCanvasAgg(figure)
    strip_px = 24 if look.is_simulated else 0
    is_narrow = look.width_px < NARROW_PX
    left, right = 66 / look.width_px, 1 - 14 / look.width_px
    top = 1 - ((74 if is_narrow else 62) + strip_px) / look.height_px
    bottom = (92 if is_narrow else 74) / look.height_px
    band_height = 14 / look.height_px
    bars_bottom = bottom + band_height + 8 / look.height_px
    bars = figure.add_axes((left, bars_bottom, right - left, max(0.1, top - bars_bottom)))
    band = figure.add_axes((left, bottom, right - left, band_height))
    _words(figure, data, look, strip_px)
    divisor, unit = (1000.0, "t") if _highest_kg(data) >= TONNES_FROM_KG else (1.0, "kg")
    _bars(bars, data, divisor)
    _axes(bars, band, data, unit, max(2, look.width_px // LABEL_PX))
    _band(band, data)
    _legend(figure, look)
    if look.is_simulated:
        _mark_simulated(figure, bars, look, strip_px)
    return figure


def _highest_kg(data: ChartData) -> float:
    return max((p.full_kg + p.partial_kg + p.substituted_kg for p in data.periods), default=0.0)


def _words(figure: Figure, data: ChartData, look: Look, strip_px: int) -> None:
    subject = {
        "hour": _("CO2 measured in the chimney, each hour"),
        "day": _("CO2 measured in the chimney, each day"),
        "month": _("CO2 measured in the chimney, each month"),
    }[data.resolution]
    clock = data.zone_name or _("each site's own clock")
    first, last = (data.periods[0].start if data.periods else None, data.periods[-1].start if data.periods else None)
    form = {"hour": "%Y-%m-%d %H:%M", "day": "%Y-%m-%d", "month": "%Y-%m"}[data.resolution]
    span = _("%(first)s to %(last)s") % {"first": f"{first:{form}}", "last": f"{last:{form}}"} if first else ""
    x, y = 14 / look.width_px, 1 - strip_px / look.height_px
    figure.text(x, y - 12 / look.height_px, data.title, va="top", color=INK, fontsize=11, fontweight="bold")
    between = " ·\n" if look.width_px < NARROW_PX else " · "
    note = between.join((subject, " · ".join(part for part in (span, clock) if part)))
    figure.text(x, y - 36 / look.height_px, note, va="top", color=INK_2, fontsize=8)


def _bars(axes: Any, data: ChartData, divisor: float) -> None:
    at = range(len(data.periods))
    full = [p.full_kg / divisor for p in data.periods]
    substituted = [p.substituted_kg / divisor for p in data.periods]
    partial = [p.partial_kg / divisor for p in data.periods]
    width = 0.86 if len(data.periods) < 200 else 1.0
    axes.bar(at, full, width, color=STACK, linewidth=0)
    below = [a + b for a, b in zip(full, substituted, strict=True)]
    for index in at:
        if substituted[index]:
            axes.bar([index], [substituted[index]], width, bottom=[full[index]], **_SUBSTITUTED)
        if partial[index]:
            axes.bar([index], [partial[index]], width, bottom=[below[index]], **_MISSING)
    highest = _highest_kg(data) / divisor
    for index, period in enumerate(data.periods):
        if _is_idle(period):
            axes.plot([index - width / 2, index + width / 2], [0, 0], color=STACK, linewidth=3, clip_on=False)
        elif period.expected_hours and not period.measured_ug and not period.substituted_ug:
            # An unknown period gets a mark of one height, so that nobody reads a value from it.
            axes.bar([index], [(highest or 1.0) * 0.06], width, **_MISSING)
    axes.set_ylim(0, highest * 1.08 or 1.0)


def _is_idle(period: ChartPeriod) -> bool:
    return period.idle_hours > 0 and not period.measured_hours and not period.substituted_hours


def _axes(bars: Any, band: Any, data: ChartData, unit: str, most_labels: int) -> None:
    count = max(1, len(data.periods))
    for axes in (bars, band):
        axes.set_xlim(-0.6, count - 0.4)
        axes.set_facecolor(PANEL)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    bars.spines["bottom"].set_color(INK_2)
    band.spines["bottom"].set_visible(False)
    bars.grid(axis="y", color=HAIRLINE, linewidth=0.8)
    bars.set_axisbelow(True)
    bars.tick_params(axis="both", length=0, labelsize=8, colors=INK_2, labelbottom=False)
    bars.yaxis.set_major_formatter(FuncFormatter(_number))
    bars.set_ylabel(_y_label(data.resolution, unit), color=INK_2, fontsize=8)
    every = -(-count // most_labels)
    labelled = list(range(0, len(data.periods), every))
    band.set_xticks(labelled, [_x_label(data.periods[i].start, data.resolution) for i in labelled])
    bars.set_xticks([])
    band.set_yticks([])
    band.tick_params(axis="x", length=3, labelsize=8, colors=INK_2)
    if not any(p.expected_hours for p in data.periods):
        words = _("no chimney was measured in this period")
        bars.text(0.5, 0.5, words, transform=bars.transAxes, ha="center", color=INK_2, fontsize=10)


def _number(value: float, _position: int) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:,.2f}"


def _y_label(resolution: str, unit: str) -> str:
    words = {"hour": _("%(unit)s CO2 an hour"), "day": _("%(unit)s CO2 a day"), "month": _("%(unit)s CO2 a month")}
    return words[resolution] % {"unit": unit}


def _x_label(start: datetime, resolution: str) -> str:
    if resolution == "month":
        return f"{start:%Y-%m}"
    return f"{start:%m-%d}" if resolution == "day" or start.hour == 0 else f"{start:%H:%M}"


def _band(axes: Any, data: ChartData) -> None:
    """The data of each period, as shares of its hours from the left: measured, substituted, idle, missing."""
    axes.set_ylim(0, 1)
    for index, period in enumerate(data.periods):
        total = period.expected_hours
        if not total:
            continue
        x, width = (
            index - 0.43,
            0.86 / max(total, period.measured_hours + period.substituted_hours + period.idle_hours),
        )
        for hours, style in (
            (period.measured_hours, {"facecolor": STACK, "linewidth": 0}),
            (period.substituted_hours, {"facecolor": "none", "edgecolor": STACK, "hatch": "////", "linewidth": 0}),
            (period.idle_hours, {"facecolor": HAIRLINE, "linewidth": 0}),
            (period.missing_hours, {"facecolor": "none", "edgecolor": UNKNOWN, "linestyle": _DASHED, "linewidth": 0.7}),
        ):
            if hours > 0:
                axes.bar([x], [1], hours * width, align="edge", **style)
            x += hours * width


def _legend(figure: Figure, look: Look) -> None:
    handles = [
        Patch(facecolor=STACK, label=_("measured")),
        Patch(facecolor="none", edgecolor=STACK, hatch="////", label=_("substituted")),
        Patch(facecolor=HAIRLINE, label=_("idle")),
        Patch(facecolor="none", edgecolor=UNKNOWN, linestyle=_DASHED, label=_("missing, or too little data")),
    ]
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(14 / look.width_px, 2 / look.height_px),
        ncols=2 if look.width_px < NARROW_PX else 4,
        frameon=False,
        fontsize=8,
        labelcolor=INK_2,
        handlelength=1.6,
        columnspacing=1.4,
        borderaxespad=0,
    )
    if look.width_px < NARROW_PX:
        return
    words = _("below the bars: the data of each period")
    figure.text(1 - 14 / look.width_px, 4 / look.height_px, words, ha="right", va="bottom", color=INK_2, fontsize=7)


def _mark_simulated(figure: Figure, bars: Any, look: Look, strip_px: int) -> None:
    """At the top and across the chart, so that a cropped chart still says that its figures are simulated."""
    words = _("SIMULATED DATA - not the real factory")
    height = strip_px / look.height_px
    figure.add_artist(matplotlib.patches.Rectangle((0, 1 - height), 1, height, facecolor=LOOK_GROUND, edgecolor="none"))
    figure.add_artist(matplotlib.lines.Line2D([0, 1], [1 - height, 1 - height], color=LOOK, linewidth=1))
    figure.text(0.5, 1 - height / 2, words, ha="center", va="center", color=INK, fontsize=8, fontweight="bold")
    bars.text(
        0.5,
        0.5,
        words,
        transform=bars.transAxes,
        ha="center",
        va="center",
        rotation=14,
        fontsize=15,
        fontweight="bold",
        color=INK,
        alpha=0.28,
        zorder=9,
    )
