"""Which mass each chimney hour is recorded with, from rows, without a database: `docs/method.md` 4 and 5.

An hour depends on what is stored, never on the order of arrival. A gap of the fuel-based method ends with its factory
day, and its interval looks back 30 days, so a late reading changes few other hours; gaps of the two regulators' methods
depend on the hours of up to three years. Times are seconds since 1970.
"""

import statistics
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from compliance.record.fuel import ChimneyFuel
from emissions.models import HourStatus
from factories.choices import SubstitutionMethod
from factories.days import FactoryDay
from science import gaps, substitution
from science.interval import UncertainMass
from science.rounding import decimal_kg_from_micrograms, micrograms_from_kg
from science.substitution import Parameter

HOUR_S = 3600
LOOK_BACK_DAYS = gaps.LOOK_BACK_H // 24
CO2_LOOK_BACK_H, FLOW_LOOK_BACK_H, AVAILABILITY_H = 720, 2160, 8760
EPA_LOOK_BACK_S = 3 * 366 * 24 * HOUR_S
MOST_CO2_PPM = 200_000.0  # the maximum potential concentration


class Because(StrEnum):
    """Why an hour has the mass it has, beside the rows of the EPA's table."""

    COVERED = "covered"
    PROVED_IDLE = "proved idle"
    FUEL = "fuel"
    EU = "mean and two sigma"
    NO_FUEL = "no fuel logged"
    NO_HOURS = "too few hours measured before"
    RUNNING = "day not over"


class StoredHour(NamedTuple):
    """An hour of a device of record as it is stored."""

    assignment_id: int
    period_start: datetime
    status: str
    measured_ug: int
    record_ug: int | None
    covered_ms: int
    operating_ms: int
    over_range_ms: int
    co2_ppm: float | None
    flow_rate_m3s: float | None


@dataclass(frozen=True, slots=True)
class Stint:
    """A device of record in its chimney from one whole hour to another, as far as it is asked for."""

    assignment_id: int
    device_pk: int
    device: str
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class RecordHour:
    """The figure of record of one chimney hour."""

    chimney_id: int
    device_pk: int
    device: str  # its id
    assignment_id: int
    period_start: datetime
    status: str  # HourStatus
    method: str  # of a substituted or partial hour: SubstitutionMethod; else empty
    because: str  # Because or EpaRow
    measured_ug: int
    covered_ms: int
    record_ug: int | None
    stack_sigma: float  # relative, of what its mass takes from the sensors; 0 for fuel
    fuel_sigma_ug: int = 0  # systematic, of the fuel that was logged
    bias_ug: int = 0  # of the filling, with its sign: see `science.gaps`
    variance_kg2: float = 0.0
    is_at_least: bool = False

    @property
    def measured_kg(self) -> Decimal:
        return decimal_kg_from_micrograms(self.measured_ug)

    @property
    def record(self) -> UncertainMass | None:
        """None: nothing is known to put in its place."""
        if self.record_ug is None:
            return None
        kg = decimal_kg_from_micrograms(self.record_ug)
        errors = {
            f"stack {self.chimney_id}": float(kg) * self.stack_sigma,
            f"fuel {self.chimney_id}": self.fuel_sigma_ug / 1e9,
            f"filling {self.chimney_id}": self.bias_ug / 1e9,
        }
        return UncertainMass(kg, {key: one for key, one in errors.items() if one}, self.variance_kg2, self.is_at_least)


class _Fill(NamedTuple):
    """What a gap hour is filled with."""

    kg_per_h: float
    because: str
    fuel_sigma: float  # relative
    bias_kg: float  # of the hour, with its sign
    variance_kg2: float  # of the hour


