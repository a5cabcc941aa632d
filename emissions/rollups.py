"""Roll-ups: which to recompute when readings or setups change, and minutes from readings.

Hours and days from minutes are in `hours_and_days.py`.

A roll-up is a pure function of stored readings, assignments, geometry, calibrations and holds, never of the
order of arrival (`docs/architecture.md`): same inputs, same bits. The whole segment between two readings belongs to
the minute of the earlier one. Hours and days are sums of integer micrograms.

A new reading affects: the segment before it, the `quality.CONTEXT` readings after it whose flags it may change, up to
the first gap, and the segment after those. That segment may end at a reading far away: a mean of an hour, or the first
that can be used after a long fault (`readings_window.sql`).
"""

import logging
import math
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from devices.models import Assignment
from devices.services import keep_geometry_holds
from emissions import derive
from emissions.derive import AssignmentSetup, DerivedReading, ReadingRow, moment
from emissions.hours_and_days import HOUR_MS, MINUTE_MS, hour_cutter, hour_starts_between, roll_up_days, roll_up_hours
from emissions.models import AppliedSetup, EmissionMinute, TouchedMinute
from emissions.rollup_rows import insert_rollups
from emissions.totals import any_flag
from factories.days import local_hour_start
from lib import sql
from science.integration import RateSample, Segment, segments
from science.quality import (
    CONTEXT,
    DOUBTFUL,
    counted_kg_per_s,
    is_firing_like,
    is_idle_like,
    is_measured,
    is_over_range,
    is_valid,
)
from science.rounding import micrograms_from_kg

logger = logging.getLogger(__name__)

# Touched minutes further apart than this are rolled up as separate windows: the time between them is not read.
WINDOW_BREAK_MS = 2 * HOUR_MS
# Limits the work for one device per pass, so that a year of backlog does not delay the others.
WINDOWS_PER_PASS = 20
WINDOW_MINUTES = 3_000  # two days of 5 s readings, two months of hourly means: bounds memory
REST_S = 60.0  # after a device could not be rolled up
_resting_until_s: dict[int, float] = {}
_LOCK = 0x524F4C4C  # advisory lock class "one roll-up of a device at a time"


# --- Marking ----------------------------------------------------------------------------------
def touch_period(device_pk: int, start: datetime, end: datetime | None) -> int:
    """Mark every minute of a device with readings in [start, end) to be rolled up again; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("emissions", "touch_period"), {"device_id": device_pk, "start": start, "end_": end})
        return int(cursor.rowcount)


def begin_assignments() -> None:
    """Begin the assignments that waited for a reading, with the site's hour of the first; see the SQL file."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("emissions", "assignments_to_begin"))
        first_readings = dict(cursor.fetchall())
    for assignment in Assignment.objects.filter(pk__in=first_readings).select_related("factory"):
        assignment.valid_from = local_hour_start(first_readings[assignment.pk], assignment.factory.zone)
        try:
            with transaction.atomic():
                assignment.save(update_fields=["valid_from"])
        except IntegrityError as error:  # its time was given away meanwhile; the others must not wait for it
            logger.warning("assignment %d cannot begin: %s", assignment.pk, error)


def touch_changed_setups(device_ids: Collection[int] | None = None) -> int:
    """Mark the periods of assignments whose geometry, calibrations or holds are not those last applied.

    Before that, assignments that waited for a reading begin, and holds follow the geometry.

    However the change was made (page, admin, API, SQL): this compares digests, so none is missed.
    `device_ids`: only these devices.
    """
    begin_assignments()
    keep_geometry_holds()
    touched = 0
    applied = {row.assignment_id: row for row in AppliedSetup.objects.all()}
    for setups in derive.load_setups(device_ids).values():
        for setup in setups:
            assignment, row = setup.assignment, applied.get(setup.assignment.pk)
            if row is not None and row.digest == setup.digest:
                continue
            start, end = setup.valid_from, assignment.valid_to
            if row is not None:
                start = min(start, row.valid_from)
                end = max(end, row.valid_to) if end and row.valid_to else None
            with transaction.atomic():
                touched += touch_period(assignment.device_id, start, end)
                _note_applied(setup)
    return touched


def note_applied(device_ids: Collection[int]) -> None:
    """Their setups are applied: whoever changed them has marked what follows from that."""
    for setups in derive.load_setups(device_ids).values():
        for setup in setups:
            _note_applied(setup)


def _note_applied(setup: AssignmentSetup) -> None:
    period = {"valid_from": setup.valid_from, "valid_to": setup.assignment.valid_to}
    AppliedSetup.objects.update_or_create(assignment=setup.assignment, defaults={"digest": setup.digest, **period})


