"""The kinds of alarms, one row each: what it needs to be seen, its usual rule, and what it measures.

A new kind is a value of `AlertKind`, a row here, a finder in `findings.py` unless it measures, and a sentence in
`sentences.py`. The usual rule is what an organisation begins with; the limits of the chimney are those outside of which
`docs/method.md` 2 doubts a value while the fire burns.
"""

from dataclasses import dataclass
from datetime import timedelta

from accounts.roles import Action
from alerts.choices import AlertKind, Severity
from lib.templatetags.units import UNITS

HOUR_S, DAY_S = 3600, 86_400
# Lowest and highest limit by unit: a limit beyond them is a slip, and days or hours beyond them leave the calendar.
BOUNDS = {
    "ppm": (0.0, 1_000_000.0),
    "celsius": (-50.0, 1_500.0),
    "m_per_s": (0.0, 100.0),
    "percent": (0.0, 100.0),
    "h": (0.0, 336.0),
    "d": (0.0, 3_650.0),
    "": (0.0, 10.0),
}
LONGEST_MEASURED_S = 6 * HOUR_S  # a round of evaluation reads the minutes of that time


@dataclass(frozen=True, slots=True)
class MeasuredQuantity:
    """What a kind measures, minute by minute. `sign`: 1 for a high limit, -1 for a low one."""

    column: str  # of `sql/measured.sql`
    sign: int
    while_firing: bool = False  # a cold stack has no CO2, and that is no alarm


@dataclass(frozen=True, slots=True)
class KindRow:
    kind: AlertKind
    needs: Action  # the right to see what it is about, besides alarms
    severity: Severity
    duration_s: int
    limit: float | None = None
    hysteresis: float = 0.0
    unit: str = ""  # of limit, hysteresis and value; of lib.templatetags.units where that has it
    quantity: MeasuredQuantity | None = None
    calm: timedelta = timedelta(0)  # for how long it must be over before the alarm closes

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest limit."""
        return BOUNDS[self.unit]

    @property
    def longest_s(self) -> int:
        return LONGEST_MEASURED_S if self.quantity else 14 * DAY_S

    @property
    def counted_in(self) -> tuple[int, str]:
        """Seconds in the unit of its duration, and the unit: days where days are counted."""
        return (DAY_S, "d") if self.duration_s >= DAY_S else (60, "min")

    @property
    def symbol(self) -> str:
        """Of the unit, for people."""
        return UNITS[self.unit].symbol_html if self.unit in UNITS else self.unit


_READS, _DEVICES, _LOG = Action.VIEW_READINGS, Action.VIEW_DEVICES, Action.VIEW_ENERGY
_WARNING, _CRITICAL, _INFO = Severity.WARNING, Severity.CRITICAL, Severity.INFO
_Is, _Of = AlertKind, MeasuredQuantity

KINDS: dict[str, KindRow] = {
    str(row.kind): row
    for row in (
        KindRow(_Is.CO2_HIGH, _READS, _CRITICAL, 300, 170_000, 5_000, "ppm", _Of("co2_ppm", 1)),
        KindRow(_Is.CO2_LOW, _READS, _WARNING, 1_800, 10_000, 2_000, "ppm", _Of("co2_ppm", -1, True)),
        KindRow(_Is.TEMPERATURE_HIGH, _READS, _CRITICAL, 300, 350, 15, "celsius", _Of("temperature_c", 1)),
        KindRow(_Is.TEMPERATURE_LOW, _READS, _INFO, 3_600, 80, 5, "celsius", _Of("temperature_c", -1, True)),
        KindRow(_Is.FLOW_HIGH, _READS, _WARNING, 300, 15, 0.5, "m_per_s", _Of("velocity_ms", 1)),
        KindRow(_Is.FLOW_LOW, _READS, _WARNING, 1_800, 0.5, 0.1, "m_per_s", _Of("velocity_ms", -1, True)),
        KindRow(_Is.SENSOR_OVER_RANGE, _READS, _WARNING, 600, 50, 25, "percent", _Of("over_range_pct", 1)),
        KindRow(_Is.SENSOR_SILENT, _DEVICES, _CRITICAL, 900, calm=timedelta(minutes=5)),
        KindRow(_Is.DEVICE_ALERT, _DEVICES, _WARNING, 0, 24, unit="h"),
        KindRow(_Is.HOLD_OPEN, _DEVICES, _WARNING, HOUR_S),
        KindRow(_Is.CALIBRATION_ENDING, _DEVICES, _INFO, 0, 30, unit="d"),
        KindRow(_Is.LOG_MISSING, _LOG, _WARNING, 0),
        KindRow(_Is.STACK_AGAINST_FUEL, _LOG, _WARNING, 3 * DAY_S, 0.25),
        KindRow(_Is.EFFICIENCY_LOW, _READS, _WARNING, 4 * HOUR_S, 30, unit="percent"),
        KindRow(_Is.TARGET_AT_RISK, Action.VIEW_TARGETS, _INFO, 0),
        KindRow(_Is.REPORT_DUE, Action.VIEW_REPORT_DRAFTS, _WARNING, 0, 30, unit="d"),
    )
}
MEASURED = {code: row.quantity for code, row in KINDS.items() if row.quantity is not None}
