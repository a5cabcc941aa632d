"""Of the page of a device: why it is silent, and its supply and signal with their week."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from devices.models import MCUDevice
from mqtt_ingest.silence import silence_of, supply_and_signal
from portal.drawn.week_chart import build_week_chart


def health_of(device: MCUDevice, now: datetime) -> dict[str, Any]:
    hours = supply_and_signal(device, now)
    supplies = {hour.period_start: hour.lowest_supply_v for hour in hours if hour.lowest_supply_v is not None}
    signals = {hour.period_start: hour.lowest_rssi_dbm for hour in hours if hour.lowest_rssi_dbm is not None}
    clocks: dict[str, Any] = {"now": now, "zone": device.factory.zone}
    charts = [
        build_week_chart(_("Supply voltage, the lowest of each hour"), supplies, word=_volts, **clocks),
        build_week_chart(_("Signal, the weakest of each hour"), signals, word=_decibels, **clocks),
    ]
    return {
        "silence": silence_of(device, now),
        "charts": [chart for chart in charts if chart is not None],
        "rows": [
            (hour.period_start, _volts(hour.lowest_supply_v), _decibels(hour.lowest_rssi_dbm))
            for hour in reversed(hours)
        ],
    }


def _volts(value: float | None) -> str:
    return "" if value is None else _("%(volts).2f V") % {"volts": value}


def _decibels(value: float | None) -> str:
    return "" if value is None else _("%(dbm).0f dBm") % {"dbm": value}
