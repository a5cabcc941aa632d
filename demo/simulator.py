"""Plausible chimneys: the measurement of a device at any moment, as a pure function of the device and the time.

The same device at the same time gives the same values, in every process and after every restart. Holds no
sequence numbers, no messages and no sockets (`outbox.py`, `fleet.py`), and no factories (`cast.py`).

The model: a shift lights the boiler and lets it burn out the next day; `works.py` decides when, how long and how hot.
While it burns, wood is charged every 20 to 30 minutes; each charge makes CO2, draught and temperature
rise within minutes and fall until the next. When the shift ends, draught falls first, then CO2, and the bricks
stay warm for an hour or two. All curves are continuous, so that no healthy chimney violates a rule of
`science/quality.py`. Means over an hour, for the history, are in `hour_means.py`.
"""

import math
from dataclasses import dataclass

from demo import cast
from demo.cast import Behaviour, PlannedDevice
from demo.chance import draw, either_side, rise, wave
from demo.works import DAY_S, HOUR_S, LOCAL_OFFSET_S, Shift, Works
from science import readings, stack
from science.pressure import isa_pressure_pa

# A charge of wood, minutes after it was thrown in: flames catch, then it burns down.
CATCH_MIN, BURN_DOWN_MIN = 3.5, 16.0
CHARGES_FELT = 5
# The total effect of one charge, in minutes of its full glow: the integral of its rise and fall.
CHARGE_GIVES_MIN = BURN_DOWN_MIN - 1.0 / (1.0 / BURN_DOWN_MIN + 1.0 / CATCH_MIN)
MEAN_CHARGE_LEVEL = 0.5
DOOR_OPEN_MIN = 1.5
BARE_FIRE_PPM, CHARGE_PPM, DOOR_PPM = 66_000.0, 72_000.0, 5_000.0
CHARGE_C, DOOR_C = 42.0, 3.0
CHARGE_MS = 1.1
STILL_MS = 0.14  # the draught of a cold chimney
DRY_SHARE = 1.0 - 0.13  # of the gas; the sensor sits behind a cooler
PROBE_ERROR = 0.06  # one probe does not measure the mean of a duct: each chimney shows a little too much or little
# A fire rises more slowly than it falls: this share of a shift passes before it burns.
CATCHING_S = 180.0
# Minutes of rise and fall at both ends of a shift.
FIRE_RISE_MIN, FIRE_FALL_MIN = 12.0, 8.0
DRAUGHT_RISE_MIN, DRAUGHT_FALL_MIN = 10.0, 3.0
HEAT_RISE_MIN, HEAT_FALL_MIN = 25.0, 22.0

FAULT_EVERY_S = 20 * 60.0
# A drifting sensor loses this much in the ten weeks before the first start, and continues down to a floor.
DRIFT_DAYS, DRIFT_LOSS, DRIFT_FLOOR = 70.0, 0.34, 0.5


@dataclass(frozen=True, slots=True)
class StackProfile:
    """The constants of one simulated chimney and its device."""

    seed: int
    behaviour: Behaviour
    range_ppm: float
    site_pressure_pa: float
    mean_air_c: float
    works: Works
    anchor_day: int | None  # the day of the first start: drift counts from it
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


def profile_of(device: PlannedDevice, anchor_day: int | None = None) -> StackProfile:
    """The chimney of a device of the cast, drawn from its index; its gas is that of its factory's wood."""
    seed = device.index
    works = cast.works_of(device.factory_name, anchor_day)
    charge_every_s = (20.0 + 10.0 * draw(seed, 2)) * 60.0
    temperature_c = 170.0 + 25.0 * draw(seed, 3)
    # Tropical air is warmer than the standard atmosphere, so the pressure at altitude is about 1 % higher.
    pressure_pa = 1.01 * isa_pressure_pa(device.altitude_m)
    level, door = mean_charge(charge_every_s)
    gas_kg_per_s = stack.co2_kg_per_s(
        co2_fraction_wet=1e-6 * burning_ppm(level, door) * DRY_SHARE,
        flow_rate_m3s=readings.ROUND_AXIS_PROFILE_FACTOR * stack.circle_area_m2(device.diameter_m),
        pressure_pa=pressure_pa,
        temperature_k=273.15 + burning_c(temperature_c, level, door),
    )
    burning_share = (works.shift_s - CATCHING_S) / works.shift_s
    wanted_kg_per_s = works.co2_kg_per_s / cast.chimney_count(device.factory_name) / burning_share
    wanted_kg_per_s *= 1.0 + PROBE_ERROR * either_side(seed, 19)
    return StackProfile(
        seed=seed,
        behaviour=device.behaviour,
        range_ppm=device.range_ppm,
        site_pressure_pa=pressure_pa,
        mean_air_c=29.5 - 0.0065 * device.altitude_m,
        works=works,
        anchor_day=anchor_day,
        charge_every_s=charge_every_s,
        base_temperature_c=temperature_c,
        base_velocity_ms=wanted_kg_per_s / gas_kg_per_s - STILL_MS - CHARGE_MS * (level - MEAN_CHARGE_LEVEL),
    )


