"""Sample contexts for /styleguide/: each component in each state, with invented values only."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from portal.drawn.fire_log import FireLog, FireLogCell, FireLogStatus, build_fire_log
from portal.sites.factory import ChimneyView, LiveValues


def _status_at(hour: int) -> FireLogStatus:
    if 6 <= hour < 8:
        return FireLogStatus.SUBSTITUTED
    if 11 <= hour < 14:
        return FireLogStatus.IDLE
    return FireLogStatus.MISSING if 17 <= hour < 19 else FireLogStatus.MEASURED


def sample_fire_log(now: datetime) -> FireLog:
    """A day that shows every form of the ribbon."""
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=24)
    cells = [
        FireLogCell(start + timedelta(hours=hour), 420 + 380 * math.sin(hour / 3), _status_at(hour))
        for hour in range(24)
    ]
    return build_fire_log(cells, scale_kg_per_h=800)


def _chimneys(now: datetime, log: FireLog) -> list[ChimneyView]:
    def reading(age_s: int, **values: Any) -> LiveValues:
        shown = {"co2_kg_per_h": 862.4, "co2_ppm": 93250.0, "temperature_c": 181.5, "velocity_ms": 3.21}
        return LiveValues(timestamp=now - timedelta(seconds=age_s), interval_s=5, **(shown | values))

    fault = _("The temperature sensor reports a fault.")
    flagged = reading(4, temperature_c=None, quality_sentences=[fault])
    hold = _("The sensor reports a dry basis, the registry says wet. Its readings stay out of the totals.")
    online, silent = _("online"), _("silent")
    return [
        ChimneyView("1", "sample-1", "online", online, reading(4), log, 6123.4, 98.7),
        ChimneyView("2", "sample-2", "online", online, reading(40), log, 6123.4, 98.7),
        ChimneyView("3", "sample-3", "silent", silent, reading(7200), log, 2210.9, 61.3),
        ChimneyView("4", "sample-4", "never", _("never reported"), None, None, None, None),
        ChimneyView("5", None, "no_device", _("no sensor"), None, None, None, None),
        ChimneyView("6", "sample-6", "online", online, flagged, log, 0.42, 12.5, hold_sentence=hold),
    ]


def styleguide_context() -> dict[str, Any]:
    """The context of templates/portal/styleguide.html."""
    now = datetime.now(UTC)
    log = sample_fire_log(now)
    page: Page[int] = Paginator(range(90), 30).page(2)
    return {
        "chimneys": _chimneys(now, log),
        "fire_log": log,
        "quantities": [0, 0.0004217, 0.0312, 0.5, 1.5, 12.34, 1234.5, 93250.4, None, float("nan")],
        "page_obj": page,
        "time_zone": "Africa/Nairobi",
        "colours": ["page", "panel", "ink", "ink-2", "edge", "hairline", "action", "stack", "fuel", "tea"],
        "states": [("fine", _("fine")), ("look", _("look")), ("act", _("act")), ("unknown", _("unknown"))],
    }
