"""Quality: whether a reading can be trusted, and why not.

Lives here: the flags, which of them block, and ``assess``. Does not live here: the device's own
flags (``readings.py``), hours (``hours.py``).

Causal: a reading's flags depend on it and on at most ``CONTEXT`` readings before it, in order of time, so they do not
depend on the order of arrival: the caller passes that much context in front. Hence a pattern is flagged from the moment
it is proved, not from when it began (the first 59 of 60 identical values stay valid), and a run that must last some
time counts as long enough when it spans more than ``CONTEXT`` readings.

All thresholds are our own choices [A] (``docs/method.md`` 2) unless a comment says otherwise.
"""

from collections import deque
from collections.abc import Sequence
from enum import IntFlag

from science import constants, limits, readings, stack
from science.readings import StackReading, StackSetup

#: Readings before the first new one that a caller passes to ``assess``.
CONTEXT = 128

STUCK_COUNT = 60  # 5 min at 5 s
SPIKE_WINDOW = 11
SPIKE_MADS = 6.0 * 1.4826  # MAD to standard deviation of a normal distribution: 1.4826
SPIKE_SPAN_SHARE = 0.05
#: Floor of the MAD, share of span: a flat line has MAD 0, and an ordinary step of the fire (under
#: 6 x 1.4826 x 1 % = 8.9 % of span between two readings) must not become a spike on it.
SPIKE_MAD_FLOOR_SHARE = 0.01
CO2_CHANGE_SHARE_PER_S = 0.02  # of span: 4,000 ppm/s on a 20 % sensor
TEMPERATURE_CHANGE_K_PER_S = 10.0
SAMPLE_LINE_S = 300.0
SAMPLE_LINE_VELOCITY_MS = 0.5
BELOW_AMBIENT_S = 600.0
UNDER_RANGE_PPM = 380.0
MAX_GAP_INTERVALS = 3.0

FIRING_ABOVE_AMBIENT_K = 40.0
FIRING_CO2_PPM = 10_000.0
IDLE_ABOVE_AMBIENT_K = 15.0
IDLE_CO2_PPM = 1_500.0
SENSOR_ERROR_SHARE = 0.02
CALIBRATED_ERROR_MIN_SHARE = 0.0005  # of range: the noise that stays after a zero, 100 ppm of a 20 % sensor
SENSOR_ERROR_MAX_PPM = 5_000.0  # otherwise the error of a 100 % sensor would make a fire look idle


class Quality(IntFlag):
    """Quality of a reading. Bits are stored: append at the end, never renumber."""

    WARMUP = 1 << 0
    OVER_RANGE = 1 << 1
    UNDER_RANGE = 1 << 2
    OUT_OF_PHYSICAL = 1 << 3
    STUCK = 1 << 4
    SPIKE = 1 << 5
    RATE_OF_CHANGE = 1 << 6
    BELOW_AMBIENT = 1 << 7
    NEG_VELOCITY = 1 << 8
    SAMPLE_LINE = 1 << 9
    SENSOR_FAULT = 1 << 10
    CAL = 1 << 11
    # 1 << 12 is free: a duplicate is never stored.
    CLOCK_SKEW = 1 << 13  # set by the caller
    BACKFILLED = 1 << 14  # set by the caller
    CALIBRATION_EXPIRED = 1 << 15  # set by the caller
    SITE_PRESSURE = 1 << 16  # the device sent an unusable pressure; the site's pressure replaces it


BLOCKING = (
    Quality.WARMUP
    | Quality.OVER_RANGE
    | Quality.OUT_OF_PHYSICAL
    | Quality.STUCK
    | Quality.SPIKE
    | Quality.NEG_VELOCITY
    | Quality.SAMPLE_LINE
    | Quality.SENSOR_FAULT
    | Quality.CAL
)

#: Blocking flags that judge the series, not the reading: such a reading was measured, but does not count towards an
#: hour of record.
DOUBTFUL = Quality.STUCK | Quality.SPIKE | Quality.SAMPLE_LINE

#: Blocking flags of a reading whose mass counts all the same: over range it is a lower bound.
_INTEGRATED = DOUBTFUL | Quality.OVER_RANGE