def values_at(profile: StackProfile, t_ms: int) -> StackValues:
    """What the device in this chimney measures at `t_ms`, Unix milliseconds UTC."""
    t_s = t_ms / 1000.0 + LOCAL_OFFSET_S
    fire, draught, heat, charge, door = _fire_at(profile, t_s)
    seed = profile.seed
    air_c = profile.mean_air_c + 5.0 * math.sin(2 * math.pi * (t_s / DAY_S - 0.38))
    noise = [draw(seed, 20 + channel, t_ms) - 0.5 for channel in range(3)]
    day_factor = 1.0 + 0.05 * wave(seed, 5, t_s, 2 * HOUR_S)

    idle_ppm = 675.0 + 215.0 * wave(seed, 6, t_s, HOUR_S)
    fire_ppm = burning_ppm(charge, door) * day_factor
    co2_ppm = idle_ppm + fire * (fire_ppm + 900.0 * wave(seed, 7, t_s, 40.0) + 1_200.0 * noise[0])
    co2_ppm += 12.0 * noise[0]

    hot_c = burning_c(profile.base_temperature_c, charge, door) + 4.0 * wave(seed, 8, t_s, 900.0)
    cold_c = air_c + 5.0 + 0.8 * wave(seed, 9, t_s, HOUR_S)
    temperature_c = cold_c + heat * (hot_c - cold_c) + (0.2 + 0.8 * heat) * noise[1]

    blowing_ms = (profile.base_velocity_ms + CHARGE_MS * (charge - MEAN_CHARGE_LEVEL)) * day_factor
    gust_ms = 0.18 * wave(seed, 10, t_s, 25.0) + 0.24 * noise[2]
    still_ms = STILL_MS + 0.10 * wave(seed, 11, t_s, 600.0) + 0.06 * noise[2]
    velocity_ms = max(0.0, still_ms + draught * (blowing_ms + gust_ms))

    # The values that the sensors report: in their steps, and not above their range.
    flags = 0
    co2_ppm *= shown_share(profile, t_ms)
    shown_ppm: float | None = round(co2_ppm, -1)
    if has_sensor_fault(profile, t_ms):
        flags, shown_ppm = readings.CO2_FAULT, None
    elif co2_ppm >= profile.range_ppm:
        flags, shown_ppm = readings.OVER_RANGE, profile.range_ppm
    return StackValues(
        co2_ppm=shown_ppm,
        temperature_c=round(temperature_c, 1),
        velocity_ms=round(velocity_ms, 2),
        pressure_pa=float(round(pressure_at(profile, t_s))),
        flags=flags,
    )


def pressure_at(profile: StackProfile, t_s: float) -> float:
    # The air's tide peaks at ten in the morning and the evening near the equator, in all weathers.
    tide_pa = 110.0 * math.cos(4 * math.pi * (t_s / DAY_S - 10.0 / 24.0))
    return profile.site_pressure_pa + tide_pa + 150.0 * wave(profile.seed, 12, t_s, 9 * HOUR_S)


def has_sensor_fault(profile: StackProfile, t_ms: int) -> bool:
    """Whether the CO2 sensor of a faulty device gives nothing: in some spans of twenty minutes, for a few."""
    if profile.behaviour is not Behaviour.SENSOR_FAULT:
        return False
    span, into = divmod(t_ms / 1000.0, FAULT_EVERY_S)
    lasts_s = 90.0 + 150.0 * draw(profile.seed, 14, int(span))
    return draw(profile.seed, 13, int(span)) < 0.6 and 300.0 <= into < 300.0 + lasts_s


