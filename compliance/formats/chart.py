"""What the charts of a PDF draw, as shares of their width and height; and the table under each chart."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compliance.formats.parts import is_number, status_words
from compliance.reports.content import SHARES, Column, Series, Table

STEPS = 4  # of the height of the fire log
ROW_HOURS = 31 * 24
GAP_SHARE = 0.06  # how tall a part without a value is drawn, dashed
NICE = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
TONES = 4  # looks for what is no status of a reading

Cell = tuple[float, str]  # value, status


def fire_log(series: Series) -> dict[str, Any] | None:
    """A row a month, of cells of a day or of one to three hours; None: no point has a time.

    A cell has the status of most of its points and the mean of their values, in four steps of the highest.
    """
    points = [(moment, _drawn(value), status) for time, value, status in series.points if (moment := _moment(time))]
    if not points:
        return None
    months: dict[date, dict[int, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    is_short = len({(moment.year, moment.month) for moment, _value, _status in points}) <= 2
    hours = 24 if not any(moment.hour for moment, _value, _status in points) else 1 if is_short else 3
    for moment, value, status in points:
        at = ((moment.day - 1) * 24 + moment.hour) // hours
        months[moment.date().replace(day=1)][at].append((value, status))
    found = {
        month: {at: _thinned(cell) for at, cell in sorted(cells.items())} for month, cells in sorted(months.items())
    }
    top = _nice(value for cells in found.values() for value, _status in cells.values())
    counted, words = Counter(status for _moment, _value, status in points), status_words()
    return {
        "title": series.title,
        "rows": [{"label": date_format(month, "M Y"), **_row(cells, hours, top)} for month, cells in found.items()],
        "height": min(14.0, 72 / len(found)),
        "days": [[(day - 1) / 31, str(day)] for day in (1, 8, 15, 22, 29)],
        "key": [[status, word] for status, word in words.items() if status in counted],
        "hours": " · ".join(f"{words.get(s, s)} {100 * n / len(points):.1f} %" for s, n in counted.most_common()),
        "scale": _("Each step of height is %(step)s %(unit)s.") % {"step": f"{top / STEPS:,g}", "unit": series.unit},
    }


def _thinned(cell: list[Cell]) -> Cell:
    return math.fsum(value for value, _status in cell) / len(cell), Counter(s for _v, s in cell).most_common(1)[0][0]


def _row(cells: dict[int, Cell], hours: int, top: float) -> dict[str, Any]:
    """Neighbours that look the same are one run: start, length, step, status."""
    runs: list[list[Any]] = []
    for at, (value, status) in cells.items():
        step = STEPS if status == "missing" else 0 if status == "idle" else min(STEPS, math.ceil(STEPS * value / top))
        if runs and runs[-1][0] + runs[-1][1] == at and runs[-1][2:] == [step, status]:
            runs[-1][1] += 1
        else:
            runs.append([at, 1, step, status])
    share = hours / ROW_HOURS
    drawn = [[at * share, cells_long * share, step, status] for at, cells_long, step, status in runs]
    return {"runs": drawn, "length": drawn[-1][0] + drawn[-1][1]}


def bars_or_shares(series: Series) -> dict[str, Any]:
    words = status_words()
    looks = {status: status if status in words else "" for _name, _value, status in series.points}
    for tone, status in enumerate(status for status, look in looks.items() if not look):
        looks[status] = f"tone-{tone % TONES}"
    names: dict[str, list[tuple[str | None, str]]] = defaultdict(list)
    for name, value, status in series.points:
        names[name].append((value, status))
    chart: dict[str, Any] = {"title": series.title, "kind": series.chart, "table": _table(series, names, words)}
    if series.chart == SHARES:
        sizes = {name: math.fsum(_drawn(value) for value, _status in parts) for name, parts in names.items()}
        whole = math.fsum(sizes.values()) or 1
        chart["parts"] = [
            {"label": name, "share": size / whole, "words": f"{100 * size / whole:.1f} %"}
            for name, size in sizes.items()
        ]
        return chart
    top = _nice(math.fsum(_drawn(value) for value, _status in parts) for parts in names.values())
    chart["ticks"] = [[at, f"{at * top:,g}"] for at in (0, 0.25, 0.5, 0.75, 1)]
    chart["key"] = [[look, words.get(status, status)] for status, look in looks.items()]
    chart["bars"] = [{"label": _label(name), "parts": _stacked(parts, looks, top)} for name, parts in names.items()]
    return chart


def _stacked(parts: list[tuple[str | None, str]], looks: dict[str, str], top: float) -> list[dict[str, Any]]:
    stacked, base = [], 0.0
    for value, status in parts:
        height = GAP_SHARE if value is None else _drawn(value) / top
        base += height
        stacked.append({"top": base, "height": height, "status": "missing" if value is None else looks[status]})
    return [part for part in stacked if part["height"]]


def _table(series: Series, names: dict[str, list[tuple[str | None, str]]], words: dict[str, str]) -> Table:
    """A row for each name, a column for each status."""
    statuses = list(dict.fromkeys(status for _name, _value, status in series.points))
    columns = [Column(s, words.get(s, s) or _("Value"), series.unit, is_number=True, is_summed=True) for s in statuses]
    rows = []
    for name, parts in names.items():
        by_status = {status: value or _("no reading") for value, status in parts}
        rows.append((_label(name), *(by_status.get(status, "") for status in statuses)))
    return Table(series.code, series.title, (Column("name", _("Time or name")), *columns), tuple(rows))


def _label(name: str) -> str:
    moment = _moment(name)
    return date_format(moment, "M Y") if moment else name


def _moment(text: str) -> datetime | None:
    """Of a month, day or hour in ISO 8601, in the site's own time; None: it is a name."""
    try:
        return datetime.fromisoformat(f"{text}-01" if len(text) == len("2026-01") else text)
    except ValueError:
        return None


def _drawn(value: str | None) -> float:
    return max(0.0, float(value)) if value is not None and is_number(value) else 0.0


def _nice(values: Iterable[float]) -> float:
    """A round number that no value exceeds."""
    top = max(values, default=0) or 1.0
    decade = 10.0 ** math.floor(math.log10(top))
    return next(step * decade for step in NICE if step * decade >= top * (1 - 1e-9))
