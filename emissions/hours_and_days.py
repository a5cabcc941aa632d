"""Hours and days of a device: hours are rebuilt from minutes, days from hours. `rollups.py` decides which and when.

Hours begin on whole hours of the site's zone, days at its midnight. Both are sums of integer micrograms.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.utils import timezone

from emissions.derive import AssignmentSetup, milliseconds, moment
from emissions.models import EmissionDay, EmissionHour, EmissionMinute, SubstitutedHour
from emissions.rollup_rows import insert_rollups
from emissions.totals import any_flag
from factories.days import ONE_DAY, local_day_start, local_hour_start
from science import METHOD_VERSION, hours
from science.rounding import micrograms_from_kg

MINUTE_MS = 60_000
HOUR_MS = 3_600_000


def hour_cutter(zone: ZoneInfo) -> Callable[[int], int]:
    """The next whole local hour after a time. Zones are off UTC by whole quarters, so this is cheap."""

    def cut(t_ms: int) -> int:
        offset = moment(t_ms).astimezone(zone).utcoffset() or timedelta()
        offset_ms = round(offset.total_seconds() * 1000)
        return t_ms - (t_ms + offset_ms) % HOUR_MS + HOUR_MS

    return cut


def hour_starts_between(start_ms: int, end_ms: int, zone: ZoneInfo) -> list[int]:
    cut = hour_cutter(zone)
    starts = [milliseconds(local_hour_start(moment(start_ms), zone))]
    while (following := cut(starts[-1])) < end_ms:
        starts.append(following)
    return starts


_SUMMED = ("measured_ug", "flux_ug_per_m2", "covered_ms", "over_range_ms", "weight_s", "readings", "valid_readings")
_MEANS = ("co2_ppm", "temperature_c", "velocity_ms", "flow_rate_m3s")


def _combine(rows: Sequence[EmissionMinute] | Sequence[EmissionHour]) -> dict[str, object]:
    """Sums, weighted means and the union of flags of rows in ascending order."""
    combined: dict[str, object] = {name: sum(getattr(row, name) for row in rows) for name in _SUMMED}
    for name in _MEANS:
        known = [(getattr(row, name), row.weight_s) for row in rows if getattr(row, name) is not None]
        weight_s = math.fsum(w for _v, w in known)
        combined[name] = math.fsum(v * w for v, w in known) / weight_s if weight_s else None
    combined["quality"] = any_flag(row.quality for row in rows)
    return combined


def roll_up_hours(device_id: int, setups: Sequence[AssignmentSetup], hour_starts: Sequence[int]) -> None:
    context_ms = hours.IDLE_CONTEXT_MINUTES * MINUTE_MS
    first_ms, end_ms = hour_starts[0], hour_starts[-1] + HOUR_MS
    minutes = list(
        EmissionMinute.objects.filter(
            device_id=device_id,
            period_start__gte=moment(first_ms - max(context_ms, HOUR_MS)),
            period_start__lt=moment(end_ms),
        ).order_by("period_start")
    )
    times_ms = [milliseconds(m.period_start) for m in minutes]
    rows = []
    for start_ms in hour_starts:
        setup = next((s for s in setups if s.holds_at(start_ms)), None)
        assignment = setup.assignment.pk if setup else None
        begin, middle, end = (
            bisect_left(times_ms, t_ms) for t_ms in (start_ms - context_ms, start_ms, start_ms + HOUR_MS)
        )
        in_hour = [m for m in minutes[middle:end] if m.assignment_id == assignment]
        if in_hour and setup:
            before = [m for m in minutes[begin:middle] if m.assignment_id == assignment]
            hour = _hour(device_id, start_ms, [*before, *in_hour], in_hour)
            rows.append(_with_fire(hour, _fires_of_minutes(setup, in_hour)))
    # Starts just after the previous hour: after a correction of the site's zone, old hours began at other times.
    window = EmissionHour.objects.filter(
        device_id=device_id, period_start__gt=moment(first_ms - HOUR_MS), period_start__lt=moment(end_ms)
    )
    stored = set(window.values_list(*_CONTENT))
    same = {row.period_start for row in rows if _content(row) in stored}
    # An hour that stays as it is leaves no version in the history.
    if len(same) < len(stored):
        window.exclude(period_start__in=same).delete()
    changed = [row for row in rows if row.period_start not in same]
    insert_rollups(changed)
    over = timezone.now() - timedelta(hours=1)  # a running hour has no substitute
    if known := [row.period_start for row in changed if row.record_ug is not None and row.period_start <= over]:
        _drop_substitutes(device_id, known)


def _drop_substitutes(device_id: int, hour_starts: Sequence[datetime]) -> None:
    """An hour has one mass of record, also until the site's days are computed again. A locked row is left:
    whoever holds it computes it again."""
    rows = SubstitutedHour.objects.filter(device_id=device_id)
    found = rows.filter(period_start__in=hour_starts).select_for_update(skip_locked=True)
    if free := list(found.values_list("period_start", flat=True)):
        rows.filter(period_start__in=free).delete()


_CONTENT = [
    field.attname for field in EmissionHour._meta.concrete_fields if field.column and field.name != "known_from"
]
_content = attrgetter(*_CONTENT)


def _hour(
    device_id: int, start_ms: int, near: Sequence[EmissionMinute], in_hour: Sequence[EmissionMinute]
) -> EmissionHour:
    facts = [
        hours.MinuteFacts(
            milliseconds(m.period_start), m.valid_ug / 1e9, m.valid_ms / 1000, m.is_idle_like, m.is_firing_like
        )
        for m in near
        if m.covered_ms  # a lone reading beside a gap says nothing of its minute
    ]
    verdict = hours.hour_verdict(facts, hour_start_ms=start_ms)
    return EmissionHour(
        device_id=device_id,
        period_start=moment(start_ms),
        assignment_id=in_hour[0].assignment_id,
        status=verdict.status.value,
        record_ug=None if verdict.record_kg is None else micrograms_from_kg(verdict.record_kg),
        operating_ms=round(verdict.operating_s * 1000),
        idle_ms=round(verdict.idle_s * 1000),
        method_version=METHOD_VERSION,
        **_combine(in_hour),
    )


# --- The gas of the fire -----------------------------------------------------------------------
#: CO2 [ug], dry CO2 [mol/mol], temperature [C] of a stretch of fire.
_Fire = tuple[int, float, float]
Row = TypeVar("Row", EmissionHour, EmissionDay)


def _fires_of_minutes(setup: AssignmentSetup, minutes: Sequence[EmissionMinute]) -> Iterator[_Fire]:
    for minute in minutes:
        if not minute.is_firing_like or minute.over_range_ms or not minute.valid_ug:
            continue
        if minute.co2_ppm is None or minute.temperature_c is None:
            continue
        t_ms = milliseconds(minute.period_start)
        co2_dry = setup.dry_co2_fraction(t_ms, minute.co2_ppm, minute.temperature_c)
        if co2_dry:
            yield minute.valid_ug, co2_dry, minute.temperature_c


def _with_fire(row: Row, fires: Iterable[_Fire]) -> Row:
    """CO2 over dry gas, and temperature by dry gas: so the losses of the whole are those of its parts."""
    parts = list(fires)
    gas = math.fsum(ug / co2_dry for ug, co2_dry, _c in parts)
    if gas:
        row.fire_ug = sum(ug for ug, _co2, _c in parts)
        row.fire_co2_dry = row.fire_ug / gas
        row.fire_temperature_c = math.fsum(ug / co2_dry * celsius for ug, co2_dry, celsius in parts) / gas
    return row


def roll_up_days(device_id: int, first_hour_ms: int, last_hour_ms: int, zone: ZoneInfo) -> None:
    day = local_day_start(moment(first_hour_ms), zone)
    end = local_day_start(moment(last_hour_ms), zone) + ONE_DAY
    # As with hours, this includes a day of another zone that reaches into the first.
    EmissionDay.objects.filter(device_id=device_id, period_start__gt=day - ONE_DAY, period_start__lt=end).delete()
    stored = EmissionHour.objects.filter(device_id=device_id, period_start__gte=day, period_start__lt=end)
    by_day: dict[tuple[datetime, int], list[EmissionHour]] = {}
    for hour in stored.order_by("period_start"):
        by_day.setdefault((local_day_start(hour.period_start, zone), hour.assignment_id), []).append(hour)
    insert_rollups(
        [
            _with_fire(_day(device_id, start, assignment_id, rows), _fires_of_hours(rows))
            for (start, assignment_id), rows in by_day.items()
        ]
    )


def _fires_of_hours(rows: Sequence[EmissionHour]) -> Iterator[_Fire]:
    for row in rows:
        if row.fire_co2_dry is not None and row.fire_temperature_c is not None:
            yield row.fire_ug, row.fire_co2_dry, row.fire_temperature_c


def _day(device_id: int, start: datetime, assignment_id: int, rows: Sequence[EmissionHour]) -> EmissionDay:
    recorded = [row.record_ug for row in rows if row.record_ug is not None]

    def count(status: str) -> int:
        return sum(1 for row in rows if row.status == status and row.covered_ms)

    return EmissionDay(
        device_id=device_id,
        period_start=start,
        assignment_id=assignment_id,
        record_ug=sum(recorded) if recorded else None,
        operating_ms=sum(row.operating_ms for row in rows),
        idle_ms=sum(row.idle_ms for row in rows),
        measured_hours=count("measured"),
        idle_hours=count("idle"),
        method_version=METHOD_VERSION,
        **_combine(rows),
    )