# --- Rolling up -------------------------------------------------------------------------------
def roll_up_touched(limit: int = 500, *, only: Sequence[int] | None = None) -> int:
    """Roll up what is marked, one transaction per device, up to `limit` devices; returns the minutes marked.

    `only`: keys of the devices to roll up.

    Safe in several processes at once: a device that another process holds is skipped. A device whose setup
    `science` refuses keeps its marks and is tried again a minute later; it never delays others.
    """
    now_s = time.monotonic()
    resting = [device_id for device_id, until_s in _resting_until_s.items() if until_s > now_s]
    devices = None if only is None else list(only)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT device_id FROM emissions_touchedminute WHERE NOT device_id = ANY (%s)"
            " AND (%s::integer[] IS NULL OR device_id = ANY (%s)) GROUP BY device_id ORDER BY min(id) LIMIT %s",
            [resting, devices, devices, limit],
        )
        device_ids = [device_id for (device_id,) in cursor.fetchall()]
    if not device_ids:
        return 0
    setups = derive.load_setups(device_ids)
    minutes = 0
    for device_id in device_ids:
        try:
            minutes += _roll_up_device(device_id, setups.get(device_id, []))
        except ValueError:
            logger.exception("device %d cannot be rolled up; check its assignment and chimney", device_id)
            _resting_until_s[device_id] = now_s + REST_S
    return minutes


def _roll_up_device(device_id: int, setups: Sequence[AssignmentSetup]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, device_id])
        if not cursor.fetchone()[0]:
            return 0
        # Newest first: live readings do not wait for a backlog.
        cursor.execute(
            "SELECT id, (extract(epoch FROM period_start) * 1000)::bigint FROM emissions_touchedminute"
            " WHERE device_id = %s ORDER BY period_start DESC LIMIT %s",
            [device_id, WINDOW_MINUTES],
        )
        marks = cursor.fetchall()
        windows = list(_windows(sorted({t_ms for _id, t_ms in marks})))[-WINDOWS_PER_PASS:]
        since_ms = windows[0][0] if windows else 0
        taken = [mark for mark, t_ms in marks if t_ms >= since_ms]
        cursor.execute("DELETE FROM emissions_touchedminute WHERE id = ANY (%s)", [taken])
        if _not_applied(device_id, setups):
            setups = derive.load_setups([device_id]).get(device_id, [])
            # A setup that `touch_changed_setups` has not seen yet: were it changed back before that looks, as when a
            # period is set aside and taken back at once, what is rolled up here would stay. So it must look again.
            AppliedSetup.objects.filter(assignment__in=_not_applied(device_id, setups)).update(digest="")
        if setups:
            for first_ms, last_ms in windows:
                _roll_up_window(device_id, setups, first_ms, last_ms + MINUTE_MS)
    return len(taken)


def _not_applied(device_id: int, setups: Sequence[AssignmentSetup]) -> list[int]:
    """The assignments whose setup is another than that of the marks which we may just have taken.

    `touch_changed_setups` of another process commits its marks with the digest: without this check we would use up
    the marks with the old geometry.
    """
    known = {setup.assignment.pk: setup.digest for setup in setups}
    applied = AppliedSetup.objects.filter(assignment__device_id=device_id).values_list("assignment_id", "digest")
    return [assignment for assignment, digest in applied if known.get(assignment) != digest]