@dataclass(frozen=True)
class ChimneyRecord:
    """One chimney: all that decides its hours."""

    chimney_id: int
    stints: Sequence[Stint]
    rows: Mapping[int, StoredHour]  # by their start
    days: Sequence[FactoryDay]  # without a hole, ascending; those over first
    fuel: Mapping[int, ChimneyFuel]  # by the start of the day in microseconds
    method: str
    stack_sigma: float
    over_until_s: int  # factory days that end by then are over; later hours are not substituted yet
    zone: ZoneInfo

    @cached_property
    def starts(self) -> range:
        """All whole hours of the days."""
        return range(self.days[0].start_us // 1_000_000, self.days[-1].end_us // 1_000_000, HOUR_S)

    @cached_property
    def stint_of(self) -> list[Stint | None]:
        """Of each hour; None: no device of record."""
        found: list[Stint | None] = [None] * len(self.starts)
        for stint in self.stints:
            for index in range(self.index(stint.start_s), self.index(stint.end_s)):
                found[index] = stint
        return found

    def index(self, t_s: int) -> int:
        """Of the first hour that begins at or after a time."""
        return min(len(self.starts), max(0, -((self.starts[0] - t_s) // HOUR_S))) if self.starts else 0

    @cached_property
    def cells(self) -> list[StoredHour | None]:
        """The stored row of each hour, if it is of the device of record."""
        found: list[StoredHour | None] = []
        for start, stint in zip(self.starts, self.stint_of, strict=True):
            row = self.rows.get(start)
            found.append(row if row and stint and row.assignment_id == stint.assignment_id else None)
        return found

    @cached_property
    def kg(self) -> list[float | None]:
        """Mass of record of measured and idle hours."""
        return [None if row is None or row.record_ug is None else row.record_ug / 1e9 for row in self.cells]

    @cached_property
    def is_idle(self) -> list[bool]:
        return [row is not None and row.status == HourStatus.IDLE for row in self.cells]

    def is_gap(self, index: int) -> bool:
        return self.stint_of[index] is not None and self.kg[index] is None

    # --- Records -----------------------------------------------------------------------------------
    def records(self, start_s: int, end_s: int) -> list[RecordHour]:
        """The hours with a device of record that begin in [start, end)."""
        first, end = self.index(start_s), self.index(end_s)
        fills = dict(self._fills(first, end))
        return [
            self._record(index, stint, fills.get(index))
            for index in range(first, end)
            if (stint := self.stint_of[index]) is not None
        ]

    def _record(self, index: int, stint: Stint, fill: _Fill | str | None) -> RecordHour:
        row = self.cells[index]
        measured_ug, covered_ms = (row.measured_ug, row.covered_ms) if row else (0, 0)
        at_least = bool(row and row.over_range_ms)
        common = (self.chimney_id, stint.device_pk, stint.device, stint.assignment_id)
        begins = datetime.fromtimestamp(self.starts[index], UTC)
        if row is not None and row.record_ug is not None:
            because = Because.PROVED_IDLE if row.status == HourStatus.IDLE else Because.COVERED
            mass = (measured_ug, covered_ms, row.record_ug, self.stack_sigma)
            return RecordHour(*common, begins, row.status, "", because, *mass, is_at_least=at_least)
        if not isinstance(fill, _Fill):
            missing = (HourStatus.MISSING.value, "", fill or Because.RUNNING)
            return RecordHour(*common, begins, *missing, measured_ug, covered_ms, None, 0.0, is_at_least=at_least)
        share = row.operating_ms / 3_600_000 if row and row.covered_ms else 1.0
        # Never less than what was measured in it.
        kg = max(fill.kg_per_h * share, measured_ug / 1e9)
        is_fuel = fill.because == Because.FUEL
        return RecordHour(
            *common,
            begins,
            HourStatus.PARTIAL.value if covered_ms else HourStatus.SUBSTITUTED.value,
            self.method,
            fill.because,
            measured_ug,
            covered_ms,
            micrograms_from_kg(kg),
            0.0 if is_fuel else self.stack_sigma,
            micrograms_from_kg(fill.fuel_sigma * kg),
            micrograms_from_kg(fill.bias_kg),
            fill.variance_kg2,
            at_least,
        )

    def _fills(self, first: int, end: int) -> Iterator[tuple[int, _Fill | str]]:
        """What fills the gap hours from one index to another, or why nothing does."""
        end = min(end, self.index(self.over_until_s))
        if self.method == SubstitutionMethod.FUEL_BASED:
            yield from self._by_fuel(first, end)
            return
        by_rule = self._epa if self.method == SubstitutionMethod.EPA else self._eu
        for begin, stop in self._gaps(first, end):
            yield from ((index, fill) for index, fill in by_rule(begin, stop) if first <= index < end)

    def _gaps(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Whole gaps that reach into the hours from one index to another; they end where a day is not over."""
        last, index = self.index(self.over_until_s), first
        while first < last and self.is_gap(first) and index > 0 and self.is_gap(index - 1):
            index -= 1
        while index < end:
            begin = index
            while index < last and self.is_gap(index):
                index += 1
            if index > begin:
                yield begin, index
            index += 1

    # --- Fuel ------------------------------------------------------------------------------------------
    @cached_property
    def _fuel_days(self) -> list[tuple[int, gaps.FuelDay | None]]:
        """The first index of each day, and its fuel if it is logged."""
        found: list[tuple[int, gaps.FuelDay | None]] = []
        for day in self.days:
            begin, end = self.index(day.start_us // 1_000_000), self.index(day.end_us // 1_000_000)
            fuel = self.fuel.get(day.start_us)
            hours = (self.kg[begin:end], self.is_idle[begin:end])
            found.append((begin, None if fuel is None else gaps.FuelDay(fuel.co2_kg, *hours)))
        return found

    def _by_fuel(self, first: int, end: int) -> Iterator[tuple[int, _Fill | str]]:
        for number, (begin, day) in enumerate(self._fuel_days):
            stop = self._fuel_days[number + 1][0] if number + 1 < len(self.days) else len(self.starts)
            if stop <= first or begin >= end:
                continue
            index = begin
            while index < min(stop, end):
                last = index
                while last < stop and self.is_gap(last):
                    last += 1
                if last == index:
                    index += 1
                    continue
                if day is None:
                    yield from ((hour, Because.NO_FUEL) for hour in range(index, last))
                else:
                    fill = self._fuel_fill(number, day, index - begin, last - index)
                    yield from ((hour, fill) for hour in range(index, last))
                index = last

    def _fuel_fill(self, number: int, day: gaps.FuelDay, start_h: int, length_h: int) -> _Fill:
        before = [one for _i, one in self._fuel_days[max(0, number - LOOK_BACK_DAYS) : number] if one is not None]
        error = gaps.gap_error(
            lambda window_h: gaps.fuel_errors(before, start_h, window_h),
            length_h=length_h,
            filled_kg=day.kg_per_h * length_h,
        )
        fuel = self.fuel[self.days[number].start_us]
        share = fuel.sigma_kg / fuel.co2_kg if fuel.co2_kg else 0.0
        return _Fill(day.kg_per_h, Because.FUEL, share, error.bias_kg / length_h, error.variance_kg2 / length_h)

    # --- Regulators --------------------------------------------------------------------------------------
    @cached_property
    def _ppm(self) -> list[float | None]:
        """Concentration of each valid operating hour."""
        return [
            row.co2_ppm if row and row.status == HourStatus.MEASURED and row.co2_ppm and row.flow_rate_m3s else None
            for row in self.cells
        ]

    @cached_property
    def _valid(self) -> list[int]:
        return [index for index, ppm in enumerate(self._ppm) if ppm is not None]

    @cached_property
    def _operating(self) -> list[int]:
        """Hours with a device of record that are not proved idle."""
        return [index for index, stint in enumerate(self.stint_of) if stint and not self.is_idle[index]]

    def _flow(self, index: int) -> float:
        row = self.cells[index]
        return (row.flow_rate_m3s or 0.0) if row else 0.0

    def _density(self, indexes: Sequence[int]) -> float:
        """kg/h a ppm and m3/s: how concentration and flow made the mass of these hours."""
        return statistics.fmean((self.kg[i] or 0.0) / ((self._ppm[i] or 1.0) * self._flow(i)) for i in indexes)

    def _epa(self, begin: int, stop: int) -> Iterator[tuple[int, _Fill | str]]:
        earliest = self.index(self.starts[begin] - EPA_LOOK_BACK_S)
        known = self._valid[bisect_left(self._valid, earliest) : bisect_left(self._valid, begin)]
        if not known or not any(map(self._flow, known)):
            yield from ((index, Because.NO_HOURS) for index in range(begin, stop))
            return
        operating = self._operating[: bisect_left(self._operating, stop)][-AVAILABILITY_H:]
        valid_h = bisect_left(self._valid, stop) - bisect_left(self._valid, operating[0])
        after, over = (bisect_left(self._valid, at) for at in (stop, self.index(self.over_until_s)))
        neighbours = known[-1], self._valid[after] if after < over else known[-1]
        ppm_back, flow_back = known[-CO2_LOOK_BACK_H:], known[-FLOW_LOOK_BACK_H:]
        gap_h = float(stop - begin)
        pma = substitution.monitor_availability_pct(valid_operating_h=valid_h, operating_h=len(operating))

        valid_before = bisect_left(self._valid, begin)

        def value(parameter: Parameter, beside: Sequence[float], look_back: list[float], most: float) -> float:
            return substitution.epa_substitute(
                parameter=parameter,
                hour_before=beside[0],
                hour_after=beside[1],
                look_back=look_back,
                gap_h=gap_h,
                availability_pct=pma,
                maximum_potential=most,
                valid_h=valid_before,
            )

        ppms, flows = [self._ppm[i] or 0.0 for i in ppm_back], [self._flow(i) for i in flow_back]
        flow = value(Parameter.FLOW, [self._flow(i) for i in neighbours], flows, max(flows))
        ppm = value(Parameter.CO2, [self._ppm[i] or 0.0 for i in neighbours], ppms, MOST_CO2_PPM)
        least = value(Parameter.CO2, (0.0, 0.0), ppms, MOST_CO2_PPM)
        scale = flow * self._density(ppm_back)
        row = substitution.epa_row(parameter=Parameter.CO2, gap_h=gap_h, availability_pct=pma, valid_h=valid_before)
        fill = self._regulated(
            begin, stop, ppm * scale, row, lambda before, then: scale * max(least, (before + then) / 2.0)
        )
        yield from ((index, fill) for index in range(begin, stop))

    def _eu(self, begin: int, stop: int) -> Iterator[tuple[int, _Fill | str]]:
        made: dict[float, _Fill] = {}
        for index in range(begin, stop):
            kg_per_h = self._eu_kg_per_h[self._years[index]]
            if kg_per_h is None:
                yield index, Because.NO_HOURS
                continue
            if kg_per_h not in made:
                made[kg_per_h] = self._regulated(begin, stop, kg_per_h, Because.EU, None)
            yield index, made[kg_per_h]

    @cached_property
    def _years(self) -> list[int]:
        """The local calendar year of each hour."""
        return [datetime.fromtimestamp(start, self.zone).year for start in self.starts]

    @cached_property
    def _eu_kg_per_h(self) -> dict[int, float | None]:
        """By year, from its valid hours on days that are over; None: fewer than two."""
        hours: dict[int, list[int]] = {}
        for index in self._valid[: bisect_left(self._valid, self.index(self.over_until_s))]:
            hours.setdefault(self._years[index], []).append(index)
        found: dict[int, float | None] = dict.fromkeys(self._years)
        for year, known in hours.items():
            if len(known) >= 2:
                ppm = substitution.eu_substitute([self._ppm[i] or 0.0 for i in known])
                found[year] = ppm * statistics.fmean(map(self._flow, known)) * self._density(known)
        return found

    def _regulated(
        self, begin: int, stop: int, kg_per_h: float, because: str, fill: Callable[[float, float], float] | None
    ) -> _Fill:
        """`fill`: kg an hour from the two neighbours; None: they do not matter."""
        back = slice(max(0, begin - gaps.LOOK_BACK_H), begin)
        length_h = stop - begin
        error = gaps.gap_error(
            lambda window_h: gaps.neighbour_errors(
                self.kg[back], self._ppm[back], window_h, fill or (lambda _before, _then: kg_per_h)
            ),
            length_h=length_h,
            filled_kg=kg_per_h * length_h,
        )
        return _Fill(kg_per_h, because, 0.0, error.bias_kg / length_h, error.variance_kg2 / length_h)
