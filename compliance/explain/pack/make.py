"""Packs a figure with the raw records it comes from, and the file that computes it again (`check.py`).

The same figure of the same records gives the same bytes. Of up to two days it holds the readings, of up to a month the
entries and hours, of longer spans the columns of the days.
"""

import csv
import hashlib
import io
import zipfile
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from django.http import Http404

from accounts.permissions import AnyUser
from compliance.explain.card import STORED, Card
from compliance.explain.explain import explain
from compliance.explain.identity import Identity, parse
from compliance.explain.sites import Book
from compliance.explain.stacks import hours_of_chimney
from emissions import derive, queries
from emissions.derive import DerivedReading, milliseconds
from emissions.models import EmissionHour, EmissionMinute
from energy.models import EmissionFactor, EnergyEntry
from factories.models import Chimney
from lib.exports import cell
from production.models import ProductionEntry
from science.quality import DOUBTFUL, counted_kg_per_s, is_measured

CHECK = Path(__file__).with_name("check.py")
MOST_STEPS = 3000  # then numbers stand as they are
MOST_HOURS = 96  # with their minutes and readings: two days of two chimneys, 70,000 readings
BY_READINGS, BY_ENTRIES = timedelta(days=2), timedelta(days=31)
_MARGIN = timedelta(minutes=10)  # of readings around an hour
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier time
Rows = list[dict[str, Any]]
_ENTRY = (
    "id kind amount unit period_start period_end moisture_fraction factor_set scope factor_amount energy_gj co2_kg"
    " biogenic_co2_kg ch4_kg n2o_kg co2e_kg gwp_set method_version factor_id ch4_factor_id n2o_factor_id"
    " supplier_factor_kgco2e_per_kwh cost currency evidence origin created_at changed_at last_act change_reason"
).split()
_PRODUCTION = (
    "id product amount_kg unit period_start period_end origin created_at changed_at last_act change_reason"
).split()
_READING = (
    "t_ms received_ms stream seq co2_ppm temperature_c velocity_ms pressure_pa cell_pressure_pa interval_s span_s n"
    " flags"
).split()
_SETUP = (
    "area_m2 velocity_profile_factor co2_basis moisture_method moisture_fraction fuel_moisture_fraction"
    " sensor_range_ppm pressure_compensation calibration_pressure_pa site_pressure_pa fuel_class"
).split()


def pack(text: str, user: AnyUser, book: Book) -> bytes:
    """The zip of a figure. Raises ApiError 400, Http404; also Http404 for a figure that is not known."""
    root = explain(text, user, book=book)
    if root.value is None:
        raise Http404
    packing = _Packing(user, book, _span(parse(text)))
    packing.walk(root)
    return packing.zipped(root)


def _span(figure: Identity) -> timedelta:
    if isinstance(figure.first, datetime):
        return figure.end_hour - figure.first_hour
    return timedelta(0) if figure.first is None else figure.last_day - figure.first_day + timedelta(days=1)