def _windows(minutes_ms: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Touched minutes as windows (first minute, last minute)."""
    start = 0
    for index in range(1, len(minutes_ms) + 1):
        is_end = index == len(minutes_ms)
        if is_end or minutes_ms[index] - minutes_ms[index - 1] > WINDOW_BREAK_MS or index - start >= WINDOW_MINUTES:
            yield minutes_ms[start], minutes_ms[index - 1]
            start = index


def _read(device_id: int, start_ms: int, end_ms: int, *, before: int, after: int) -> list[ReadingRow]:
    return sql.fetch(
        sql.load("emissions", "readings_window"),
        {"device_id": device_id, "start": moment(start_ms), "end_": moment(end_ms), "before": before, "after": after},
        ReadingRow,
    )


def _floor_minute(t_ms: int) -> int:
    return t_ms - t_ms % MINUTE_MS


def _affected(rows: Sequence[ReadingRow], start_ms: int, end_ms: int) -> tuple[int, int]:
    """The minutes whose roll-up may differ because of readings in [start, end): see the module's docstring."""
    inside = [row for row in rows if row.t_ms >= start_ms]
    reaches_ms = [row.reach_ms for row in inside if row.t_ms - row.reach_ms < start_ms]
    last_ms = max(end_ms - MINUTE_MS, _floor_minute(_last_reached_ms(inside, end_ms)))
    return _floor_minute(start_ms - max(reaches_ms, default=0)), last_ms + MINUTE_MS


def _last_reached_ms(inside: Sequence[ReadingRow], end_ms: int) -> int:
    """The last reading whose flags can be changed by readings before `end_ms`; 0 when there is none.

    A gap resets every pattern of flags, so no reading after it changes.
    """
    reached_ms, count = 0, 0
    previous: ReadingRow | None = None
    for row in inside:
        if row.t_ms >= end_ms:
            if previous is not None and row.t_ms - row.reach_ms > previous.t_ms:
                break
            reached_ms, count = row.t_ms, count + 1
            # More rows may be read than have flags that can change.
            if count > CONTEXT:
                break
        previous = row
    return reached_ms


def _roll_up_window(device_id: int, setups: Sequence[AssignmentSetup], start_ms: int, end_ms: int) -> None:
    """Recompute the minutes, hours and days that readings in [start, end) may have changed.

    1. Read the window with one context behind it, to see how far the change reaches.
    2. Read again what the affected minutes need, and derive it.
    3. Replace the minutes; rebuild the hours they lie in (and the next: idleness is proved over ten
       minutes), and the days of those hours.
    """
    seen = _read(device_id, start_ms, end_ms, before=0, after=CONTEXT + 1)
    start_ms, end_ms = _affected(seen, start_ms, end_ms)
    # Twice the context in front: the flags of the reading before the window must be right too.
    rows = _read(device_id, start_ms, end_ms, before=2 * CONTEXT, after=CONTEXT + 1)
    derived = derive.derive(rows, setups)
    minutes = _minutes(derived, setups, start_ms, end_ms)
    EmissionMinute.objects.filter(
        device_id=device_id, period_start__gte=moment(start_ms), period_start__lt=moment(end_ms)
    ).delete()
    insert_rollups([m.row(device_id) for m in minutes])
    zone = setups[0].assignment.factory.zone
    hour_starts = hour_starts_between(start_ms, end_ms + HOUR_MS, zone)
    roll_up_hours(device_id, setups, hour_starts)
    roll_up_days(device_id, hour_starts[0], hour_starts[-1], zone)


def roll_up_without(device_id: int, start_ms: int, end_ms: int) -> None:
    """Recompute a device after all its readings in [start, end) stopped counting, however many there are.

    Only the edges are read again: minutes inside vanish. The caller holds the transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, device_id])
    setups = derive.load_setups([device_id]).get(device_id, [])
    first_ms, last_ms = _floor_minute(start_ms), _floor_minute(end_ms)
    EmissionMinute.objects.filter(
        device_id=device_id, period_start__gt=moment(first_ms), period_start__lt=moment(last_ms)
    ).delete()
    for edge_ms in sorted({first_ms, last_ms}):
        _roll_up_window(device_id, setups, edge_ms, edge_ms + MINUTE_MS)
    zone = setups[0].assignment.factory.zone
    hour_starts = hour_starts_between(start_ms, end_ms + HOUR_MS, zone)
    roll_up_hours(device_id, setups, hour_starts)
    roll_up_days(device_id, hour_starts[0], hour_starts[-1], zone)


# --- Minutes ----------------------------------------------------------------------------------
@dataclass(slots=True)
class _Minute:
    start_ms: int
    setup: AssignmentSetup
    measured: list[Segment] = field(default_factory=list)
    valid: list[Segment] = field(default_factory=list)
    flux: list[Segment] = field(default_factory=list)
    readings: list[DerivedReading] = field(default_factory=list)

    def row(self, device_id: int) -> EmissionMinute:
        valid = [r for r in self.readings if is_valid(r.quality) and r.state is not None]
        weights = [r.reading.span_s or r.reading.interval_s for r in valid]
        total_s = math.fsum(weights)

        def mean(values: Iterable[float]) -> float | None:
            return math.fsum(v * w for v, w in zip(values, weights, strict=True)) / total_s if total_s else None

        judged = self.valid or self.measured
        return EmissionMinute(
            device_id=device_id,
            period_start=moment(self.start_ms),
            assignment_id=self.setup.assignment.pk,
            measured_ug=_micrograms(self.measured),
            valid_ug=_micrograms(self.valid),
            flux_ug_per_m2=_micrograms(self.flux),
            covered_ms=sum(s.duration_ms for s in self.measured),
            over_range_ms=sum(s.duration_ms for s in self.measured if s.is_over_range),
            valid_ms=sum(s.duration_ms for s in self.valid),
            weight_s=total_s,
            co2_ppm=mean(r.reading.co2_ppm or 0.0 for r in valid),
            temperature_c=mean(r.reading.temperature_c or 0.0 for r in valid),
            velocity_ms=mean(r.reading.velocity_ms or 0.0 for r in valid),
            flow_rate_m3s=mean(r.state.flow_rate_m3s for r in valid if r.state),
            readings=len(self.readings),
            valid_readings=len(valid),
            quality=any_flag(int(reading.quality) for reading in self.readings),
            is_idle_like=bool(judged) and all(s.is_idle_like for s in judged),
            is_firing_like=any(s.is_firing_like for s in judged),
        )


def _micrograms(parts: Iterable[Segment]) -> int:
    return micrograms_from_kg(math.fsum(part.kg for part in parts))


def _minutes(
    derived: Sequence[DerivedReading], setups: Sequence[AssignmentSetup], start_ms: int, end_ms: int
) -> list[_Minute]:
    """The minutes in [start, end), ascending; those without a reading or segment are absent."""
    minutes: dict[int, _Minute] = {}

    def minute_of(t_ms: int, setup: AssignmentSetup) -> _Minute | None:
        if not start_ms <= t_ms < end_ms or not setup.holds_at(t_ms):
            return None
        start = _floor_minute(t_ms)
        return minutes.setdefault(start, _Minute(start, setup))

    for setup in setups:
        for counted in _runs(derived, setup):
            for reading in counted:
                # A mean and its mass count in the minute where its time begins.
                begins_ms = reading.row.t_ms - round((reading.reading.span_s or 0) * 1000)
                if minute := minute_of(begins_ms, setup):
                    minute.readings.append(reading)
            for name, parts in _series(counted, setup):
                for segment in parts:
                    if minute := minute_of(segment.start_ms, setup):
                        getattr(minute, name).append(segment)
    return [minutes[start] for start in sorted(minutes)]


def _runs(derived: Sequence[DerivedReading], setup: AssignmentSetup) -> Iterable[list[DerivedReading]]:
    """The readings of an assignment that count, apart where held ones stand between: no segment reaches over those,
    so their time is missing however slow the readings are."""
    for is_held, run in groupby((r for r in derived if r.setup is setup), lambda r: setup.is_held(r.row)):
        if not is_held:
            yield list(run)


def _series(of_setup: Sequence[DerivedReading], setup: AssignmentSetup) -> Iterable[tuple[str, list[Segment]]]:
    """Three series of one assignment: what was measured, its valid part, and its flux before geometry."""
    cut_ms = hour_cutter(setup.assignment.factory.zone)
    measured = [r for r in of_setup if r.state is not None and is_measured(r.quality)]
    measured_segments = segments([_sample(r) for r in measured], cut_ms=cut_ms)
    yield "measured", measured_segments
    yield "flux", segments([_sample(r, of_flux=True) for r in measured], cut_ms=cut_ms)
    if any(r.quality & DOUBTFUL for r in measured):
        yield "valid", segments([_sample(r) for r in measured if not r.quality & DOUBTFUL], cut_ms=cut_ms)
    else:
        yield "valid", measured_segments


def _sample(derived: DerivedReading, *, of_flux: bool = False) -> RateSample:
    state, reading, stack_setup = derived.state, derived.reading, derived.stack_setup
    assert state is not None  # the caller filtered
    assert stack_setup is not None
    rate = state.co2_kg_per_s_m2 if of_flux else state.co2_kg_per_s
    is_over = is_over_range(derived.quality)
    return RateSample(
        t_ms=reading.t_ms,
        kg_per_s=counted_kg_per_s(rate, derived.quality),
        interval_s=reading.interval_s,
        span_s=reading.span_s,
        n=reading.n,
        # What is only known to be at least some CO2 is no proof that there is hardly any.
        is_idle_like=is_idle_like(reading, stack_setup) and not is_over,
        is_firing_like=is_firing_like(reading, stack_setup),
        is_over_range=is_over,
    )


def lag_s() -> float:
    """Age of the oldest mark, in seconds; 0 when there is none."""
    since = TouchedMinute.objects.order_by("id").values_list("created_at", flat=True).first()
    return max(0.0, (timezone.now() - since).total_seconds()) if since else 0.0
