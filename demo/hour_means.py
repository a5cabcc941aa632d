"""Means of an hour or less that a simulated chimney's device would report, for the history.

The same model as `simulator.py`, averaged over time: the mean level while the fire burns steadily, and the mean of some
moments at the ends of a shift. CO2 and temperature are weighted by the flow, like in a device that thins its readings,
so a mean with half an hour of fire has the mass of that half hour. Pure: no clock, no database.
"""

import math

from demo import simulator
from demo.cast import Behaviour
from demo.chance import draw, wave
from demo.simulator import StackProfile
from demo.works import DAY_S, HOUR_S, LOCAL_OFFSET_S
from mqtt_ingest.messages import Reading
from science import readings

INTERVAL_S = 5
MOMENTS = 12
# Around the start and end of a shift, for this long, the fire is neither steady nor out.
SETTLES_S, COOLS_S = 30 * 60.0, 2.5 * HOUR_S
# Occasional power cuts: the device is off with everything else, and nothing is measured.
CUT_SHARE_OF_DAYS = 0.02


def mean_over(
    profile: StackProfile, start_ms: int, end_ms: int, *, seq_from: int = 1, may_be_cut: bool = True
) -> Reading | None:
    """The mean of a stretch of at most an hour, of readings numbered from `seq_from`; None where the power was cut."""
    span_s = (end_ms - start_ms) / 1000.0
    start_s = start_ms / 1000.0 + LOCAL_OFFSET_S
    middle_s = start_s + span_s / 2.0
    if may_be_cut and _is_cut(profile, middle_s):
        return None
    glows = _glows(profile, start_s, span_s)
    weights = [0.15 + draught for _fire, draught, _heat in glows]
    total = math.fsum(weights)
    fire, heat = (
        math.fsum(glow[part] * weight for glow, weight in zip(glows, weights, strict=True)) / total for part in (0, 2)
    )
    draught = math.fsum(glow[1] for glow in glows) / len(glows)
    seed = profile.seed
    level, door = simulator.mean_charge(profile.charge_every_s)
    day_factor = 1.0 + 0.05 * wave(seed, 5, middle_s, 2 * HOUR_S)
    idle_ppm = 675.0 + 215.0 * wave(seed, 6, middle_s, HOUR_S)
    co2_ppm = idle_ppm + fire * simulator.burning_ppm(level, door) * day_factor
    co2_ppm *= simulator.shown_share(profile, end_ms)
    air_c = profile.mean_air_c + 5.0 * math.sin(2 * math.pi * (middle_s / DAY_S - 0.38))
    cold_c, hot_c = air_c + 5.0, simulator.burning_c(profile.base_temperature_c, level, door)
    blowing_ms = profile.base_velocity_ms + simulator.CHARGE_MS * (level - simulator.MEAN_CHARGE_LEVEL)

    flags, count = 0, max(1, round(span_s / INTERVAL_S))
    n = count
    if profile.behaviour is Behaviour.SENSOR_FAULT:
        n = max(1, round(n * (0.88 + 0.08 * draw(seed, 53, end_ms))))  # of the readings without a fault
    if profile.behaviour is Behaviour.OVER_RANGE and (fire > 0.05 or co2_ppm >= profile.range_ppm):
        flags, co2_ppm = readings.OVER_RANGE, profile.range_ppm
    return Reading(
        seq=seq_from + count - 1,
        seq_from=seq_from,
        t=end_ms,
        span_s=span_s,
        n=n,
        co2_ppm=round(co2_ppm, 1),
        temperature_c=round(cold_c + heat * (hot_c - cold_c), 2),
        velocity_ms=round(simulator.STILL_MS + draught * blowing_ms * day_factor, 3),
        pressure_pa=float(round(simulator.pressure_at(profile, middle_s))),
        flags=flags,
    )


def _glows(profile: StackProfile, start_s: float, span_s: float) -> list[tuple[float, float, float]]:
    """Fire, draught and heat at some moments of the stretch; at one moment if nothing changes within it."""
    end_s = start_s + span_s
    is_steady = all(
        end_s <= shift.start_s
        or start_s >= shift.end_s + COOLS_S
        or (start_s >= shift.start_s + SETTLES_S and end_s <= shift.end_s)
        for shift in simulator.shifts_near(profile, start_s)
    ) and not any(start_s < shift.start_s < end_s for shift in simulator.shifts_near(profile, end_s))
    count = 1 if is_steady else MOMENTS
    moments = (start_s + (number + 0.5) * span_s / count for number in range(count))
    return [simulator.glow_at(profile, t_s)[:3] for t_s in moments]


def _is_cut(profile: StackProfile, t_s: float) -> bool:
    day, into_s = divmod(t_s, DAY_S)
    if draw(profile.seed, 50, int(day)) >= CUT_SHARE_OF_DAYS:
        return False
    begins_s = 20 * HOUR_S * draw(profile.seed, 51, int(day))
    return begins_s <= into_s < begins_s + (1.0 + 3.0 * draw(profile.seed, 52, int(day))) * HOUR_S
