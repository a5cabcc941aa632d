"""The fire log: 24 hours of a chimney as a ribbon, from rollup cells to the geometry that a template draws.

Pure: cells in, frozen dataclasses out. No query and no markup here; the SVG is
`templates/components/_fire_log.html`. The ribbon has one form for a chimney, a factory and the network. The height
shows the amount in four steps, the form shows the source of the data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from django.utils import dateformat
from django.utils.translation import gettext as _

STEPS = 4
TICK_HOURS = 6
WIDTH_PX = 960  # only how finely positions are rounded: the place decides the size
# Nearer to an edge than this, half of a centred label would be outside the ribbon on a phone.
OUTER_PCT = 6
# A measured fire of zero still shows as a line, because otherwise it would look like proven idleness.
SMALLEST_HEIGHT_PCT = 4.0


class FireLogStatus(StrEnum):
    """The source of a cell's data, which decides the form of the drawing."""

    MEASURED = "measured"
    SUBSTITUTED = "substituted"
    IDLE = "idle"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class FireLogCell:
    """One hour or quarter of an hour. `start` is aware, in the site's zone: labels are read from it."""

    start: datetime
    co2_kg_per_h: float | None
    status: str
    word: str = ""  # if more is known than the status says


@dataclass(frozen=True, slots=True)
class FireLogSegment:
    """A rectangle; it joins neighbours of the same form and height. All values are in percent; the page decides the
    size."""

    status: str
    step: int
    x_pct: str
    width_pct: str
    y_pct: str
    height_pct: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label under a ribbon or chart; `anchor` keeps the outer ones inside it."""

    x_pct: str
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class FireLogRow:
    """A stretch on the time axis, and a line of the table under the ribbon: there consecutive hours without a figure
    are one. The form may differ from that of its cell (if the figure is not a number)."""

    start: datetime
    end: datetime
    co2_kg_per_h: float | None
    status: str
    status_word: str
    step: int = 0

    @property
    def time_label(self) -> str:
        # A template's own date filter would move the times into the server's zone.
        if self.start.date() == self.end.date():
            return f"{self.start:%H:%M}-{self.end:%H:%M}"
        return "-".join(dateformat.format(moment, "D H:i") for moment in (self.start, self.end))


@dataclass(frozen=True, slots=True)
class FireLog:
    """Everything that the ribbon, its `<title>`, its sentence and its table show."""

    segments: tuple[FireLogSegment, ...]
    ticks: tuple[Tick, ...]
    rows: tuple[FireLogRow, ...]
    title: str
    summary: str
    scale_kg_per_h: float | None

    @property
    def scale_label(self) -> str:
        return "" if self.scale_kg_per_h is None else _rate_label(self.scale_kg_per_h)


def build_fire_log(
    cells: Sequence[FireLogCell], *, scale_kg_per_h: float | None = None, cell_minutes: int = 60
) -> FireLog:
    """Turn cells into a ribbon whose full height is `scale_kg_per_h` (None or 0: the highest cell).

    Times between the given cells are missing, as are cells without a finite figure.
    """
    ordered = sorted(cells, key=lambda cell: cell.start)
    length = timedelta(minutes=cell_minutes)
    figures = [cell.co2_kg_per_h or 0 for cell in ordered if _has_figure(cell)]
    scale = scale_kg_per_h or max(figures, default=0)
    drawn = _fill_holes([_draw(cell, length, scale) for cell in ordered])
    return FireLog(
        segments=_segments(drawn),
        ticks=_ticks(drawn),
        rows=_rows(drawn),
        title=_title(drawn),
        summary=_summary(drawn),
        scale_kg_per_h=scale or None,
    )


def _between(start: datetime, end: datetime) -> timedelta:
    """Elapsed time: two datetimes of one zone would subtract by wall clock, which a clock change bends."""
    return end.astimezone(UTC) - start.astimezone(UTC)


def _has_figure(cell: FireLogCell) -> bool:
    return cell.co2_kg_per_h is not None and math.isfinite(cell.co2_kg_per_h)


def _draw(cell: FireLogCell, length: timedelta, scale_kg_per_h: float) -> FireLogRow:
    end = cell.start + length
    status, step, figure = FireLogStatus(cell.status), 0, cell.co2_kg_per_h
    if status in (FireLogStatus.IDLE, FireLogStatus.MISSING) or not _has_figure(cell):
        status = FireLogStatus.IDLE if status == FireLogStatus.IDLE else FireLogStatus.MISSING
        figure = None
    elif figure is not None and figure > 0 and scale_kg_per_h > 0:
        step = min(STEPS, math.ceil(figure / scale_kg_per_h * STEPS))
    return FireLogRow(cell.start, end, figure, str(status), cell.word or status_word(status), step)


def _fill_holes(drawn: Sequence[FireLogRow]) -> list[FireLogRow]:
    filled: list[FireLogRow] = []
    for item in drawn:
        if filled and _between(filled[-1].end, item.start) > timedelta(0):
            missing = FireLogStatus.MISSING
            filled.append(FireLogRow(filled[-1].end, item.start, None, str(missing), status_word(missing)))
        filled.append(item)
    return filled


def _pct(moment: datetime, drawn: Sequence[FireLogRow]) -> float:
    whole = _between(drawn[0].start, drawn[-1].end)
    # To a tenth of a pixel of the nominal width; more digits only make the page larger.
    return round(_between(drawn[0].start, moment) / whole * WIDTH_PX, 1) * 100 / WIDTH_PX


def _segments(drawn: Sequence[FireLogRow]) -> tuple[FireLogSegment, ...]:
    segments = []
    for (status, step), run in groupby(drawn, key=lambda item: (item.status, item.step)):
        if status == FireLogStatus.IDLE:
            continue
        items = list(run)
        left, right = (_pct(moment, drawn) for moment in (items[0].start, items[-1].end))
        height = 100.0 if status == FireLogStatus.MISSING else 100.0 * step / STEPS
        height = max(SMALLEST_HEIGHT_PCT, height)
        segments.append(
            FireLogSegment(
                status=str(status),
                step=step,
                x_pct=f"{left:.4g}%",
                width_pct=f"{right - left:.4g}%",
                y_pct=f"{100 - height:g}%",
                height_pct=f"{height:g}%",
            )
        )
    return tuple(segments)


def _ticks(drawn: Sequence[FireLogRow]) -> tuple[Tick, ...]:
    if not drawn:
        return ()
    moments = [item.start for item in drawn] + [drawn[-1].end]
    ticks = []
    for moment in moments:
        if moment.minute or moment.hour % TICK_HOURS:
            continue
        left = _pct(moment, drawn)
        anchor = "start" if left < OUTER_PCT else "end" if left > 100 - OUTER_PCT else "middle"
        ticks.append(Tick(f"{left:.4g}%", f"{moment:%H:%M}", anchor))
    return tuple(ticks)


def status_word(status: str) -> str:
    """The word for a form of the ribbon: legend, table and sentence use the same."""
    return {
        FireLogStatus.MEASURED: _("measured"),
        FireLogStatus.SUBSTITUTED: _("substituted"),
        FireLogStatus.IDLE: _("idle"),
        FireLogStatus.MISSING: _("no reading"),
    }[FireLogStatus(status)]


def _rows(drawn: Sequence[FireLogRow]) -> tuple[FireLogRow, ...]:
    rows: list[FireLogRow] = []
    for item in drawn:
        if item.co2_kg_per_h is None and rows and rows[-1].status_word == item.status_word:
            item = replace(item, start=rows.pop().start)
        rows.append(item)
    return tuple(rows)


def _title(drawn: Sequence[FireLogRow]) -> str:
    if not drawn:
        return _("Fire log")
    return _("Fire log from %(start)s to %(end)s") % {
        "start": dateformat.format(drawn[0].start, "j M H:i"),
        "end": dateformat.format(drawn[-1].end, "j M H:i"),
    }


def _rate_label(co2_kg_per_h: float) -> str:
    return f"{co2_kg_per_h:,.0f}" if co2_kg_per_h >= 10 else f"{co2_kg_per_h:,.2f}"


def _summary(drawn: Sequence[FireLogRow]) -> str:
    hours = dict.fromkeys([status_word(status) for status in FireLogStatus], 0.0)
    for item in drawn:
        length_h = _between(item.start, item.end).total_seconds() / 3600
        hours[item.status_word] = hours.get(item.status_word, 0.0) + length_h
    parts = [
        _("%(status)s %(hours)s h") % {"status": word, "hours": f"{round(value, 2):g}"}
        for word, value in hours.items()
        if value
    ]
    with_figure = [(item.co2_kg_per_h, item) for item in drawn if item.co2_kg_per_h is not None]
    if not parts:
        return _("No reading in these 24 hours.")
    sentence = ", ".join(parts)
    if with_figure:
        highest, item = max(with_figure, key=lambda pair: pair[0])
        sentence = _("%(parts)s; highest %(rate)s kg CO2/h at %(time)s") % {
            "parts": sentence,
            "rate": _rate_label(highest),
            "time": f"{item.start:%H:%M}",
        }
    return f"{sentence[:1].upper()}{sentence[1:]}."
