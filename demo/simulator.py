"""Plausible chimneys: what a device would measure at any moment, a pure function of the device and the time.

The same device at the same time gives the same values, in every process and after every restart. Holds no
sequence numbers, no messages and no sockets (`outbox.py`, `fleet.py`), and no factories (`cast.py`).

The model: a shift lights the boiler in the afternoon and lets it burn out the next morning. While it burns,
wood is charged every 20 to 30 minutes; each charge makes CO2, draught and temperature rise within minutes and
fade until the next. When the shift ends, draught goes first, then CO2, and the bricks stay warm for an hour
or two. All curves are continuous, so that no healthy chimney trips a rule of `science/quality.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from demo.cast import Part, PlannedDevice
from science import readings
from science.pressure import isa_pressure_pa

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
# Nairobi has kept UTC+3 without daylight saving since 1960.
LOCAL_OFFSET_S = 3 * HOUR_S
_GOLDEN = 0.6180339887498949
_MASK = 2**64 - 1

# A charge of wood, minutes after it was thrown in: flames catch, then it burns down.
CATCH_MIN, BURN_DOWN_MIN = 3.5, 16.0
CHARGES_FELT = 5
MEAN_CHARGE_LEVEL = 0.5
DOOR_OPEN_MIN = 1.5
# How fast things come and go at both ends of a shift, minutes.
FIRE_RISE_MIN, FIRE_FALL_MIN = 12.0, 8.0
DRAUGHT_RISE_MIN, DRAUGHT_FALL_MIN = 10.0, 3.0
HEAT_RISE_MIN, HEAT_FALL_MIN = 25.0, 22.0

FAULT_EVERY_S = 20 * 60.0


@dataclass(frozen=True, slots=True)
class StackProfile:
    """What is constant of one simulated chimney and the device in it."""

    seed: int
    part: Part
    range_ppm: float
    site_pressure_pa: float
    mean_air_c: float
    shift_start_s: float  # after local midnight
    shift_s: float
    charge_every_s: float
    base_temperature_c: float
    base_velocity_ms: float


@dataclass(frozen=True, slots=True)
class StackValues:
    """What the device measures; None where its sensor fails."""

    co2_ppm: float | None
    temperature_c: float
    velocity_ms: float
    pressure_pa: float
    flags: int


def profile_of(device: PlannedDevice) -> StackProfile:
    """The chimney of a device of the cast, drawn from its index."""
    seed = device.index
    works_round_the_clock = seed % 4 == 0
    shift_h = 22.0 if works_round_the_clock else 16.5 + 1.5 * _draw(seed, 1)
    return StackProfile(
        seed=seed,
        part=device.part,
        range_ppm=device.range_ppm,
        # The tropical air column is a little heavier than the standard one (`domain.md` 1.4).
        site_pressure_pa=1.01 * isa_pressure_pa(device.altitude_m),
        mean_air_c=29.5 - 0.0065 * device.altitude_m,
        # 10:00 to 23:00 by the golden ratio: whatever the hour, few of any fleet stand still.
        shift_start_s=(10.0 + 13.0 * ((seed * _GOLDEN) % 1.0)) * HOUR_S,
        shift_s=shift_h * HOUR_S,
        charge_every_s=(20.0 + 10.0 * _draw(seed, 2)) * 60.0,
        base_temperature_c=170.0 + 25.0 * _draw(seed, 3),
        base_velocity_ms=3.2 + 1.1 * _draw(seed, 4),
    )


def values_at(profile: StackProfile, t_ms: int) -> StackValues:
    """What the device in this chimney measures at `t_ms`, Unix milliseconds UTC."""
    t_s = t_ms / 1000.0 + LOCAL_OFFSET_S
    fire, draught, heat, charge, door = _fire_at(profile, t_s)
    seed = profile.seed
    air_c = profile.mean_air_c + 5.0 * math.sin(2 * math.pi * (t_s / DAY_S - 0.38))
    noise = [_draw(seed, 20 + channel, t_ms) - 0.5 for channel in range(3)]
    day_factor = 1.0 + 0.05 * _wave(seed, 5, t_s, 2 * HOUR_S)

    idle_ppm = 675.0 + 215.0 * _wave(seed, 6, t_s, HOUR_S)
    burning_ppm = (66_000.0 + 72_000.0 * charge - 5_000.0 * door) * day_factor
    co2_ppm = idle_ppm + fire * (burning_ppm + 900.0 * _wave(seed, 7, t_s, 40.0) + 1_200.0 * noise[0])
    co2_ppm += 12.0 * noise[0]

    swing = charge - MEAN_CHARGE_LEVEL
    hot_c = profile.base_temperature_c + 42.0 * swing - 3.0 * door + 4.0 * _wave(seed, 8, t_s, 900.0)
    cold_c = air_c + 5.0 + 0.8 * _wave(seed, 9, t_s, HOUR_S)
    temperature_c = cold_c + heat * (hot_c - cold_c) + (0.2 + 0.8 * heat) * noise[1]

    blowing_ms = (profile.base_velocity_ms + 1.1 * swing) * day_factor
    gust_ms = 0.18 * _wave(seed, 10, t_s, 25.0) + 0.24 * noise[2]
    still_ms = 0.14 + 0.10 * _wave(seed, 11, t_s, 600.0) + 0.06 * noise[2]
    velocity_ms = max(0.0, still_ms + draught * (blowing_ms + gust_ms))

    # The air's tide peaks at ten in the morning and the evening near the equator, in all weathers.
    tide_pa = 110.0 * math.cos(4 * math.pi * (t_s / DAY_S - 10.0 / 24.0))
    pressure_pa = profile.site_pressure_pa + tide_pa + 150.0 * _wave(seed, 12, t_s, 9 * HOUR_S)
    return _as_measured(
        profile,
        t_ms,
        co2_ppm=co2_ppm,
        temperature_c=temperature_c,
        velocity_ms=velocity_ms,
        pressure_pa=pressure_pa,
    )


def is_firing(profile: StackProfile, t_ms: int) -> bool:
    """Whether the boiler is in a shift at that time."""
    t_s = t_ms / 1000.0 + LOCAL_OFFSET_S
    return any(start_s <= t_s < end_s for start_s, end_s in _shifts_near(profile, t_s))


def has_sensor_fault(profile: StackProfile, t_ms: int) -> bool:
    """Whether the CO2 sensor of a faulty device gives nothing: in some spans of twenty minutes, for a few."""
    if profile.part is not Part.SENSOR_FAULT:
        return False
    span, into = divmod(t_ms / 1000.0, FAULT_EVERY_S)
    lasts_s = 90.0 + 150.0 * _draw(profile.seed, 14, int(span))
    return _draw(profile.seed, 13, int(span)) < 0.6 and 300.0 <= into < 300.0 + lasts_s


def _as_measured(
    profile: StackProfile,
    t_ms: int,
    *,
    co2_ppm: float,
    temperature_c: float,
    velocity_ms: float,
    pressure_pa: float,
) -> StackValues:
    """The truth as this device's sensors tell it: in their steps, and not above their range."""
    flags = 0
    shown_ppm: float | None = round(co2_ppm, -1)
    if has_sensor_fault(profile, t_ms):
        flags, shown_ppm = readings.CO2_FAULT, None
    elif co2_ppm >= profile.range_ppm:
        flags, shown_ppm = readings.OVER_RANGE, profile.range_ppm
    return StackValues(
        co2_ppm=shown_ppm,
        temperature_c=round(temperature_c, 1),
        velocity_ms=round(velocity_ms, 2),
        pressure_pa=float(round(pressure_pa)),
        flags=flags,
    )