class _Packing:
    def __init__(self, user: AnyUser, book: Book, span: timedelta) -> None:
        self.user, self.book, self.span = user, book, span
        self.cards: dict[str, Card] = {}
        self.hours: dict[tuple[int, datetime], EmissionHour] = {}

    # --- Steps
    def walk(self, root: Card) -> None:
        """All cards below the root, breadth first."""
        waiting, met = deque([root]), {root.figure}
        while waiting:
            card = waiting.popleft()
            self.cards[card.figure] = card
            for below in dict.fromkeys(operand.figure for operand in card.operands):
                if below and below not in met and self._goes_on(below) and len(met) < MOST_STEPS:
                    met.add(below)
                    with suppress(Http404):  # of another right: its value stands
                        waiting.append(explain(below, self.user, book=self.book))

    def _goes_on(self, below: str) -> bool:
        kind = below.partition(":")[0]
        return kind != "day" or self.span <= BY_ENTRIES

    def _row(self, figure: Identity) -> str:
        """Where the raw number of a figure is, as file, key and field."""
        files = {"entry": "entries.csv", "production": "production.csv", "factor": "factors.csv"}
        if figure.kind in files:
            return f"{files[figure.kind]}|{figure.id}|{figure.name}"
        return ""

    def _steps(self) -> tuple[Rows, Rows]:
        steps, operands = [], []
        for text, card in self.cards.items():
            steps.append({"figure": text, "expression": card.expression, "value": card.value, "unit": card.unit})
            own = self._row(parse(text)) if card.expression == STORED else ""
            minutes = self._minutes_of(text) if text.startswith("hour:") else {}
            for operand in card.operands:
                if operand.value is None:
                    continue
                row = own or (self._row(parse(operand.figure)) if operand.figure else "")
                if operand.symbol in "mc" and operand.label in minutes:
                    field = {"m": "valid_kg", "c": "valid_s"}[operand.symbol]
                    row = f"minutes.csv|{minutes[operand.label]}|{field}"
                operands.append(
                    {
                        "of": text,
                        "symbol": operand.symbol,
                        "label": operand.label,
                        "value": f"{operand.value:f}",
                        "unit": operand.unit,
                        "below": operand.figure,
                        "row": row,
                    }
                )
        return steps, operands

    # --- Raw records
    def _minutes_of(self, text: str) -> dict[str, str]:
        """Of an hour that is packed with its readings: the label of a minute -> its key."""
        figure = parse(text)
        if self.span > BY_READINGS or len(self.hours) >= MOST_HOURS:
            return {}
        if figure.name == "measured_kg" or "SUM(c)" not in self.cards[text].expression:
            return {}
        rows = hours_of_chimney(Chimney.objects.get(pk=figure.id), figure.first_hour, figure.end_hour)
        self.hours[figure.id, figure.first_hour] = rows[0]
        start_ms = milliseconds(figure.first_hour)
        return {
            f"{figure.first_hour + timedelta(minutes=n):%H:%M}": f"{figure.id} {start_ms + n * 60_000}"
            for n in range(60)
        }

    def _minutes(self) -> Rows:
        rows: Rows = []
        for (chimney_id, start), hour in sorted(self.hours.items(), key=lambda item: item[0]):
            found = EmissionMinute.objects.filter(
                device_id=hour.device_id, period_start__gte=start, period_start__lt=start + timedelta(hours=1)
            )
            rows += [
                {
                    "key": f"{chimney_id} {milliseconds(one.period_start)}",
                    "minute": one.period_start.isoformat(),
                    "valid_kg": f"{one.valid_ug / 1e9:.9f}",
                    "valid_s": one.valid_ms / 1000,
                }
                for one in found.filter(assignment_id=hour.assignment_id, covered_ms__gt=0).order_by("period_start")
            ]
        return rows

    def _readings(self) -> tuple[Rows, Rows]:
        """The readings of the packed hours with those around them, and the settings they are computed with."""
        readings: dict[tuple[int, int, int, int], dict[str, Any]] = {}
        setups: dict[str, dict[str, Any]] = {}
        run, runs = 0, count(1)
        for (_chimney, start), hour in sorted(self.hours.items(), key=lambda item: item[0]):
            page = queries.readings_page(
                [hour.device_id], start - _MARGIN, start + timedelta(hours=1) + _MARGIN, None, 20_000
            )
            before: int | None = -1
            for item in queries.with_meaning(page.rows):
                held = item.setup is None or item.setup.is_held(item.row)
                was, before = before, None if item.setup is None else item.setup.assignment.pk
                if (key := queries.reading_key(item.row)) in readings:
                    run = readings[key]["run"]
                    continue
                # A held reading, another place, and a stretch that is not packed all part two runs.
                if held or was != before:
                    run = next(runs)
                setup = self._setup(item, setups)
                readings[key] = {name: getattr(item.row, name) for name in _READING} | {
                    "quality": item.quality.name or "",
                    "counts": "no" if held else _counts(item),
                    "run": run,
                    "setup": setup,
                }
        rows = [
            {"key": f"{key[1]} {key[0]} {key[2]} {key[3]}", **row} for key, row in sorted(readings.items(), key=_by_run)
        ]
        return rows, list(setups.values())

    @staticmethod
    def _setup(item: DerivedReading, setups: dict[str, dict[str, Any]]) -> str:
        if item.stack_setup is None or item.setup is None:
            return ""
        facts = {name: getattr(item.stack_setup, name) for name in _SETUP}
        chimney = item.setup.assignment.chimney  # the margin of an hour may be of another one
        offset = derive.moment(item.row.t_ms).astimezone(chimney.factory.zone).utcoffset() or timedelta()
        facts |= {"chimney": chimney.pk, "hour_offset_ms": round(offset.total_seconds() * 1000)}
        known = next((key for key, row in setups.items() if row == {"key": key, **facts}), None)
        key = known or str(len(setups) + 1)
        setups.setdefault(key, {"key": key, **facts})
        return key

    def _stored(self) -> dict[str, Rows]:
        """Entries, production and factors that a step names."""
        ids: dict[str, set[int]] = {}
        for text in self.cards:
            figure = parse(text)
            ids.setdefault(figure.kind, set()).update(figure.ids)
        used = EnergyEntry.objects.filter(pk__in=ids.get("entry", set()) | ids.get("share", set())).order_by("pk")
        made = ProductionEntry.objects.filter(pk__in=ids.get("production", set()) | ids.get("made", set()))
        factors = EmissionFactor.objects.filter(pk__in=ids.get("factor", set())).order_by("pk")
        names = [f.attname for f in EmissionFactor._meta.concrete_fields if f.name not in ("added_by", "organisation")]
        return {
            "entries.csv": [_fields(row, _ENTRY) for row in used],
            "production.csv": [_fields(row, _PRODUCTION) for row in made.order_by("pk")],
            "factors.csv": [_fields(row, names) for row in factors],
        }

    # --- Zip
    def zipped(self, root: Card) -> bytes:
        steps, operands = self._steps()
        tables: dict[str, Rows] = {
            "figure.csv": [{"figure": root.figure, "label": root.label, "value": f"{root.value:f}", "unit": root.unit}],
            "steps.csv": steps,
            "operands.csv": operands,
            **self._stored(),
            "minutes.csv": self._minutes(),
        }
        tables["readings.csv"], tables["setups.csv"] = self._readings()
        files = {name: _csv(rows) for name, rows in tables.items() if rows}
        files["check.py"] = CHECK.read_bytes()
        files["manifest.csv"] = _manifest(files)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name], zipfile.ZIP_DEFLATED)
        return made.getvalue()


def _counts(item: DerivedReading) -> str:
    if item.state is None or not is_measured(item.quality) or item.quality & DOUBTFUL:
        return "no"
    return "yes" if counted_kg_per_s(1.0, item.quality) else "zero"


def _by_run(item: tuple[tuple[int, int, int, int], Mapping[str, Any]]) -> tuple[Any, ...]:
    (t_ms, device, stream, seq), row = item
    return device, row["run"], t_ms, stream, seq


def _fields(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {"key": row.pk} | {name: getattr(row, name) for name in names}


def _csv(rows: Rows) -> bytes:
    """One record a line: what would break a line is shown as a space, and no text is a formula of a spreadsheet."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        texts = {name: "" if value is None else " ".join(str(value).splitlines()) for name, value in row.items()}
        writer.writerow({name: cell(text) for name, text in texts.items()})
    return out.getvalue().encode()


def _manifest(files: Mapping[str, bytes]) -> bytes:
    lines = [
        f"{name},{number},{hashlib.sha256(line).hexdigest()}\n"
        for name in sorted(files)
        for number, line in enumerate(files[name].split(b"\n"), 1)
    ]
    return "".join(lines).encode()