def shown_share(profile: StackProfile, t_ms: float) -> float:
    """The share of the true CO2 that the sensor shows: 1 except for a drifting sensor."""
    if profile.behaviour is not Behaviour.DRIFT or profile.anchor_day is None:
        return 1.0
    days = (t_ms / 1000.0 + LOCAL_OFFSET_S) / DAY_S - (profile.anchor_day - DRIFT_DAYS)
    return max(DRIFT_FLOOR, 1.0 - DRIFT_LOSS * max(0.0, days) / DRIFT_DAYS)


# --- The fire ---------------------------------------------------------------------------------
def burning_ppm(charge: float, door: float) -> float:
    return BARE_FIRE_PPM + CHARGE_PPM * charge - DOOR_PPM * door


def burning_c(base_c: float, charge: float, door: float) -> float:
    return base_c + CHARGE_C * (charge - MEAN_CHARGE_LEVEL) - DOOR_C * door


def mean_charge(charge_every_s: float) -> tuple[float, float]:
    """The means over a burning hour of the last charges' contribution and of the door opening."""
    every_min = charge_every_s / 60.0
    return CHARGE_GIVES_MIN / every_min, 0.5 * DOOR_OPEN_MIN / every_min


def shifts_near(profile: StackProfile, t_s: float) -> list[Shift]:
    """The shifts of this local day, the one before and the one after."""
    day = math.floor(t_s / DAY_S)
    shifts = (profile.works.shift(number) for number in (day - 2, day - 1, day))
    return [shift for shift in shifts if shift is not None]


def glow_at(profile: StackProfile, t_s: float) -> tuple[float, float, float, float | None]:
    """Fire and heat, 0 to 1; draught relative to an average day; the time when the last fire was lit."""
    fire = draught = heat = 0.0
    begun_s = None
    for shift in shifts_near(profile, t_s):
        if t_s < shift.start_s:
            continue
        begun_s = shift.start_s
        risen_min = (min(t_s, shift.end_s) - shift.start_s) / 60.0
        over_min = max(0.0, t_s - shift.end_s) / 60.0
        fire = max(fire, rise(risen_min / FIRE_RISE_MIN) * math.exp(-over_min / FIRE_FALL_MIN))
        pull = shift.rate * rise(risen_min / DRAUGHT_RISE_MIN) * math.exp(-over_min / DRAUGHT_FALL_MIN)
        draught = max(draught, pull)
        heat = max(heat, rise(risen_min / HEAT_RISE_MIN) * math.exp(-over_min / HEAT_FALL_MIN))
    return fire, draught, heat, begun_s


def _fire_at(profile: StackProfile, t_s: float) -> tuple[float, float, float, float, float]:
    """Fire, draught and heat; what the last charges of wood give; how far the door is open."""
    fire, draught, heat, begun_s = glow_at(profile, t_s)
    if begun_s is None:
        return fire, draught, heat, 0.0, 0.0
    charge, door = _charges(profile, begun_s, t_s)
    return fire, draught, heat, charge, door


def _charges(profile: StackProfile, begun_s: float, t_s: float) -> tuple[float, float]:
    """The sum of what the last charges give, and how far the fire door is open for the latest."""
    latest = int((t_s - begun_s) / profile.charge_every_s)
    level = door = 0.0
    for number in range(max(0, latest - CHARGES_FELT), latest + 1):
        key = int(begun_s) + number
        charged_s = begun_s + (number + 0.3 * draw(profile.seed, 17, key)) * profile.charge_every_s
        minutes = (t_s - charged_s) / 60.0
        if minutes <= 0.0:
            continue
        amount = 0.85 + 0.3 * draw(profile.seed, 18, key)
        level += amount * (1.0 - math.exp(-minutes / CATCH_MIN)) * math.exp(-minutes / BURN_DOWN_MIN)
        if minutes < DOOR_OPEN_MIN:
            door += math.sin(math.pi * minutes / DOOR_OPEN_MIN) ** 2
    return level, door
