"""Passes rows through `science`: computes a stored reading with the geometry and calibrations in force.

Nothing here is stored. Roll-ups (`rollups.py`) and the raw API (`queries.py`) both use this module, so a rate on a
page and the mass in a report cannot disagree.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Prefetch

from devices.calibrations import valid_until
from devices.choices import CalibrationKind, HoldKind
from devices.models import Assignment, AssignmentHold, Calibration
from emissions.models import STREAM_OFFSET
from factories.choices import SourceKind
from science import pressure, quality, stack
from science.constants import STANDARD_PRESSURE_PA
from science.integration import MAX_GAP_INTERVALS
from science.quality import Quality
from science.readings import GAS_AND_OIL, FuelClass, MoistureMethod, StackReading, StackSetup, StackState

logger = logging.getLogger(__name__)

MILLISECOND = 1000.0
BACKFILLED_AFTER_MS = 24 * 3600 * 1000
# A device whose clock is set is within a second of ours; ingest refuses what is more than two minutes ahead. [A]
CLOCK_AHEAD_MS = 10_000


class ReadingRow(NamedTuple):
    """A row of `emissions_emission`, as `sql/readings_*.sql` select it."""

    device_id: int
    t_ms: int
    received_ms: int
    stream: int  # as stored, unsigned minus 2**31
    seq: int
    co2_ppm: float | None
    temperature_c: float | None
    velocity_ms: float | None
    pressure_pa: float | None
    cell_pressure_pa: float | None
    interval_s: float
    span_s: float | None
    n: int | None
    flags: int

    @property
    def reach_ms(self) -> int:
        """How far before the reading the segment that ends at it may start, at most."""
        return round((MAX_GAP_INTERVALS * self.interval_s + (self.span_s or 0)) * MILLISECOND)

    @property
    def reading(self) -> StackReading:
        return StackReading(
            self.t_ms,
            self.co2_ppm,
            self.temperature_c,
            self.velocity_ms,
            self.pressure_pa,
            self.cell_pressure_pa,
            self.interval_s,
            self.span_s,
            self.n or 1,
            self.flags,
        )


@dataclass(frozen=True, slots=True)
class DerivedReading:
    """One stored reading with its computed state. `state` is None when no rate can be computed."""

    row: ReadingRow
    reading: StackReading
    quality: Quality
    state: StackState | None
    setup: AssignmentSetup | None
    stack_setup: StackSetup | None

    @property
    def co2_kg_per_s(self) -> float | None:
        """The rate for totals: 0 if CO2 has drifted below that of ambient air, None without a state."""
        return None if self.state is None else quality.counted_kg_per_s(self.state.co2_kg_per_s, self.quality)


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * MILLISECOND)


def moment(t_ms: int) -> datetime:
    return datetime.fromtimestamp(t_ms / MILLISECOND, UTC)


class _Version(NamedTuple):
    """What readings are computed with from a calibration on."""

    since_ms: int
    setup: StackSetup
    expires_ms: int | None  # when the first of zero and span does


class SetupRate(NamedTuple):
    """What a setup makes of a reading, and the zero error that decides what is idle."""

    since_ms: int
    kg_per_s: float | None
    zero_error_ppm: float | None


@dataclass(frozen=True)
class AssignmentSetup:
    """An assignment with the chimney, calibrations and holds that its readings are computed with."""

    assignment: Assignment
    calibrations: tuple[Calibration, ...]  # ascending
    holds: tuple[AssignmentHold, ...]  # unresolved

    @property
    def valid_from(self) -> datetime:
        """Of an assignment that waits for its first reading, the hour before which none counts."""
        starts_at = self.assignment.valid_from or self.assignment.waits_since
        assert starts_at is not None  # a constraint of the table
        return starts_at

    @cached_property
    def from_ms(self) -> int:
        return milliseconds(self.valid_from)

    @cached_property
    def to_ms(self) -> int | None:
        return milliseconds(self.assignment.valid_to) if self.assignment.valid_to else None

    def holds_at(self, t_ms: int) -> bool:
        """Whether the assignment is in force at that time, and usable."""
        return not self.error and self.from_ms <= t_ms and (self.to_ms is None or t_ms < self.to_ms)

    @cached_property
    def _is_combustion(self) -> bool:
        sources = self.assignment.chimney.emission_sources.all()
        return not any(source.kind == SourceKind.STEAM_DRYER_EXHAUST for source in sources)

    @cached_property
    def _fuel_class(self) -> FuelClass:
        """The lower ceiling of gas and oil holds where nothing else is burned under the chimney."""
        sources = self.assignment.chimney.emission_sources.all()
        fuels = {fuel for source in sources for fuel in source.listed_fuels}
        # The water of wood smoke is asked for: then wood is burned, whatever is registered.
        is_wood = self.assignment.chimney.moisture_method == MoistureMethod.FUEL_STOICHIOMETRIC
        return FuelClass.GAS_OIL if fuels and fuels <= GAS_AND_OIL and not is_wood else FuelClass.SOLID

    def _setup(self, calibration_pressure_pa: float, zero_error_ppm: float | None = None) -> StackSetup:
        assignment, chimney = self.assignment, self.assignment.chimney
        return StackSetup(
            area_m2=chimney.area_m2 or 0.0,
            velocity_profile_factor=chimney.velocity_profile_factor or 0.0,
            co2_basis=assignment.co2_basis,
            moisture_method=chimney.moisture_method,
            moisture_fraction=chimney.moisture_fraction,
            sensor_range_ppm=assignment.range_ppm,
            pressure_compensation=assignment.pressure_compensation,
            calibration_pressure_pa=calibration_pressure_pa,
            site_pressure_pa=pressure.isa_pressure_pa(chimney.factory.altitude_m),
            fuel_class=self._fuel_class,
            is_combustion=self._is_combustion,
            co2_zero_error_ppm=zero_error_ppm,
        )

    @cached_property
    def _versions(self) -> list[_Version]:
        """Setups, each with the moment from which it is valid; a calibration that changes something adds one."""
        pressure_pa, zero_error_ppm = STANDARD_PRESSURE_PA, None
        versions = [_Version(-(2**62), self._setup(pressure_pa), None)]
        for count, calibration in enumerate(self.calibrations, start=1):
            # A zero calibration fixes the offset; only a span calibration fixes how pressure scales a reading.
            if calibration.kind != CalibrationKind.ZERO:
                pressure_pa = calibration.pressure_pa
            elif calibration.reading_ppm is not None and calibration.reference_ppm is not None:
                zero_error_ppm = quality.calibrated_zero_error_ppm(
                    reading_ppm=calibration.reading_ppm,
                    reference_ppm=calibration.reference_ppm,
                    sensor_range_ppm=self.assignment.range_ppm,
                )
            ends = valid_until(self.calibrations[:count]).values()
            version = _Version(
                milliseconds(calibration.calibrated_at),
                self._setup(pressure_pa, zero_error_ppm),
                min(map(milliseconds, ends), default=None),
            )
            if version[1:] != versions[-1][1:]:
                versions.append(version)
        return versions

    @cached_property
    def error(self) -> str:
        """Why `science` refuses this assignment; empty if it does not. Its readings do not count until it is
        corrected."""
        if not self.assignment.chimney.shape:
            return "geometry not stated"
        try:
            return "" if self._versions else "no setup"
        except ValueError as error:
            logger.warning("assignment %d cannot be used: %s", self.assignment.pk, error)
            return str(error)

    def rates_of(self, reading: StackReading) -> list[SetupRate]:
        """The rate of one and the same reading from each change of the setup on, ascending."""
        if self.error:
            return [SetupRate(-(2**62), None, None)]
        states = ((version, stack.stack_state(reading, version.setup)) for version in self._versions)
        return [
            SetupRate(version.since_ms, state.co2_kg_per_s if state else None, version.setup.co2_zero_error_ppm)
            for version, state in states
        ]

    def parts(self, rows: Sequence[ReadingRow]) -> Iterable[tuple[_Version, Sequence[ReadingRow]]]:
        """Ascending rows, split where a calibration changes the setup."""
        versions = self._versions
        start = 0
        for index, version in enumerate(versions):
            end = len(rows)
            if index + 1 < len(versions):
                limit_ms = versions[index + 1].since_ms
                end = next((i for i in range(start, len(rows)) if rows[i].t_ms >= limit_ms), len(rows))
            if end > start:
                yield version, rows[start:end]
            start = end

    def dry_co2_fraction(self, t_ms: int, co2_ppm: float, temperature_c: float) -> float | None:
        """Dry CO2 [mol/mol] of the gas for means of what the sensor reported around a time; None: impossible."""
        setup = next(version.setup for version in reversed(self._versions) if version.since_ms <= t_ms)
        state = stack.stack_state(StackReading(t_ms, co2_ppm, temperature_c, 0.0), setup)
        return None if state is None else state.co2_fraction_wet / (1.0 - state.moisture_fraction)

    @cached_property
    def _held(self) -> list[tuple[bool, int | None, int, float]]:
        """Of each hold: whether somebody set it aside, the stored stream, from and to [ms]."""
        return [
            (
                hold.kind == HoldKind.SET_ASIDE,
                None if hold.stream is None else hold.stream - STREAM_OFFSET,
                milliseconds(hold.starts_at),
                milliseconds(hold.ends_at) if hold.ends_at else math.inf,
            )
            for hold in self.holds
        ]

    def is_held(self, row: ReadingRow) -> bool:
        """Whether an unresolved hold keeps the reading out of totals: by its stream, or by its time.

        A mean is set aside when any of its time is.
        """
        span_ms = round((row.span_s or 0) * MILLISECOND)
        for is_set_aside, stream, starts_ms, ends_ms in self._held:
            if is_set_aside and span_ms:
                if row.t_ms > starts_ms and row.t_ms - span_ms < ends_ms:
                    return True
            elif row.stream == stream or starts_ms <= row.t_ms < ends_ms:
                return True
        return False

    @cached_property
    def digest(self) -> str:
        """A digest that changes with everything that roll-ups depend on, except readings."""
        facts: list[Any] = [self.error]
        if not self.error:
            facts += [repr(version) for version in self._versions]
        facts += [[h.kind, h.stream, h.starts_at.isoformat(), h.ends_at and h.ends_at.isoformat()] for h in self.holds]
        facts += [self.from_ms, self.to_ms, self.assignment.chimney.factory.time_zone]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def load_setups(device_ids: Iterable[int] | None = None) -> dict[int, list[AssignmentSetup]]:
    """Assignments of each device, ascending, with what `AssignmentSetup` needs; four queries in all."""
    calibrations = Calibration.objects.order_by("calibrated_at", "id")
    holds = AssignmentHold.objects.filter(resolution="").order_by("starts_at", "id")
    assignments: Any = Assignment.objects.select_related("chimney__factory", "device").prefetch_related(
        "chimney__emission_sources",
        Prefetch("device__calibrations", calibrations, to_attr="ascending_calibrations"),
        Prefetch("holds", holds, to_attr="unresolved_holds"),
    )
    if device_ids is not None:
        assignments = assignments.filter(device_id__in=list(device_ids))
    setups: dict[int, list[AssignmentSetup]] = {}
    for row in assignments.order_by("device_id", "valid_from"):
        setup = AssignmentSetup(row, tuple(row.device.ascending_calibrations), tuple(row.unresolved_holds))
        setups.setdefault(row.device_id, []).append(setup)
    return setups


def derive(rows: Sequence[ReadingRow], setups: Sequence[AssignmentSetup]) -> list[DerivedReading]:
    """Computes each reading of one device. Rows ascending, with `quality.CONTEXT` rows of context in front."""
    derived: list[DerivedReading] = []
    start = 0
    while start < len(rows):
        setup = next((s for s in setups if s.holds_at(rows[start].t_ms)), None)
        end = start + 1
        while end < len(rows) and _same_setup(setup, setups, rows[end].t_ms):
            end += 1
        derived += _derive_part(rows[start:end], setup)
        start = end
    return derived


def _same_setup(setup: AssignmentSetup | None, setups: Sequence[AssignmentSetup], t_ms: int) -> bool:
    if setup is not None:
        return setup.holds_at(t_ms)
    return not any(s.holds_at(t_ms) for s in setups)


def _derive_part(rows: Sequence[ReadingRow], setup: AssignmentSetup | None) -> list[DerivedReading]:
    if setup is None:
        return [DerivedReading(row, row.reading, Quality(0), None, None, None) for row in rows]
    derived: list[DerivedReading] = []
    for version, part in setup.parts(rows):
        readings = [row.reading for row in part]
        for row, reading, flags in zip(part, readings, quality.assess(readings, version.setup), strict=True):
            late_ms = row.received_ms - row.t_ms
            if late_ms > BACKFILLED_AFTER_MS:
                flags |= Quality.BACKFILLED
            # Ahead of ours, or set back between two readings of one boot.
            if late_ms < -CLOCK_AHEAD_MS or (derived and _is_out_of_order(derived[-1].row, row)):
                flags |= Quality.CLOCK_SKEW
            if version.expires_ms is not None and row.t_ms >= version.expires_ms:
                flags |= Quality.CALIBRATION_EXPIRED
            state = stack.stack_state(reading, version.setup)
            derived.append(DerivedReading(row, reading, flags, state, setup, version.setup))
    return derived


def _is_out_of_order(earlier: ReadingRow, later: ReadingRow) -> bool:
    """Whether the numbers of two neighbours in time run backwards; readings without a number have 0.

    Like all flags it does not reach over a gap.
    """
    is_backwards = earlier.stream == later.stream and 0 < later.seq < earlier.seq
    return is_backwards and later.t_ms - later.reach_ms <= earlier.t_ms
