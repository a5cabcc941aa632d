"""The direct method beside the loss of the chimney: kg of steam per kg of wood, where a device measures the steam.

The formulas are in `science/boiler.py`, the channels in `emissions/channels.py`. A device profile names the channels:
`steam` (flow or counter), `feed_water` (in place of the steam where none measures it), `steam_pressure` (as a gauge
shows it) and `feed_water_temperature`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from compliance import queries
from compliance.models import SiteDay
from emissions.channels import ChannelSum, channel_sums
from emissions.models import MeasuredAs, SensorChannel
from factories.days import FactoryDay
from factories.models import Factory
from science import boiler, gas, pressure
from science.combustion import wet_wood_co2_kg

STEAM, FEED_WATER = "steam", "feed_water"
PRESSURE, FEED_WATER_TEMPERATURE = "steam_pressure", "feed_water_temperature"
CHANNELS = (STEAM, FEED_WATER, PRESSURE, FEED_WATER_TEMPERATURE)
LEAST_COVERED_SHARE = 0.8  # of the day, as of an hour of record; below it steam and wood are not of one time
USUAL_PRESSURE_PA = 1e6  # [A] absolute; from 5 to 15 bar the heat of a kg changes by 2 %
USUAL_FEED_WATER_C = 80.0  # [A] 10 K are 2 % of the heat
WATER_KG_PER_M3 = 998.0  # at 20 C: cold feed water goes through the meter


class SteamGap(StrEnum):
    """What is missing for the ratio, or was assumed in it."""

    METER = "steam_meter"  # no device measured steam or feed water
    COVERAGE = "steam_coverage"  # for less than 80 % of the day
    WOOD = "firewood_log"  # the day's wood is not logged
    OTHER_FUEL = "other_fuel"  # fossil fuel made part of the heat
    PRESSURE = "steam_pressure"  # 10 bar absolute are assumed
    FEED_WATER = "feed_water_temperature"  # 80 C are assumed


@dataclass(frozen=True, slots=True)
class SteamDay:
    """Steam and wood of a factory day, by the direct method."""

    steam_kg: float  # of the whole day, at the mean of what was measured
    covered_share: float  # of the day
    is_feed_water: bool  # blow-down included
    wood_kg: float | None  # as burned
    wood_moisture_fraction: float
    pressure_pa: float  # absolute
    feed_water_c: float
    missing: tuple[SteamGap, ...]

    @property
    def _can_compare(self) -> bool:
        return not {SteamGap.COVERAGE, SteamGap.WOOD, SteamGap.OTHER_FUEL} & set(self.missing)

    @property
    def kg_per_kg(self) -> float | None:
        """kg of steam per kg of wood as burned; None when one of them is not known for the day."""
        return self.steam_kg / self.wood_kg if self.wood_kg and self._can_compare else None

    @property
    def efficiency(self) -> float | None:
        """Share [1] of the gross heat of the wood that is in the steam."""
        if not self.wood_kg or not self._can_compare:
            return None
        return boiler.direct_efficiency(
            steam_mj=boiler.steam_heat_mj(
                steam_kg=self.steam_kg, steam_pressure_pa=self.pressure_pa, feed_water_c=self.feed_water_c
            ),
            wood_kg=self.wood_kg,
            wood_moisture_fraction=self.wood_moisture_fraction,
        )


def has_steam_meter(factory: Factory) -> bool:
    return SensorChannel.objects.filter(device__factory=factory, code__in=(STEAM, FEED_WATER)).exists()


def steam_days(factory: Factory, days: Sequence[FactoryDay]) -> list[SteamDay | None]:
    """Of each day; None where no steam was measured. Three queries. Refresh the site days first."""
    channels = list(SensorChannel.objects.filter(device__factory=factory, code__in=CHANNELS).select_related("device"))
    if not days or not any(channel.code in (STEAM, FEED_WATER) for channel in channels):
        return [None] * len(days)
    sums = channel_sums(channels, [(day.starts_at, day.ends_at) for day in days])
    logged = {row.day: row for row in queries.site_days([factory.pk], days[0].day, days[-1].day)}
    found = []
    for place, day in enumerate(days):
        measured = [(channel, one) for channel in channels if (one := sums[channel.pk][place]) is not None]
        found.append(_day(factory, day, measured, _meters(channels, day), logged.get(day.day)))
    return found


def _meters(channels: Sequence[SensorChannel], day: FactoryDay) -> dict[str, set[int]]:
    """The devices that were in use on a day, by what they measure."""
    return {
        code: {
            channel.device_id
            for channel in channels
            if channel.code == code
            and channel.device.created_at < day.starts_at
            and (channel.device.revoked_at is None or channel.device.revoked_at > day.ends_at)
        }
        for code in (STEAM, FEED_WATER)
    }


def _day(
    factory: Factory,
    day: FactoryDay,
    measured: Sequence[tuple[SensorChannel, ChannelSum]],
    meters: dict[str, set[int]],
    logged: SiteDay | None,
) -> SteamDay | None:
    length_s = (day.end_us - day.start_us) / 1e6
    flows: dict[str, dict[int, tuple[float, float]]] = {STEAM: {}, FEED_WATER: {}}  # of each device: kg, seconds
    for channel, one in measured:
        if channel.code in flows and one.amount is not None:
            kg = max(0.0, one.amount) * (WATER_KG_PER_M3 if channel.unit.startswith("m3") else 1.0)
            kg_before, s_before = flows[channel.code].get(channel.device_id, (0.0, 0.0))
            flows[channel.code][channel.device_id] = kg_before + kg, s_before + one.covered_s
    code = STEAM if flows[STEAM] else FEED_WATER
    by_device = {pk: (kg, s) for pk, (kg, s) in flows[code].items() if s}
    if not by_device:
        return None
    # A boiler whose meter was silent all day made steam too.
    covered_s = 0.0 if meters[code] - by_device.keys() else min(s for _kg, s in by_device.values())
    air_pa = pressure.isa_pressure_pa(factory.altitude_m)
    pressure_pa = _mean(measured, PRESSURE, plus=air_pa, within=boiler.STEAM_PRESSURES_PA)
    feed_water_c = _mean(measured, FEED_WATER_TEMPERATURE, within=boiler.FEED_WATER_TEMPERATURES_C)
    wood_kg, moisture_fraction = _wood(logged)
    covered_share = min(1.0, covered_s / length_s)
    missing = {
        SteamGap.COVERAGE: covered_share < LEAST_COVERED_SHARE,
        SteamGap.WOOD: not wood_kg,
        SteamGap.OTHER_FUEL: bool(logged and logged.fuel_fossil_co2_kg),
        SteamGap.PRESSURE: pressure_pa is None,
        SteamGap.FEED_WATER: feed_water_c is None,
    }
    return SteamDay(
        steam_kg=sum(kg / s for kg, s in by_device.values()) * length_s,
        covered_share=covered_share,
        is_feed_water=code == FEED_WATER,
        wood_kg=wood_kg,
        wood_moisture_fraction=moisture_fraction,
        pressure_pa=USUAL_PRESSURE_PA if pressure_pa is None else pressure_pa,
        feed_water_c=USUAL_FEED_WATER_C if feed_water_c is None else feed_water_c,
        missing=tuple(gap for gap, is_missing in missing.items() if is_missing),
    )


def _wood(logged: SiteDay | None) -> tuple[float | None, float]:
    """The wood of a day, as burned, and the moisture that its logged carbon means; None: not logged for the day."""
    if logged is None or not logged.has_heat or not logged.firewood_kg or logged.heat_carbon_co2_kg is None:
        return None, 0.0
    biogenic_kg = logged.heat_carbon_co2_kg - (logged.fuel_fossil_co2_kg or 0)
    dry = biogenic_kg / wet_wood_co2_kg(logged.firewood_kg, moisture_fraction=Decimal(0))
    return float(logged.firewood_kg), min(max(0.0, 1.0 - float(dry)), gas.FUEL_MOISTURE_MAX_FRACTION)


def _mean(
    measured: Sequence[tuple[SensorChannel, ChannelSum]], code: str, *, plus: float = 0.0, within: tuple[float, float]
) -> float | None:
    """Of the levels of a code, by the time that each was measured; None without one, or outside what is possible."""
    levels = [one for channel, one in measured if channel.code == code and channel.kind == MeasuredAs.LEVEL]
    known = [(one.mean, one.covered_s) for one in levels if one.mean is not None]
    if not known:
        return None
    mean = sum(mean * s for mean, s in known) / sum(s for _mean, s in known) + plus
    return mean if within[0] <= mean <= within[1] else None
