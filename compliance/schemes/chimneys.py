"""What the chimneys of a report's sites measured: hours by status, masses of record, means of the gas."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from compliance.record.hours import RecordHour
from compliance.reports.content import FIRE_LOG, Series
from compliance.schemes import ReportInputs
from compliance.schemes.figures import ReportFigures, printed
from devices.models import Assignment, Calibration, MCUDevice
from emissions.models import EmissionHour
from factories.models import Chimney, Factory
from lib import history, sql
from science.interval import UncertainMass, total
from science.pressure import isa_pressure_pa

SECONDS_PER_HOUR = 3600
ZERO_C_K, STANDARD_PA = 273.15, 101_325.0


@dataclass(frozen=True, slots=True)
class GasMeans:
    """Means of the hourly means of a chimney's measured hours; None without one."""

    chimney_id: int
    co2_ppm: float | None
    temperature_c: float | None
    velocity_ms: float | None
    flow_rate_m3s: float | None


_NO_GAS = GasMeans(0, None, None, None, None)


@dataclass(frozen=True, slots=True)
class MeasuredChimney:
    """A chimney in the period."""

    chimney: Chimney
    hours: Mapping[str, int]  # by status of record
    methods: tuple[str, ...]  # of its substituted hours
    record: UncertainMass  # kg CO2, fossil and biogenic together
    gas: GasMeans

    @property
    def operated(self) -> int:
        return sum(self.hours.get(status, 0) for status in ("measured", "partial", "substituted"))

    @property
    def normal_flow_nm3_per_h(self) -> float | None:
        """At 0 °C and 1 atm, from the means and the air of the site's altitude."""
        if self.gas.flow_rate_m3s is None or self.gas.temperature_c is None:
            return None
        pressure_pa = isa_pressure_pa(self.chimney.factory.altitude_m)
        actual_m3_per_h = self.gas.flow_rate_m3s * SECONDS_PER_HOUR
        return actual_m3_per_h * (pressure_pa / STANDARD_PA) * (ZERO_C_K / (self.gas.temperature_c + ZERO_C_K))


def measured(figures: ReportFigures) -> list[MeasuredChimney]:
    """Each chimney with a device of record in the period."""
    return [row for factory in figures.inputs.factories for row in _of_site(factory, figures)]


def _of_site(factory: Factory, figures: ReportFigures) -> list[MeasuredChimney]:
    inputs, by_chimney = figures.inputs, dict[int, list[RecordHour]]()
    for hour in figures.hours[factory.pk]:
        by_chimney.setdefault(hour.chimney_id, []).append(hour)
    first, end = (datetime.combine(day, time(0), factory.zone) for day in (inputs.first_day, inputs.end_day))
    statement, parameters = history.reading(
        sql.load("compliance", "means_of_chimneys"),
        {"chimney_ids": list(by_chimney), "start": first, "end_": end},
        inputs.known_on,
        EmissionHour,
        Assignment,
    )
    means = {row.chimney_id: row for row in sql.fetch(statement, parameters, GasMeans)}
    chimneys = {row.pk: row for row in history.rows(Chimney, inputs.known_on, pk__in=list(by_chimney))}
    found = []
    for pk, hours in sorted(by_chimney.items()):
        chimneys[pk].factory = factory
        found.append(
            MeasuredChimney(
                chimney=chimneys[pk],
                hours=Counter(str(hour.status) for hour in hours),
                methods=tuple(sorted({str(hour.method) for hour in hours if hour.method})),
                record=total(hour.record for hour in hours if hour.record is not None),
                gas=means.get(pk, _NO_GAS),
            )
        )
    return found


def fire_log(figures: ReportFigures, title: str) -> Series:
    """Each day of the period with the mass of record of its chimneys; a day is as good as its worst hour."""
    worst = ("missing", "substituted", "partial", "measured", "idle")
    by_day: dict[str, list[RecordHour]] = {}
    for factory in figures.inputs.factories:
        for hour in figures.hours[factory.pk]:
            by_day.setdefault(hour.period_start.astimezone(factory.zone).date().isoformat(), []).append(hour)
    points = []
    for day, hours in sorted(by_day.items()):
        seen = {str(hour.status) for hour in hours}
        masses = [hour.record.likely_kg for hour in hours if hour.record is not None]
        status = next(one for one in worst if one in seen)
        points.append((day, printed(sum(masses, Decimal(0))) if masses else None, status))
    return Series("fire_log", title, "kg CO2", tuple(points), FIRE_LOG)


def calibrations(inputs: ReportInputs) -> list[Calibration]:
    """Those done in the period, and the newest before it, of the devices of the sites."""
    sites = [factory.pk for factory in inputs.factories]
    devices = {row.pk: row for row in history.rows(MCUDevice, inputs.known_on, factory__in=sites)}
    first, end = (
        datetime.combine(day, time(0), inputs.factories[0].zone) for day in (inputs.first_day, inputs.end_day)
    )
    rows = history.rows(Calibration, inputs.known_on, device__in=list(devices), calibrated_at__lt=end)
    kept, seen = [], set()
    for row in sorted(rows, key=lambda row: (row.device_id, row.kind, -row.calibrated_at.timestamp(), row.pk)):
        key = (row.device_id, row.kind)
        if row.calibrated_at >= first or key not in seen:
            row.device = devices[row.device_id]
            kept.append(row)
            seen.add(key)
    return kept
