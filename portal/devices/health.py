"""Of the page of a device: why it is silent, and its supply and signal with their week."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import dateformat
from django.utils.translation import gettext as _

from devices.models import MCUDevice
from devices.silence import Silence
from mqtt_ingest.silence import silence_of, supply_and_signal
from portal.drawn.week_chart import WeekChart, build_week_chart


@dataclass(frozen=True, slots=True)
class HealthRow:
    """One hour of the table, as text."""

    hour: str
    supply: str
    signal: str


@dataclass(frozen=True, slots=True)
class Health:
    silence: Silence | None
    cause: str
    charts: list[WeekChart]
    rows: list[HealthRow]


def health_of(device: MCUDevice, now: datetime) -> Health:
    zone = device.factory.zone
    silence, hours = silence_of(device, now), supply_and_signal(device, now)
    supplies = {hour.period_start: hour.lowest_supply_v for hour in hours if hour.lowest_supply_v is not None}
    signals = {hour.period_start: hour.lowest_rssi_dbm for hour in hours if hour.lowest_rssi_dbm is not None}
    charts = [
        build_week_chart(
            supplies,
            now=now,
            zone=zone,
            title=_("Supply voltage, the lowest of each hour"),
            summary=_summary(supplies, _volts),
            word=_volts,
        ),
        build_week_chart(
            signals,
            now=now,
            zone=zone,
            title=_("Signal, the weakest of each hour"),
            summary=_summary(signals, _decibels),
            word=_decibels,
        ),
    ]
    return Health(
        silence=silence,
        cause=str(silence.cause.label) if silence else "",
        charts=[chart for chart in charts if chart is not None],
        rows=[
            HealthRow(
                dateformat.format(hour.period_start.astimezone(zone), "D j M H:i"),
                "" if hour.lowest_supply_v is None else _volts(hour.lowest_supply_v),
                "" if hour.lowest_rssi_dbm is None else _decibels(hour.lowest_rssi_dbm),
            )
            for hour in reversed(hours)
        ],
    )


def _volts(value: float) -> str:
    return _("%(volts).2f V") % {"volts": value}


def _decibels(value: float) -> str:
    return _("%(dbm).0f dBm") % {"dbm": value}


def _summary(values: dict[datetime, float], word: Callable[[float], str]) -> str:
    """One sentence for those who hear the chart."""
    if not values:
        return ""
    last = values[max(values)]
    words = {"last": word(last), "low": word(min(values.values())), "high": word(max(values.values()))}
    return _("Now %(last)s; from %(low)s to %(high)s in seven days.") % words