# Plain integers for the loop: arithmetic on IntFlag members costs a microsecond each.
_BLOCKING = int(BLOCKING)
_UNMEASURED = _BLOCKING & ~int(_INTEGRATED)
_WARMUP, _OVER_RANGE, _UNDER_RANGE = int(Quality.WARMUP), int(Quality.OVER_RANGE), int(Quality.UNDER_RANGE)
_PHYSICAL, _STUCK, _SPIKE = int(Quality.OUT_OF_PHYSICAL), int(Quality.STUCK), int(Quality.SPIKE)
_CHANGE, _BELOW = int(Quality.RATE_OF_CHANGE), int(Quality.BELOW_AMBIENT)
_NEGATIVE, _LINE = int(Quality.NEG_VELOCITY), int(Quality.SAMPLE_LINE)
_FAULT, _CAL, _SITE = int(Quality.SENSOR_FAULT), int(Quality.CAL), int(Quality.SITE_PRESSURE)
_CO2_MAX_KG_PER_M3 = (
    limits.CO2_MAX_SOLID_FUEL_PPM
    * 1e-6
    * constants.CO2_DENSITY_FACTOR_KG_K_PER_J
    * limits.PRESSURE_MAX_PA
    / (limits.TEMPERATURE_MIN_C + constants.ZERO_CELSIUS_K)
)
_SENSOR_FAULTS = readings.CO2_FAULT | readings.TEMPERATURE_FAULT | readings.VELOCITY_FAULT


def is_valid(quality: int) -> bool:
    """Return whether a reading with these flags may enter means."""
    return not int(quality) & _BLOCKING


def is_measured(quality: int) -> bool:
    """Return whether a reading with these flags enters ``measured_kg``: valid, doubtful or over range."""
    return not int(quality) & _UNMEASURED


def is_over_range(quality: int) -> bool:
    """Return whether a reading, or any of a period, is only known to be at least what was measured."""
    return bool(int(quality) & _OVER_RANGE)


def names(quality: int) -> list[str]:
    """Return the names of the flags set, in order of their bits."""
    return [flag.name for flag in Quality if int(quality) & flag.value and flag.name]


def counted_kg_per_s(co2_kg_per_s: float, quality: int) -> float:
    """Return the rate [kg/s] to integrate: 0 when CO2 has drifted below the ambient air's."""
    return 0.0 if int(quality) & _BELOW else co2_kg_per_s


def sensor_error_ppm(setup: StackSetup) -> float:
    """Return the allowed zero error [ppm]: as calibrated, or 2 % of a range up to 5,000; 0 if unknown."""
    if setup.co2_zero_error_ppm is not None:
        return setup.co2_zero_error_ppm
    return min(SENSOR_ERROR_SHARE * (setup.sensor_range_ppm or 0.0), SENSOR_ERROR_MAX_PPM)


def calibrated_zero_error_ppm(*, reading_ppm: float, reference_ppm: float, sensor_range_ppm: float | None) -> float:
    """Return the zero error [ppm] that a zero calibration found: what the sensor had drifted since the one before."""
    noise_ppm = CALIBRATED_ERROR_MIN_SHARE * (sensor_range_ppm or 0.0)
    return min(max(abs(reading_ppm - reference_ppm), noise_ppm), SENSOR_ERROR_MAX_PPM)


def is_firing_like(reading: StackReading, setup: StackSetup) -> bool:
    """Return whether one reading looks like a fire: T > ambient + 40 K or CO2 > 10,000 ppm.

    False where nothing burns (``is_combustion`` false), and for values missing or faulty.
    """
    return setup.is_combustion and _is_firing(
        reading, stack.corrected_co2_ppm(reading, setup), setup.ambient_temperature_c + FIRING_ABOVE_AMBIENT_K
    )


def _is_firing(reading: StackReading, co2_ppm: float | None, hot_c: float) -> bool:
    temperature_c = reading.temperature_c
    if temperature_c is not None and temperature_c > hot_c and not reading.flags & readings.TEMPERATURE_FAULT:
        return True
    return co2_ppm is not None and co2_ppm > FIRING_CO2_PPM


def is_idle_like(reading: StackReading, setup: StackSetup) -> bool:
    """Return whether one reading looks idle: T < ambient + 15 K and CO2 < 1,500 ppm + sensor error.

    Needs both values: time without data is missing, never idle. Ten idle-like minutes are a proof (``hours.py``).
    False where nothing burns.
    """
    co2_ppm = stack.corrected_co2_ppm(reading, setup)
    temperature_c = reading.temperature_c
    if co2_ppm is None or temperature_c is None or reading.flags & readings.TEMPERATURE_FAULT:
        return False
    is_cold = temperature_c < setup.ambient_temperature_c + IDLE_ABOVE_AMBIENT_K
    return setup.is_combustion and is_cold and co2_ppm < IDLE_CO2_PPM + sensor_error_ppm(setup)