# --- The fire ---------------------------------------------------------------------------------
def _shifts_near(profile: StackProfile, t_s: float) -> list[tuple[float, float]]:
    """Start and end of the shift of this local day and of the one before, each a little early or late."""
    day = math.floor((t_s - profile.shift_start_s) / DAY_S)
    shifts = []
    for number in (day - 1, day, day + 1):
        start_s = number * DAY_S + profile.shift_start_s + 900.0 * (_draw(profile.seed, 15, number) - 0.5)
        shifts.append((start_s, start_s + profile.shift_s + 1200.0 * (_draw(profile.seed, 16, number) - 0.5)))
    return shifts


def _fire_at(profile: StackProfile, t_s: float) -> tuple[float, float, float, float, float]:
    """Fire, draught and heat, each 0 to 1; what the last charges of wood give; how far the door is open."""
    fire = draught = heat = 0.0
    begun = None
    for start_s, end_s in _shifts_near(profile, t_s):
        if t_s < start_s:
            continue
        begun = start_s
        risen_min = (min(t_s, end_s) - start_s) / 60.0
        over_min = max(0.0, t_s - end_s) / 60.0
        fire = max(fire, _rise(risen_min / FIRE_RISE_MIN) * math.exp(-over_min / FIRE_FALL_MIN))
        draught = max(draught, _rise(risen_min / DRAUGHT_RISE_MIN) * math.exp(-over_min / DRAUGHT_FALL_MIN))
        heat = max(heat, _rise(risen_min / HEAT_RISE_MIN) * math.exp(-over_min / HEAT_FALL_MIN))
    if begun is None:
        return fire, draught, heat, 0.0, 0.0
    charge, door = _charges(profile, begun, t_s)
    return fire, draught, heat, charge, door


def _charges(profile: StackProfile, begun_s: float, t_s: float) -> tuple[float, float]:
    """The sum of what the last charges give, and how far the fire door stands open for the latest."""
    latest = int((t_s - begun_s) / profile.charge_every_s)
    level = door = 0.0
    for number in range(max(0, latest - CHARGES_FELT), latest + 1):
        key = int(begun_s) + number
        charged_s = begun_s + (number + 0.3 * _draw(profile.seed, 17, key)) * profile.charge_every_s
        minutes = (t_s - charged_s) / 60.0
        if minutes <= 0.0:
            continue
        amount = 0.85 + 0.3 * _draw(profile.seed, 18, key)
        level += amount * (1.0 - math.exp(-minutes / CATCH_MIN)) * math.exp(-minutes / BURN_DOWN_MIN)
        if minutes < DOOR_OPEN_MIN:
            door += math.sin(math.pi * minutes / DOOR_OPEN_MIN) ** 2
    return level, door


def _rise(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3.0 - 2.0 * share)


# --- Chance that repeats ------------------------------------------------------------------------
def _draw(seed: int, channel: int, moment: int = 0) -> float:
    """A number in [0, 1) that looks random and is always the same (the finaliser of splitmix64)."""
    x = (seed * 0x9E3779B97F4A7C15 + channel * 0xD1B54A32D192ED03 + moment * 0x8CB92BA72F3D8DD7 + 1) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return (x ^ (x >> 31)) / 2**64


def _wave(seed: int, channel: int, t_s: float, period_s: float) -> float:
    """Smooth noise in [-1, 1] that forgets itself after about `period_s`."""
    step, into = divmod(t_s, period_s)
    before = _draw(seed, channel, int(step))
    after = _draw(seed, channel, int(step) + 1)
    return 2.0 * (before + (after - before) * _rise(into / period_s)) - 1.0