def assess(series: Sequence[StackReading], setup: StackSetup) -> list[Quality]:
    """Return the flags of each reading.

    Parameters:
    series : sorted by time; the first up to ``CONTEXT`` may be context, whose own flags the
        caller drops. All under one setup.
    setup : the chimney and device they belong to

    Returns: As long as ``series``.
    Raises: ValueError for readings not sorted by time.
    Notes: Never raises for any input of a device. A gap longer than three intervals, and a reading without usable CO2
    (missing, faulty, warming up, calibrating, impossible), restart every pattern. A reading that has no ``stack_state``
    always carries a blocking flag.
    """
    assessor = _Assessor(setup)
    members: dict[int, Quality] = {}  # cached, because making an IntFlag member is slow
    result: list[Quality] = []
    for reading in series:
        bits = assessor.step(reading)
        member = members.get(bits)
        if member is None:
            member = members[bits] = Quality(bits)
        result.append(member)
    return result


class _Assessor:
    """State of the patterns between two readings, with the setup's thresholds worked out once."""

    def __init__(self, setup: StackSetup) -> None:
        self.setup = setup
        error_ppm = sensor_error_ppm(setup)
        self.ceiling_ppm = stack.co2_ceiling_ppm(setup)
        self.span_ppm = setup.sensor_range_ppm or self.ceiling_ppm
        range_ppm = setup.sensor_range_ppm
        self.full_scale_ppm = stack.OVER_RANGE_SHARE * range_ppm if range_ppm else float("inf")
        self.hot_c = setup.ambient_temperature_c + FIRING_ABOVE_AMBIENT_K
        self.below_ppm = constants.BACKGROUND_CO2_PPM - 2.0 * error_ppm
        # Below zero where the error is large. Exactly 0 is below them all the same: no air is without CO2.
        self.under_ppm = UNDER_RANGE_PPM - 2.0 * error_ppm
        # Within the other limits only a duct of some 3 m2 and more can pass 50 kg/s.
        flow_max_m3s = setup.area_m2 * setup.velocity_profile_factor * limits.VELOCITY_MAX_MS
        self.check_rate = flow_max_m3s * _CO2_MAX_KG_PER_M3 > limits.RATE_MAX_KG_PER_S
        self.window: deque[float] = deque(maxlen=SPIKE_WINDOW)
        self.previous_t_ms = 0
        self._restart()

    def _restart(self) -> None:
        self.window.clear()
        self.previous_co2_ppm: float | None = None
        self.previous_temperature_c: float | None = None
        self.stuck_co2_ppm: float | None = None
        self.stuck_count = self.line_count = self.below_count = 0
        self.line_start_ms = self.below_start_ms = 0.0

    def step(self, reading: StackReading) -> int:
        """Return the flags of the next reading."""
        if reading.t_ms < self.previous_t_ms:
            raise ValueError(f"t_ms={reading.t_ms} ms comes after {self.previous_t_ms} ms; sort the readings by time")
        start_ms = reading.t_ms - (reading.span_s or 0.0) * 1000.0
        if start_ms - self.previous_t_ms > MAX_GAP_INTERVALS * reading.interval_s * 1000.0:
            self._restart()
        co2_ppm = stack.corrected_co2_ppm(reading, self.setup)
        bits = self._single(reading, co2_ppm)
        if co2_ppm is not None and 0.0 <= co2_ppm <= self.ceiling_ppm and not bits & (_WARMUP | _CAL):
            # At the end of the range the value neither changes nor says how much CO2 there is.
            is_over = bits & _OVER_RANGE
            bits |= self._changes(reading, co2_ppm) & ~(_STUCK if is_over else 0)
            bits |= self._runs(reading, co2_ppm, start_ms) & ~(_LINE if is_over else 0)
        else:
            self._restart()
        self.previous_t_ms = reading.t_ms
        return bits

    def _single(self, reading: StackReading, co2_ppm: float | None) -> int:
        """Return the flags that need no other reading."""
        flags, bits = reading.flags, 0
        raw_ppm, temperature_c, velocity_ms = reading.co2_ppm, reading.temperature_c, reading.velocity_ms
        if flags:
            bits |= _FAULT if flags & _SENSOR_FAULTS else 0
            bits |= _WARMUP if flags & readings.WARM_UP else 0
            bits |= _CAL if flags & readings.CALIBRATING else 0
            bits |= _OVER_RANGE if flags & readings.OVER_RANGE else 0
        if co2_ppm is None:
            bits |= _FAULT
        elif not 0.0 <= co2_ppm <= self.ceiling_ppm:
            bits |= _PHYSICAL
        elif co2_ppm < self.under_ppm or not co2_ppm:
            bits |= _UNDER_RANGE
        if raw_ppm is not None and raw_ppm >= self.full_scale_ppm and not flags & readings.CO2_FAULT:
            bits |= _OVER_RANGE
        if temperature_c is None:
            bits |= _FAULT
        elif not limits.TEMPERATURE_MIN_C <= temperature_c <= limits.TEMPERATURE_MAX_C:
            bits |= _PHYSICAL
        if velocity_ms is None:
            bits |= _FAULT
        elif velocity_ms < 0.0:
            bits |= _NEGATIVE
        elif not velocity_ms <= limits.VELOCITY_MAX_MS:
            bits |= _PHYSICAL
        for pressure_pa in (reading.pressure_pa, reading.cell_pressure_pa):
            if pressure_pa is not None and not stack.is_usable_pressure(pressure_pa, flags):
                bits |= _SITE
        if self.check_rate and not bits & _BLOCKING and stack.stack_state(reading, self.setup) is None:
            bits |= _PHYSICAL
        return bits

    def _changes(self, reading: StackReading, co2_ppm: float) -> int:
        """Return STUCK, SPIKE and RATE_OF_CHANGE."""
        bits = 0
        is_firing = self.setup.is_combustion and _is_firing(reading, co2_ppm, self.hot_c)
        if is_firing and reading.co2_ppm == self.stuck_co2_ppm:
            self.stuck_count += 1
            if self.stuck_count >= STUCK_COUNT:
                bits |= _STUCK
        else:
            self.stuck_count = 1 if is_firing else 0
            self.stuck_co2_ppm = reading.co2_ppm
        previous_ppm = self.previous_co2_ppm
        self.window.append(co2_ppm)
        temperature_c = None if reading.flags & readings.TEMPERATURE_FAULT else reading.temperature_c
        if previous_ppm is not None:
            step_ppm = abs(co2_ppm - previous_ppm)
            # A second reading at the new level shows a step of the fire, not a spike. A mean over a minute or an hour
            # contains no spike: a jump between two means is the fire.
            is_point = not reading.span_s
            if is_point and step_ppm > SPIKE_SPAN_SHARE * self.span_ppm and len(self.window) == SPIKE_WINDOW:
                bits |= self._spike(co2_ppm)
            seconds = max(1.0, (reading.t_ms - self.previous_t_ms) / 1000.0)
            if step_ppm > CO2_CHANGE_SHARE_PER_S * self.span_ppm * seconds:
                bits |= _CHANGE
            previous_c = self.previous_temperature_c
            step_c = 0.0 if temperature_c is None or previous_c is None else abs(temperature_c - previous_c)
            if step_c > TEMPERATURE_CHANGE_K_PER_S * seconds:
                bits |= _CHANGE
        self.previous_co2_ppm, self.previous_temperature_c = co2_ppm, temperature_c
        return bits

    def _spike(self, co2_ppm: float) -> int:
        """Return SPIKE when CO2 is far from the median of the last 11, itself included."""
        ordered = sorted(self.window)
        median = ordered[SPIKE_WINDOW // 2]
        distance = abs(co2_ppm - median)
        if distance <= SPIKE_SPAN_SHARE * self.span_ppm:
            return 0
        mad = sorted([abs(value - median) for value in ordered])[SPIKE_WINDOW // 2]
        return _SPIKE if distance > SPIKE_MADS * max(mad, SPIKE_MAD_FLOOR_SHARE * self.span_ppm) else 0

    def _runs(self, reading: StackReading, co2_ppm: float, start_ms: float) -> int:
        """Return SAMPLE_LINE and BELOW_AMBIENT: states that must last."""
        bits = 0
        if co2_ppm < FIRING_CO2_PPM and self._is_hot_and_blowing(reading):
            if not self.line_count:
                self.line_start_ms = start_ms
            self.line_count += 1
            if reading.t_ms - self.line_start_ms >= SAMPLE_LINE_S * 1000.0 or self.line_count > CONTEXT:
                bits |= _LINE
        else:
            self.line_count = 0
        if co2_ppm < self.below_ppm or not co2_ppm:
            if not self.below_count:
                self.below_start_ms = start_ms
            self.below_count += 1
            if reading.t_ms - self.below_start_ms > BELOW_AMBIENT_S * 1000.0 or self.below_count > CONTEXT:
                bits |= _BELOW
        else:
            self.below_count = 0
        return bits

    def _is_hot_and_blowing(self, reading: StackReading) -> bool:
        temperature_c, velocity_ms = reading.temperature_c, reading.velocity_ms
        return (
            self.setup.is_combustion
            and temperature_c is not None
            and temperature_c > self.hot_c
            and velocity_ms is not None
            and velocity_ms > SAMPLE_LINE_VELOCITY_MS
            and not reading.flags & (readings.TEMPERATURE_FAULT | readings.VELOCITY_FAULT)
        )
